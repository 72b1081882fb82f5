"""The catalogue of named curves: one table, in a file for each field."""

from __future__ import annotations

from fitx.curves import growth, lines, peaks, surfaces, transport, waves
from fitx.curves.family import Family

FAMILIES: tuple[Family, ...] = (
    *lines.FAMILIES, *growth.FAMILIES, *peaks.FAMILIES, *waves.FAMILIES, *transport.FAMILIES, *surfaces.FAMILIES,
)  # fmt: skip

__all__ = ["FAMILIES", "Family"]

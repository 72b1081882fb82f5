"""Starts by a transformed target that makes the parameters linear: log(y), 1/y."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fitx.curves.starts import Array, Shape, Start, below


def antoine(s: Shape) -> Iterable[Start]:
    """log10(y) = a - b/(c + x) for some c, that of the least squares first."""
    target = np.log10(s.y)
    tried = []
    for c in below(s) + tuple(10 * v for v in below(s)[-1:]) + (273.15, 230.0):
        if s.x.min() + c > 0:
            (a, b), loss = _solve([np.ones_like(s.x), -1 / (s.x + c)], target)
            tried.append((loss, {"a": a, "b": b, "c": c}))
    return [start for _, start in sorted(tried, key=lambda t: t[0])]


def steinhart_hart(s: Shape) -> Iterable[Start]:
    """1/y = a + b*log(x) + c*log(x)**3."""
    t = np.log(s.x)
    (a, b, c), _ = _solve([np.ones_like(t), t, t**3], 1 / s.y)
    return [{"a": a, "b": b, "c": c}]


def _solve(columns: list[Array], y: Array) -> tuple[list[float], float]:
    A = np.stack(columns, axis=1)
    size = np.linalg.norm(A, axis=0)
    size[size == 0] = 1.0
    c = np.linalg.lstsq(A / size, y, rcond=None)[0] / size
    return [float(v) for v in c], float(np.square(y - A @ c).sum())

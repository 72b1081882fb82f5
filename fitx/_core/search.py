"""The kernels of the symbolic search; see bind_search.cpp for what each takes and gives."""

from __future__ import annotations

from fitx._core._native import (
    Library,
    release_memory,
    search_additions,
    search_correlate,
    search_match,
    search_pairs,
    search_triples,
)

__all__ = [
    "Library",
    "release_memory",
    "search_additions",
    "search_correlate",
    "search_match",
    "search_pairs",
    "search_triples",
]

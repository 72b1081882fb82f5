"""Exchanges of columns that leave y as it is: x_i <-> x_j, or x_i <-> x_j and x_k <-> x_l at once.

Tested on a polynomial of the columns that stands for y: its values with the columns exchanged, where that stays inside
the data's box.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from fitx.search.problem import Problem
from fitx.search.reduce import chebyshev_terms

Array = npt.NDArray[np.float64]
Exchange = tuple[tuple[int, int], ...]

_ROWS = 1000
_USABLE = 0.1  # share of variance that the polynomial may leave on rows of its own
_COLUMNS = 7  # more have too many pairs


def exchanges(problem: Problem) -> list[Exchange]:
    """Single and double exchanges of active columns that y does not notice, single ones first."""
    active = list(problem.active)
    n = problem.n
    if not 2 <= len(active) <= _COLUMNS or n < 60 or not np.isfinite(problem.y).all():
        return []
    rows = np.unique(np.linspace(0, n - 1, min(n, _ROWS)).astype(int))
    x, y = problem.columns[active][:, rows], problem.y[rows]
    if (y > 0).all() or (y < 0).all():
        y = np.log(np.abs(y))
    singles: list[Exchange] = [((i, j),) for i, j in combinations(range(len(active)), 2)]
    doubles: list[Exchange] = [
        (*a, *b) for a, b in combinations(singles, 2) if not set(a[0]) & set(b[0])
    ]  # fmt: skip
    most, test = len(rows) // 3, np.arange(len(rows)) % 5 == 4
    A = chebyshev_terms(x, most)
    if A is None:
        return []
    c = np.linalg.lstsq(A[:, ~test].T, y[~test], rcond=1e-10)[0]
    own = float(((y[test] - c @ A[:, test]) ** 2).mean() / y[test].var())
    if own > _USABLE:
        return []
    low, high = x.min(axis=1)[:, None], x.max(axis=1)[:, None]
    found: list[Exchange] = []
    for exchange in (*singles, *doubles):
        z = x.copy()
        for i, j in exchange:
            z[[i, j]] = z[[j, i]]
        inside = test & ((z >= low) & (z <= high)).all(axis=0)
        moved = chebyshev_terms(x, most, z[:, inside])
        if moved is None or inside.sum() < 12 or not all(_noticed(x, i, j) for i, j in exchange):
            continue
        if float(((y[inside] - c @ moved) ** 2).mean() / y[inside].var()) < 3 * own + 1e-3:
            found.append(tuple((active[i], active[j]) for i, j in exchange))
    return found


def _noticed(x: Array, i: int, j: int) -> bool:
    """Whether the two columns differ at all."""
    return float(np.abs(x[i] - x[j]).max()) > 1e-9 * float(np.abs(x[i]).max())

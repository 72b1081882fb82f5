"""Which rows screen, which rows fit, and which only judge: small samples spread over the data."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

SCREEN = 64  # rows of a feature
CHECK = 512  # rows that a candidate's constants are fitted to at first
SAMPLE = 20_000  # rows that the two are drawn from


@dataclass(frozen=True, slots=True)
class RowSample:
    """screen: (SCREEN,), padded by repetition; weight: (SCREEN,), 0 for the padding; check: sorted, no padding."""

    screen: Rows
    weight: Array
    check: Rows


def spread_rows(X: Array, y: Array, rng: np.random.Generator) -> RowSample:
    """Rows spread over the values of y and over the features.

    X: (d, n), y: (n,). The screening rows take one row from each of SCREEN strata of y, and rows where a logarithm is
    finite are preferred: only where fewer than SCREEN are nonzero everywhere do others take part. Duplicates of a row
    are avoided. The check rows are a random sample without the rows left over as judges where there are enough.
    """
    n = len(y)
    pool = np.arange(n) if n <= SAMPLE else np.sort(rng.choice(n, SAMPLE, replace=False))
    distinct = _distinct(X[:, pool], y[pool])
    nonzero = (y[pool] != 0) & np.all(X[:, pool] != 0, axis=0)
    preferred = pool[distinct & nonzero]
    if len(preferred) < min(SCREEN, 0.5 * len(pool)):
        preferred = pool[distinct]
    screen = _strata(y, preferred, rng)
    weight = np.zeros(SCREEN)
    weight[: len(screen)] = 1.0
    many = CHECK if n > 2 * CHECK else max(min(n, 12), round(0.8 * n))
    check = pool if len(pool) <= many else np.sort(rng.choice(pool, many, replace=False))
    return RowSample(np.resize(screen, SCREEN), weight, check)


def _distinct(X: Array, y: Array) -> npt.NDArray[np.bool_]:
    first = np.zeros(len(y), bool)
    _, index = (
        np.unique(np.vstack([X, y]), axis=1, return_index=True) if len(y) <= SAMPLE else (None, np.arange(len(y)))
    )
    first[index] = True
    return first


def _strata(y: Array, pool: Rows, rng: np.random.Generator) -> Rows:
    if len(pool) <= SCREEN:
        return rng.permutation(pool)
    order = pool[np.argsort(y[pool], kind="stable")]
    edges = np.linspace(0, len(order), SCREEN + 1).astype(int)
    return rng.permutation(np.array([order[rng.integers(a, b)] for a, b in pairwise(edges)]))

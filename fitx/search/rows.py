"""Which rows screen, which rows fit, and which only judge: small samples spread over the data."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

SCREEN = 64  # rows of a feature
NOISY_SCREEN = 128  # the same where y is noisy
CHECK = 512  # rows that a candidate's constants are fitted to at first
NOISY_CHECK = 2000
SAMPLE = 20_000  # rows that the two are drawn from


@dataclass(frozen=True, slots=True)
class RowSample:
    """screen: (SCREEN,) or (NOISY_SCREEN,), padded by repetition; weight: the same, 0 for the padding; check: sorted,
    no padding."""

    screen: Rows
    weight: Array
    check: Rows


def spread_rows(X: Array, y: Array, rng: np.random.Generator, noisy: bool = False) -> RowSample:
    """Rows spread over the values of y and over the features.

    X: (d, n), y: (n,). The screening rows take one row from each of SCREEN strata of y, and rows where a logarithm is
    finite are preferred: only where fewer than SCREEN are nonzero everywhere do others take part. Duplicates of a row
    are avoided. The check rows are a random sample without the rows left over as judges where there are enough. Noisy
    data need more rows of either kind, and none of them as a judge of exactness.
    """
    size = NOISY_SCREEN if noisy else SCREEN
    n = len(y)
    pool = np.arange(n) if n <= SAMPLE else np.sort(rng.choice(n, SAMPLE, replace=False))
    distinct = _distinct(X[:, pool], y[pool])
    nonzero = (y[pool] != 0) & np.all(X[:, pool] != 0, axis=0)
    preferred = pool[distinct & nonzero]
    if len(preferred) < min(size, 0.5 * len(pool)):
        preferred = pool[distinct]
    screen = _strata(y, preferred, size, rng)
    weight = np.zeros(size)
    weight[: len(screen)] = 1.0
    many = CHECK if n > 2 * CHECK else max(min(n, 12), round(0.8 * n))
    many = NOISY_CHECK if noisy else many
    check = pool if len(pool) <= many else np.sort(rng.choice(pool, many, replace=False))
    return RowSample(np.resize(screen, size), weight, check)


def _distinct(X: Array, y: Array) -> npt.NDArray[np.bool_]:
    first = np.zeros(len(y), bool)
    _, index = (
        np.unique(np.vstack([X, y]), axis=1, return_index=True) if len(y) <= SAMPLE else (None, np.arange(len(y)))
    )
    first[index] = True
    return first


def _strata(y: Array, pool: Rows, size: int, rng: np.random.Generator) -> Rows:
    if len(pool) <= size:
        return rng.permutation(pool)
    order = pool[np.argsort(y[pool], kind="stable")]
    edges = np.linspace(0, len(order), size + 1).astype(int)
    return rng.permutation(np.array([order[rng.integers(a, b)] for a, b in pairwise(edges)]))

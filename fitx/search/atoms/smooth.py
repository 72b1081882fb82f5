"""Smooth functions of one column or of two: Chebyshev polynomials of a column or of its logarithm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_DEGREE = 14  # of the polynomial in one column
_PAIR_DEGREE = 9  # total degree in two columns
_WIDE = 1.8  # ratio of ends of a positive column from which its logarithm is taken
APART = 3e-3  # part of a column's length that the other columns must leave


def smooth(columns: Array, n: int, logs: Sequence[bool]) -> Array:
    """Chebyshev polynomials without the constant, of one column or of two. columns: (1 or 2, n); logs: taken first."""
    units = []
    for x, log in zip(columns, logs, strict=True):
        v = np.log(x) if log else x
        lo, hi = v.min(), v.max()
        units.append((2 * v - lo - hi) / (hi - lo))
    degree = _DEGREE if len(units) == 1 else _PAIR_DEGREE
    most = max(3, min(degree, n // 20 if len(units) == 1 else int(np.sqrt(n / 4)) - 1))
    rows = [np.polynomial.chebyshev.chebvander(u, most).T for u in units]
    if len(rows) == 1:
        return np.asarray(rows[0][1:])
    return np.array([rows[0][i] * rows[1][j] for i in range(most + 1) for j in range(most + 1 - i) if i + j])


def log_too(x: Array) -> tuple[bool, ...]:
    """The scales of a column: its logarithm first where it is positive and its range wide."""
    return (True, False) if x.min() > 0 and x.max() > _WIDE * x.min() else (False,)


def scales_of(columns: Array) -> Iterator[tuple[bool, ...]]:
    """Of which columns the logarithm is taken: each way, or all and none where they are many."""
    each = [log_too(x) for x in columns]
    if sum(len(e) > 1 for e in each) <= 3:
        yield from product(*each)
    else:
        yield tuple(e[0] for e in each)
        yield (False,) * len(each)


def independent(columns: Array) -> bool:
    """Whether the rows fill the box of the columns, so that sums of functions do not explain just anything."""
    n = columns.shape[1]
    parts = [smooth(x[None], n, [log_too(x)[0]]) for x in columns]
    A = np.concatenate([np.ones((1, n)), *parts])
    if len(A) > n // 3:
        return False
    R = np.linalg.qr((A / np.sqrt((A * A).sum(axis=1, keepdims=True))).T, mode="r")
    return bool(np.abs(np.diag(R)).min() >= APART)


def least_squares(A: Array, z: Array) -> tuple[Array, Array]:
    """Coefficients of the rows of A (k, n) for z, and how much those of every other row differ from them."""
    size = np.sqrt((A * A).sum(axis=1))
    scaled = (A / size[:, None]).T
    beta, half = (np.linalg.lstsq(scaled[::step], z[::step], rcond=1e-15)[0] / size for step in (1, 2))
    return beta, half - beta

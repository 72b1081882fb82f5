"""The phase of a wave: g with sin(g) = z, where g is smooth and leaves the range of the arc sine.

asin(z) tells g up to g -> pi - g and g -> g + 2 pi. Rows join one after another, each with the branch that is nearest
to what a line through its neighbours that have joined says. [Phase unwrapping; the order is Prim's]
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_NEIGHBOURS = (4, 9, 14)  # for one, two, three columns
_SURE = 0.4  # root mean square distance from the prediction, in radians, up to which the branches are believed
_MOST = 2000  # rows
_FULL = 0.97  # of |z|, up to which the arc sine is g
_TURNING = 0.97  # |z| from which on the branch is in doubt
_CLEAR = 0.6  # of the way to the turning point, up to which a row may be from its prediction
_RANGE = 200.0  # of g
_SWEEPS = 2  # over all rows, with the neighbours on all sides


def unfolded(columns: Array, z: Array) -> tuple[Array, npt.NDArray[np.bool_]] | None:
    """g (n,) with sin(g) = z, and the rows (n,) where the branch and its digits are sure; None where the rows are too
    sparse to tell, or |z| exceeds 1.

    columns: (d, n) that g is smooth in, d up to 3.
    """
    d, n = columns.shape
    size = float(np.abs(z).max())
    if not 1 <= d <= len(_NEIGHBOURS) or not size <= 1 or not 20 <= n <= _MOST:
        return None
    if size < _FULL:
        return np.arcsin(z), np.ones(n, bool)
    order = np.argsort(np.argsort(columns, axis=1), axis=1) / n
    x = columns / np.maximum(np.ptp(columns, axis=1, keepdims=True), 1e-300)
    a = np.arcsin(z)
    many = _NEIGHBOURS[d - 1]
    apart = ((order[:, :, None] - order[:, None, :]) ** 2).sum(axis=0)
    start = _start(apart, z, many)
    g = np.full(n, np.nan)
    first = np.argsort(apart[start], kind="stable")[:many]
    g[first] = a[first]
    joined = np.zeros(n, bool)
    joined[first] = True
    nearest = apart[:, first].min(axis=1)
    misses = []
    for _ in range(n - many):
        k = int(np.argmin(np.where(joined, np.inf, nearest)))
        others = np.flatnonzero(joined)
        near = others[np.argpartition(apart[k, others], many - 1)[:many]]
        guess = _guess(x, apart, g, k, near)
        g[k] = _nearest(a[k], guess)
        misses.append(g[k] - guess)
        joined[k] = True
        nearest = np.minimum(nearest, apart[k])
    # Branches at random would be a third of a quarter turn away.
    clear = np.zeros(n, bool)
    for _ in range(_SWEEPS):
        for k in range(n):
            near = np.argpartition(apart[k], many)[: many + 1]
            guess = _guess(x, apart, g, k, near[near != k])
            g[k] = _nearest(a[k], guess)
            # The other branches mirror it in the turning points on either side.
            clear[k] = abs(g[k] - guess) < _CLEAR * (np.pi / 2 - abs(a[k]))
    good = float(np.sqrt(np.median(np.square(misses)))) < _SURE
    if not good or np.ptp(g) > _RANGE:
        return None
    return g, (np.abs(z) < _TURNING) & clear


def _guess(x: Array, apart: Array, g: Array, k: int, near: npt.NDArray[np.intp]) -> float:
    """What a line through the rows `near` says of row k."""
    X = np.vstack([np.ones(len(near)), x[:, near] - x[:, k, None]])
    w = 1 / (apart[k, near] + apart[k, near].mean() * 0.1)
    return float(np.linalg.lstsq((X * w).T, g[near] * w, rcond=None)[0][0])


def _nearest(a: float, guess: float) -> float:
    """The branch that is nearest to the guess."""
    one, other = (b + 2 * np.pi * round((guess - b) / (2 * np.pi)) for b in (a, np.pi - a))
    return float(one if abs(one - guess) <= abs(other - guess) else other)


def _start(apart: Array, z: Array, many: int) -> int:
    """The row in whose neighbourhood z stays farthest from its turning points."""
    near = np.argpartition(apart, many, axis=1)[:, : many + 1]
    return int(np.argmin(np.abs(z[near]).max(axis=1)))

"""Which of very many features the target depends on most, each looked at alone: sure independence screening.

[Fan & Lv 2008, doi:10.1111/j.1467-9868.2008.00674.x], with ranks in the place of values and squares beside them, so
that what only widens or bends the target counts, too [Li, Zhong & Zhu 2012, doi:10.1080/01621459.2012.695654].
"""

from __future__ import annotations

import numpy as np

from fitx.numerics.doubledouble import Array

ROWS = 2000  # looked at, spread over the table
ROUNDS = 2  # the target, and what lines in the features found so far leave of it


def strongest(x: Array, y: Array, most: int) -> list[int]:
    """The columns of x (n, d), ascending, at most `most`, whose ranks or squared ranks go with those of y (n,) most;
    half of them with what a line in the others leaves of y."""
    n, d = x.shape
    if d <= most:
        return list(range(d))
    step = -(-n // ROWS)
    x, y = x[::step], y[::step]
    ranks = _ranks(x)
    looks = np.hstack([ranks, _unit(ranks**2)])
    chosen: list[int] = []
    left = y
    for k in range(1, ROUNDS + 1):
        t = _ranks(left[:, None])
        with_t = np.abs(looks.T @ np.hstack([t, _unit(t**2)])).max(axis=1).reshape(2, d).max(axis=0)
        with_t[chosen] = -1.0
        chosen += [int(j) for j in np.argsort(-with_t, kind="stable")[: most * k // ROUNDS - len(chosen)]]
        few = chosen[: max(1, len(y) // 4)]
        a = np.hstack([np.ones((len(y), 1)), ranks[:, few]])
        left = t[:, 0] - a @ np.linalg.lstsq(a, t[:, 0], rcond=None)[0]
    return sorted(chosen)


def _ranks(v: Array) -> Array:
    """Ranks of each column of v (n, m), centred and of length one; 0 for a constant one."""
    r = np.empty(v.shape)
    places = np.arange(float(len(v)))
    for column, out in zip(v.T, r.T, strict=True):
        out[np.argsort(column, kind="stable")] = places
        if column.min() == column.max():
            out[:] = 0.0
    return _unit(r)


def _unit(v: Array) -> Array:
    u = v - v.mean(axis=0)
    return np.asarray(u / np.maximum(np.sqrt((u * u).sum(axis=0)), 1e-300))

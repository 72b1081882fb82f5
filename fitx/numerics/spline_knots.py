"""Places of few knots for a least-squares spline.

A B-spline basis on many knots at quantiles of x loses one knot at a time: that whose removal adds least to the sum of
squares. A spline without a knot is one whose third derivative does not jump there, which is one linear condition
d c = 0, and by it the sum grows by (d c)^2 / (d (B'B)^-1 d'). Small sets of knots are then moved, one by one.
[Smith 1982, Curve fitting and modeling with splines using statistical variable selection, NASA CR-166034]
"""

from __future__ import annotations

import numpy as np

from fitx.numerics.doubledouble import Array
from fitx.numerics.spline import Rows, Solved, degree_for

_MOVED = 5  # number of knots up to which they are moved after the removals
_STEPS = (0.5, 0.25, 0.12)  # of the way to the neighbour, one round each


def knots_by_size(
    rows: Rows, most: int, ends: tuple[float, float] | None = None, *, periodic: bool = False
) -> dict[int, Array]:
    """Number of knots between the ends -> knots, ends included, for 0, 1, ... up to `most` or a quarter of the rows."""
    rows = rows.binned()
    degree = degree_for(rows)
    lo, hi = ends or (float(rows.distinct[0]), float(rows.distinct[-1]))
    if lo == hi:
        hi = lo + (abs(lo) or 1.0)
    count = max(0, min(most, len(rows.distinct) // 4 - 1))
    shares = np.arange(1, count + 1) / (count + 1)
    at = shares * (len(rows.distinct) - 1)
    below = np.floor(at).astype(int)
    above = np.minimum(below + 1, len(rows.distinct) - 1)
    inner = (rows.distinct[below] + rows.distinct[above]) / 2
    knots = np.r_[lo, np.unique(inner[(inner > lo) & (inner < hi)]), hi]
    found: dict[int, Array] = {}
    while True:
        found[len(knots) - 2] = knots
        if len(knots) == 2:
            break
        cost = Solved.of(rows, knots, degree, periodic).costs_of_removal(knots)
        knots = np.delete(knots, 1 + int(np.argmin(cost)))
    for size in range(1, min(_MOVED, max(found)) + 1):
        found[size] = _moved(rows, found[size], degree, periodic)
    return {k: _short(v) for k, v in sorted(found.items())}


def _moved(rows: Rows, knots: Array, degree: int, periodic: bool) -> Array:
    """Each knot in turn tried nearer to its neighbours, kept where the residuals fall."""
    least = Solved.of(rows, knots, degree, periodic).residual
    for step in _STEPS:
        for i in range(1, len(knots) - 1):
            for side in (-1, 1):
                tried = knots.copy()
                tried[i] += step * (knots[i + side] - knots[i])
                between = np.searchsorted(rows.distinct, tried[i - 1 : i + 2])
                if np.diff(between).min() < 2:
                    continue
                residual = Solved.of(rows, tried, degree, periodic).residual
                if residual < least:
                    knots, least = tried, residual
                    break
    return knots


def _short(knots: Array) -> Array:
    """The inner knots rounded to a hundredth of the narrowest piece, so that they can be read."""
    if len(knots) == 2:
        return knots
    step = 10.0 ** np.floor(np.log10(np.diff(knots).min() / 20))
    with np.errstate(all="ignore"):
        scaled = np.round(knots[1:-1] / step)
        digits = int(-np.log10(step)) if 1e-15 < step < 1e15 else None
        inner = scaled * step if digits is None else np.round(scaled * step, max(digits, 0))
    good = np.isfinite(inner).all() and (np.diff(np.r_[knots[0], inner, knots[-1]]) > 0).all()
    return np.r_[knots[0], inner, knots[-1]] if good else knots

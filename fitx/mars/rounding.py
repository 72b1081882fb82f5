"""Knots with few digits: a knot is known no better than the residuals tell, and 14.2 reads better than 14.1973."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fitx.mars.forward import Step

Array = npt.NDArray[np.float64]

SLIVER = 0.5  # of the residual variance, for each knot: the sum of squares may rise by that. A standard error is 1.
MOST_DIGITS = 6  # of the column's range


def rounded(steps: Sequence[Step], X: Array, n: int, losses: Callable[[Sequence[Step]], Array]) -> tuple[Step, ...]:
    """The steps with their knots rounded to the fewest digits of the columns' ranges that lose nothing.

    losses(steps) -> residual sums of squares, of n rows, of some models made of the steps: none may rise by more than
    what chance moves them by.
    X: (n, d), for the ranges. Knots that would fall together, or out of the range, keep more digits.
    """
    if not any(s.kind == "hinge" for s in steps):
        return tuple(steps)
    knots = len({(s.variable, s.knot) for s in steps if s.kind == "hinge"})
    allowed = losses(steps) * (1 + SLIVER * knots / n)
    lows, highs = X.min(axis=0), X.max(axis=0)
    for digits in range(1, MOST_DIGITS + 1):
        trial = _at(steps, lows, highs, digits)
        if (losses(trial) <= allowed).all():
            return trial
    return tuple(steps)


def _at(steps: Sequence[Step], lows: Array, highs: Array, digits: int) -> tuple[Step, ...]:
    new: dict[tuple[int, float], float] = {}
    for v in {s.variable for s in steps if s.kind == "hinge"}:
        knots = sorted({s.knot for s in steps if s.kind == "hinge" and s.variable == v})
        places = -1 - int(np.floor(np.log10(highs[v] - lows[v])))
        for more in range(MOST_DIGITS, digits - 1, -1):  # the fewest that will do, last
            near = [round(t, places + more) for t in knots]
            for t, r in zip(knots, near, strict=True):
                if near.count(r) == 1 and lows[v] < r < highs[v]:
                    new[v, t] = r
        new |= {(v, t): t for t in knots if (v, t) not in new}
    return tuple(replace(s, knot=new[s.variable, s.knot]) if s.kind == "hinge" else s for s in steps)

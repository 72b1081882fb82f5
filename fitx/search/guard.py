"""Whether a formula stays near the data between and just beyond its rows: no poles that the rows happen to miss."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Call, Const, Formula, call

Array = npt.NDArray[np.float64]

POINTS = 400
BEYOND = 0.05  # of a column's range
REACH = 2.0  # ranges of y that a value may lie outside of it
ALLOWED = 0.0025  # share of the points that may break the rule


def points_between(columns: Array, count: int = POINTS, seed: int = 0, beyond: float = BEYOND) -> Array:
    """Points (d, count) near the rows of columns (d, n): half of them on the lines between a row and its nearest of a
    few others, half of them rows moved by up to the share `beyond` of each column's range."""
    rng = np.random.default_rng([seed, columns.shape[1]])
    d, n = columns.shape
    span = np.ptp(columns, axis=1)[:, None]
    half = count // 2
    i = rng.integers(n, size=half)
    others = rng.integers(n, size=(half, 8))
    scale = np.where(span > 0, span, 1.0)
    far = (((columns[:, others] - columns[:, i][:, :, None]) / scale[:, :, None]) ** 2).sum(axis=0)
    far[far == 0] = np.inf
    j = others[np.arange(half), far.argmin(axis=1)]
    between = columns[:, i] + rng.uniform(0, 1, half) * (columns[:, j] - columns[:, i])
    moved = columns[:, rng.integers(n, size=count - half)] + span * rng.uniform(-beyond, beyond, (d, count - half))
    # A column that is never negative stays so: many functions end at zero.
    low = np.where(columns.min(axis=1) >= 0, columns.min(axis=1) * (1 - beyond), -np.inf)[:, None]
    return np.ascontiguousarray(np.maximum(np.hstack([between, moved]), low))


def steady(predict: Callable[[Array], Array], points: Array, y: Array, reach: float = REACH) -> bool:
    """Whether `predict` ((d, m) -> (m,)) is finite at nearly all points (d, m) and within `reach` ranges of y (n,)."""
    with np.errstate(all="ignore"):
        v = predict(points)
        low, high = float(y.min()), float(y.max())
        margin = reach * (high - low)
        good = np.isfinite(v) & (v >= low - margin) & (v <= high + margin)
    return float(good.mean()) >= 1 - ALLOWED


def has_poles(f: Formula, predict: Callable[[Formula], Array]) -> bool:
    """Whether something that `f` divides by has both signs at the points that `predict` evaluates formulas at: its zero
    lies between them, however narrow the pole is."""
    for g in _divisors(f):
        with np.errstate(all="ignore"):
            v = predict(g)
        if (v > 0).any() and (v < 0).any():
            return True
    return False


def _divisors(f: Formula) -> Iterator[Formula]:
    if not isinstance(f, Call):
        return
    if f.op == "div" and not isinstance(f.args[1], Const):
        yield f.args[1]
    elif f.op == "pow" and isinstance(f.args[1], Const) and f.args[1].value < 0:
        yield f.args[0]
    elif f.op == "tan":
        yield call("cos", f.args[0])
    for g in f.args:
        yield from _divisors(g)

"""Intervals by profile likelihood: where the loss, all other parameters fitted again, rises by what t allows.

The ends solve (L(theta) - L) / s^2 = t^2 with L(theta) the least loss when the parameter is theta. They need not be
symmetric, and an end is infinite where the loss never rises so far. [Bates & Watts 1988, section 6.1]
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitx.numerics.students import t_quantile
from fitx.parametric.formula import ParametricFormula
from fitx.parametric.rows import Limits, Rows, Solution, Values
from fitx.parametric.uncertainty import covariance

_STEPS = 60
_CLOSE = 1e-6  # of t, that the statistic may be off at an end
_FURTHEST = 1e6  # standard errors, beyond which an end is infinite


def profile_intervals(
    model: ParametricFormula,
    s: Solution,
    rows: Rows,
    limits: Limits,
    names: Sequence[str],
    absolute: bool,
    level: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Parameter -> (low, high). Only for least squares with degrees of freedom left: else there are none."""
    matrix, dof = covariance(s, len(rows.y), absolute)
    if matrix is None or limits.loss != "linear" or not (dof > 0 or absolute):
        return {}
    t = t_quantile(0.5 + level / 2, np.inf if absolute else dof)
    variance = 1 / s.scale**2 if absolute else s.loss / dof
    if not variance > 0:
        return {}
    found = {}
    for p in names:
        error = float(np.sqrt(matrix[model.parameters.index(p), model.parameters.index(p)]))
        if error > 0 and np.isfinite(error):
            ends = [_end(model, s, rows, limits, p, side * error, t, variance) for side in (-1, 1)]
            found[p] = (ends[0], ends[1])
    return found


def _end(
    model: ParametricFormula, s: Solution, rows: Rows, limits: Limits, p: str, error: float, t: float, variance: float
) -> float:
    """The end of the interval in the direction of `error`, a standard error with the sign of that."""
    low, high = limits.bounds.get(p, (-np.inf, np.inf))
    values: Values = dict(s.values)

    def over(u: float) -> float:
        """The statistic at u standard errors from the estimate, less t; it is -t at 0."""
        nonlocal values
        theta = s.values[p] + u * error
        limited = Limits({**limits.bounds, p: (theta, theta)}, limits.loss)
        found = model.refine({**values, p: theta}, rows, 100, limited)
        if found is None:
            return np.inf
        values = found.values
        return float(np.sqrt(max(found.loss - s.loss, 0.0) / variance)) - t

    limit = (high if error > 0 else low) - s.values[p]
    most = min(limit / error, _FURTHEST)
    inner, below, outer = 0.0, -t, min(t, most)
    above = over(outer)
    while above < 0:
        if outer >= most:
            return s.values[p] + limit if most < _FURTHEST else float(np.sign(error) * np.inf)
        inner, below, outer = outer, above, min(2 * outer, most)
        above = over(outer)
    for _ in range(_STEPS):  # Illinois' regula falsi
        u = inner + (outer - inner) * below / (below - above) if np.isfinite(above) else (inner + outer) / 2
        now = over(u)
        if abs(now) <= _CLOSE * t or outer - inner <= 1e-9 * outer:
            break
        if now < 0:
            inner, below = u, now
            above = above / 2 if np.isfinite(above) else above
        else:
            outer, above = u, now
            below /= 2
    return s.values[p] + u * error

"""Least absolute deviations of a nonlinear model: min_p sum_i |r_i(p)|, lower <= p <= upper.

A smooth absolute value whose corner gets sharper leads to the neighbourhood; linear programs, the residuals linearised,
then find the corner itself: a vertex where as many residuals vanish as there are free parameters. [Osborne & Watson
1971, doi:10.1093/comjnl/14.2.184]
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fitx.numerics.losses import spread_of
from fitx.numerics.nonlinear import Array, Function, Solution, least_squares

_CORNERS = (1.0, 0.1, 0.01, 1e-3)  # of the spread of the residuals
_PROGRAMS = 20
_MOST_ROWS = 20_000  # beyond, the smooth value with its sharpest corner stands
_LEAST = 1e-13  # relative gain below which a program is the last


def least_absolute(
    residual: Function, jacobian: Function, start: Array, bounds: tuple[Array, Array], steps: int
) -> Solution:
    """The parameters of the smallest total |r|; as `least_squares`, whose Solution it gives with the loss so meant."""
    # Not from the least squares: outliers may have drawn them to another optimum.
    s = least_squares(residual, jacobian, start, bounds=bounds, steps=0, exact=False)
    if s.status == "steps":
        s = replace(s, status="converged")
    for corner in _CORNERS:
        c = corner * spread_of(s.residual)
        if s.status == "undefined" or not c > 1e-14 * float(np.abs(s.residual).max(initial=0.0)):
            break
        s = least_squares(residual, jacobian, s.values, bounds=bounds, loss="soft_l1", scale=c, steps=steps)
    if s.status != "undefined" and len(s.residual) <= _MOST_ROWS:
        with np.errstate(all="ignore"):
            s = _to_vertex(residual, jacobian, s, bounds)
    return replace(s, loss=float(np.abs(s.residual).sum()), scale=1.0)


def _to_vertex(residual: Function, jacobian: Function, s: Solution, bounds: tuple[Array, Array]) -> Solution:
    """Linear programs from `s` for as long as the total falls."""
    x, r, J = s.values, s.residual, s.jacobian
    total, count = float(np.abs(r).sum()), s.evaluations
    for _ in range(_PROGRAMS):
        d = _program(r, J)
        if d is None or not np.isfinite(d).all():
            break
        better = False
        for halving in range(8):
            new = np.clip(x + d / 2**halving, *bounds)
            tried = np.asarray(residual(new), np.float64)
            count += 1
            value = float(np.abs(tried).sum())
            if value < total:  # not so for NaN
                gain, better = total - value, True
                x, r, total = new, tried, value
                break
        if not better:
            break
        J = np.nan_to_num(np.asarray(jacobian(x), np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        if gain <= _LEAST * total:
            break
    low, high = bounds
    return replace(s, values=x, residual=r, jacobian=J, at_bound=(x <= low) | (x >= high), evaluations=count)


def _program(r: Array, J: Array) -> Array | None:
    """argmin_d sum |r + J d| by its dual: max r'u, J'u = 0, -1 <= u <= 1, whose multipliers are d."""
    from scipy.optimize import linprog

    most = np.abs(J).max(axis=0, initial=0.0)
    size = np.where(most > 0, most, 1.0)
    unit = float(np.abs(r).max()) or 1.0
    found = linprog(-r / unit, A_eq=(J / size).T, b_eq=np.zeros(J.shape[1]), bounds=(-1, 1), method="highs")
    if not found.success:
        return None
    return np.asarray(found.eqlin.marginals, np.float64) * unit / size

"""What a user should know of fitted parameters, in words: not told apart, running off, on a bound, not converged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitx.parametric.formula import ParametricFormula
from fitx.parametric.rows import Limits, Rows, Solution
from fitx.parametric.uncertainty import not_told_apart

_FURTHER = 100.0  # times: a parameter so much larger that fits as well runs off
_AS_WELL = 1e-6  # relative rise of the loss
_UNSURE = 3.0  # standard errors that a value has at most, for the question to be asked


def remarks(
    model: ParametricFormula, s: Solution, rows: Rows, limits: Limits, shown: Sequence[str], errors: dict[str, float]
) -> tuple[tuple[str, ...], set[str]]:
    """(sentences, parameters that have no standard error). shown: the parameters that have a name of the user's.

    errors: standard errors as far as they are known.
    """
    notes: list[str] = []
    groups = not_told_apart(s.jacobian, model.parameters)
    loose = {p for group in groups for p in group}
    off = running_off(model, s, rows, limits, {p: e for p, e in errors.items() if p not in loose})
    for p in off:
        if p in shown:
            way = "" if s.values[p] > 0 else "minus "
            notes.append(
                f"`{p}` runs off to {way}infinity: the data set no limit to it (it stopped at {s.values[p]:.3g}); "
                f"give bounds, or use the simpler model that it turns into"
            )
    lost: set[str] = set(off)
    for group in groups:
        named = [p for p in group if p in shown]
        lost |= set(group)
        if not named or set(group) & set(off):
            continue
        if len(group) == 1:
            notes.append(f"`{named[0]}` has no influence on these data: any value fits as well; fix it or leave it out")
        else:
            quoted = [f"`{p}`" for p in named] + ["other constants"] * (len(named) < len(group))
            listed = ", ".join(quoted[:-1]) + f" and {quoted[-1]}"
            notes.append(f"{listed} cannot be told apart by these data: other values fit as well; fix one of them")
    for p in s.at_bound:
        if p in shown:
            notes.append(f"`{p}` lies on its bound {s.values[p]:.6g}; its standard error is not known")
    if s.status == "steps":
        notes.append("the fit had not converged when its steps were used up: start values, or bounds, may help")
    return tuple(notes), lost | set(s.at_bound)


def running_off(
    model: ParametricFormula, s: Solution, rows: Rows, limits: Limits, errors: dict[str, float]
) -> list[str]:
    """Parameters that can be a hundred times as large, but not as small, with the others fitted again and no more loss.

    Only those whose standard error says that they are hardly known are tried.
    """
    low, high = limits.of(model.parameters)
    found: list[str] = []
    few = rows.sample(2000)
    at_all = model.refine(s.values, few, 50, limits) if few is not rows else s
    if at_all is None:
        return found
    floor = 1e-24 * float(np.square(few.y * few.root).sum())
    for i, p in enumerate(model.parameters):
        v, error = at_all.values[p], errors.get(p, np.inf)
        if v == 0 or p in s.at_bound or (np.isfinite(error) and abs(v) > _UNSURE * error and s.status != "steps"):
            continue
        most = at_all.loss * (1 + _AS_WELL) + floor

        def fits(value: float, p: str = p, most: float = most) -> bool:
            limited = Limits({**limits.bounds, p: (value, value)}, limits.loss)
            again = model.refine({**at_all.values, p: value}, few, 100, limited)
            return again is not None and again.loss <= most

        # A value that may be small as well does not run off: it cannot be told apart from another.
        if low[i] <= v * _FURTHER <= high[i] and fits(v * _FURTHER) and not fits(v / max(_FURTHER, abs(v))):
            found.append(p)
    return found

"""A fitted spline as a formula: piecewise(x < knot, cubic, x < knot, cubic, ..., cubic), in powers that can be read."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from fitx.formula.polynomial import power_sum, scaled
from fitx.formula.tree import Const, Formula, Var, call
from fitx.numerics import convert
from fitx.numerics.doubledouble import Array
from fitx.numerics.powers import loss
from fitx.numerics.spline import Pieces

CARRIED = 1e-11  # loss of powers of x, relative to rms(y), against powers of (x - knot)
DUST = 1e-14  # of max |y|: smaller terms are rounding


def write(
    pieces: Pieces, name: str, x: Array, y: Array, scaling: tuple[float, float] | None, period: float | None
) -> Formula:
    """The pieces in powers of the variable where they carry them at the rows x, y: (n,), else of (variable - knot).

    The variable is x, or (x - middle) / half where `scaling` is given; pieces are in its units. period: beyond the ends
    the formula repeats, x - period * floor((x - lo) / period) standing for x.
    """
    v: Formula = Var(name) if scaling is None else scaled(name, *scaling)
    at = x if scaling is None else (x - scaling[0]) / scaling[1]
    if period is not None:
        lo = float(pieces.knots[0])
        v = v - _short(period) * call("floor", (v - _short(lo) if lo else v) / _short(period))
        at = at - period * np.floor((at - lo) / period)
    exact = pieces.evaluate(at)
    size = float(np.max(np.abs(y), initial=0.0))
    for shifted in (False, True):
        formula = _piecewise(pieces, v, size, shifted)
        if shifted or loss(formula.predict(x[:, None], (name,)), exact, y) <= CARRIED:
            break
    return formula


def _piecewise(pieces: Pieces, v: Formula, size: float, shifted: bool) -> Formula:
    args: list[Formula] = []
    width = np.diff(pieces.knots)
    for i, row in enumerate(pieces.c):
        c = np.where(np.abs(row) * width[i] ** np.arange(len(row)) <= DUST * size, 0.0, row)
        knot = float(pieces.knots[i])
        variable = v
        if shifted and knot:
            variable = v - _short(knot)
        elif not shifted:
            c = convert.rounded(convert.substitute([Fraction(float(a)) for a in c], -knot, 1.0))
        value = power_sum(c.tolist(), [[k] for k in range(len(c))], [variable])
        if args and value == args[-1]:
            args[-2] = call("lt", v, _short(float(pieces.knots[i + 1])))
        else:
            args += [call("lt", v, _short(float(pieces.knots[i + 1]))), value]
    return args[1] if len(args) == 2 else call("piecewise", *args[:-2], args[-1])


def _short(value: float) -> Const:
    """A knot: whole numbers as such."""
    return Const(int(value)) if value == int(value) and abs(value) < 1e15 else Const(value)

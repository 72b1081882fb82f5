"""A MARS model as a formula: hinge(x - t) for hinges, piecewise for cubics; additive terms first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from fitx.errors import FitxError
from fitx.formula import Const, Formula, Var, call
from fitx.mars.hinges import HingeBasisFunctionBase, SmoothedHingeBasisFunction
from fitx.mars.terms import BasisFunction, LinearBasisFunction, VariableBasisFunction


def order(term: BasisFunction) -> tuple[object, ...]:
    """Sorts terms: the constant, then by number of factors, by columns, linear before hinges, by knots."""
    factors = sorted(_place(f) for f in term.chain())
    return (len(factors), [f[0] for f in factors], factors)


def _place(f: VariableBasisFunction) -> tuple[int, int, float, int]:
    if isinstance(f, HingeBasisFunctionBase):
        return f.variable, 1, f.knot, 1 - f.reverse
    return f.variable, 0, 0.0, 0


def formula_of(terms: Iterable[BasisFunction], coefficients: Iterable[float], names: Sequence[str]) -> Formula:
    """The sum of coefficients times terms; zero coefficients are left out. names: (d,) of the columns.

    Errors: FitxError for a coefficient that is not finite, and for terms that know of missing values.
    """
    total: Formula | None = None
    pairs = sorted(zip(terms, coefficients, strict=True), key=lambda pair: order(pair[0]))
    for term, c in pairs:
        if not np.isfinite(c):
            raise FitxError("a coefficient is beyond double precision", "scale the columns")
        if c == 0:
            continue
        negative = c < 0 and total is not None
        part: Formula = Const(float(-c if negative else c))
        for f in sorted(term.chain(), key=_place):
            part = part * factor(f, names[f.variable])
        total = part if total is None else total - part if negative else total + part
    return Const(0) if total is None else total


def factor(f: VariableBasisFunction, name: str) -> Formula:
    """The factor of a term over the variable `name`."""
    x = Var(name)
    if isinstance(f, LinearBasisFunction):
        return x
    if not isinstance(f, HingeBasisFunctionBase):
        raise FitxError(f"the term {f} depends on whether `{name}` is missing, which a formula cannot say")
    hinge = Const(f.knot) - x if f.reverse else x - Const(f.knot)
    if not isinstance(f, SmoothedHingeBasisFunction):
        return call("hinge", hinge)
    u = x - Const(f.knot_plus if f.reverse else f.knot_minus)
    cubic = Const(f.p) * u**2 + Const(f.r) * u**3
    zero = Const(0)
    below, above = (hinge, zero) if f.reverse else (zero, hinge)
    left, right = Const(f.knot_minus), Const(f.knot_plus)
    return call("piecewise", call("le", x, left), below, call("lt", x, right), cubic, above)

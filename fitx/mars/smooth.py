"""From hinges to cubics with continuous first derivatives [Friedman 1991, section 3.7, doi:10.1214/aos/1176347963].

Side knots are placed for all hinges of the terms of one set of columns (one ANOVA function) together: halfway between a
knot and its neighbours on the same column, or between it and the end of the column. As in py-earth, terms that were
pruned take part, and so do not open wider bends than the forward pass had room for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.mars.basis import (
    Basis,
    BasisFunction,
    ConstantBasisFunction,
    HingeBasisFunctionBase,
    LinearBasisFunction,
    MissingnessBasisFunction,
    SmoothedHingeBasisFunction,
    VariableBasisFunction,
)

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def side_knots(basis: Basis, lows: Array, highs: Array) -> dict[int, tuple[float, float]]:
    """id(term) -> (left, right) side knot of every hinge. lows, highs: (d,) the columns' ends."""
    found: dict[int, tuple[float, float]] = {}
    for variables, terms in basis.anova_decomp().items():
        hinges = [t for t in terms if isinstance(t, HingeBasisFunctionBase)]
        for v in variables:
            own = [h for h in hinges if h.variable == v]
            knots = sorted({h.knot for h in own})
            for h in own:
                at = knots.index(h.knot)
                before = knots[at - 1] if at else float(lows[v])
                after = knots[at + 1] if at + 1 < len(knots) else float(highs[v])
                found[id(h)] = (h.knot + before) / 2.0, (h.knot + after) / 2.0
    return found


def smoothed(basis: Basis, X: Array, missing: Flags | None = None) -> Basis:
    """A new basis of the same shape with cubics for hinges; a hinge whose knot leaves no room stays as it is."""
    seen = X if missing is None else np.where(missing, np.nan, X)
    lows, highs = np.nanmin(seen, axis=0), np.nanmax(seen, axis=0)
    sides = side_knots(basis, lows, highs)
    new: dict[int, BasisFunction] = {}
    result = Basis(basis.num_variables)
    for term in basis:
        made = _version(term, new, sides)
        if term.is_pruned():
            made.prune()
        new[id(term)] = made
        result.append(made)
    return result


def _version(
    term: BasisFunction, new: dict[int, BasisFunction], sides: dict[int, tuple[float, float]]
) -> BasisFunction:
    if not isinstance(term, VariableBasisFunction):
        return ConstantBasisFunction()
    parent = new[id(term.parent)]
    if isinstance(term, MissingnessBasisFunction):
        return MissingnessBasisFunction(parent, term.variable, term.complement, term.label)
    if isinstance(term, HingeBasisFunctionBase):
        left, right = sides[id(term)]
        kind = (term.knot_idx, term.variable, term.reverse, term.label)
        if left < right:
            return SmoothedHingeBasisFunction(parent, term.knot, left, right, *kind)
        return type(term)(parent, term.knot, *kind)
    return LinearBasisFunction(parent, term.variable, term.label)

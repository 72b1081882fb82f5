"""The families of the method `curve` on problems with one or two columns left, from those families' own starts.

A family fits the problem's y, not the table's: growth, peaks and saturation in what is left once the other columns have
been divided out, subtracted or joined.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.budget import Budget
from fitx.search.problem import Problem
from fitx.search.stages.base import Stage, Work

Array = npt.NDArray[np.float64]

_MOST = 2  # columns
_PARAMETERS = 6  # more of these fit anything, and take longest
_ROWS = 200  # that families are fitted to
_EXACT = 1e-9  # of y's variance: what a family may leave that is tried at once
_CLOSE = 0.3  # the same for one that is tried at all
_BEST = 10  # families


class NamedCurves(Stage):
    """Each family near its optimum on some rows; the search refines the constants of the best."""

    name = "named curves"
    family = "deep"
    rank = -1

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Families that leave next to nothing as they are found, then the best, fewest parameters first."""
        assert work.effort is not None
        if work.effort.name == "medium" or work.kind is None or work.kind.name != "sums":
            return
        found: list[tuple[float, int, Formula]] = []
        for left, size, f in _fits(work, budget):
            if left < _EXACT:
                yield f
            elif left < _CLOSE:
                found.append((left, size, f))
        # The evidence for a family by the BIC: n log(left) + log(n) a parameter.
        found.sort(key=lambda c: _ROWS * np.log(c[0]) + np.log(_ROWS) * c[1])
        yield from (f for _, _, f in found[:_BEST])


def _fits(work: Work, budget: Budget) -> Iterator[tuple[float, int, Formula]]:
    """The share of y's variance that a family leaves, the number of its parameters, and its formula."""
    from fitx.curves import FAMILIES
    from fitx.curves.family import FEATURES
    from fitx.curves.fit import curve, find, spread, why_not
    from fitx.curves.starts import Shape
    from fitx.parametric import Rows

    problem = work.problem
    active = problem.active
    if not 1 <= len(active) <= _MOST or not _usable(problem):
        return
    curves = sorted(map(curve, FAMILIES), key=lambda c: (len(c.parameters), c.model.tree.complexity))
    curves = [
        c for c in curves
        if c.family.features == len(active) and len(c.parameters) <= _PARAMETERS and work.grammar.permits(c.model.tree)
    ]  # fmt: skip
    weights = None if problem.sigma is None else _weights(problem)
    orders = list(permutations(active))
    rows = [
        spread(Rows(np.ascontiguousarray(problem.columns[list(o)]), problem.y, FEATURES[: len(o)], weights), _ROWS)
        for o in orders
    ]
    shapes = [Shape(r.columns, r.y) for r in rows]
    w = np.ones(len(rows[0].y)) if rows[0].weights is None else rows[0].weights
    total = float(w @ (rows[0].y - np.average(rows[0].y, weights=w)) ** 2) / rows[0].scale ** 2
    for c in curves:
        for order, some, shape in list(zip(orders, rows, shapes, strict=True))[: 2 if c.family.ordered else 1]:
            if budget.expired():
                return
            if why_not(c, some, FEATURES[: len(order)], "y"):
                continue
            near = find(c, some, shape)
            if near is None or not np.isfinite(near[0]).all():
                continue
            values = dict(zip(c.parameters, map(float, near[0]), strict=True))
            places = {name: problem.formulas[k] for name, k in zip(FEATURES, order, strict=False)}
            f = c.model.at(values).substitute(places)
            yield max(near[1] / total, 1e-300), len(c.parameters), problem.lift(f)


def _usable(problem: Problem) -> bool:
    columns = problem.columns[list(problem.active)]
    finite = bool(np.isfinite(problem.y).all() and np.isfinite(columns).all())
    return bool(finite and len(problem.y) >= 12 and np.ptp(problem.y) > 0 and (np.ptp(columns, axis=1) > 0).all())


def _weights(problem: Problem) -> Array:
    assert problem.sigma is not None
    w = 1 / np.maximum(problem.sigma, 1e-300) ** 2
    w = np.where(np.isfinite(w), w, 0.0)
    return w / (w.mean() or 1.0)

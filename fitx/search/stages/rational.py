"""Sparse rational functions P(x)/Q(x) of several variables for T(y), by the linear relation P - T(y) Q = 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.algebra import linear
from fitx.search.budget import Budget
from fitx.search.monomials import monomial_values, polynomial_exponents
from fitx.search.relations import sparse_relation
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.polynomial import monomial_formula
from fitx.search.targets import Target, targets_for

Array = npt.NDArray[np.float64]

_DEGREES = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (1, 3), (3, 2), (2, 3), (3, 3), (4, 4), (5, 5))
_TERMS = 130
_TARGETS = ("y", "y^2", "exp y", "log y", "tan y")


class WideRational(Stage):
    """The smallest degrees at which the relation has a solution, with few terms."""

    name = "rational"
    family = "instant"
    rank = 30

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """The rational function of the first target that has one."""
        if not work.grammar.allows("div"):
            return
        sample = Sample(work)
        for p, q in _DEGREES:
            above, below = sample.powers(p), sample.powers(q)
            if len(above) + len(below) > min(_TERMS, len(sample.y) // 2):
                continue
            A, B = sample.values(above), sample.values(below)
            for target in sample.targets:
                if budget.expired():
                    return
                relation = sparse_relation(np.concatenate([A, -target.forward(sample.y) * B]))
                if relation is None:
                    continue
                top, bottom = relation[: len(above)], relation[len(above) :]
                if bottom.any() and top.any():
                    unit = sample.leading(below, bottom)
                    f = sample.polynomial(above, top, unit) / sample.polynomial(below, bottom, unit)
                    yield work.problem.lift(target.inverse(f))
                    return


class Sample:
    """The check rows of the active columns, scaled to at most 1, and polynomials of these."""

    def __init__(self, work: Work) -> None:
        self.problem = work.problem
        check = self.problem.rows.check
        y = self.problem.y[check]
        columns = self.problem.columns[list(self.problem.active)][:, check]
        ok = np.isfinite(y) & np.isfinite(columns).all(axis=0)
        self.y, columns = y[ok], columns[:, ok]
        self.scale = np.maximum(np.abs(columns).max(axis=1, initial=0.0), 1e-300)
        self.columns = columns / self.scale[:, None]
        self.targets: list[Target] = []
        if len(self.y) >= max(8, 0.9 * len(y)):
            self.targets = [t for t in targets_for(self.y, work.grammar.operators) if t.name in _TARGETS]

    def powers(self, degree: int) -> tuple[tuple[int, ...], ...]:
        """Exponents of all monomials up to the degree."""
        return polynomial_exponents(len(self.columns), degree)

    def values(self, powers: tuple[tuple[int, ...], ...]) -> Array:
        """Values of the monomials of the scaled columns."""
        return monomial_values(self.columns, powers)

    def leading(self, powers: tuple[tuple[int, ...], ...], c: Array) -> float:
        """The first nonzero coefficient, for columns that are not scaled."""
        first = int(np.flatnonzero(c)[0])
        return float(c[first] / np.prod(self.scale ** np.array(powers[first])))

    def polynomial(self, powers: tuple[tuple[int, ...], ...], c: Array, unit: float) -> Formula:
        """sum c_i m_i / unit in the names of the table."""
        unscaled = c / np.array([np.prod(self.scale ** np.array(e)) for e in powers])
        return linear(
            (float(v / unit), monomial_formula(self.problem, e)) for v, e in zip(unscaled, powers, strict=True) if v
        )

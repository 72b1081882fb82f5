"""Sparse rational functions P(x)/Q(x) of several variables for T(y), by the linear relation P - T(y) Q = 0; where y is
noisy by least squares (`rational_noisy`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.algebra import linear
from fitx.search.budget import Budget
from fitx.search.monomials import monomial_values, polynomial_exponents
from fitx.search.noise import row_weights
from fitx.search.rational_noisy import rational_relation, sparse_rational
from fitx.search.relations import sparse_relation
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.polynomial import monomial_formula
from fitx.search.targets import Target, targets_for

Array = npt.NDArray[np.float64]

_DEGREES = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (1, 3), (3, 2), (2, 3), (3, 3), (4, 4), (5, 5))
_DEGREES_OF_ONE = ((1, 1), (2, 2), (3, 2), (3, 3))
_TERMS = 130
_LEADS = 8  # terms of the denominator whose coefficient is 1, where y is noisy
_TARGETS = ("y", "y^2", "exp y", "log y", "tan y")
_NOISY_TARGETS = ("y", "log y", "exp y", "y^2")
_NOISY_DEGREES = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (3, 2))
_FEW, _MANY = 14, 32  # terms
_SHORT = 12  # terms of a relation that may be the law


class WideRational(Stage):
    """The smallest degrees at which the relation has a solution, with few terms."""

    name = "rational"
    family = "instant"
    rank = 30

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """The rational function of the first target that has one."""
        if not work.grammar.allows("div"):
            return
        if work.problem.sigma is not None:
            yield from _noisy(work, Sample(work), budget)
            if len(work.problem.active) == 1 and work.problem.positive[list(work.problem.active)].all():
                yield from _noisy(work, Sample(work, 0.5), budget)
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


def _noisy(work: Work, sample: Sample, budget: Budget) -> Iterator[Formula]:
    """From the relation at each degree and target, until there is one; of few terms for each leading term, too."""
    assert work.problem.sigma is not None
    sigma = work.problem.sigma[work.problem.rows.check][sample.rows]
    d = len(sample.columns)
    related: set[str] = set()
    for p, q in _DEGREES_OF_ONE if d == 1 else _NOISY_DEGREES:
        above, below = sample.powers(p), sample.powers(q)
        terms = len(above) + len(below)
        if d == 0 or terms > min(_TERMS, len(sample.y) // 4):
            continue
        A, B = sample.values(above), sample.values(below)
        leads = [i for i, e in enumerate(below) if sum(e) < max(q, 2) and sum(v > 0 for v in e) < 2]
        for target in sample.targets:
            if target.name not in (_NOISY_TARGETS if terms < _MANY else _NOISY_TARGETS[:1]) or budget.expired():
                continue
            w = row_weights(target.forward, sample.y, sigma, False)
            rows = w > 0
            if rows.mean() < 0.5 or terms > rows.sum() // 4:
                continue
            with np.errstate(all="ignore"):
                z = target.forward(sample.y)
            a, b, z, w = A[:, rows], B[:, rows], z[rows], w[rows]
            found = []
            if target.name not in related:
                found.append(rational_relation(a, b, z, w))
                if found[0] is not None and np.count_nonzero(np.concatenate(found[0])) <= _SHORT:
                    related.add(target.name)
            if terms <= _FEW:
                found += [sparse_rational(a, b, lead, z, w) for lead in leads[:_LEADS]]
            for one in found:
                if one is not None:
                    top, bottom = one
                    unit = float(sample.unscaled(below, bottom)[int(np.flatnonzero(bottom)[0])])
                    f = sample.polynomial(above, top, unit) / sample.polynomial(below, bottom, unit)
                    yield work.problem.lift(target.inverse(f))


class Sample:
    """The check rows of the active columns, raised to a power, scaled to at most 1; and polynomials of these."""

    def __init__(self, work: Work, power: float = 1.0) -> None:
        self.problem, self.power = work.problem, power
        check = self.problem.rows.check
        y = self.problem.y[check]
        columns = self.problem.columns[list(self.problem.active)][:, check]
        self.rows = ok = np.isfinite(y) & np.isfinite(columns).all(axis=0)
        self.y, columns = y[ok], columns[:, ok]
        with np.errstate(invalid="ignore"):
            columns = columns**power
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
        unscaled = self.unscaled(powers, c)
        return linear(
            (float(v / unit), monomial_formula(self.problem, tuple(self.power * k for k in e)))
            for v, e in zip(unscaled, powers, strict=True)
            if v
        )

    def unscaled(self, powers: tuple[tuple[int, ...], ...], c: Array) -> Array:
        """The coefficients for columns that are not scaled."""
        return np.asarray(c / np.array([np.prod(self.scale ** np.array(e)) for e in powers]))

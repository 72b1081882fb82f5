"""Sparse polynomials for T(y): least squares on all terms up to a degree, the negligible ones dropped."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula
from fitx.search.algebra import product
from fitx.search.budget import Budget
from fitx.search.fit import Structure, fit_structure
from fitx.search.monomials import monomial_values, polynomial_exponents
from fitx.search.noise import row_weights, within
from fitx.search.problem import Problem
from fitx.search.sparse import forward
from fitx.search.stages.base import Stage, Work
from fitx.search.targets import targets_for

Array = npt.NDArray[np.float64]

_TERMS = 130
_DEGREE = 5
_EXACT = 1e-18  # share of T(y)'s variance unexplained on the check rows
_CHOSEN = 24  # terms at most where y is noisy
_HIGH = ("y", "1/y", "y^2", "1/y^2")  # targets of a degree above 2


class SparsePolynomial(Stage):
    """Degrees 1 to 5 while there are at most 130 terms, and at most half as many terms as rows."""

    name = "polynomial"
    family = "instant"
    rank = 20

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """The first degree that fits for each target; else that of y with the smallest error."""
        problem = work.problem
        check = problem.rows.check
        y = problem.y[check]
        if not np.isfinite(y).all():
            return
        columns = problem.columns[list(problem.active)][:, check]
        if problem.sigma is not None:
            yield from _noisy(work, columns, y, problem.sigma[check])
            return
        for degree in range(1, _DEGREE + 1):
            exponents = polynomial_exponents(len(columns), degree)
            if len(exponents) > min(_TERMS, len(y) // 2) or budget.expired():
                return
            A = monomial_values(columns, exponents)
            scaled = A / np.maximum(np.sqrt((A * A).sum(axis=1)), 1e-300)[:, None]
            q = np.linalg.qr(scaled.T)[0]
            for target in targets_for(y, work.grammar.operators):
                if not target.raw or (degree > 2 and target.name not in _HIGH):
                    continue
                with np.errstate(all="ignore"):
                    z = target.forward(y)
                if not np.isfinite(z).all():
                    continue
                r = z - q @ (q.T @ z)
                spread = z - z.mean()
                misfit = float(r @ r) / max(float(spread @ spread), 1e-300)
                if misfit < _EXACT or (degree <= 2 and target.name == "y"):
                    base = [monomial_formula(problem, e) for e in exponents]
                    s = Structure(problem, target, base, A, (), log_target=False, log_terms=False)
                    yield from fit_structure(s, work.table)


def _noisy(work: Work, columns: Array, y: Array, sigma: Array) -> Iterator[Formula]:
    """Terms chosen one after the other, from the polynomials of each degree; then those that do not count left out."""
    problem = work.problem
    for degree in range(1, _DEGREE + 1):
        exponents = polynomial_exponents(len(columns), degree)
        if len(exponents) > min(_TERMS, len(y) // 2):
            return
        A = monomial_values(columns, exponents)
        for target in targets_for(within(y, sigma), work.grammar.operators):
            if not target.raw or (degree > 2 and target.name not in _HIGH):
                continue
            weight = row_weights(target.forward, y, sigma, False)
            rows = weight > 0
            if rows.mean() < 0.2:
                continue
            with np.errstate(all="ignore"):
                z = target.forward(y)
            chosen = forward(A[:, rows] * weight[rows], z[rows] * weight[rows], (0,), _CHOSEN)
            for index in ([*range(len(exponents))] if len(exponents) <= _CHOSEN else [], sorted(chosen)):
                base = [monomial_formula(problem, exponents[i]) for i in index]
                if base:
                    s = Structure(problem, target, base, A[index], (), log_target=False, log_terms=False)
                    yield from fit_structure(s, work.table)


def monomial_formula(problem: Problem, exponents: tuple[float, ...]) -> Formula:
    """The monomial of the problem's active columns in the names of the table."""
    if not any(exponents):
        return Const(1)
    columns = [problem.formulas[k] for k in problem.active]
    return product(1.0, [(f, float(e)) for f, e in zip(columns, exponents, strict=True)])

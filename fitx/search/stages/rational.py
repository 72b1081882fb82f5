"""Sparse rational functions P(x)/Q(x) of several variables for T(y), by the linear relation P - T(y) Q = 0."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.algebra import linear
from fitx.search.budget import Budget
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.polynomial import monomial_formula, monomial_values, polynomial_exponents
from fitx.search.targets import TARGETS

Array = npt.NDArray[np.float64]

_DEGREES = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (1, 3), (3, 2), (2, 3), (3, 3), (4, 4), (5, 5))
_TERMS = 130
_TARGETS = ("y", "y^2", "log y")
_EXACT = 1e-12  # smallest singular value relative to the largest


class WideRational(Stage):
    """The smallest degrees at which the relation has a solution; its terms are thinned while it still holds."""

    name = "rational"
    family = "instant"
    rank = 30

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """The rational function of the first target that has one."""
        problem = work.problem
        check = problem.rows.check
        y = problem.y[check]
        if not np.isfinite(y).all() or not work.grammar.allows("div"):
            return
        columns = problem.columns[list(problem.active)][:, check]
        scale = np.maximum(np.abs(columns).max(axis=1), 1e-300)[:, None]
        for p, q in _DEGREES:
            above, below = polynomial_exponents(len(columns), p), polynomial_exponents(len(columns), q)
            if len(above) + len(below) > min(_TERMS, len(y) // 2):
                continue
            if budget.expired():
                return
            A, B = monomial_values(columns / scale, above), monomial_values(columns / scale, below)
            for target in TARGETS:
                if target.name not in _TARGETS or not target.applies(y.min(), y.max()):
                    continue
                z = target.forward(y)
                relation = _null_vector(np.concatenate([A, -z * B]))
                if relation is None:
                    continue
                powers = [*above, *below]
                coefficients = relation / np.array([float(np.prod(scale[:, 0] ** np.array(e))) for e in powers])
                formulas = [monomial_formula(problem, e) for e in powers]
                top = coefficients[: len(above)]
                bottom = coefficients[len(above) :]
                if not bottom.any() or not top.any():
                    continue
                lead = bottom[np.flatnonzero(bottom)[0]]
                f = linear(zip(top / lead, formulas[: len(above)], strict=True)) / linear(
                    zip(bottom / lead, formulas[len(above) :], strict=True)
                )
                yield problem.lift(target.inverse(f))
                return


def _null_vector(rows: Array) -> Array | None:
    """A sparse c with sum c_i rows_i = 0 to rounding, or None. rows: (k, m), m > k."""
    norms = np.maximum(np.sqrt((rows * rows).sum(axis=1)), 1e-300)
    M = (rows / norms[:, None]).T
    # Triangular factor first: its k x k matrix has the same singular vectors at a fraction of the cost.
    kept = np.arange(len(rows))
    R = np.linalg.qr(M, mode="r")
    singular, vectors = np.linalg.svd(R)[1:]
    if singular[-1] > _EXACT * singular[0]:
        return None
    c = vectors[-1]
    tolerance = max(10 * float(singular[-1]), 1e-13 * float(singular[0]))
    # Terms are left out one by one, smallest first, while a relation remains.
    while len(kept) > 2:
        smallest = np.argsort(np.abs(c))
        for i in smallest[: max(1, len(kept) // 2)]:
            fewer = np.delete(kept, i)
            values, v = np.linalg.svd(R[:, fewer])[1:]
            if values[-1] <= tolerance:
                kept, c = fewer, v[-1]
                break
        else:
            break
    out = np.zeros(len(rows))
    out[kept] = c / norms[kept]
    return out

"""Roots of quadratics with polynomial coefficients: A(x) y^2 + B(x) y + C(x) = 0, found as a linear relation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fitx.formula import Formula, call
from fitx.search.budget import Budget
from fitx.search.relations import sparse_relation
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.rational import Sample

_TERMS = 130
_DEGREES = (1, 2, 3)


class Algebraic(Stage):
    """Sums of a rational function and the square root of another, such as principal stresses."""

    name = "algebraic"
    family = "instant"
    rank = 40
    exact_only = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Both roots of the quadratic of smallest degree; the rows tell which one is y."""
        if not (work.grammar.allows("div") and work.grammar.allows("sqrt")):
            return
        sample = Sample(work)
        if not sample.targets:
            return
        y = sample.y / max(float(np.abs(sample.y).max()), 1e-300)
        for degree in _DEGREES:
            powers = sample.powers(degree)
            k = len(powers)
            if 3 * k > min(_TERMS, len(y) // 2) or budget.expired():
                return
            M = sample.values(powers)
            relation = sparse_relation(np.concatenate([y * y * M, y * M, M]))
            if relation is None:
                continue
            a, b, c = relation[:k], relation[k : 2 * k], relation[2 * k :]
            size = float(np.abs(sample.y).max())
            a, b = a / size**2, b / size
            if not (a.any() and b.any()):
                return
            unit = sample.leading(powers, a)
            A, B, C = (sample.polynomial(powers, v, unit) for v in (a, b, c))
            if not c.any():  # y is 0 or a rational function
                for f in (call("abs", B / A) - B / A, -call("abs", B / A) - B / A):
                    yield work.problem.lift(f / 2)
                return
            root = call("sqrt", B**2 - 4 * A * C)
            for f in ((root - B) / (2 * A), (-B - root) / (2 * A)):
                yield work.problem.lift(f)
            return

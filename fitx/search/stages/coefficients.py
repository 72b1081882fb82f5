"""Laws linear in monomials of the other columns, with functions of one column as coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import product as combinations

import numpy as np

from fitx.formula import Formula
from fitx.search.algebra import product
from fitx.search.budget import Budget
from fitx.search.refine import refine
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.separated import sample
from fitx.search.targets import targets_for

_MOST = 4  # columns
_TRIED = 40  # combinations of formulas for the coefficients


class CoefficientFunctions(Stage):
    """Each coefficient on its own, then all their constants together."""

    name = "coefficient functions"
    family = "library"
    rank = 2
    exact_only = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Combinations of short formulas for the coefficients, fewest constants first."""
        assert work.effort is not None
        assert work.bench is not None
        active = work.problem.active
        if work.effort.name != "small" or not 2 <= len(active) <= _MOST:
            return
        from fitx.search.atoms.coefficients import coefficient_functions
        from fitx.search.atoms.components import candidates

        problem, t = work.problem, work.table
        taken = sample(work.problem)
        if taken is None:
            return
        _, columns, y = taken
        for s in coefficient_functions(columns, y, targets_for(y, work.grammar.operators), t.noise):
            if budget.expired():
                return
            parts: list[list[Formula]] = []
            some = [k for k, share in enumerate(s.shares) if share > max(10 * s.misfit, 1e-20)]
            for values, error in zip(s.values[some], s.errors[some], strict=True):
                misfit = float(np.clip(error / max(values.var(), 1e-300), 1e-26, 1e-4))
                names = {"u0": problem.formulas[active[s.column]]}
                if values.var() < 10 * error:
                    parts.append([product(float(values.mean()), [])])
                    continue
                found = candidates(
                    columns[[s.column]], values, "whole", misfit, work.grammar, budget, work.bench.threads
                )
                parts.append([c.formula.substitute(names) for c in found])
            if not parts or not all(parts):
                continue
            monomials = [
                product(1.0, [(problem.formulas[active[k]], e) for k, e in enumerate(m) if e])
                for m in (s.monomials[i] for i in some)
            ]
            order = sorted(combinations(*(range(len(p)) for p in parts)), key=lambda t: (sum(t), t))
            for chosen in order[:_TRIED]:
                if budget.expired():
                    return
                terms = [m * p[k] for m, p, k in zip(monomials, parts, chosen, strict=True)]
                f = problem.lift(s.target.inverse(reduce(lambda a, b: a + b, terms))).simplify()
                yield refine(f, t.check_columns, t.check_y, t.names, t.check_weights, rounds=25)

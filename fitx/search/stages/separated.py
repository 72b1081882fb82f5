"""Separable laws: a transform of y, with a constant fitted along, as sum or product of functions of single columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations as pairs_of
from itertools import product as combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.budget import Budget
from fitx.search.problem import Problem
from fitx.search.refine import refine
from fitx.search.stages.base import Stage, Work
from fitx.search.targets import targets_for

if TYPE_CHECKING:
    from fitx.search.atoms.separable import Separation

Array = npt.NDArray[np.float64]

_MOST = 6  # columns
_ROWS = 1200
_KNOWN = 0.02  # relative error of a part from which on it is not worth a formula
_TRIED = 60  # combinations of formulas for the parts


class Separated(Stage):
    """Each part on its own, then all their constants together."""

    name = "separated"
    family = "library"
    rank = 1
    exact_only = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Combinations of short formulas for the parts, fewest constants first; then the same for y times a sum or
        difference of two columns, or divided by it."""
        assert work.effort is not None
        active = work.problem.active
        if work.effort.name != "small" or not 2 <= len(active) <= _MOST:
            return
        found = False
        for f in _laws(work, work.problem, budget, constants=True):
            found = True
            yield f
        if found or not 3 <= len(active) <= 4:
            return
        for i, j in pairs_of(active, 2):
            for sign in (-1.0, 1.0):
                x = work.problem.columns
                values = x[i] + sign * x[j]
                if np.abs(values).min() < 1e-3 * np.abs(values).max():
                    continue
                fi, fj = work.problem.formulas[i], work.problem.formulas[j]
                formula = fi - fj if sign < 0 else fi + fj
                for divided, shown in ((values, formula), (1 / values, 1 / formula)):
                    child = work.problem.divided(divided, shown, active, "")
                    yield from _laws(work, child, budget, constants=False)


def _laws(work: Work, problem: Problem, budget: Budget, constants: bool) -> Iterator[Formula]:
    from fitx.search.atoms.components import candidates, joined
    from fitx.search.atoms.factors import factors
    from fitx.search.atoms.scene import SQRT
    from fitx.search.atoms.separable import separations

    assert work.bench is not None
    taken = sample(problem)
    if taken is None or budget.expired():
        return
    rows, columns, y = taken
    active, t = problem.active, work.table
    every = np.ascontiguousarray(t.columns[:, rows])
    targets = [*targets_for(y, work.grammar.operators), *([SQRT] if y.min() > 0 else [])]
    ways = [separations(columns, y, targets, t.noise, constants and len(active) <= 4, constants)]
    if constants and len(active) <= 3:
        ways.append(factors(columns, y, targets, t.noise))
    for s in first_of(ways):
        if budget.expired():
            return
        parts: list[list[Formula]] = []
        spread = s.values.var(axis=1)
        kind = "whole" if s.signed else "factor" if s.product else "term"
        for group, values, own, error in zip(s.groups, s.values, spread, s.errors, strict=True):
            if own < 10 * s.misfit * spread.sum() and not s.signed:
                continue  # it has no effect
            misfit = max(error / own, 1e-26)
            found = []
            if misfit < _KNOWN:
                among = columns[list(group)]
                found = candidates(among, values, kind, misfit, work.grammar, budget, work.bench.threads)
            names = {f"u{k}": problem.formulas[active[g]] for k, g in enumerate(group)}
            parts.append([c.formula.substitute(names) for c in found])
            if not found:
                break
        if not parts or not all(parts):
            continue
        order = sorted(combinations(*(range(len(p)) for p in parts)), key=lambda t: (sum(t), t))
        for chosen in order[:_TRIED]:
            if budget.expired():
                return
            whole = joined([p[k] for p, k in zip(parts, chosen, strict=True)], s, every, t.names)
            if whole is not None:
                f = problem.lift(s.inverse(whole)).simplify()
                yield refine(f, t.check_columns, t.check_y, t.names, t.check_weights, rounds=25)


def first_of(ways: list[Iterator[Separation]]) -> Iterator[Separation]:
    """What the first of the iterators that has anything holds."""
    for way in ways:
        empty = True
        for s in way:
            empty = False
            yield s
        if not empty:
            return


def sample(problem: Problem) -> tuple[npt.NDArray[np.intp], Array, Array] | None:
    """Rows, their active columns (k, n) and y; None where they are too few, not finite or do not vary."""
    rows = np.unique(np.linspace(0, problem.n - 1, min(problem.n, _ROWS)).astype(int))
    columns, y = problem.columns[list(problem.active)][:, rows], problem.y[rows]
    varies = np.isfinite(y).all() and np.isfinite(columns).all() and (np.ptp(columns, axis=1) > 0).all()
    return (rows, columns, y) if varies and len(y) >= 40 and np.ptp(y) > 0 else None

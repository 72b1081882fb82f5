"""Separable laws: a transform of y, with a constant fitted along, as sum or product of functions of single columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as combinations

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.budget import Budget
from fitx.search.refine import refine
from fitx.search.stages.base import Stage, Work
from fitx.search.targets import targets_for

Array = npt.NDArray[np.float64]

_MOST = 6  # columns
_ROWS = 1200
_TRIED = 60  # combinations of formulas for the parts


class Separated(Stage):
    """Each part on its own, then all their constants together."""

    name = "separated"
    family = "library"
    rank = 1

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Combinations of short formulas for the parts, fewest constants first."""
        assert work.effort is not None
        assert work.bench is not None
        active = work.problem.active
        if work.effort.name != "small" or not 2 <= len(active) <= _MOST:
            return
        from fitx.search.atoms.components import candidates, joined
        from fitx.search.atoms.scene import SQRT
        from fitx.search.atoms.separable import separations

        problem = work.problem
        taken = sample(work)
        if taken is None:
            return
        rows, columns, y = taken
        targets = [*targets_for(y, work.grammar.operators), *([SQRT] if y.min() > 0 else [])]
        for s in separations(columns, y, targets, work.table.noise, pairs=len(active) <= 4):
            if budget.expired():
                return
            parts: list[list[Formula]] = []
            spread = s.values.var(axis=1)
            for group, values, own, error in zip(s.groups, s.values, spread, s.errors, strict=True):
                if own < 10 * s.misfit * spread.sum():
                    continue  # it has no effect
                misfit = max(error / own, 1e-26)
                found = candidates(
                    columns[list(group)],
                    values,
                    "factor" if s.product else "term",
                    misfit,
                    work.grammar,
                    budget,
                    work.bench.threads,
                )
                names = {f"u{k}": problem.formulas[active[g]] for k, g in enumerate(group)}
                parts.append([c.formula.substitute(names) for c in found])
            if not parts or not all(parts):
                continue
            order = sorted(combinations(*(range(len(p)) for p in parts)), key=lambda t: (sum(t), t))
            for chosen in order[:_TRIED]:
                if budget.expired():
                    return
                fs = [p[k] for p, k in zip(parts, chosen, strict=True)]
                with np.errstate(all="ignore"):
                    whole = joined(fs, s, np.ascontiguousarray(work.table.columns[:, rows]), work.table.names)
                    if whole is None:
                        continue
                    f = problem.lift(s.inverse(whole)).simplify()
                    t = work.table
                    f = refine(f, t.check_columns, t.check_y, t.names, t.check_weights, rounds=25)
                yield f


def sample(work: Work) -> tuple[npt.NDArray[np.intp], Array, Array] | None:
    """Rows, their active columns (k, n) and y; None where they are too few, not finite or do not vary."""
    problem = work.problem
    rows = np.unique(np.linspace(0, problem.n - 1, min(problem.n, _ROWS)).astype(int))
    columns, y = problem.columns[list(problem.active)][:, rows], problem.y[rows]
    varies = np.isfinite(y).all() and np.isfinite(columns).all() and (np.ptp(columns, axis=1) > 0).all()
    return (rows, columns, y) if varies and len(y) >= 40 and np.ptp(y) > 0 else None

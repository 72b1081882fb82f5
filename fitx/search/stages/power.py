"""Power laws in every target: T(y) = c * prod x_i^a_i."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fitx.formula import Formula
from fitx.search.budget import Budget
from fitx.search.fit import Structure, fit_structure
from fitx.search.noise import within
from fitx.search.spaces import PRODUCTS, base_values
from fitx.search.stages.base import Stage, Work
from fitx.search.targets import targets_for

_EXACT = 1e-12


class PowerLaw(Stage):
    """One least-squares factorisation of {1, log x} serves all targets."""

    name = "power law"
    family = "instant"
    rank = 10

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """The power law of each target that fits, and that of y in any case."""
        problem = work.problem
        check = problem.rows.check
        values, base = base_values(PRODUCTS, problem, problem.columns[:, check])
        finite = np.isfinite(values)
        usable = finite.mean(axis=1) > 0.8
        rows = finite[usable].all(axis=0)
        if rows.sum() <= usable.sum():
            return
        y = problem.y[check]
        if problem.sigma is not None:
            for target in targets_for(within(y, problem.sigma[check]), work.grammar.operators):
                if target.log:
                    s = Structure(problem, target, base, values, (), log_target=True, log_terms=True)
                    yield from fit_structure(s, work.table)
            return
        q = np.linalg.qr(values[usable][:, rows].T)[0]
        for target in targets_for(y[np.isfinite(y)], work.grammar.operators):
            if not target.log:
                continue
            with np.errstate(all="ignore"):
                z = np.log(np.abs(target.forward(y)))[rows]
            if not np.isfinite(z).all():
                ok = np.isfinite(z)
                if target.name != "y" or ok.mean() < 0.8:
                    continue
                misfit = 1.0
            else:
                r = z - q @ (q.T @ z)
                spread = z - z.mean()
                misfit = float(r @ r) / max(float(spread @ spread), 1e-300)
            if misfit < _EXACT or target.name == "y":
                s = Structure(problem, target, base, values, (), log_target=True, log_terms=True)
                yield from fit_structure(s, work.table)

"""y over each short monomial, then pairs and triples on an additive base: a common factor of a sum of few terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from fitx.formula import Formula
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.spaces import ADDITIVE, set_targets
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.pairs import scan_pairs
from fitx.search.stages.triples import scan_triples
from fitx.search.targets import targets_for

_SINGLES = 8000
_KEEP = 60


class MonomialLoop(Stage):
    """T(y / m) = additive base + terms, for the cheapest monomials m of the library."""

    name = "monomial loop"
    family = "last"
    rank = 0  # before inner constants, which take longer
    dear = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Singles, pairs and triples for each monomial."""
        assert work.bench is not None
        assert work.effort is not None
        outer, effort = work.bench, work.effort
        features = outer.features(ADDITIVE)
        if features.primary < 4:
            return
        for m in _monomials(outer)[: effort.monomials]:
            if budget.expired():
                return
            bench = _divided(outer, int(m))
            if bench is None:
                continue
            space = bench.space(ADDITIVE)
            yield from _singles(bench)
            yield from scan_pairs(bench, space, ADDITIVE, effort.monomial_pairs, budget, _KEEP)
            yield from scan_triples(bench, space, ADDITIVE, effort.monomial_triples, budget)


def _monomials(bench: Workbench) -> list[int]:
    lib = bench.library
    ids = np.flatnonzero(lib.monomial[: len(lib)])
    return [int(i) for i in ids[np.argsort(lib.cost[ids], kind="stable")]]


def _divided(outer: Workbench, m: int) -> Workbench | None:
    """A workbench of y / monomial m that shares the library and the features; None where y / m is not finite."""
    formula = outer.library.formula(m)
    problem = outer.problem
    check = problem.rows.check
    y = problem.y.copy()
    with np.errstate(all="ignore"):
        # Only the two samples are ever looked at.
        y[check] = problem.y[check] / outer.table.on_check(formula)
        y[problem.rows.screen] = (
            problem.y[problem.rows.screen] / outer.library.values.values(np.array([m], np.int32))[0]
        )
    screen = y[problem.rows.screen]
    if not np.isfinite(screen).all():
        return None
    lift = problem.lift
    divided = replace(problem, y=y, lift=lambda f: lift(formula * f))
    space = replace(outer.space(ADDITIVE), problem=divided)
    targets = [t for t in targets_for(screen, outer.grammar.operators) if t.raw and t.raw_pairs and t.name in _TARGETS]
    space.targets, space.units = [], space.units[:0]
    set_targets(space, targets, screen)
    if not space.targets:
        return None
    return replace(
        outer,
        problem=divided,
        near={},
        _spaces={ADDITIVE.name: space},
        _features={ADDITIVE.name: outer.features(ADDITIVE)},
    )


_TARGETS = ("y", "1/y", "y^2", "1/y^2")


def _singles(bench: Workbench) -> Iterator[Formula]:
    space, features = bench.space(ADDITIVE), bench.features(ADDITIVE)
    rho = np.abs(bench.correlations(ADDITIVE)[:, : min(len(features.ids), _SINGLES)])
    for t, target in enumerate(space.targets):
        i = int(rho[t].argmax())
        r = float(bench.exact(space, features.ids[[i]])[0] @ space.units[t])
        if 1 - r * r < bench.tolerance:
            yield from bench.fit(space, target, features.ids[[i]])

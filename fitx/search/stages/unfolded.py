"""sin(g) for a smooth g of any range: the phase is followed from row to row, and the cheap stages explain it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from fitx.formula import Formula, call
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.growth import grow
from fitx.search.problem import Problem
from fitx.search.rounds import EXTENDED, FEW_SPACES
from fitx.search.rows import spread_rows
from fitx.search.spaces import Kind
from fitx.search.stages.base import Stage, Work
from fitx.search.targets import targets_for

_TARGETS = ("y", "log y")
_MOST = 3  # columns
_EFFORT = replace(EXTENDED, name="small")  # a small round on little
_ENOUGH = 0.3  # share of rows whose branch is sure


class Unfolded(Stage):
    """T(y) = sin(g), T being y or log y: instant stages and a small library on g."""

    name = "unfolded wave"
    family = "nested"
    rank = -1

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """What the stages propose for g."""
        from fitx.search.stages import stages_of

        assert work.bench is not None
        if work.problem.sigma is not None or len(work.problem.active) > _MOST or not work.grammar.allows("sin"):
            return
        for problem in _phases(work):
            table = work.table.with_check(problem.rows.check)
            for other in _equal(problem):
                for stage in stages_of("instant"):
                    yield from stage.run(Work(other, table, work.grammar), budget)
            library = grow(problem, _EFFORT.size, work.grammar, budget, work.bench.threads)
            bench = Workbench(problem, library, work.grammar, table, work.bench.threads, budget, 1e-10)
            work.bench.counted(int(library.values.tried))
            kinds: list[tuple[str, Kind | None]] = [("library", None), *(("scan", kind) for kind in FEW_SPACES)]
            for family, kind in [*kinds, ("nested", None)]:
                for stage in stages_of(family):
                    if budget.expired():
                        return
                    if stage.name != self.name:
                        inner = Work(problem, table, work.grammar, bench, kind, _EFFORT)
                        yield from stage.run(inner, budget)


def _equal(p: Problem) -> Iterator[Problem]:
    """The problem, and those whose phases have the same sine: sums do not mind, functions of the phase do."""
    turn = 2 * np.pi
    for k in (0, 1, -1, 2):
        yield replace(p, y=p.y + k * turn)
        yield replace(p, y=np.pi - p.y + k * turn)


def _phases(work: Work) -> Iterator[Problem]:
    """Problems whose y is the phase."""
    from fitx.search.unfold import unfolded

    p = work.problem
    for target in targets_for(p.y, work.grammar.operators):
        if target.name not in _TARGETS:
            continue
        with np.errstate(all="ignore"):
            z = target.forward(p.y)
        found = unfolded(p.columns[list(p.active)], z) if np.isfinite(z).all() else None
        if found is None or found[1].mean() < _ENOUGH:
            continue
        g, sure = found[0], np.flatnonzero(found[1])
        rows = spread_rows(p.columns[:, sure], g[sure], np.random.default_rng(0))
        rows = replace(rows, screen=sure[rows.screen], check=sure[rows.check])
        yield replace(p, y=g, rows=rows, lift=_lift(p, target.inverse), label=f"{p.label} unfolded {target.name}")


def _lift(p: Problem, inverse: Callable[[Formula], Formula]) -> Callable[[Formula], Formula]:
    return lambda f: p.lift(inverse(call("sin", f)))

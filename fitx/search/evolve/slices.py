"""Evolution on one problem, a slice at a time: it goes on where it stopped, and offers what it found as formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, Var
from fitx.formula.operators import OPCODES
from fitx.search.budget import Budget
from fitx.search.evolve.batch import Rows, values_of
from fitx.search.evolve.freed import freed
from fitx.search.evolve.genome import DIV, Genome, formula_of, genome_of
from fitx.search.evolve.loop import Evolution, Found
from fitx.search.evolve.prune import pruned
from fitx.search.evolve.tidy import tidied
from fitx.search.evolve.variation import make_alphabet
from fitx.search.grammar import Grammar
from fitx.search.guard import REACH, points_between, steady
from fitx.search.noise import row_weights
from fitx.search.problem import Problem
from fitx.search.targets import TARGETS, Target, targets_for

Array = npt.NDArray[np.float64]

_TARGETS = ("y", "log y", "1/y", "exp y", "y^2")
_SPREAD = 1e4  # of |T(y)|, beyond which a target is a matter of a few rows
_NOISY_ROWS = 300  # at most, where y is noisy; otherwise the screening rows tell all
NODES, NODES_NOISY = 24, 40  # of a genome
_ROUNDING = 1e-11  # relative size of an offset that is none
_EXACT = 1e-13  # error on the sample below which a formula is offered at once


# A genome of y as one of T(y).
_TRANSFORMED: dict[str, Callable[[Genome], Genome]] = {
    "y": lambda g: g,
    "log y": lambda g: g[:-1] if g[-1] == OPCODES["exp"] else (*g, OPCODES["log"]),
    "exp y": lambda g: g[:-1] if g[-1] == OPCODES["log"] else (*g, OPCODES["exp"]),
    "y^2": lambda g: g[:-1] if g[-1] == OPCODES["sqrt"] else (*g, OPCODES["square"]),
    "1/y": lambda g: (1.0, *g, DIV),
}


@dataclass(slots=True)
class Slices:
    """Evolution on the screening rows of `problem`. floor: error at which a formula is exact; told: front genomes that
    were offered."""

    problem: Problem
    grammar: Grammar
    floor: float
    threads: int = 1
    _evolution: Evolution | None = None
    _targets: list[Target] = field(default_factory=list)
    _generations: Iterator[list[Found]] | None = None
    _points: Array | None = None
    _invited: set[Formula] = field(default_factory=set)
    _fronts: dict[tuple[int, int], Found] = field(default_factory=dict)

    @property
    def evaluated(self) -> int:
        """Genomes fitted so far."""
        return 0 if self._evolution is None else self._evolution.evaluated

    def run(
        self,
        offspring: int,
        seeds: Sequence[Formula],
        budget: Budget,
        counted: Callable[[int], None] = lambda n: None,
    ) -> Iterator[Formula]:
        """So many offspring more; exact formulas as they come, the fronts at the end. seeds: formulas for the table's
        target, the near misses of other stages, which serve where the problem is the table's own. counted: called with
        the number of genomes fitted, from time to time."""
        if self._generations is None:
            self._begin()
        if self._generations is None:
            return
        self._invite(seeds)
        until = self.evaluated + offspring
        exact = max(_EXACT, 1e3 * self.floor)
        fresh: set[tuple[int, int]] = set()
        while self.evaluated < until and not budget.expired():
            before = self.evaluated
            for found in next(self._generations):
                key = (found.island, len(found.genome))
                self._fronts[key] = found
                fresh.add(key)
                if found.error < exact:
                    yield self._formula(self._pruned(found, exact))
                    fresh.discard(key)
            counted(self.evaluated - before)
            if self.evaluated == before:
                return
        for key in sorted(fresh):
            if self._steady(self._fronts[key]):
                yield self._formula(self._fronts[key])

    def _begin(self) -> None:
        p = self.problem
        noisy = p.sigma is not None
        rows = p.rows.check if noisy else p.rows.screen[p.rows.weight > 0]
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, _NOISY_ROWS).astype(int))] if noisy else rows
        y = p.y[rows]
        if np.isfinite(y).all() and np.ptp(y) > 0:
            self._targets = _targets(y, self.grammar)
        columns = np.ascontiguousarray(p.columns[:, rows])
        tables = []
        for t in self._targets:
            with np.errstate(all="ignore"):
                z = np.ascontiguousarray(t.forward(y))
            weights = None if p.sigma is None else row_weights(t.forward, y, p.sigma[rows], False) ** 2
            tables.append(Rows(columns, z, weights))
        if tables:
            nodes = NODES_NOISY if noisy else NODES
            self._evolution = Evolution(make_alphabet(self.grammar, p.d, nodes), tables, threads=self.threads)
            self._generations = self._evolution.generations()

    def _invite(self, seeds: Sequence[Formula]) -> None:
        """The near misses that are new here, as they are and with more constants freed, join every island."""
        assert self._evolution is not None
        if self.problem.label:
            return
        names = {f.name: k for k, f in enumerate(self.problem.formulas) if isinstance(f, Var)}
        for f in seeds:
            if f in self._invited or not set(f.variables) <= set(names) or f.complexity > NODES:
                continue
            self._invited.add(f)
            if g := genome_of(f, names):
                for target, arrived in zip(self._targets, self._evolution.immigrants, strict=True):
                    h = _TRANSFORMED[target.name](g)
                    arrived += [h, *freed(h)]

    def _pruned(self, found: Found, exact: float) -> Found:
        assert self._evolution is not None
        rows = self._evolution.islands[found.island].rows
        genome, offset, factor = pruned(found.genome, rows, max(1e3 * self.floor, min(exact, 100 * found.error, 1e-18)))
        return Found(found.island, genome, offset, factor, found.error)

    def _steady(self, found: Found) -> bool:
        """Where y is noisy: no poles near the data. Laws may have poles."""
        if self.problem.sigma is None:
            return True
        if self._points is None:
            self._points = points_between(self.problem.columns)
        assert self._evolution is not None
        z = self._evolution.islands[found.island].rows.y
        reach = REACH if self._targets[found.island].name == "y" else 0.2 * REACH
        return steady(lambda x: found.offset + found.factor * values_of([found.genome], x)[0], self._points, z, reach)

    def _formula(self, found: Found) -> Formula:
        assert self._evolution is not None
        f = tidied(formula_of(found.genome, self.problem.formulas))
        size = float(np.abs(self._evolution.islands[found.island].rows.y).max())
        if abs(found.factor - 1) > _ROUNDING:
            f = Const(found.factor) * f
        if abs(found.offset) > _ROUNDING * size:
            f = Const(found.offset) + f
        return self.problem.lift(tidied(self._targets[found.island].inverse(f)))


def _targets(y: Array, grammar: Grammar) -> list[Target]:
    """Transforms of y that no few rows dominate; also 1/y of a y of both signs, since y may have poles."""
    usual = {t.name for t in targets_for(y, grammar.operators)}
    if y.all() and grammar.allows("div"):
        usual.add("1/y")
    chosen: list[Target] = []
    for t in TARGETS:
        if t.name not in usual or t.name not in _TARGETS:
            continue
        with np.errstate(all="ignore"):
            v = t.forward(y)
        far = np.abs(v - np.median(v))
        if np.isfinite(v).all() and (t.name == "y" or far.max() < _SPREAD * max(float(np.median(far)), 1e-300)):
            chosen.append(t)
    return chosen

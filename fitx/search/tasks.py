"""Pieces of the search that do not depend on what has been found: any process may do them, ahead of their turn.

A task takes a problem and yields parts, a part being the formulas of one stage. What is judged, in the order of the
plan, is the same wherever its tasks have been done.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import ClassVar

from fitx._core.search import release_memory
from fitx.formula import Formula
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.evolve.slices import Slices
from fitx.search.grammar import Grammar
from fitx.search.growth import grow
from fitx.search.peel import peeled
from fitx.search.plan import ALL
from fitx.search.problem import Problem
from fitx.search.rounds import EXTENDED, FEW_SPACES, FIRST_SPACES, ROUNDS, affordable, bytes_of
from fitx.search.spaces import Kind
from fitx.search.stages import stages_of
from fitx.search.stages.base import Effort, Stage, Work
from fitx.search.table import Table

PEELED = 3  # problems of which terms are taken off
_BY_CHANCE = 50  # formulas that are tried of a stage that matches few rows by chance
_KEPT = 0.25  # of the memory, for libraries of the first round


@dataclass(frozen=True, slots=True)
class Part:
    """The formulas of one stage, which runs as they are taken. stage: None for evolution."""

    where: str
    stage: Stage | None
    formulas: Iterator[Formula]


@dataclass(slots=True)
class Workshop:
    """What a process does tasks with. floor: relative error at which a formula counts as exact; memory: bytes that a
    library may take; few_rows: so few that pairs of features match y's few digits by chance; counted: told of
    formulas tried. benches: of the first round, small ones, which its later steps use again."""

    grammar: Grammar
    floor: float
    memory: int
    few_rows: bool = False
    threads: int = 1
    counted: Callable[[int], None] = lambda n: None
    benches: dict[Problem, Workbench] = field(default_factory=dict)
    evolutions: dict[Problem, Slices] = field(default_factory=dict)

    def abroad(self) -> Workshop:
        """The same for another process."""
        return Workshop(self.grammar, self.floor, self.memory, self.few_rows, self.threads)

    def bench(self, problem: Problem, table: Table, effort: Effort, budget: Budget) -> Workbench:
        """The problem's workbench at this size."""
        if effort is not ROUNDS[0]:
            self.benches.clear()
            if effort in ROUNDS[1:]:
                release_memory()
        elif problem in self.benches:
            bench = self.benches[problem] = self.benches.pop(problem)
            # What came close belongs to one task: others may be done elsewhere.
            return replace(bench, near={}, best={}, budget=budget, threads=self.threads)
        rows = problem.rows.weight.size
        effort = affordable(effort, self.memory, rows)
        library = grow(problem, effort.size, self.grammar, budget.share(0.35), self.threads)
        self.counted(int(library.values.tried))
        # On the screening rows: far above rounding errors, and above the digits that y was rounded to.
        tolerance = min(1e-4, max(1e-12, 1e4 * self.floor))
        room = self.memory - 8 * rows * effort.size.total
        bench = Workbench(
            problem, library, self.grammar, table, self.threads, budget, tolerance, counted=self.counted, room=room
        )
        if effort is ROUNDS[0]:
            self.benches[problem] = bench
            if len(self.benches) * bytes_of(effort, rows) > _KEPT * self.memory:
                del self.benches[next(iter(self.benches))]
        return bench

    def part(self, stage: Stage, work: Work, budget: Budget) -> Iterator[Part]:
        """One stage's part."""
        where = " ".join(w for w in (
            work.problem.label, work.effort.name if work.effort else "", work.kind.name if work.kind else "", stage.name
        ) if w)  # fmt: skip
        formulas = stage.run(work, budget)
        # So many formulas of a stage that only proposes what is exact, and none that is: they match by chance.
        yield Part(where, stage, islice(formulas, _BY_CHANCE) if stage.exact_only and self.few_rows else formulas)


@dataclass(frozen=True, slots=True, eq=False)
class Task(ABC):
    """table: the rows that constants are fitted to; again: whether other tasks are about the same problem."""

    again: ClassVar[bool] = True
    table: Table
    problem: Problem

    @abstractmethod
    def parts(self, shop: Workshop, budget: Budget) -> Iterator[Part]:
        """The parts in their order, each to be used up or left out before the next; none once the budget is spent."""

    def memory(self, shop: Workshop) -> int:
        """Bytes that its library takes, about; 0 where that is little."""
        return 0


@dataclass(frozen=True, slots=True, eq=False)
class Instant(Task):
    """The stages that take the problem alone."""

    def parts(self, shop: Workshop, budget: Budget) -> Iterator[Part]:
        """A part for each."""
        work = Work(self.problem, self.table, shop.grammar)
        for stage in stages_of("instant"):
            yield from shop.part(stage, work, budget)
            if budget.expired():
                return


@dataclass(frozen=True, slots=True, eq=False)
class Round(Task):
    """The stages of these families on a library: "library" and "last" once, the others in each space. share: of the
    time that is left, at most."""

    effort: Effort
    families: tuple[str, ...]
    spaces: tuple[Kind, ...]
    share: float = 1.0

    def parts(self, shop: Workshop, budget: Budget) -> Iterator[Part]:
        """A part for each stage and space."""
        if not self.problem.active:
            return
        budget = budget if self.share == 1 else budget.share(self.share)
        waves = shop.grammar.allows("sin") and shop.grammar.allows("cos")
        bench = shop.bench(self.problem, self.table, self.effort, budget)
        for family, kind in (
            *(("library", None) for f in self.families if f == "library"),
            *((f, kind) for kind in self.spaces for f in self.families if f in ("scan", "deep")),
            *((f, None) for f in self.families if f in ("last", "nested", "late")),
        ):
            if kind and kind.base == "waves" and not waves:
                continue
            if family in ("nested", "late"):  # these take memory of their own
                bench.forget_features()
            for stage in stages_of(family):
                if budget.expired():
                    return
                work = Work(self.problem, self.table, shop.grammar, bench, kind, self.effort)
                yield from shop.part(stage, work, budget)
            if kind and family == self.families[-1]:
                bench.forget_features(kind)

    def memory(self, shop: Workshop) -> int:
        """Of a large library."""
        rows = self.problem.rows.weight.size
        return 0 if self.effort is ROUNDS[0] else bytes_of(affordable(self.effort, shop.memory, rows), rows)


@dataclass(frozen=True, slots=True, eq=False)
class Extended(Task):
    """A problem with a further column: what is quick, then a small round."""

    again: ClassVar[bool] = False

    def parts(self, shop: Workshop, budget: Budget) -> Iterator[Part]:
        """Those of the two."""
        yield from Instant(self.table, self.problem).parts(shop, budget)
        yield from Round(self.table, self.problem, EXTENDED, ALL, FEW_SPACES).parts(shop, budget)


@dataclass(frozen=True, slots=True, eq=False)
class Peel(Task):
    """Terms taken off one after the other, the clearest first; then a small round on what is left of each."""

    def parts(self, shop: Workshop, budget: Budget) -> Iterator[Part]:
        """Those of the problems that are left."""
        queue, seen = [self.problem], 0
        while seen < min(len(queue), PEELED) and not budget.expired():
            children = list(peeled(queue[seen], shop.grammar, shop.threads))
            for child in children:
                yield from Instant(self.table, child).parts(shop, budget)
            # Depth first: a sum of many terms is peeled term by term.
            queue[seen + 1 : seen + 1] = children[:2]
            seen += 1
        for child in queue[1 : 1 + PEELED]:
            if not budget.expired():
                yield from Round(self.table, child, EXTENDED, ALL, FIRST_SPACES).parts(shop, budget)


@dataclass(frozen=True, slots=True, eq=False)
class Slice(Task):
    """So many offspring more of the evolution on the problem, which goes on where it stopped. guests: near misses that
    join it."""

    offspring: int
    guests: tuple[Formula, ...]

    def parts(self, shop: Workshop, budget: Budget) -> Iterator[Part]:
        """One part."""
        slices = shop.evolutions.setdefault(self.problem, Slices(self.problem, shop.grammar, shop.floor, shop.threads))
        yield Part(
            f"{self.problem.label}evolution", None,
            slices.run(self.offspring, self.guests, budget, shop.counted),
        )  # fmt: skip

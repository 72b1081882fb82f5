"""The engine: which stage runs on which problem, in which order, for how long; and the front of what they find.

Cheap before dear: the instant stages on the problem as it is, then on what remains when power-law variables are divided
out, then with symmetric columns made one; then rounds of growing libraries, each round over all variants of the problem
before the next size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.contenders import Contenders
from fitx.search.dimensions import Units
from fitx.search.evolve.slices import Slices
from fitx.search.front import Entry, Front
from fitx.search.grammar import Grammar
from fitx.search.groups import in_turn
from fitx.search.growth import grow
from fitx.search.judge import refined, shortened, snapped
from fitx.search.noisy_search import (
    LOOKS,
    around,
    contend,
    fewer_columns_and_noise,
    gauged,
    made_noisy,
    may_be_noisy,
    power_law_and_noise,
    supposedly_noisy,
)
from fitx.search.peel import peeled
from fitx.search.plan import ALL, Doubt, Evolve, Further, Peeled, Step, Suppose
from fitx.search.problem import Problem
from fitx.search.reduce import symmetry_chain
from fitx.search.refine import float_constants
from fitx.search.rounds import EXTENDED, FEW_SPACES, FIRST_SPACES, ROUNDS, affordable
from fitx.search.sides import Side, next_side
from fitx.search.spaces import Kind
from fitx.search.stages import stages_of
from fitx.search.stages.base import Effort, Stage, Work
from fitx.search.table import Table
from fitx.search.variants import variants

Array = npt.NDArray[np.float64]

SIMPLE = 20  # nodes up to which an exact law ends the search at once
FEW_CONSTANTS = 5  # constants, not simple numbers, up to which an exact formula is believed to be the law
PEELED = 3  # problems of which terms are taken off
_STAGES = 10  # as many of a noisy search's stages as a unit of a step's work counts for
_MATCHED = 40  # rows more than columns below which pairs of features match y's few digits by chance
_BY_CHANCE = 50  # formulas of a stage that are tried then
_SUPPOSE = 100  # rows from which on noise may be supposed without evidence
ROUNDING = 1e-22  # relative error of a formula that is exact but for rounding errors


@dataclass(slots=True)
class Search:
    """One search. floor: relative error at which a formula counts as exact; memory: bytes the libraries may take.
    units: what a formula must satisfy; groups: the problem over dimensionless groups; guesses: valid formulas."""

    problem: Problem
    table: Table
    grammar: Grammar
    budget: Budget
    threads: int = 1
    floor: float = ROUNDING
    memory: int = 1 << 30
    max_complexity: int | None = None
    tell: Callable[[str], None] = lambda text: None
    counted: Callable[[int], None] = lambda n: None
    units: Units | None = None
    groups: Sequence[Problem] = ()
    guesses: tuple[Formula, ...] = ()
    front: Front = field(init=False)
    contenders: Contenders | None = None
    tried: int = 0
    work: float = 0.0  # that the plan's steps have cost so far, as they count it
    solved: bool = False
    _began: float = field(init=False)
    benches: dict[Problem, Workbench] = field(init=False, default_factory=dict)
    _evolutions: dict[Problem, Slices] = field(init=False, default_factory=dict)
    _closing: bool = False  # an exact law is there, and a simpler one has little time
    gauged: float = np.inf

    def __post_init__(self) -> None:
        self.front = Front(self.floor)
        self._began = self.budget.clock()

    def run(self) -> Iterator[Entry | None]:
        """Entries as they join the front. Ends at the deadline, or when an exact and simple law is found. None once,
        where what is quick is done."""
        for guess in self.guesses:
            if (entry := self.offer(guess, "units")) is not None:
                yield entry
        yield from self._instant(self.problem)
        if self.solved:
            return
        problems = in_turn([variants(p) for p in self.groups], variants(self.problem))
        yield from self._instants([problem for problem in problems if problem is not self.problem])
        if self.solved:
            return
        yield None
        if gauged(self, problems) or power_law_and_noise(self):
            problems = made_noisy(self, problems)
            yield from self._instants(problems)
        yield from self._reduced(problems)
        if not self.solved and fewer_columns_and_noise(self):
            problems = made_noisy(self, problems)
            yield from self._instants(problems)
        yield from self._turns([Side.of(self, problems)])

    def _turns(self, sides: list[Side]) -> Iterator[Entry]:
        """The plan's steps; where y may be exact or noisy, on either side in turn."""
        while sides and not (self.solved or self.budget.expired()):
            side = next_side(sides)
            side.enter(self)
            step = None if side.exhausted else next(side.plan, None)
            if step is None:
                sides.remove(side)
                continue
            doubt = isinstance(step, Doubt) and self.problem.n >= _SUPPOSE and len(sides) == 1
            if gauged(self, side.problems, doubt):
                if len(sides) == 2 and sides[1].confirmed(self.table.noise):
                    sides.remove(side)
                    continue
                problems = made_noisy(self, side.problems, doubt)
                yield from self._instants(problems)
                sides[:] = [Side.of(self, problems)]
                continue
            side.gauged = self.gauged
            if isinstance(step, Suppose):
                if self.contenders is None and self.problem.n >= _SUPPOSE and len(sides) == 1:
                    yield from self._supposed(step, sides)
                continue
            side.work += step.work
            self.work += step.work
            yield from self._step(step, side)
            if self.contenders is not None and not self.solved:
                self.contenders.stages += round(_STAGES * step.work)  # some steps are one long stage
                yield from around(self, self.contenders)

    def _supposed(self, step: Suppose, sides: list[Side]) -> Iterator[Entry]:
        """The other side, where y is noisy: to stay if it may well be so, or if that look settles it."""
        likely = may_be_noisy(self)
        if step.early and not likely:
            return
        side = sides[0]
        problems = supposedly_noisy(self, side.problems)
        yield from self._look(problems)
        other = Side.of(self, problems)
        other.work = side.work
        if likely or other.settled:
            sides.append(other)

    def _step(self, step: Step | Further | Peeled | Evolve | Doubt, side: Side) -> Iterator[Entry]:
        problems = side.problems
        if isinstance(step, Further):
            yield from self._extended(islice(side.further, step.count), self.budget)
        elif isinstance(step, Evolve):
            yield from self._evolved(self.problem if step.whole else problems[0], step.offspring)
        elif isinstance(step, Peeled):
            root = self.problem if step.whole or len(problems[0].active) < 2 else problems[0]
            if root not in side.peeled:
                side.peeled.add(root)
                yield from self._peeled(root)
        elif isinstance(step, Step):
            budget = self._share(step.effort, step.variant, len(problems))
            yield from self._round(problems[step.variant], step.effort, step.families, step.spaces, budget)

    def _instants(self, problems: list[Problem]) -> Iterator[Entry]:
        for problem in problems:
            yield from self._instant(problem)
            if self.solved or self.budget.expired():
                return

    def _look(self, problems: list[Problem]) -> Iterator[Entry]:
        """What can be found quickly where y is noisy."""
        yield from self._instants(problems[:LOOKS])
        if not (self.solved or self.budget.expired()):
            yield from self._round(problems[0], EXTENDED, ("scan",), FEW_SPACES[:2], self.budget)

    def _reduced(self, problems: list[Problem]) -> Iterator[Entry]:
        """The problem with its symmetries taken out one by one: the smallest first, then back to larger ones."""
        for problem in dict.fromkeys((*problems[:1], self.problem)):
            chain = symmetry_chain(problem, self.budget)
            for child in chain:
                yield from self._instant(child)
                if self.solved or self.budget.expired():
                    return
            for child in reversed(chain):
                yield from self._round(child, ROUNDS[0], ALL, FIRST_SPACES, self.budget)
                if self.solved or self.budget.expired():
                    return
            problems.extend(chain[-1:] or symmetry_chain(problem, self.budget, np.inf)[-1:])

    def _peeled(self, problem: Problem) -> Iterator[Entry]:
        """Terms taken off one after the other, the clearest first; then a small round on what is left of each."""
        queue, seen = [problem], 0
        while seen < min(len(queue), PEELED) and not self.budget.expired():
            children = list(peeled(queue[seen], self.grammar, self.threads))
            for child in children:
                yield from self._instant(child)
                if self.solved or self.budget.expired():
                    return
            # Depth first: a sum of many terms is peeled term by term.
            queue[seen + 1 : seen + 1] = children[:2]
            seen += 1
        for child in queue[1 : 1 + PEELED]:
            yield from self._round(child, EXTENDED, ALL, FIRST_SPACES, self.budget)
            if self.solved or self.budget.expired():
                return

    def _extended(self, problems: Iterator[Problem], budget: Budget) -> Iterator[Entry]:
        """The problem with further columns, one at a time, as many as the time allows."""
        while not (self.solved or budget.expired()):
            child = next(problems, None)
            if child is None:
                return
            yield from self._instant(child)
            if not self.solved:
                yield from self._round(child, EXTENDED, ALL, FEW_SPACES, self.budget)

    def _evolved(self, problem: Problem, offspring: int) -> Iterator[Entry]:
        """A slice of evolution, which goes on where the last one stopped."""
        slices = self._evolutions.setdefault(problem, Slices(problem, self.grammar, self.floor, self.threads))
        formulas = slices.run(offspring, [entry.formula for entry in self.front], self.budget, self._count)
        self.tell(f"{problem.label}evolution")
        yield from self._offered(formulas, f"{problem.label}evolution")

    @property
    def _tolerance(self) -> float:
        """On the screening rows: far above rounding errors, and above the digits that y was rounded to."""
        return min(1e-4, max(1e-12, 1e4 * self.floor))

    def _share(self, effort: Effort, i: int, count: int) -> Budget:
        if effort is ROUNDS[0] or count == 1:
            return self.budget
        return self.budget.share(0.5 if i == 0 else max(0.3, 1 / (count - i + 1)))

    def _instant(self, problem: Problem) -> Iterator[Entry]:
        work = Work(problem, self.table, self.grammar)
        for stage in stages_of("instant"):
            yield from self._stage(stage, work, self.budget)
            if self.solved or self.budget.expired():
                return

    def _round(
        self, problem: Problem, effort: Effort, families: tuple[str, ...], spaces: tuple[Kind, ...], budget: Budget
    ) -> Iterator[Entry]:
        """The stages of these families: "library" and "last" once, the others in each space."""
        if not problem.active:
            return
        bench = self._bench(problem, effort, budget)
        for family, kind in (
            *(("library", None) for f in families if f == "library"),
            *((f, kind) for kind in spaces for f in families if f in ("scan", "deep")),
            *((f, None) for f in families if f in ("last", "nested", "late")),
        ):
            if kind and kind.base == "waves" and not (self.grammar.allows("sin") and self.grammar.allows("cos")):
                continue
            for stage in stages_of(family):
                if self.solved or budget.expired():
                    return
                yield from self._stage(stage, Work(problem, self.table, self.grammar, bench, kind, effort), budget)
            if kind and family == families[-1]:
                bench.forget_features(kind)

    def _bench(self, problem: Problem, effort: Effort, budget: Budget) -> Workbench:
        """The problem's workbench at this size; those of the first round, small ones, are kept for its later steps."""
        if effort is not ROUNDS[0]:
            self.benches.clear()
        elif problem in self.benches:
            return self.benches[problem]
        effort = affordable(effort, self.memory, self.problem.rows.weight.size)
        library = grow(problem, effort.size, self.grammar, budget.share(0.35), self.threads)
        self._count(int(library.values.tried))
        bench = Workbench(
            problem, library, self.grammar, self.table, self.threads, budget, self._tolerance, counted=self._count
        )
        if effort is ROUNDS[0]:
            self.benches[problem] = bench
        return bench

    def _stage(self, stage: Stage, work: Work, budget: Budget) -> Iterator[Entry]:
        where = " ".join(w for w in (
            work.problem.label, work.effort.name if work.effort else "", work.kind.name if work.kind else "", stage.name
        ) if w)  # fmt: skip
        if self.contenders is None or self.contenders.worth(stage):
            self.tell(where)
            formulas = stage.run(work, budget)
            # So many formulas of a stage that only proposes what is exact, and none that is: they match by chance.
            by_chance = stage.exact_only and self.problem.n < self.problem.d + _MATCHED
            yield from self._offered(islice(formulas, _BY_CHANCE if by_chance else None), where)

    def _offered(self, formulas: Iterator[Formula], where: str) -> Iterator[Entry]:
        if self.contenders is not None:
            yield from contend(self, formulas, where, self.contenders)
            return
        while not (self.solved or (self._closing and self.budget.expired())):
            # Formulas of the search overflow and leave their domains all the time.
            with np.errstate(all="ignore"):
                formula = next(formulas, None)
                entry = None if formula is None else self.offer(formula, where)
            if formula is None:
                break
            if entry is not None:
                yield entry

    def allowed(self, f: Formula) -> bool:
        """Whether its operators and its units are allowed."""
        return self.grammar.permits(f) and (self.units is None or self.units.plausible(f, self.table.error_on_check(f)))

    def _count(self, n: int) -> None:
        self.tried += n
        self.counted(n)

    def offer(self, formula: Formula, stage: str) -> Entry | None:
        """Judge a formula: on the sample, then on all rows; refine and simplify its constants; enter it on the front.

        None where it does not belong there: too complex, undefined on some row, or no better than a simpler one.
        """
        error = self.table.error_on_check(formula)
        if not np.isfinite(error) or not self.grammar.permits(formula):
            return None
        if len(float_constants(formula)) > max(2, self.problem.n // 2):
            return None  # so many constants fit anything
        # Simplification takes longer than the evaluation: only for what could come onto the front.
        if not self.front.admits(formula.complexity * 2 // 3, error):
            return None
        if self.units is not None and not self.units.plausible(formula, error):
            return None
        formula = formula.simplify()
        if error <= self.floor:
            formula = shortened(formula, error, self.table)
        if not self._wanted(formula, error):
            return None
        if error > 1e-30:
            formula = refined(formula, self.table)
            error = self.table.error_on_check(formula)
        formula, error = snapped(formula, error, self.table, self.floor)
        if error <= self.floor:
            formula = shortened(formula, error, self.table)
        error = self.table.error_on_all(formula)
        if not np.isfinite(error) or not self._wanted(formula, error):
            return None
        if self.units is not None and not self.units.permits(formula, error):
            return None
        entry = Entry(formula, formula.complexity, error, stage)
        self.front.add(entry)
        if error <= self.floor:
            self.exact(entry)
        return entry

    def _wanted(self, formula: Formula, error: float) -> bool:
        complexity = formula.complexity
        if self.max_complexity is not None and complexity > self.max_complexity:
            return False
        return error < 1 and self.front.admits(complexity, error)

    def exact(self, entry: Entry) -> None:
        """An exact law ends the search if it is simple; otherwise a simpler one gets as much time again. One with many
        constants may be a mere approximation of the law, so that the search goes on."""
        if entry.complexity <= SIMPLE:
            self.solved = True
        elif len(float_constants(entry.formula)) <= FEW_CONSTANTS:
            spent = self.budget.clock() - self._began
            self._closing = True
            self.budget = self.budget.share(1.0, at_most=max(0.1, spent))

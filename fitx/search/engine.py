"""The engine: which stage runs on which problem, in which order, for how long; and the front of what they find.

Cheap before dear: the instant stages on the problem as it is, then on what remains when power-law variables are divided
out, then with symmetric columns made one; then rounds of growing libraries, each round over all variants of the problem
before the next size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.ahead.errand import Errand
from fitx.search.ahead.schedule import Schedule
from fitx.search.budget import Budget
from fitx.search.contenders import Contenders
from fitx.search.dimensions import Units
from fitx.search.front import Entry, Front
from fitx.search.grammar import Grammar
from fitx.search.groups import in_turn
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
from fitx.search.plan import ALL, Doubt, Suppose
from fitx.search.problem import Problem
from fitx.search.reduce import symmetry_chain
from fitx.search.refine import float_constants
from fitx.search.rounds import EXTENDED, FEW_SPACES, FIRST_SPACES, ROUNDS
from fitx.search.sides import Side, next_side, order_of
from fitx.search.spaces import Kind
from fitx.search.stages.base import Effort
from fitx.search.table import Table
from fitx.search.tasks import Instant, Part, Round, Task, Workshop
from fitx.search.variants import variants

Array = npt.NDArray[np.float64]

SIMPLE = 20  # nodes up to which an exact law ends the search at once
FEW_CONSTANTS = 5  # constants, not simple numbers, up to which an exact formula is believed to be the law
_STAGES = 10  # as many of a noisy search's stages as a unit of a step's work counts for
_MATCHED = 40  # rows more than columns below which pairs of features match y's few digits by chance
_GRACE = 0.15  # seconds after the time is up for what has been found ahead of its turn
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
    rows: npt.NDArray[np.intp] | None = None  # of the table, that the problem is made of; None for all
    schedule: Schedule = field(init=False)
    _batch: Sequence[Errand] = ()
    _sides: Sequence[Side] = ()
    _closing: bool = False  # an exact law is there, and a simpler one has little time
    gauged: float = np.inf

    def __post_init__(self) -> None:
        self.front = Front(self.floor)
        self._began = self.budget.clock()
        few = self.problem.n < self.problem.d + _MATCHED
        shop = Workshop(self.grammar, self.floor, self.memory, few, self.threads, self._count)
        self.schedule = Schedule(shop, lambda: self.budget, self._upcoming, self._count)

    def run(self) -> Iterator[Entry | None]:
        """Entries as they join the front. Ends at the deadline, or when an exact and simple law is found. None once,
        where what is quick is done."""
        try:
            yield from self._run()
        finally:
            self.schedule.close()

    def _run(self) -> Iterator[Entry | None]:
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
        self.schedule.start(self.threads)
        self.threads = self.schedule.shop.threads
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
        self._sides = sides
        while sides and not (self.solved or self.budget.expired()):
            side = next_side(sides)
            side.enter(self)
            planned = None if side.exhausted else side.next_step()
            if planned is None:
                sides.remove(side)
                continue
            step = planned.step
            doubt = isinstance(step, Doubt) and self.problem.n >= _SUPPOSE and len(sides) == 1
            if gauged(self, side.problems, doubt):
                if len(sides) == 2 and sides[1].confirmed(self.table.noise):
                    sides.remove(side)
                    continue
                sides.clear()
                self.schedule.clear()
                problems = made_noisy(self, side.problems, doubt)
                yield from self._instants(problems)
                sides.append(Side.of(self, problems))
                continue
            side.gauged = self.gauged
            if isinstance(step, Suppose):
                if self.contenders is None and self.problem.n >= _SUPPOSE and len(sides) == 1:
                    yield from self._supposed(step, sides)
                continue
            side.work += step.work
            self.work += step.work
            yield from self._done(planned.errands)
            if self.contenders is not None and not self.solved:
                self.contenders.stages += round(_STAGES * step.work)  # some steps are one long stage
                yield from around(self, self.contenders)
        if not self.solved:
            yield from self._leftovers()

    def _leftovers(self) -> Iterator[Entry]:
        """When the time is up: what has been found ahead of its turn."""
        grace = self.budget.clock() + _GRACE
        errands = [e for e in self._upcoming() if e.contenders is self.contenders]
        for part in self.schedule.leftovers(errands):
            yield from self._offered(part)
            if self.solved or self.budget.clock() > grace:
                return

    def _upcoming(self) -> Iterator[Errand]:
        """The errands whose turn comes next, in their order."""
        yield from self._batch
        for planned in order_of(self._sides):
            yield from planned.errands

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

    def _look(self, problems: list[Problem]) -> Iterator[Entry]:
        """What can be found quickly where y is noisy."""
        yield from self._instants(problems[:LOOKS])
        if not (self.solved or self.budget.expired()):
            yield from self._round(problems[0], EXTENDED, ("scan",), FEW_SPACES[:2])

    def _reduced(self, problems: list[Problem]) -> Iterator[Entry]:
        """The problem with its symmetries taken out one by one: the smallest first, then back to larger ones."""
        for problem in dict.fromkeys((*problems[:1], self.problem)):
            chain = symmetry_chain(problem, self.budget)
            table = self.table.part(self.rows)
            tasks: list[Task] = [Instant(table, child) for child in chain]
            tasks += [Round(table, child, ROUNDS[0], ALL, FIRST_SPACES) for child in reversed(chain)]
            yield from self._tasks(tasks)
            if self.solved or self.budget.expired():
                return
            problems.extend(chain[-1:] or symmetry_chain(problem, self.budget, np.inf)[-1:])

    def _instants(self, problems: Sequence[Problem]) -> Iterator[Entry]:
        yield from self._tasks([Instant(self.table.part(self.rows), problem) for problem in problems])

    def _instant(self, problem: Problem) -> Iterator[Entry]:
        yield from self._instants([problem])

    def _round(
        self, problem: Problem, effort: Effort, families: tuple[str, ...], spaces: tuple[Kind, ...]
    ) -> Iterator[Entry]:
        yield from self._tasks([Round(self.table.part(self.rows), problem, effort, families, spaces)])

    def _tasks(self, tasks: Sequence[Task]) -> Iterator[Entry]:
        yield from self._done([Errand.of(task, self.contenders) for task in tasks])

    def _done(self, errands: Sequence[Errand]) -> Iterator[Entry]:
        """What the errands find, which are done here or elsewhere."""
        self._batch = errands
        for errand in errands:
            for part in self.schedule.parts(errand):
                yield from self._offered(part)
                if self.solved:
                    return
            if self.budget.expired():
                return
        self._batch = ()

    def _offered(self, part: Part) -> Iterator[Entry]:
        """The entries that a part's formulas make."""
        formulas, where = part.formulas, part.where
        if self.contenders is not None:
            if part.stage is None or self.contenders.worth(part.stage):
                self.tell(where)
                yield from contend(self, formulas, where, self.contenders)
            return
        self.tell(where)
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

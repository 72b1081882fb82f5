"""The engine: which stage runs on which problem, in which order, for how long; and the front of what they find.

Cheap before dear: the instant stages on the problem as it is, then on what remains when power-law variables are divided
out, then with symmetric columns made one; then rounds of growing libraries, each round over all variants of the problem
before the next size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.ahead.choice import Choice
from fitx.search.ahead.errand import Errand
from fitx.search.ahead.schedule import Schedule
from fitx.search.budget import Budget
from fitx.search.contenders import Contenders
from fitx.search.dimensions import Units
from fitx.search.front import Entry, Front
from fitx.search.grammar import Grammar
from fitx.search.groups import in_turn
from fitx.search.noisy_search import (
    LOOKS,
    around,
    fewer_columns_and_noise,
    gauged,
    made_noisy,
    may_be_noisy,
    power_law_and_noise,
    supposedly_noisy,
)
from fitx.search.offers import offer, offered
from fitx.search.plan import ALL, Doubt, Suppose
from fitx.search.problem import Problem
from fitx.search.reduce import symmetry_chain
from fitx.search.refine import float_constants
from fitx.search.rounds import EXTENDED, FEW_SPACES, FIRST_SPACES, ROUNDS
from fitx.search.sides import Side, next_side, order_of
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
    closing: bool = False  # an exact law is there, and a simpler one has little time
    gauged: float = np.inf

    def __post_init__(self) -> None:
        self.front = Front(self.floor)
        self._began = self.budget.clock()
        few = self.problem.n < self.problem.d + _MATCHED
        shop = Workshop(self.grammar, self.floor, self.memory, few, self.threads, self._count)
        self.schedule = Schedule(shop, lambda: self.budget, Choice(shop, self._upcoming), self._count)

    def run(self) -> Iterator[Entry | None]:
        """Entries as they join the front. Ends at the deadline, or when an exact and simple law is found. None once,
        where what is quick is done."""
        try:
            yield from self._run()
        finally:
            self.schedule.close()
            # This object is part of cycles: the libraries would stay until Python looks for such.
            self.schedule.clear()
            self._sides, self._batch = (), ()

    def _run(self) -> Iterator[Entry | None]:
        for guess in self.guesses:
            if (entry := offer(self, guess, "units")) is not None:
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
        if not self.solved and self.budget.expired():
            yield from self._leftovers()

    def _leftovers(self) -> Iterator[Entry]:
        """When the time is up: what has been found ahead of its turn."""
        end = self.budget.clock() + _GRACE
        parts = self.schedule.leftovers([e for e in self._upcoming() if e.contenders is self.contenders])
        if self.contenders is not None:  # the best of all at once, since polishing takes long
            formulas = (f for part in parts for f in part.formulas)
            parts = iter([Part("several stages", None, takewhile(lambda f: self.budget.clock() < end, formulas))])
        for part in parts:
            yield from offered(self, part)
            if self.solved or self.budget.clock() > end:
                return

    def _upcoming(self) -> Iterator[Errand]:
        """The errands to come, in the order of their turns."""
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
            table = self.table.part(self.rows)
            yield from self._tasks([Round(table, problems[0], EXTENDED, ("scan",), FEW_SPACES[:2])])

    def _reduced(self, problems: list[Problem]) -> Iterator[Entry]:
        """The problem with its symmetries taken out one by one: the smallest first, then back to larger ones."""
        for problem in dict.fromkeys((*problems[:1], self.problem)):
            chain = symmetry_chain(problem, self.budget)
            table = self.table.part(self.rows)
            rounds = [Round(table, child, ROUNDS[0], ALL, FIRST_SPACES) for child in reversed(chain)]
            yield from self._tasks([*(Instant(table, child) for child in chain), *rounds])
            if self.solved or self.budget.expired():
                return
            problems.extend(chain[-1:] or symmetry_chain(problem, self.budget, np.inf)[-1:])

    def _instants(self, problems: Sequence[Problem]) -> Iterator[Entry]:
        yield from self._tasks([Instant(self.table.part(self.rows), p) for p in problems])

    def _instant(self, problem: Problem) -> Iterator[Entry]:
        yield from self._instants([problem])

    def _tasks(self, tasks: Sequence[Task]) -> Iterator[Entry]:
        yield from self._done([Errand.of(task, self.contenders) for task in tasks])

    def _done(self, errands: Sequence[Errand]) -> Iterator[Entry]:
        """What the errands find, which are done here or elsewhere."""
        self._batch = errands
        for errand in errands:
            for part in self.schedule.parts(errand):
                yield from offered(self, part)
                if self.solved:
                    return
            if self.budget.expired():
                return
        self._batch = ()

    def allowed(self, f: Formula) -> bool:
        """Whether its operators and its units are allowed."""
        return self.grammar.permits(f) and (self.units is None or self.units.plausible(f, self.table.error_on_check(f)))

    def _count(self, n: int) -> None:
        self.tried += n
        self.counted(n)

    def exact(self, entry: Entry) -> None:
        """An exact law ends the search if it is simple; otherwise a simpler one gets as much time again. One with many
        constants may be a mere approximation of the law, so that the search goes on."""
        if entry.complexity <= SIMPLE:
            self.solved = True
        elif len(float_constants(entry.formula)) <= FEW_CONSTANTS:
            spent = self.budget.clock() - self._began
            self.closing = True
            self.budget = self.budget.share(1.0, at_most=max(0.1, spent))

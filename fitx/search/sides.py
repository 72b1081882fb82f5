"""The two sides of a search that cannot tell whether y is exact or noisy: each has its problems, its plan and its
front, and they take turns by the work that each has done."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fitx.search.agenda import Planned
from fitx.search.contenders import Contenders
from fitx.search.extend import extended
from fitx.search.front import Front
from fitx.search.patience import Patience, shortest
from fitx.search.plan import AnyStep, steps
from fitx.search.problem import Problem
from fitx.search.table import Table

if TYPE_CHECKING:
    from fitx.search.engine import Search

_ABOUT = 3.0  # times the supposed noise
_STEPS = 10  # of the plan, that may be done ahead of their turn
_INVITED = 2  # steps before a slice of evolution, when the front is invited to it: it can then be done meanwhile


@dataclass(slots=True)
class Side:
    """problems: variants of `problem`; further: these with further columns; work: done so far, as steps count it;
    peeled: problems of which terms have been taken off; patience: when the side's best was found; rows: of the table,
    that the problems are made of, None for all."""

    problem: Problem
    table: Table
    front: Front
    contenders: Contenders | None
    gauged: float
    problems: list[Problem]
    further: Iterator[Problem]
    plan: Iterator[AnyStep]
    rows: npt.NDArray[np.intp] | None = None
    work: float = 0.0
    peeled: set[Problem] = field(default_factory=set)
    patience: Patience = field(default_factory=Patience)
    _queue: deque[Planned] = field(default_factory=deque)

    @classmethod
    def of(cls, search: Search, problems: list[Problem]) -> Side:
        """The side that the search is on, at the plan's beginning."""
        s = search
        lone = len(problems) > 1 and len(problems[0].active) < 2
        further = extended(problems[0] if problems else s.problem, s.grammar)
        plan = steps(len(problems), lone, s.contenders is not None)
        return cls(s.problem, s.table, s.front, s.contenders, s.gauged, problems, further, plan, s.rows)

    def enter(self, search: Search) -> None:
        """Let the search be on this side."""
        s = search
        s.problem, s.table, s.front, s.contenders = self.problem, self.table, self.front, self.contenders
        s.gauged = self.gauged

    @property
    def working_table(self) -> Table:
        """The table of the rows that the problems are made of."""
        return self.table.part(self.rows)

    def next_step(self) -> Planned | None:
        """The next step, whose turn it now is; None where there are no more."""
        front = tuple(entry.formula for entry in self.front)
        for planned in self.ahead(_INVITED + 1):
            if planned.guests is None:
                planned.guests = front
        return self._queue.popleft() if self._queue else None

    def ahead(self, steps: int) -> Iterator[Planned]:
        """The next so many steps, not counting looks, without their turn having come."""
        k = 0
        while steps > 0:
            if k == len(self._queue):
                step = next(self.plan, None)
                if step is None:
                    return
                self._queue.append(Planned.of(step, self))
            steps -= self._queue[k].step.work > 0
            yield self._queue[k]
            k += 1

    @property
    def settled(self) -> bool:
        """Whether a formula leaves nothing but noise here."""
        return self.contenders is not None and self.contenders.settled is not None

    @property
    def exhausted(self) -> bool:
        """Whether nothing better is to be expected on this side, once what it has found is taken note of."""
        n, p = len(self.table.check_y), self.patience
        p.note(shortest(self.front, n), self.work)
        if self.contenders is not None:
            p.note(self.contenders.best, self.work)
        return p.spent(self.work) and (self.contenders is not None or not p.close(n))

    def confirmed(self, noise: float) -> bool:
        """Take evidence of this relative variance of the noise for what has been supposed; False where it is not."""
        if self.contenders is None or not self.table.noise / _ABOUT < noise < self.table.noise * _ABOUT:
            return False
        self.table.noise = noise
        self.contenders.supposed = False
        return True


def next_side(sides: list[Side]) -> Side:
    """Whose turn it is: that of a side that has settled, otherwise that which has done less."""
    return next((s for s in sides if s.settled), min(sides, key=lambda s: s.work))


def order_of(sides: Sequence[Side]) -> Iterator[Planned]:
    """The steps to come on all sides, in the order of their turns as far as that can be told."""
    queues = {id(side): side.ahead(_STEPS) for side in sides}
    work = {id(side): side.work for side in sides}
    left = list(sides)
    for _ in range(_STEPS):
        if not left:
            return
        side = next((s for s in left if s.settled), min(left, key=lambda s: work[id(s)]))
        planned = next(queues[id(side)], None)
        if planned is None:
            left.remove(side)
            continue
        work[id(side)] += planned.step.work
        yield planned

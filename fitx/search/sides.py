"""The two sides of a search that cannot tell whether y is exact or noisy: each has its problems, its plan and its
front, and they take turns by the work that each has done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fitx.search.bench import Workbench
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


@dataclass(slots=True)
class Side:
    """problems: variants of `problem`; further: these with further columns; work: done so far, as steps count it;
    peeled: problems of which terms have been taken off; patience: when the side's best was found."""

    problem: Problem
    table: Table
    front: Front
    contenders: Contenders | None
    benches: dict[Problem, Workbench]
    gauged: float
    problems: list[Problem]
    further: Iterator[Problem]
    plan: Iterator[AnyStep]
    work: float = 0.0
    peeled: set[Problem] = field(default_factory=set)
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def of(cls, search: Search, problems: list[Problem]) -> Side:
        """The side that the search is on, at the plan's beginning."""
        s = search
        lone = len(problems) > 1 and len(problems[0].active) < 2
        further = extended(problems[0] if problems else s.problem, s.grammar)
        plan = steps(len(problems), lone, s.contenders is not None)
        return cls(s.problem, s.table, s.front, s.contenders, s.benches, s.gauged, problems, further, plan)

    def enter(self, search: Search) -> None:
        """Let the search be on this side."""
        s = search
        s.problem, s.table, s.front, s.contenders = self.problem, self.table, self.front, self.contenders
        s.benches, s.gauged = self.benches, self.gauged

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

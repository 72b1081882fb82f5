"""A task with how far it has come, and what it has found and nobody has judged yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fitx.formula import Formula
from fitx.search.ahead.worker import News
from fitx.search.budget import Budget
from fitx.search.contenders import Contenders
from fitx.search.problem import Problem
from fitx.search.stages import all_stages
from fitx.search.stages.base import Stage
from fitx.search.tasks import Part, Task, Workshop

if TYPE_CHECKING:
    from fitx.search.ahead.crew import AnyWorker


@dataclass(slots=True, eq=False)
class Portion:
    """A part under way. formulas: found so far; rest: the others, where this process finds them; complete: there are no
    others; skipped: it did not seem worth its time, and nobody has begun it."""

    where: str
    stage: Stage | None
    formulas: list[Formula] = field(default_factory=list)
    rest: Iterator[Formula] | None = None
    complete: bool = False
    skipped: bool = False


@dataclass(slots=True, eq=False)
class Errand:
    """make: the task, once it is `ready`; contenders: of its side, None where y is exact; evolution: the problem it is
    a slice of, None for others: who did the slices before has to do it. tried: formulas that another process has tried
    for it, not counted yet. here, worker: who does it, nobody at first; attempt: how often that was lost."""

    make: Callable[[], Task]
    contenders: Contenders | None = None
    evolution: Problem | None = None
    ready: Callable[[], bool] = lambda: True
    portions: list[Portion] = field(default_factory=list)
    tried: int = 0
    here: Iterator[Part] | None = None
    worker: AnyWorker | None = None
    started: bool = False
    done: bool = False
    attempt: int = 0
    _task: Task | None = None

    @classmethod
    def of(cls, task: Task, contenders: Contenders | None) -> Errand:
        """The errand of a task that is there."""
        return cls(lambda: task, contenders)

    @property
    def task(self) -> Task:
        """Made when first asked for."""
        if self._task is None:
            self._task = self.make()
        return self._task

    @property
    def begun(self) -> bool:
        """Whether somebody does it, or has."""
        return self.here is not None or self.worker is not None or self.done

    def worth(self, stage: Stage | None) -> bool:
        """Whether a stage of it may find something better, as things stand."""
        return stage is None or self.contenders is None or self.contenders.worth(stage)

    def begin(self, shop: Workshop, budget: Budget) -> None:
        """Do it here from now on."""
        self.worker, self.started = None, True
        self.portions.clear()
        self.here = self.task.parts(shop, budget)

    def next_part(self) -> Portion | None:
        """The next part of an errand that is done here; None where there is none."""
        assert self.here is not None
        with np.errstate(all="ignore"):
            part = next(self.here, None)
        if part is None:
            self.done = True
            return None
        portion = Portion(part.where, part.stage, rest=part.formulas)
        self.portions.append(portion)
        return portion

    def step(self) -> None:
        """Find one formula more, here and ahead of its turn."""
        portion = self.portions[-1] if self.portions else None
        if portion is None or portion.complete or portion.skipped:
            portion = self.next_part()
            if portion is not None and not self.worth(portion.stage):
                portion.skipped = True
            return
        assert portion.rest is not None
        with np.errstate(all="ignore"):
            formula = next(portion.rest, None)
        if formula is None:
            portion.complete = True
        else:
            portion.formulas.append(formula)

    def note(self, news: News) -> None:
        """Take note of what a worker sends."""
        self.tried += news.tried
        self.started = True
        if news.state == "part":
            stage = next((s for s in all_stages() if s.name == news.stage), None)
            self.portions.append(Portion(news.where, stage, skipped=news.formulas is None))
        elif news.state in ("more", "complete"):
            portion = self.portions[-1]
            portion.formulas += news.formulas or ()
            portion.complete = news.state == "complete"
        elif news.state == "done":
            self.done = True
        elif news.state == "failed":
            self.undo()

    def undo(self) -> None:
        """Nobody does it any more: all is to be done again."""
        self.worker, self.started, self.tried, self.done = None, False, 0, False
        self.attempt += 1
        self.portions.clear()

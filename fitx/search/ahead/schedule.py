"""Who does which task when: the parts of each in the plan's order, most of them found ahead of their turn.

the errand whose turn it is   done -> its parts
                              nobody does it -> it is done here, part by part
                              another process does it -> later errands are done here in the meantime
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from fitx.formula import Formula
from fitx.search.ahead.choice import Choice
from fitx.search.ahead.crew import AnyWorker, Crew, possible
from fitx.search.ahead.errand import Errand, Portion
from fitx.search.ahead.hired import chosen_backend
from fitx.search.budget import Budget
from fitx.search.tasks import Part, Workshop

PROCESSES = 4  # at most, this one among them: the plan has no more side by side
SECONDS = 3.0  # left, from which on other processes are worth their start
_AHEAD = 3  # tasks of a worker, that which it does and the next: more than it does while we judge
_LOOK = 0.005  # seconds between two looks at what the workers have sent
_WAIT = 0.02
_LAST = 0.1  # for what the workers send when the time is up


@dataclass(slots=True)
class Schedule:
    """shop: what this process does tasks with; budget: of the search, as it stands; choice: of what is done ahead;
    counted: told of formulas that others have tried."""

    shop: Workshop
    budget: Callable[[], Budget]
    choice: Choice
    counted: Callable[[int], None]
    crew: Crew | None = None
    _out: dict[int, Errand] = field(default_factory=dict)  # by number: those that workers do
    _here: Errand | None = None  # done here ahead of its turn
    _looked: float = 0.0

    def start(self, jobs: int) -> None:
        """Start other processes where there are cores and time for them."""
        count = min(jobs, PROCESSES)
        if count < 2 or self.crew is not None or self.budget().left < SECONDS or not possible():
            return
        backend, wanted = chosen_backend()
        if wanted:
            self.shop.threads = jobs // count
            self.crew = Crew(count - 1, self.shop.abroad(), backend)

    def close(self) -> None:
        """End the other processes."""
        if self.crew is not None:
            self.crew.close()
            self.crew = None

    def clear(self) -> None:
        """Drop everything that is done ahead of its turn."""
        self._out.clear()
        self.choice.owners.clear()
        self._here = None
        self.shop.benches.clear()
        self.shop.evolutions.clear()
        if self.crew is not None:
            self.crew.forget()

    def parts(self, errand: Errand) -> Iterator[Part]:
        """The parts of the errand whose turn it is; after the first they end with the budget."""
        self.tend(now=True)
        attempt, k = errand.attempt, 0
        self._begin(errand)
        while True:
            self.tend()
            if errand.attempt != attempt:  # who did it is gone
                attempt, k = errand.attempt, 0
            if k < len(errand.portions):
                portion = errand.portions[k]
                k += 1
                yield Part(portion.where, portion.stage, self._formulas(errand, portion))
                if portion.rest is not None:
                    portion.complete, portion.rest = True, None  # left out, or used up
                self._count(errand)
            elif errand.done:
                break
            elif errand.here is not None:
                errand.next_part()
                continue
            else:
                self._meanwhile(errand)
            if self.budget().expired():
                break
        self._count(errand)
        errand.portions = [*(p for p in errand.portions[:k] if not p.complete), *errand.portions[k:]]

    def leftovers(self, errands: Iterable[Errand]) -> Iterator[Part]:
        """What has been found for errands whose turn has not come when the time is up."""
        end = time.perf_counter() + _LAST
        while self._out and time.perf_counter() < end:
            self.tend(_WAIT)
        for errand in errands:
            for portion in errand.portions:
                if portion.formulas:
                    yield Part(portion.where, portion.stage, iter(portion.formulas))
            self._count(errand)

    def _formulas(self, errand: Errand, portion: Portion) -> Iterator[Formula]:
        """The formulas of a part as they are found; none, where the time is up."""
        while True:
            self.tend()
            if portion.formulas:
                yield portion.formulas.pop(0)
            elif portion.complete:
                return
            elif portion.rest is not None:
                with np.errstate(all="ignore"):
                    formula = next(portion.rest, None)
                if formula is None:
                    portion.complete, portion.rest = True, None
                    return
                yield formula
            elif portion.skipped:  # another process has left it out, and now it seems to be worth its time
                portion.complete = True
                again = errand.task.parts(self.shop, self.budget())
                portion.rest = next((p.formulas for p in again if p.where == portion.where), iter(()))
                portion.complete = False
            elif self.budget().expired():
                return
            else:
                attempt = errand.attempt
                self._meanwhile(errand)
                if errand.attempt != attempt:  # all parts come again
                    return

    def _begin(self, errand: Errand) -> None:
        """Let the errand whose turn it is be under way."""
        if not errand.begun:
            owner = self.choice.owner(errand)
            if owner is None:
                self._do_here(errand)
                return
            self._send(owner, errand)
        if errand.worker is not None and not errand.started:  # the worker is still busy with another
            if errand.evolution is None:
                self._take_back(errand)
                self._do_here(errand)
            elif self.crew is not None:
                self.crew.hurry(errand.worker, self._number(errand))

    def _do_here(self, errand: Errand) -> None:
        if errand.evolution is not None:
            self.choice.owners[errand.evolution] = None
        errand.begin(self.shop, self.budget())

    def _meanwhile(self, errand: Errand) -> None:
        """While another process does the errand whose turn it is: a step of a later one, or wait."""
        if errand.worker is None:
            self._begin(errand)
            return
        if self._here is None or self._here.done or self._here.here is None:
            self._here = self._another()
        if self._here is not None:
            self._here.step()
            self.tend()
        else:
            self.tend(_WAIT)

    def _another(self) -> Errand | None:
        """An errand that this process now does ahead of its turn."""
        assert self.crew is not None
        errand = self.choice.here(self.crew.alive)
        if errand is None and (errand := self.choice.not_started()) is not None:  # rather than wait
            self._take_back(errand)
        if errand is not None:
            self._do_here(errand)
        return errand

    def _number(self, errand: Errand) -> int:
        return next(number for number, e in self._out.items() if e is errand)

    def _take_back(self, errand: Errand) -> None:
        """From a worker that has not begun it."""
        assert self.crew is not None
        assert errand.worker is not None
        number = self._number(errand)
        del self._out[number]
        self.crew.drop(errand.worker, number)
        errand.worker = None

    def _send(self, worker: AnyWorker, errand: Errand) -> None:
        assert self.crew is not None
        c = errand.contenders
        number = self.crew.do(worker, errand.task, self.budget().left, c is None, c is None or c.dear)
        errand.worker = worker
        self._out[number] = errand
        if errand.evolution is not None:
            self.choice.owners[errand.evolution] = worker

    def tend(self, seconds: float = 0.0, now: bool = False) -> None:
        """Hear the workers, and give them tasks."""
        if self.crew is None:
            return
        clock = time.perf_counter()
        if not (seconds or now) and clock < self._looked + _LOOK:
            return
        self._looked = clock
        for worker, news in self.crew.news(seconds):
            if news.state == "gone":
                self._lose(worker)
            elif (errand := self._out.get(news.number)) is not None:
                errand.note(news)
                if news.state in ("done", "failed"):
                    del self._out[news.number]
        for worker in self.crew.alive:
            while worker.ready and len(worker.tasks) < _AHEAD and not self.budget().expired():
                errand = self.choice.there(worker)
                if errand is None:
                    break
                self._send(worker, errand)

    def _lose(self, worker: AnyWorker) -> None:
        """A worker is gone: its tasks are to be done by others."""
        for number in [n for n, e in self._out.items() if e.worker is worker]:
            self._out.pop(number).undo()
        for problem in [p for p, owner in self.choice.owners.items() if owner is worker]:
            del self.choice.owners[problem]

    def _count(self, errand: Errand) -> None:
        if errand.tried:
            self.counted(errand.tried)
            errand.tried = 0

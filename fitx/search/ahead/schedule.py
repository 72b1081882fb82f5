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
from fitx.search.ahead.crew import AnyWorker, Crew, possible
from fitx.search.ahead.errand import Errand, Portion
from fitx.search.ahead.hired import chosen_backend
from fitx.search.ahead.worker import News
from fitx.search.budget import Budget
from fitx.search.problem import Problem
from fitx.search.stages import all_stages
from fitx.search.tasks import Part, Workshop

PROCESSES = 4  # at most, this one among them: the plan has no more side by side
SECONDS = 3.0  # left, from which on other processes are worth their start
_AHEAD = 2  # tasks of a worker, that which it does and the next
_LOOK = 0.005  # seconds between two looks at what the workers have sent
_WAIT = 0.02


@dataclass(slots=True)
class Schedule:
    """shop: what this process does tasks with; budget: of the search, as it stands; upcoming: the errands that come
    next, in their order; counted: told of formulas that others have tried."""

    shop: Workshop
    budget: Callable[[], Budget]
    upcoming: Callable[[], Iterable[Errand]]
    counted: Callable[[int], None]
    crew: Crew | None = None
    _out: dict[int, Errand] = field(default_factory=dict)  # by number: those that workers do
    _here: Errand | None = None  # done here ahead of its turn
    _owners: dict[Problem, AnyWorker | None] = field(default_factory=dict)  # who has a problem's evolution; None: we
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
        self._owners.clear()
        self.shop.benches.clear()
        self.shop.evolutions.clear()
        if self.crew is not None:
            self.crew.forget()

    def parts(self, errand: Errand) -> Iterator[Part]:
        """The parts of the errand whose turn it is; after the first they end with the budget."""
        attempt, k = errand.attempt, 0
        self._begin(errand)
        while True:
            self._tend()
            if errand.attempt != attempt:  # who did it is gone
                attempt, k = errand.attempt, 0
            if k < len(errand.portions):
                portion = errand.portions[k]
                k += 1
                yield Part(portion.where, portion.stage, self._formulas(errand, portion))
                if portion.rest is not None:
                    portion.complete = True  # left out, or used up
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
        errand.portions.clear()

    def leftovers(self, errands: Iterable[Errand]) -> Iterator[Part]:
        """What has been found for errands whose turn has not come when the time is up."""
        self._tend(now=True)
        for errand in errands:
            for portion in errand.portions:
                if portion.formulas:
                    yield Part(portion.where, portion.stage, iter(portion.formulas))
            self._count(errand)

    def _formulas(self, errand: Errand, portion: Portion) -> Iterator[Formula]:
        """The formulas of a part as they are found; none, where the time is up."""
        k = 0
        while True:
            self._tend()
            if k < len(portion.formulas):
                k += 1
                yield portion.formulas[k - 1]
            elif portion.complete:
                return
            elif portion.rest is not None:
                with np.errstate(all="ignore"):
                    formula = next(portion.rest, None)
                if formula is None:
                    portion.complete = True
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
        if errand.begun:
            return
        owner = self._owner(errand)
        if owner is not None:
            self._send(owner, errand)
        else:
            self._do_here(errand)

    def _do_here(self, errand: Errand) -> None:
        if errand.evolution is not None:
            self._owners[errand.evolution] = None
        errand.begin(self.shop, self.budget())

    def _owner(self, errand: Errand) -> AnyWorker | None:
        """The process that has done earlier slices of the same evolution, if another than this."""
        owner = None if errand.evolution is None else self._owners.get(errand.evolution)
        return None if owner is None or owner.gone else owner

    def _meanwhile(self, errand: Errand) -> None:
        """While another process does the errand whose turn it is: a step of a later one, or wait."""
        if errand.worker is None:
            self._begin(errand)
            return
        if self._here is None or self._here.done or self._here.here is None:
            self._here = self._next_here(errand)
        if self._here is not None:
            self._here.step()
            self._tend()
        elif not errand.started and self._owner(errand) is None and errand.worker is not None:
            self._revoke(errand)
        else:
            self._tend(_WAIT)

    def _revoke(self, errand: Errand) -> None:
        """Do it here: the worker is still busy with another."""
        assert self.crew is not None
        assert errand.worker is not None
        for number in [n for n, e in self._out.items() if e is errand]:
            del self._out[number]
            self.crew.drop(errand.worker, number)
        self._do_here(errand)

    def _next_here(self, turn: Errand) -> Errand | None:
        """The next errand to be done here ahead of its turn."""
        for errand in self._open():
            if errand.evolution is not None and not self._evolves_here(errand.evolution):
                continue
            if errand is not turn and self._affordable(errand):
                self._do_here(errand)
                return errand
        return None

    def _evolves_here(self, problem: Problem) -> bool:
        """Whether a slice may be done here ahead of its turn: evolution goes on where it is, and workers begin it."""
        if problem in self._owners:
            return self._owners[problem] is None
        return self.crew is None or not any(w.evolves for w in self.crew.alive)

    def _next_there(self, worker: AnyWorker) -> Errand | None:
        for errand in self._open():
            owner = None if errand.evolution is None else self._owners.get(errand.evolution, worker)
            if errand.evolution is not None and (owner is not worker or not worker.evolves):
                continue
            if self._affordable(errand):
                return errand
        return None

    def _open(self) -> Iterator[Errand]:
        """Errands that nobody has begun, and of an evolution's slices the next one only."""
        waiting: set[Problem] = set()
        for errand in self.upcoming():
            if errand.begun or errand.evolution in waiting:
                continue
            if errand.ready():
                yield errand
            if errand.evolution is not None and not errand.begun:
                waiting.add(errand.evolution)

    def _affordable(self, errand: Errand) -> bool:
        """Whether its library has room beside those that are in use."""
        own = errand.task.memory(self.shop)
        return not own or own + self._used() <= self.shop.memory

    def _used(self) -> int:
        """Bytes of the large libraries in use."""
        busy = {id(e): e for e in (*self._out.values(), *self.upcoming()) if e.begun and not e.done}
        return sum(e.task.memory(self.shop) for e in busy.values())

    def _send(self, worker: AnyWorker, errand: Errand) -> None:
        assert self.crew is not None
        c = errand.contenders
        number = self.crew.do(worker, errand.task, self.budget().left, c is None, c is None or c.dear)
        errand.worker = worker
        self._out[number] = errand
        if errand.evolution is not None:
            self._owners[errand.evolution] = worker

    def _tend(self, seconds: float = 0.0, now: bool = False) -> None:
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
                self._note(errand, news)
        for worker in self.crew.alive:
            while worker.ready and len(worker.tasks) < _AHEAD and not self.budget().expired():
                errand = self._next_there(worker)
                if errand is None:
                    break
                self._send(worker, errand)

    def _note(self, errand: Errand, news: News) -> None:
        errand.tried += news.tried
        errand.started = True
        if news.state == "part":
            stage = next((s for s in all_stages() if s.name == news.stage), None)
            left_out = news.formulas is None
            errand.portions.append(Portion(news.where, stage, skipped=left_out))
        elif news.state in ("more", "complete"):
            portion = errand.portions[-1]
            portion.formulas += news.formulas or ()
            portion.complete = news.state == "complete"
        elif news.state == "done":
            errand.done = True
            del self._out[news.number]
        elif news.state == "failed":
            del self._out[news.number]
            self._undo(errand)

    def _lose(self, worker: AnyWorker) -> None:
        """A worker is gone: its tasks are to be done by others."""
        for number in [n for n, e in self._out.items() if e.worker is worker]:
            self._undo(self._out.pop(number))
        self._owners = {p: w for p, w in self._owners.items() if w is not worker}

    def _undo(self, errand: Errand) -> None:
        errand.worker, errand.started, errand.tried, errand.done = None, False, 0, False
        errand.attempt += 1
        errand.portions.clear()

    def _count(self, errand: Errand) -> None:
        if errand.tried:
            self.counted(errand.tried)
            errand.tried = 0

"""The process that helps a search: it does the tasks that it is sent, one after the other, and sends what they find.

It ends when the pipe from the search does, whatever becomes of that.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO

import numpy as np

from fitx.formula import Formula
from fitx.search.ahead.wire import Reader, receive, send
from fitx.search.budget import Budget
from fitx.search.tasks import Task, Workshop

_FLUSH = 0.02  # seconds that formulas wait for others


@dataclass(frozen=True, slots=True)
class Begin:
    """First message: what tasks are done with."""

    shop: Workshop


@dataclass(frozen=True, slots=True)
class Do:
    """A task. until: on this machine's clock; noise: of its table; exact, dear: whether such stages are worth it."""

    number: int
    task: Task
    until: float
    noise: float
    exact: bool
    dear: bool


@dataclass(frozen=True, slots=True)
class Hurry:
    """The search waits for this task: it goes before others, also before the rest of what is under way."""

    number: int


@dataclass(frozen=True, slots=True)
class Drop:
    """These tasks are not needed any more."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    """What was made for earlier tasks is not needed any more."""


@dataclass(frozen=True, slots=True)
class Leave:
    """This problem is not named any more."""

    number: int


@dataclass(frozen=True, slots=True)
class News:
    """Of a task. where, stage: of a part that begins; formulas: None where it is left out; tried: so many since the
    last news. state: "started", "part", "more", "complete" (the part), "done" (the task), "failed", "ready" or "gone"
    (the process)."""

    number: int
    state: str
    where: str = ""
    stage: str = ""
    formulas: tuple[Formula, ...] | None = ()
    tried: int = 0


@dataclass(slots=True)
class Desk:
    """out: news to be sent; shop: where tasks are done; orders: as they come; dropped, hurried: numbers of tasks;
    tried: formulas since the last news."""

    out: SimpleQueue[News]
    shop: Workshop | None = None
    orders: SimpleQueue[Do | Forget] = field(default_factory=SimpleQueue)
    dropped: set[int] = field(default_factory=set)
    hurried: set[int] = field(default_factory=set)
    tried: int = 0
    _waiting: list[Do | Forget] = field(default_factory=list)

    def count(self, n: int) -> None:
        """So many formulas more have been tried."""
        self.tried += n

    def tell(
        self, number: int, state: str, where: str = "", stage: str = "", found: tuple[Formula, ...] | None = ()
    ) -> None:
        """Send news."""
        tried, self.tried = self.tried, 0
        self.out.put(News(number, state, where, stage, found, tried))

    def next(self) -> None:
        """Wait for an order and carry it out."""
        if not self._waiting:
            self._waiting.append(self.orders.get())
        self._hurry()
        if self._waiting:
            self._carry_out(self._waiting.pop(0))

    def _hurry(self) -> None:
        """Do what is waited for."""
        while not self.orders.empty():
            self._waiting.append(self.orders.get())
        for order in [o for o in self._waiting if isinstance(o, Do) and o.number in self.hurried]:
            self._waiting.remove(order)
            self.hurried.discard(order.number)
            self._carry_out(order)

    def _carry_out(self, order: Do | Forget) -> None:
        assert self.shop is not None
        if isinstance(order, Forget):
            self.shop.benches.clear()
            self.shop.evolutions.clear()
            return
        try:
            self.work(order)
        except Exception:  # the search does it itself, and meets the error there
            self.tell(order.number, "failed")

    def work(self, order: Do) -> None:
        """Do a task."""
        assert self.shop is not None
        if order.number in self.dropped:
            return
        self.tell(order.number, "started")
        order.task.table.noise = order.noise
        budget = Budget(time.perf_counter() + order.until - time.time())
        for part in order.task.parts(self.shop, budget):
            stage = part.stage
            left_out = stage is not None and ((stage.exact_only and not order.exact) or (stage.dear and not order.dear))
            name = "" if stage is None else stage.name
            self.tell(order.number, "part", part.where, name, None if left_out else ())
            if left_out:
                continue
            found: list[Formula] = []
            last = time.perf_counter()
            for f in part.formulas:
                found.append(f)
                if time.perf_counter() - last > _FLUSH:
                    self.tell(order.number, "more", found=tuple(found))
                    found, last = [], time.perf_counter()
                if order.number in self.dropped:
                    return
                if self.hurried:
                    self._hurry()
            self.tell(order.number, "complete", found=tuple(found))
        self.tell(order.number, "done")


def serve() -> None:
    """Serve the process that has started this one, by its standard streams."""
    pipe: BinaryIO = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)  # nothing that is printed gets in between
    desk = Desk(SimpleQueue())
    Thread(target=_read, args=(sys.stdin.buffer, desk), daemon=True).start()
    Thread(target=_write, args=(pipe, desk.out), daemon=True).start()
    from threadpoolctl import threadpool_limits

    from fitx.search.stages import all_stages

    all_stages()
    with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
        desk.out.put(News(-1, "ready"))
        while True:
            desk.next()


def _read(pipe: BinaryIO, desk: Desk) -> None:
    reader = Reader()
    try:
        while (message := receive(pipe)) is not None:
            got = reader.loads(message)
            if isinstance(got, Begin):
                desk.shop = got.shop
                desk.shop.counted = desk.count
            elif isinstance(got, Do):
                desk.orders.put(got)
            elif isinstance(got, Hurry):
                desk.hurried.add(got.number)
            elif isinstance(got, Drop):
                desk.dropped.update(got.numbers)
            elif isinstance(got, Leave):
                reader.leave(got.number)
            elif isinstance(got, Forget):
                reader.forget()
                desk.orders.put(got)
    finally:
        os._exit(0)


def _write(pipe: BinaryIO, out: SimpleQueue[News]) -> None:
    try:
        while True:
            send(pipe, pickle.dumps(out.get(), pickle.HIGHEST_PROTOCOL))
    finally:
        os._exit(0)

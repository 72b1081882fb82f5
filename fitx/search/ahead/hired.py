"""Workers that are a joblib backend which the user has set, such as Dask or Ray, in place of processes of our own.

A task goes there whole and comes back whole. Where it is done cannot be told, so that nothing is kept for the next one,
and evolution, which goes on where it stopped, stays here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import Any

import numpy as np

from fitx.search.ahead.worker import Desk, Do, Drop, News
from fitx.search.tasks import Task, Workshop

_OWN = ("LokyBackend", "MultiprocessingBackend")  # joblib's ways to use this machine's cores, as ours are
_NONE = ("SequentialBackend", "ThreadingBackend")  # the user wants no other process


def chosen_backend() -> tuple[Any, bool]:
    """The joblib backend that the user has set, None where it is one for this machine; whether processes are wanted."""
    if "joblib" not in sys.modules:
        return None, True
    from joblib.parallel import get_active_backend

    backend = get_active_backend()[0]
    name = type(backend).__name__
    return (None if name in (*_OWN, *_NONE) else backend), name not in _NONE


@dataclass(eq=False, slots=True)
class Hired:
    """A thread that gives the backend one task after the other. put: takes the news."""

    backend: Any
    shop: Workshop
    put: Callable[[News], None]
    ready: bool = True
    gone: bool = False
    evolves: bool = False
    tasks: dict[int, Task] = field(default_factory=dict)
    _orders: SimpleQueue[Do | None] = field(default_factory=SimpleQueue)
    _dropped: set[int] = field(default_factory=set)

    def start(self) -> None:
        """Begin to wait for tasks."""
        Thread(target=self._serve, daemon=True).start()

    def tell(self, message: object) -> None:
        """A task, or those that are not needed any more."""
        if isinstance(message, Do):
            self._orders.put(message)
        elif isinstance(message, Drop):
            self._dropped.update(message.numbers)

    def done(self, task: Task) -> None:
        """Nothing is kept."""

    def forget(self) -> None:
        """Nothing is kept."""

    def stop(self) -> None:
        """Take no more tasks."""
        self._orders.put(None)

    def _serve(self) -> None:
        from joblib import Parallel, delayed

        while (order := self._orders.get()) is not None:
            if order.number in self._dropped:
                continue
            self.put(News(order.number, "started"))
            try:
                (found,) = Parallel(n_jobs=2, backend=self.backend)([delayed(perform)(self.shop.abroad(), order)])
            except Exception:  # the search does it itself
                found = [News(order.number, "failed")]
            for news in found[found[0].state == "started" :]:
                self.put(news)


def perform(shop: Workshop, order: Do) -> list[News]:
    """All news of a task that is done at once."""
    from threadpoolctl import threadpool_limits

    desk = Desk(SimpleQueue(), shop)
    shop.counted = desk.count
    with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
        desk.work(order)
    return [desk.out.get() for _ in range(desk.out.qsize())]

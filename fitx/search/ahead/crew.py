"""The processes that help a search: started, fed, heard and ended."""

from __future__ import annotations

import contextlib
import pickle
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from fitx.search.ahead.hired import Hired
from fitx.search.ahead.wire import Writer, receive, send
from fitx.search.ahead.worker import Begin, Do, Drop, Forget, Hurry, Leave, News
from fitx.search.tasks import Task, Workshop

_START = "import sys; sys.path[:] = {path!r}; from fitx.search.ahead.worker import serve; serve()"


@dataclass(eq=False, slots=True)
class Worker:
    """One process. ready: it listens; gone: it does not any more; evolves: it keeps evolutions; tasks: by number,
    those that it has not done yet."""

    process: subprocess.Popen[bytes]
    ready: bool = False
    gone: bool = False
    evolves: bool = True
    tasks: dict[int, Task] = field(default_factory=dict)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.send)

    def send(self, message: bytes) -> None:
        """Send it, unless the process is gone."""
        assert self.process.stdin is not None
        try:
            send(self.process.stdin, message)
        except (OSError, ValueError):
            self.gone = True

    def tell(self, message: object) -> None:
        """Send it."""
        self.send(self.writer.dumps(message))

    def done(self, task: Task) -> None:
        """Let it forget a problem that no other task is about."""
        if not task.again and (number := self.writer.leave(task.problem)) is not None:
            self.tell(Leave(number))

    def forget(self) -> None:
        """Let it forget what it has made."""
        self.tell(Forget())
        self.writer.forget()


AnyWorker = Worker | Hired


class Crew:
    """So many workers: processes, or a joblib backend that the user has set. Processes end with `close`, with this one,
    and when nobody has this object any more."""

    def __init__(self, count: int, shop: Workshop, backend: Any = None) -> None:
        self._shop = shop
        self._news: SimpleQueue[tuple[AnyWorker, bytes | News]] = SimpleQueue()
        self._numbers = 0
        self.workers: list[AnyWorker] = []
        processes: list[subprocess.Popen[bytes]] = []
        hired: list[Hired] = []
        self.close = weakref.finalize(self, _end, processes, hired)
        with _undisturbed():
            for _ in range(count):
                if backend is not None:
                    hired.append(self._hire(backend))
                    continue
                with contextlib.suppress(OSError):
                    processes.append(_started())
                    worker = Worker(processes[-1])
                    self.workers.append(worker)
                    Thread(target=_listen, args=(worker, self._news), daemon=True).start()

    def _hire(self, backend: Any) -> Hired:
        news = self._news
        worker = Hired(backend, self._shop, lambda n: news.put((worker, n)))
        self.workers.append(worker)
        worker.start()
        return worker

    @property
    def alive(self) -> list[AnyWorker]:
        """Those that are not gone."""
        return [w for w in self.workers if not w.gone]

    def do(self, worker: AnyWorker, task: Task, seconds: float, exact: bool, dear: bool) -> int:
        """Let the worker do a task in so many seconds; its number."""
        self._numbers += 1
        worker.tasks[self._numbers] = task
        worker.tell(Do(self._numbers, task, time.time() + seconds, task.table.noise, exact, dear))
        return self._numbers

    def hurry(self, worker: AnyWorker, number: int) -> None:
        """Let it do that task first."""
        worker.tell(Hurry(number))

    def drop(self, worker: AnyWorker, *numbers: int) -> None:
        """Let it leave out these tasks."""
        for number in numbers:
            worker.tasks.pop(number, None)
        worker.tell(Drop(numbers))

    def forget(self) -> None:
        """Let all drop all tasks, and what they have made for them."""
        for worker in self.alive:
            if worker.ready:
                self.drop(worker, *worker.tasks)
                worker.forget()

    def news(self, seconds: float = 0.0) -> list[tuple[AnyWorker, News]]:
        """What the workers have sent; where that is nothing, what they send within so many seconds."""
        found: list[tuple[AnyWorker, News]] = []
        try:
            while True:
                worker, message = self._news.get(timeout=seconds) if seconds and not found else self._news.get_nowait()
                found.append((worker, message if isinstance(message, News) else _news(message)))
                self._note(worker, found[-1][1])
        except Empty:
            return found

    def _note(self, worker: AnyWorker, news: News) -> None:
        if news.state == "gone":
            worker.gone = True
        elif news.state == "ready":
            worker.tell(Begin(self._shop))
            worker.ready = True
        elif news.state in ("done", "failed") and news.number in worker.tasks:
            worker.done(worker.tasks.pop(news.number))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Interrupts wait: one within the start of a thread would leave its locks in disorder."""
    asked: list[int] = []
    handlers = {}
    if threading.current_thread() is threading.main_thread():
        known = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        handlers = {number: handler for number, handler in known.items() if callable(handler)}
    for number in handlers:
        signal.signal(number, lambda n, frame: asked.append(n))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if asked:
        signal.raise_signal(asked[0])


def possible() -> bool:
    """Whether this Python can start others."""
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def _started() -> subprocess.Popen[bytes]:
    """A process that a terminal's Ctrl-C does not reach: it is for the search to answer that."""
    alone: dict[str, Any] = (
        {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    command = [sys.executable, "-c", _START.format(path=sys.path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **alone)


def _listen(worker: Worker, news: SimpleQueue[tuple[AnyWorker, bytes | News]]) -> None:
    """In a thread of its own, so that no worker waits for the search to listen."""
    assert worker.process.stdout is not None
    with contextlib.suppress(OSError, ValueError):
        while (message := receive(worker.process.stdout)) is not None:
            news.put((worker, message))
    news.put((worker, News(-1, "gone")))


def _news(message: bytes) -> News:
    got = pickle.loads(message)  # from a process of our own
    assert isinstance(got, News)
    return got


def _end(processes: list[subprocess.Popen[bytes]], hired: list[Hired]) -> None:
    for worker in hired:
        worker.stop()
    for process in processes:
        process.kill()
    for process in processes:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()

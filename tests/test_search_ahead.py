"""Tasks of a search done ahead of their turn in other processes: the same outcome, whatever becomes of these."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fitx
from fitx.fitters.base import Context, Data
from fitx.fitters.symbolic import Symbolic
from fitx.formula import parse
from fitx.search.ahead import crew, hired, schedule
from fitx.search.ahead.choice import Choice
from fitx.search.ahead.crew import Crew, Worker
from fitx.search.ahead.errand import Errand
from fitx.search.ahead.wire import Reader, Writer
from fitx.search.ahead.worker import News
from fitx.search.engine import Search
from fitx.search.problem import Problem
from fitx.search.rounds import FIRST_SPACES, ROUNDS
from fitx.search.setup import make_search
from fitx.search.tasks import Instant, Round, Slice

NAMES = ("a", "b", "c")
LATE = "a + exp(-b*c)*sin(2*a)"  # found in the plan's later steps
PATIENCE = 120.0  # seconds after which a test that waits fails


def table(law: str = LATE, n: int = 200) -> Data:
    X = np.asfortranarray(np.random.default_rng(0).uniform(1, 3, (n, 3)))
    return Data(X, parse(law).predict(X, NAMES), NAMES)


def noise(n: int = 120) -> Data:
    r = np.random.default_rng(5)
    return Data(np.asfortranarray(r.uniform(1, 3, (n, 2))), r.normal(size=n), NAMES[:2])


def search(data: Data, jobs: int) -> Search:
    given = Symbolic().resolve_options({})
    return make_search(data, Context(given, np.random.default_rng(0), time.perf_counter() + 600.0, jobs))


def entries(data: Data, jobs: int) -> list[tuple[str, str]]:
    return [(entry.formula.text(17), entry.stage) for entry in search(data, jobs).run() if entry is not None]


def workers(s: Search) -> list[Worker]:
    assert s.schedule.crew is not None
    return [w for w in s.schedule.crew.workers if isinstance(w, Worker)]


@pytest.fixture(scope="module")
def alone() -> list[tuple[str, str]]:
    return entries(table(), 1)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Parts that others have found, by where."""
    found: list[str] = []
    note = Errand.note

    def noted(self: Errand, news: Any) -> None:
        if news.state == "part":
            found.append(news.where)
        note(self, news)

    monkeypatch.setattr(Errand, "note", noted)
    return found


@pytest.mark.parametrize("jobs", [2, 3])
def test_a_law_is_found_in_the_same_way_with_any_number_of_jobs(
    jobs: int, alone: list[tuple[str, str]], taken: list[str]
) -> None:
    assert entries(table(), jobs) == alone
    assert alone[-1] == ("sin(2*a)/exp(b*c) + a", "small products shift")
    assert taken


def test_a_search_that_ends_for_want_of_anything_better_ends_alike(taken: list[str]) -> None:
    one, two = search(noise(), 1), search(noise(), 2)
    found = [[(e.formula.text(17), e.stage) for e in s.run() if e is not None] for s in (one, two)]
    assert found[0] == found[1]
    assert one.work == two.work
    assert not one.budget.expired()
    assert taken


def test_workers_that_are_killed_do_not_end_the_search(alone: list[tuple[str, str]], taken: list[str]) -> None:
    s = search(table(), 3)
    found, killed = [], []
    for entry in s.run():
        if entry is None:
            continue
        found.append((entry.formula.text(17), entry.stage))
        if taken and not killed:
            killed = [w.process for w in workers(s)]
            for process in killed:
                process.kill()
    assert killed
    # What a dead worker has not finished is done again, so that formulas may come twice, but the last is the same.
    assert found[-1] == alone[-1]


def test_a_task_that_fails_elsewhere_is_done_here(
    monkeypatch: pytest.MonkeyPatch, alone: list[tuple[str, str]]
) -> None:
    do = Crew.do

    def broken(self: Crew, worker: Any, task: Any, *rest: Any) -> int:
        return do(self, worker, Instant(task.table, "no problem"), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Crew, "do", broken)
    monkeypatch.setattr(schedule, "_LOOK", 0.0)
    assert entries(table(), 2) == alone


def test_no_process_is_left_behind() -> None:
    s = search(table(), 3)
    run = s.run()
    next(entry for entry in run if entry is None)
    next(run)
    left = [w.process for w in workers(s)]
    assert len(left) == 2
    run.close()  # type: ignore[attr-defined]
    assert all(p.returncode is not None for p in left)


def test_one_job_and_a_little_time_need_no_other_process() -> None:
    assert_no_crew(search(noise(), 1))
    s = search(noise(), 2)
    s.budget = s.budget.share(1.0, at_most=0.5 * schedule.SECONDS)
    assert_no_crew(s)


def assert_no_crew(s: Search) -> None:
    run = s.run()
    next(entry for entry in run if entry is None)
    next(run, None)
    assert s.schedule.crew is None
    run.close()  # type: ignore[attr-defined]


def test_a_backend_that_the_user_has_set_does_the_tasks(
    monkeypatch: pytest.MonkeyPatch, alone: list[tuple[str, str]], taken: list[str]
) -> None:
    import joblib
    from joblib._parallel_backends import ThreadingBackend

    performed, perform, do = threading.Event(), hired.perform, Crew.do

    def told(*task: Any) -> list[News]:
        news = perform(*task)
        performed.set()
        return news

    def patient(self: Crew, *task: Any) -> int:  # or a busy machine might do all itself before the thread awakes
        number = do(self, *task)
        assert performed.wait(PATIENCE)
        return number

    monkeypatch.setattr(hired, "perform", told)
    monkeypatch.setattr(Crew, "do", patient)

    class Elsewhere(ThreadingBackend):  # type: ignore[misc]
        """Threads stand in for machines."""

    joblib.register_parallel_backend("elsewhere", Elsewhere)
    with joblib.parallel_config(backend="elsewhere"):
        assert entries(table(), 2) == alone
    assert taken
    taken.clear()
    with joblib.parallel_config(backend="threading"):
        s = search(table(), 2)
        assert_no_crew(s)


def test_an_interrupt_while_workers_are_started_comes_after(monkeypatch: pytest.MonkeyPatch) -> None:
    started = crew._started

    def interrupted() -> subprocess.Popen[bytes]:
        signal.raise_signal(signal.SIGINT)
        return started()

    monkeypatch.setattr(crew, "_started", interrupted)
    s = search(table(), 3)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            s.schedule.start(3)
    finally:
        signal.signal(signal.SIGINT, handler)


class TestChoice:
    def make(self, *errands: Errand) -> Choice:
        return Choice(search(table(), 1).schedule.shop, lambda: errands)

    def slices(self, count: int) -> list[Errand]:
        s = search(table(), 1)
        return [
            Errand(lambda: Slice(s.table, s.problem, 100, ()), evolution=s.problem, ready=lambda k=k: k < count - 1)
            for k in range(count)
        ]

    def test_slices_are_done_in_their_order_where_the_first_was(self) -> None:
        first, second, third = self.slices(3)
        choice = self.make(first, second, third)
        here, there = Place(), Place()
        assert choice.here([there]) is None  # workers begin evolutions
        assert choice.here([]) is first
        assert choice.there(here) is first
        first.worker = here
        choice.owners[first.evolution] = here
        assert choice.there(there) is None
        assert choice.there(here) is second
        second.worker = here
        assert choice.there(here) is None  # nobody has been invited to the third
        assert choice.owner(third) is here
        assert choice.not_started() is None  # evolution cannot be taken back

    def test_workers_that_keep_nothing_do_not_evolve(self) -> None:
        (first, _), place = self.slices(2), Place()
        place.evolves = False
        choice = self.make(first)
        assert choice.there(place) is None
        assert choice.here([place]) is first

    def test_large_libraries_are_made_side_by_side_only_where_there_is_room(self) -> None:
        s = search(table(), 1)
        small, medium, more = [
            Errand.of(Round(s.table, s.problem, effort, ("scan",), FIRST_SPACES), None)
            for effort in (ROUNDS[0], ROUNDS[1], ROUNDS[1])
        ]
        choice = self.make(medium, more, small)
        medium.worker = Place()
        assert choice.there(Place()) is more
        choice.shop.memory = int(1.5 * medium.task.memory(choice.shop))
        assert choice.there(Place()) is small
        medium.done = True
        assert choice.there(Place()) is more
        assert small.task.memory(choice.shop) == 0


class Place(Worker):
    """Stands for a process."""

    def __init__(self) -> None:
        self.gone, self.evolves = False, True


class TestWire:
    def test_problems_cross_once_and_are_the_same_thing_there(self) -> None:
        s = search(table(), 1)
        sent: list[bytes] = []
        writer, reader = Writer(sent.append), Reader()
        sent.append(writer.dumps([Instant(s.table, s.problem)]))
        sent.append(writer.dumps(("again", s.problem, s.problem.divided(s.problem.y, parse("a"), (0,), " less"))))
        told = [reader.loads(message) for message in sent]
        (task,), again = (t for t in told if t is not None)
        assert told.count(None) == 3  # the table and two problems
        assert again[1] is task.problem
        assert isinstance(again[2], Problem)
        np.testing.assert_array_equal(task.problem.columns, s.problem.columns)
        assert (
            again[2].lift(parse("b")).text()
            == s.problem.divided(s.problem.y, parse("a"), (0,), "").lift(parse("b")).text()
        )


# Below: what becomes of the workers when the whole program is interrupted or killed.


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """The command line on a table without a law, and the processes that it has started."""
    if not Path("/proc/self/task").exists():
        pytest.skip("needs /proc")
    r = np.random.default_rng(0)
    X = r.uniform(1, 5, (300, 4))
    y = np.sin(X[:, 0] * X[:, 1] + np.cos(X[:, 2])) * np.exp(np.sin(X[:, 3] * X[:, 0])) + np.tan(X[:, 1] / 7)
    path = tmp_path / "table.csv"
    np.savetxt(path, np.c_[X, y], delimiter=",", header="a,b,c,d,y", comments="")
    command = [sys.executable, "-P", "-m", "fitx", "fit", str(path), "-m", "symbolic", "--jobs", "3",
               "--time-limit", "600", "--save", str(tmp_path / "m.json")]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        end = time.monotonic() + PATIENCE
        while len(found := children(p.pid)) < 2 or not (tmp_path / "m.json").exists():
            assert p.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        yield p, found
        p.kill()


def children(pid: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def assert_gone(pids: list[int]) -> None:
    end = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() and "Z" not in state(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.05)


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_prints_the_best_so_far_and_ends_all(
    running: tuple[subprocess.Popen[bytes], list[int]], number: int, tmp_path: Path
) -> None:
    p, others = running
    p.send_signal(number)
    out, err = p.communicate(timeout=PATIENCE)
    assert p.returncode == 130, err
    assert out.count(b"\n") == 1
    assert b"interrupted: this is the best formula so far" in err
    assert b"Traceback" not in err
    assert "interrupted: this is the best formula so far" in fitx.load(tmp_path / "m.json").warnings
    assert_gone(others)


def test_workers_end_with_a_program_that_is_killed(running: tuple[subprocess.Popen[bytes], list[int]]) -> None:
    p, others = running
    os.kill(p.pid, signal.SIGKILL)
    p.communicate(timeout=PATIENCE)
    assert_gone(others)

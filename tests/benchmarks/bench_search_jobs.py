"""What further processes do for the symbolic search: formulas tried per second with one job and with two, and more.

    python tests/benchmarks/bench_search_jobs.py                         1 and 2 jobs, each twice, 10 s a search
    python tests/benchmarks/bench_search_jobs.py --jobs 1 4 --limit 20

Three tables that hold nothing that is found soon: an exact one, the same with 5 % noise, and diabetes. Columns:
formulas tried per second; work done per second, as the plan's steps count it, and its ratio to that of the first number
of jobs; `alike`, how much sooner as many formulas had been tried as the first search tried in all, which compares the
same formulas (later stages try fewer, each dearer); seconds on the wall; processor seconds of this process and of the
others. The machine must be quiet; on a busy one, compare the processor seconds with those on the wall.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from dataclasses import dataclass

from quiet import settle

settle(1, False)

import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

from fitx.fitters.base import Context, Data  # noqa: E402
from fitx.fitters.symbolic import Symbolic  # noqa: E402
from fitx.search.setup import make_search  # noqa: E402

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Result:
    """One search. curve: seconds, and formulas tried by then; own, others: processor seconds."""

    curve: list[tuple[float, int]]
    tried: int
    work: float
    seconds: float
    own: float
    others: float

    def until(self, tried: int) -> float:
        """Seconds until so many formulas had been tried; inf where they were not."""
        return next((t for t, n in self.curve if n >= tried), math.inf)


def tables() -> dict[str, tuple[Array, Array]]:
    """X (n, d) and y (n,) by name."""
    from sklearn.datasets import load_diabetes

    r = np.random.default_rng(0)
    X = r.uniform(1, 5, (1000, 4))
    a, b, c, d = X.T
    y = np.sin(a * b + np.cos(c)) * np.exp(np.sin(d * a)) + np.tan(b / 7) * np.sqrt(c + d**1.3)
    return {
        "exact": (X, y),
        "noisy": (X, y + 0.05 * y.std() * r.standard_normal(1000)),
        "diabetes": load_diabetes(return_X_y=True),
    }


def run(X: Array, y: Array, jobs: int, limit: float) -> Result:
    """One search of so many seconds."""
    names = tuple(f"v{j}" for j in range(X.shape[1]))
    start, before = time.perf_counter(), os.times()
    curve: list[tuple[float, int]] = [(0.0, 0)]

    def count(n: int) -> None:
        curve.append((time.perf_counter() - start, curve[-1][1] + n))

    context = Context(Symbolic().resolve_options({}), np.random.default_rng(0), start + limit, jobs, tried=count)
    search = make_search(Data(np.asfortranarray(X), y, names), context)
    with threadpool_limits(1, "blas"):
        for _ in search.run():
            pass
    after = os.times()
    own = after.user + after.system - before.user - before.system
    others = after.children_user + after.children_system - before.children_user - before.children_system
    return Result(curve, search.tried, search.work, time.perf_counter() - start, own, others)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2, 1, 2])
    parser.add_argument("--limit", type=float, default=10.0, metavar="SECONDS", help="time limit of a search")
    parser.add_argument("--only", default="", metavar="NAME", help="tables whose name contains this")
    arguments = parser.parse_args()
    print(f"{'table':10} {'jobs':>4} {'formulas/s':>11} {'work/s':>7} {'ratio':>6} {'alike':>6} {'wall':>6} "
          f"{'own':>6} {'others':>6}")  # fmt: skip
    for name, (X, y) in tables().items():
        if arguments.only not in name:
            continue
        first: Result | None = None
        for jobs in arguments.jobs:
            r = run(X, y, jobs, arguments.limit)
            first = first or r
            ratio = r.work / r.seconds / (first.work / first.seconds)
            alike = first.until(first.tried) / r.until(first.tried)
            print(f"{name:10} {jobs:4} {r.tried / r.seconds:11.3g} {r.work / r.seconds:7.3f} {ratio:6.2f} {alike:6.2f} "
                  f"{r.seconds:6.1f} {r.own:6.1f} {r.others:6.1f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

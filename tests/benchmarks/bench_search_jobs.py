"""What further processes do for the symbolic search: formulas tried per second with one job and with two, and more.

    python tests/benchmarks/bench_search_jobs.py                         1 and 2 jobs, each twice, 10 s a search
    python tests/benchmarks/bench_search_jobs.py --jobs 1 4 --limit 20

Three tables that hold nothing that is found soon: an exact one, the same with 5 % noise, and diabetes. Columns:
formulas tried and work done, as the plan's steps count it, per second and relative to the first number of jobs; seconds
on the wall; processor seconds of this process and of the others. The machine must be quiet; on a busy one, compare the
processor seconds with those on the wall.
"""

from __future__ import annotations

import argparse
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
    """One search. own, others: processor seconds."""

    tried: int
    work: float
    seconds: float
    own: float
    others: float


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
    context = Context(Symbolic().resolve_options({}), np.random.default_rng(0), start + limit, jobs)
    search = make_search(Data(np.asfortranarray(X), y, names), context)
    with threadpool_limits(1, "blas"):
        for _ in search.run():
            pass
    after = os.times()
    own = after.user + after.system - before.user - before.system
    others = after.children_user + after.children_system - before.children_user - before.children_system
    return Result(search.tried, search.work, time.perf_counter() - start, own, others)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2, 1, 2])
    parser.add_argument("--limit", type=float, default=10.0, metavar="SECONDS", help="time limit of a search")
    parser.add_argument("--only", default="", metavar="NAME", help="tables whose name contains this")
    arguments = parser.parse_args()
    print(f"{'table':10} {'jobs':>4} {'formulas/s':>11} {'ratio':>6} {'work/s':>7} {'ratio':>6} {'wall':>6} "
          f"{'own':>6} {'others':>6}")  # fmt: skip
    for name, (X, y) in tables().items():
        if arguments.only not in name:
            continue
        first: Result | None = None
        for jobs in arguments.jobs:
            r = run(X, y, jobs, arguments.limit)
            first = first or r
            speeds = r.tried / r.seconds, r.work / r.seconds
            base = first.tried / first.seconds, first.work / first.seconds
            print(f"{name:10} {jobs:4} {speeds[0]:11.3g} {speeds[0] / base[0]:6.2f} {speeds[1]:7.3f} "
                  f"{speeds[1] / base[1]:6.2f} {r.seconds:6.1f} {r.own:6.1f} {r.others:6.1f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

"""pyoperon on one table, run by a Python that has it: `python run_pyoperon.py JOB.json` (see `peers/__init__.py`).

Operon's own recipe: NSGA-II over (error, length), linear scaling, Levenberg-Marquardt on every offspring. Of its
front the shortest formula is taken whose error is the least one's, to 1e-11 of the variance of y. It searches until
the time is up; the seconds told are those after which a formula with 1 - R2 < 1e-9 first stood in its front.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import pyoperon.sklearn as binding

EXACT = 1e-9


class WatchedNSGA2:
    """pyoperon's NSGA-II with a clock: `reached` is the time of the first exact formula."""

    reached: float | None = None

    def __init__(self, *settings: Any) -> None:
        self.algorithm = OPERON.NSGA2Algorithm(*settings)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.algorithm, name)

    def Run(self, rng: Any, report: Any, threads: int, warm_start: bool) -> None:
        """Run and look at the front after each generation."""

        def look() -> None:
            if WatchedNSGA2.reached is None and min(m.GetFitness(0) for m in self.algorithm.BestFront) < EXACT:
                WatchedNSGA2.reached = time.perf_counter()

        self.algorithm.Run(rng, look, threads, warm_start)


class WatchedOperon:
    """The module `pyoperon` with the watched algorithm in the place of its own."""

    def __getattr__(self, name: str) -> Any:
        return WatchedNSGA2 if name == "NSGA2Algorithm" else getattr(OPERON, name)


OPERON = binding.op
binding.op = WatchedOperon()


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    X, y = np.load(job["table"])["X"], np.load(job["table"])["y"]
    fitter = binding.SymbolicRegressor(
        allowed_symbols="add,sub,mul,div,pow,square,sqrt,exp,log,sin,cos,constant,variable",
        objectives=["nmse", "length"],
        optimizer_iterations=5,
        generations=10**8,
        max_evaluations=10**12,
        max_time=max(1, round(job["seconds"])),
        n_threads=job["threads"],
        random_state=job["seed"],
        model_selection_criterion=job.get("criterion") or "mean_squared_error",
    )
    began = time.perf_counter()
    fitter.fit(X, y)
    seconds = (WatchedNSGA2.reached or time.perf_counter()) - began
    least = min(one["mean_squared_error"] for one in fitter.pareto_front_)
    near = [one for one in fitter.pareto_front_ if one["mean_squared_error"] <= least + 1e-11 * np.var(y)]
    chosen = min(near, key=lambda one: one["length"])
    tree = fitter.model_ if job.get("criterion") else chosen["tree"]
    formula = fitter.get_model_string(tree, 15, job["names"])
    answer = {"formula": formula, "seconds": seconds}
    with open(job["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main(sys.argv[1])

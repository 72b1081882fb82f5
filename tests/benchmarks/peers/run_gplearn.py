"""gplearn on one table, run by a Python that has it: `python run_gplearn.py JOB.json` (see `peers/__init__.py`).

gplearn has no time limit: it is warm-started, one generation more each time, until the time is up or a formula is
exact.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np


def bounded_exp(x: np.ndarray) -> np.ndarray:
    """exp, cut where it would overflow: gplearn wants functions that are closed."""
    return np.exp(np.clip(x, -50, 50))


def text(program: list, names: list[str]) -> str:
    """The program in prefix form with its constants in full; str(program) would cut them to three decimals."""
    steps = iter(program)

    def read() -> str:
        step = next(steps)
        if isinstance(step, int):
            return names[step]
        if isinstance(step, float):
            return repr(float(step))
        return f"{step.name}({', '.join(read() for _ in range(step.arity))})"

    return read()


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    X, y = np.load(job["table"])["X"], np.load(job["table"])["y"]
    from gplearn.functions import make_function
    from gplearn.genetic import SymbolicRegressor

    warnings.simplefilter("ignore")
    exp = make_function(function=bounded_exp, name="exp", arity=1)
    SymbolicRegressor(population_size=20, generations=1, n_jobs=job["threads"]).fit(
        X[:20], y[:20]
    )  # starts the workers
    fitter = SymbolicRegressor(
        population_size=1000,
        generations=1,
        function_set=("add", "sub", "mul", "div", "sqrt", "log", "sin", "cos", exp),
        const_range=(-5.0, 5.0),
        metric="mse",
        stopping_criteria=1e-12 * float(np.var(y)),
        parsimony_coefficient=1e-4 * float(np.var(y)),
        p_crossover=0.7,
        p_subtree_mutation=0.1,
        p_hoist_mutation=0.05,
        p_point_mutation=0.1,
        feature_names=job["names"],
        warm_start=True,
        low_memory=True,
        n_jobs=job["threads"],
        random_state=job["seed"],
    )
    began, best, error = time.perf_counter(), "", np.inf
    while time.perf_counter() - began < job["seconds"] and error > fitter.stopping_criteria:
        fitter.fit(X, y)
        if fitter._program.raw_fitness_ < error:
            best, error = text(fitter._program.program, job["names"]), fitter._program.raw_fitness_
        fitter.set_params(generations=fitter.generations + 1)
    answer = {"formula": best, "seconds": time.perf_counter() - began}
    with open(job["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    main(sys.argv[1])

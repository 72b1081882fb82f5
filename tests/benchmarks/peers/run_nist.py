"""lmfit and SciPy's curve_fit with their defaults on NIST's problems: `python run_nist.py JOB.json ANSWER.json`.

The job is a list of {model, columns: name -> values, y, starts}; the answer has for each, and for each start, values,
standard errors and seconds of both. Models are evaluated by asteval, which is lmfit's own.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np


def run(solve: object) -> dict:
    """What `solve` finds, and how long it took; NaN where it raises."""
    began = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values, errors = solve()
    except Exception as error:
        return {"values": None, "errors": None, "seconds": time.perf_counter() - began, "note": str(error)[:200]}
    return {"values": list(values), "errors": list(errors), "seconds": time.perf_counter() - began, "note": ""}


def both(problem: dict, start: list[float]) -> dict:
    """The answers of lmfit and curve_fit from one start."""
    from lmfit.models import ExpressionModel
    from scipy.optimize import curve_fit

    columns = {k: np.array(v) for k, v in problem["columns"].items()}
    y = np.array(problem["y"])
    names = [f"b{i + 1}" for i in range(len(start))]
    model = ExpressionModel(problem["model"].replace("atan(", "arctan("), independent_vars=list(columns))

    def by_lmfit() -> tuple:
        found = model.fit(y, **dict(zip(names, start, strict=True)), **columns)
        errors = [np.nan if found.params[n].stderr is None else found.params[n].stderr for n in names]
        return [found.params[n].value for n in names], errors

    def by_scipy() -> tuple:
        values, covariance = curve_fit(
            lambda _, *p: model.eval(**dict(zip(names, p, strict=True)), **columns), np.arange(len(y)), y, p0=start
        )
        return values, np.sqrt(np.diag(covariance))

    return {"lmfit": run(by_lmfit), "curve_fit": run(by_scipy)}


def main(job: str, answer: str) -> None:
    """Read the job, write the answer."""
    with open(job, encoding="utf-8") as file:
        problems = json.load(file)
    found = [[both(p, start) for start in p["starts"]] for p in problems]
    with open(answer, "w", encoding="utf-8") as file:
        json.dump(found, file)


if __name__ == "__main__":
    main(*sys.argv[1:])

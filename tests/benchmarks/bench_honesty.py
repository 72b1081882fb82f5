"""What fitx makes of pure noise and of a noisy line, and whether the held-out r2 that it prints is right.

    python tests/benchmarks/bench_honesty.py                                        all, `auto` and every method
    python tests/benchmarks/bench_honesty.py noise line --seeds 10 --jobs 1 --cpu   a short look on a busy machine
    python tests/benchmarks/bench_honesty.py calibration --methods poly,mars --rows 30,200

noise: X and y standard normal; how often the answer is a formula other than the mean (at most 5 percent). line: y of a
line and noise of a fifth of its standard deviation; how often the answer is a line (at least 90 percent). calibration:
tables drawn from four laws with noise: the mean of the printed r2, that of the returned formula's r2 on 100,000 fresh
rows, and the difference in standard errors (at most one). What is printed is fitted to all rows, its error that of the
same work on fewer rows: `(law)` is the difference for the laws' own structures, where nothing is chosen. `mse` is the
median ratio of held-out to fresh mean squares, which does not depend on the spread of y among a few rows. Fits run in
processes of one thread each; seconds are processor seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy comes in
if "--cpu" in sys.argv or os.environ.get("FITX_BENCH_CPU"):
    os.environ["FITX_BENCH_CPU"] = "1"  # for the processes that this one starts
    time.perf_counter = time.process_time  # before fitx comes in

import numpy as np  # noqa: E402

Array = Any
METHODS = ("poly", "rational", "spline", "curve", "mars", "symbolic", "mlp", "auto")
FRESH = 100_000


@dataclass(frozen=True, slots=True)
class Law:
    """A function of d columns, uniform between low and high; noise: share of its standard deviation."""

    name: str
    d: int
    low: float
    high: float
    noise: float
    f: Callable[[Array], Array]

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """X (n, d) and y (n,) with noise."""
        X = rng.uniform(self.low, self.high, (n, self.d))
        wide = self.f(np.random.default_rng(0).uniform(self.low, self.high, (FRESH, self.d)))
        return X, self.f(X) + self.noise * wide.std() * rng.normal(size=n)


LAWS = (
    Law("line", 1, 0, 10, 0.5, lambda X: 3 * X[:, 0] + 2),
    Law("saturation", 1, 0, 10, 0.2, lambda X: 5 * X[:, 0] / (2 + X[:, 0])),
    Law("wave", 1, 0, 6, 0.3, lambda X: np.sin(X[:, 0]) + 0.2 * X[:, 0]),
    Law("product", 3, 1, 3, 0.3, lambda X: X[:, 0] * X[:, 1] + np.exp(-X[:, 2])),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One fit. law: -1 standard normal y (d columns), -2 the line, others of LAWS."""

    method: str
    law: int
    n: int
    d: int
    seed: int
    limit: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. plain: the mean of pure noise, a line of the line; printed, fresh: r2; mse: their ratio."""

    job: Job
    method: str
    formula: str
    plain: bool
    printed: float
    fresh: float
    mse: float
    seconds: float
    note: str = ""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="*", help="noise, line, calibration (all)")
    parser.add_argument("--seeds", type=int, default=50, help="tables of noise and of the line of each shape")
    parser.add_argument("--tables", type=int, default=100, help="simulated tables of each method and size")
    parser.add_argument("--rows", default="", metavar="N,N", help="sizes; 50,200,1000 and 30,200,1000")
    parser.add_argument("--columns", default="1,3,10", metavar="D,D", help="columns of pure noise")
    parser.add_argument("--methods", default="", metavar="NAME,NAME", help="auto; for the calibration every method")
    parser.add_argument("--time-limit", type=float, default=None, metavar="SECONDS", help="of a fit")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--cpu", action="store_true", help="time limits count processor time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every fit")
    return parser.parse_args()


def table(job: Job) -> tuple[Array, Array]:
    """The rows of a job."""
    rng = np.random.default_rng([job.n, job.d if job.law != -2 else 99, job.seed, job.law + 2])
    if job.law == -1:
        return rng.normal(size=(job.n, job.d)), rng.normal(size=job.n)
    if job.law == -2:
        x = rng.uniform(0, 10, (job.n, 1))
        y = 3 * x[:, 0] + 2
        return x, y + 0.2 * y.std() * rng.normal(size=job.n)
    return LAWS[job.law].sample(job.n, rng)


def run(job: Job) -> Outcome:
    """One fit."""
    import fitx
    from fitx.errors import FitxError

    warnings.simplefilter("ignore")  # what fitx says of each table
    X, y = table(job)
    began = time.process_time()
    try:
        fit = fitx.fit(X, y, method=job.method, time_limit=job.limit, seed=job.seed, jobs=1)
    except FitxError as error:
        return Outcome(job, job.method, "", False, np.nan, np.nan, np.nan, time.process_time() - began, error.message)
    seconds = time.process_time() - began
    printed, fresh, mse = np.nan if fit.holdout.r2 is None else fit.holdout.r2, np.nan, np.nan
    if job.law == -2:
        values = fit.predict(np.arange(1.0, 10.0)[:, None])
        bend = np.abs(np.diff(values, 2)).max()
        plain = bool(fit.formula.variables and bend <= 1e-6 * (np.ptp(values) or 1.0))
    else:
        plain = not fit.formula.variables
    if job.law >= 0:
        new, truth = LAWS[job.law].sample(FRESH, np.random.default_rng([job.seed, 4711]))
        square = float(np.mean((truth - fit.predict(new)) ** 2))
        fresh, mse = 1 - square / float(truth.var()), (fit.holdout.rmse or 0.0) ** 2 / square
    return Outcome(job, fit.method, fit.formula.text(4), plain, printed, fresh, mse, seconds)


def all_of(jobs: Sequence[Job], processes: int) -> list[Outcome]:
    """Every job, in processes where there are several."""
    if processes == 1:
        return [run(job) for job in jobs]
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(processes) as pool:
        return list(pool.map(run, jobs))


def plainly(o: argparse.Namespace, law: int, method: str, n: int, d: int) -> list[Outcome]:
    """Fits of noise or of the line; prints how many are wrong."""
    found = all_of([Job(method, law, n, d, seed, o.time_limit) for seed in range(o.seeds)], o.jobs)
    wrong = [one for one in found if not one.plain]
    name = f"noise, {d:2d} columns" if law == -1 else "line"
    by = ", ".join(f"{k} {v}" for k, v in Counter(one.method for one in wrong).items())
    shown = "; ".join(one.formula[:40] for one in wrong[:2])
    seconds = np.mean([one.seconds for one in found])
    print(f"{method:9s} {n:5d} rows  {name:18s} wrong {len(wrong):3d} of {len(found)} ({len(wrong) / len(found):4.0%})"
          f" {seconds:6.2f} s each  {by}  {shown}", flush=True)  # fmt: skip
    return found


def calibration(o: argparse.Namespace, method: str, n: int) -> list[Outcome]:
    """Fits of tables from the laws; prints the means and the difference."""
    jobs = [Job(method, i % len(LAWS), n, 0, i, o.time_limit) for i in range(o.tables)]
    found = all_of(jobs, o.jobs)
    told = [one for one in found if np.isfinite(one.printed) and np.isfinite(one.fresh)]
    if len(told) < 2:
        print(f"{method:9s} {n:5d} rows  {found[0].note or 'nothing to compare'}", flush=True)
        return found
    printed, fresh = (np.array([getattr(one, k) for one in told]) for k in ("printed", "fresh"))
    difference = printed - fresh
    error = difference.std(ddof=1) / np.sqrt(len(told))
    print(f"{method:9s} {n:5d} rows {len(told):4d} tables  printed {printed.mean():8.4f}  fresh {fresh.mean():8.4f}  "
          f"difference {difference.mean():+8.4f} = {difference.mean() / error:+5.1f} standard errors  "
          f"(median {np.median(difference):+.4f})  mse {np.median([one.mse for one in told]):.3f}  "
          f"least {printed.min():.2f} {fresh.min():.2f}  {np.mean([one.seconds for one in found]):.2f} s each",
          flush=True)  # fmt: skip
    return found


def law_itself(o: argparse.Namespace, n: int) -> None:
    """The same for the structures of the laws themselves, constants fitted by least squares: nothing is chosen."""
    models = {"line": "a*x + b", "saturation": "a*x/(2 + x) + b", "wave": "a*sin(x) + b*x",
              "product": "a*x1*x2 + b*exp(-x3)"}  # fmt: skip
    import fitx

    warnings.simplefilter("ignore")
    differences = []
    for i in range(o.tables):
        law = LAWS[i % len(LAWS)]
        X, y = table(Job("model", i % len(LAWS), n, 0, i, None))
        fit = fitx.fit(X, y, model=models[law.name], seed=i, jobs=1)
        new, truth = law.sample(FRESH, np.random.default_rng([i, 4711]))
        p = fit.formula.evaluate({name: new[:, k] for k, name in enumerate(fit.features)})
        differences.append((fit.holdout.r2 or 0.0) - (1 - float(np.mean((truth - p) ** 2)) / float(truth.var())))
    d = np.array(differences)
    error = d.std(ddof=1) / np.sqrt(len(d))
    print(f"{'(law)':9s} {n:5d} rows {len(d):4d} tables  the structure given, nothing chosen:      "
          f"difference {d.mean():+8.4f} = {d.mean() / error:+5.1f} standard errors  (median {np.median(d):+.4f})",
          flush=True)  # fmt: skip


def main(o: argparse.Namespace) -> None:
    """Run what was asked for."""
    what = o.what or ["noise", "line", "calibration"]
    if set(what) - {"noise", "line", "calibration"}:
        sys.exit("what to run: noise, line, calibration")
    found: list[Outcome] = []
    rows = [int(v) for v in o.rows.split(",")] if o.rows else []
    for method in o.methods.split(",") if o.methods else ["auto"]:
        for n in rows or [50, 200, 1000]:
            for d in map(int, o.columns.split(",")) if "noise" in what else ():
                found += plainly(o, -1, method, n, d)
            if "line" in what:
                found += plainly(o, -2, method, n, 1)
    if "calibration" in what:
        for n in rows or [30, 200, 1000]:
            law_itself(o, n)
            for method in o.methods.split(",") if o.methods else METHODS:
                found += calibration(o, method, n)
    if o.json:
        o.json.write_text(json.dumps([asdict(one) for one in found], indent=1) + "\n")


if __name__ == "__main__":
    main(arguments())

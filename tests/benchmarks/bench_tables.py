"""How well formulas found on real tables predict rows that were kept back; on request beside pyoperon.

    python tests/benchmarks/bench_tables.py                                      every table, 5 splits, 60 s each
    python tests/benchmarks/bench_tables.py --table diabetes --limit 10 --splits 2
    python tests/benchmarks/bench_tables.py --peers /path/to/venv/bin/python --json result.json

Tables: scikit-learn's diabetes and linnerud (each of its three targets), Friedman's three functions with noise, and
the CSV files of the folder `shared/data/real` beside the project, where it is there. A quarter of the rows is the
test; the searches see the others, for the same time on the same number of threads. Columns: median test R2 over the
splits (and the least), and the median size of the formula, counted alike for both.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "real"
TARGETS = {"longley": "Employed", "mtcars": "mpg", "Puromycin": "rate", "Loblolly": "height"}  # others: the last column


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--table", action="append", help="only this table; may be repeated")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS", help="time limit a search")
    parser.add_argument("--jobs", type=int, default=THREADS, help=f"threads of every search (here {THREADS})")
    parser.add_argument("--cpu", action="store_true", help="count processor time of fitx; with --jobs 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--method", default="symbolic", help="fitx's method; `none` runs the peer alone")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter with pyoperon")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every split and the table")
    return parser.parse_args()


ARGUMENTS = arguments()
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(ARGUMENTS.jobs)  # before NumPy comes in
if ARGUMENTS.cpu:
    time.perf_counter = time.process_time  # before fitx comes in

import numpy as np  # noqa: E402
import peers  # noqa: E402
import suites  # noqa: E402

Array = Any


@dataclass(frozen=True, slots=True)
class Result:
    """One search on one split of one table."""

    table: str
    split: int
    search: str
    r2: float
    size: int
    seconds: float
    formula: str
    note: str = ""


def tables() -> dict[str, tuple[Array, Array]]:
    """X (n, d) and y (n,) by name; what is not here is left out with the reason on standard error."""
    from sklearn import datasets

    found: dict[str, tuple[Array, Array]] = {}
    diabetes = datasets.load_diabetes()
    found["diabetes"] = diabetes.data, diabetes.target
    linnerud = datasets.load_linnerud()
    for k, name in enumerate(linnerud.target_names):
        found[f"linnerud_{name}"] = linnerud.data, linnerud.target[:, k]
    found["friedman1"] = datasets.make_friedman1(500, noise=1.0, random_state=1)
    found["friedman2"] = datasets.make_friedman2(500, noise=125.0, random_state=1)
    found["friedman3"] = datasets.make_friedman3(500, noise=0.1, random_state=1)
    if not REAL.is_dir():
        print(f"skipped the CSV files: there is no `{REAL}`", file=sys.stderr)
    for path in sorted(REAL.glob("*.csv")) if REAL.is_dir() else ():
        found[path.stem] = read(path)
    return {name: (np.asarray(X, float), np.asarray(y, float)) for name, (X, y) in found.items()}


def read(path: Path) -> tuple[Array, Array]:
    """A small CSV file: text columns are numbered in order of appearance."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    columns = {}
    for name, texts in zip(head, zip(*rows, strict=True), strict=True):
        try:
            columns[name] = [float(t) for t in texts]
        except ValueError:
            order = {t: float(k) for k, t in enumerate(dict.fromkeys(texts))}
            columns[name] = [order[t] for t in texts]
    target = TARGETS.get(path.stem, head[-1])
    return np.array([columns[n] for n in head if n != target]).T, np.array(columns[target])


def test_r2(formula: str, X: Array, y: Array, names: list[str]) -> float:
    """1 - SSE/SST on the test rows; -inf where the formula cannot be read or is undefined on one of them."""
    from fitx.errors import FitxError
    from fitx.formula import parse
    from fitx.formula.evaluate import predict

    try:
        p = predict(parse(formula.replace("^", "**")), X, names)
    except (FitxError, ValueError, RecursionError):
        return -np.inf
    return float(1 - np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)) if np.isfinite(p).all() else -np.inf


def run_fitx(o: argparse.Namespace, X: Array, y: Array, names: list[str]) -> peers.Answer:
    """What `fitx.fit` answers."""
    import fitx

    began = time.perf_counter()
    try:
        fit = fitx.fit(
            X, y, method=o.method, feature_names=names, time_limit=o.limit, seed=o.seed, jobs=o.jobs, holdout=0.0
        )
        return peers.Answer(fit.formula.text(), time.perf_counter() - began)
    except Exception as error:
        return peers.Answer("", time.perf_counter() - began, f"{type(error).__name__}: {error}")


def measure(o: argparse.Namespace, name: str, X: Array, y: Array) -> list[Result]:
    """Every search on every split."""
    searches = ([] if o.method == "none" else ["fitx"]) + (["pyoperon"] if o.peers else [])
    names = [f"x{k + 1}" for k in range(X.shape[1])]
    results = []
    for split in range(o.splits):
        order = np.random.default_rng([o.seed, split]).permutation(len(y))
        test, train = np.split(order, [max(2, len(y) // 4)])
        for search in searches:
            if search == "fitx":
                answer = run_fitx(o, X[train], y[train], names)
            else:
                answer = peers.run(
                    search, o.peers, X[train], y[train], names, seconds=o.limit, threads=o.jobs, seed=o.seed,
                    criterion="minimum_description_length",
                )  # fmt: skip
            r2 = test_r2(answer.formula, X[test], y[test], names)
            size = suites.size(answer.formula)
            results.append(Result(name, split, search, r2, size, answer.seconds, answer.formula, answer.note))
            shown = answer.formula[:90] or f"[{answer.note}]"
            print(f"{name:18s} {split} {search:9s} {r2:8.4f} {size:5d} {answer.seconds:6.1f} s  {shown}", flush=True)
    return results


def summary(results: list[Result]) -> str:
    """The table of medians."""
    searches = list(dict.fromkeys(r.search for r in results))
    lines = [f"{'table':18s}" + "".join(f"{s + ' R2':>14s}{'least':>9s}{'size':>6s}" for s in searches)]
    for name in dict.fromkeys(r.table for r in results):
        line = f"{name:18s}"
        for s in searches:
            part = [r for r in results if r.table == name and r.search == s]
            r2 = [r.r2 for r in part]
            line += f"{np.median(r2):14.4f}{min(r2):9.3f}{np.median([r.size for r in part]):6.0f}"
        lines.append(line)
    return "\n".join(lines)


def main(o: argparse.Namespace) -> None:
    """Run every table and print the summary."""
    found = tables()
    if o.table and set(o.table) - set(found):
        sys.exit(f"no table named {', '.join(set(o.table) - set(found))}: {', '.join(found)}")
    if o.peers and not peers.version(o.peers, "pyoperon"):
        sys.exit(f"`{o.peers}` cannot import pyoperon")
    results: list[Result] = []
    for name, (X, y) in found.items():
        if not o.table or name in o.table:
            results += measure(o, name, X, y)
    print("\n" + summary(results))
    if o.json:
        o.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")


if __name__ == "__main__":
    main(ARGUMENTS)

"""How well formulas found on real tables predict rows that were kept back; on request beside pyoperon.

    python tests/benchmarks/bench_tables.py                                      every table, 5 splits, 60 s each
    python tests/benchmarks/bench_tables.py --table diabetes --limit 10 --splits 2
    python tests/benchmarks/bench_tables.py --peers /path/to/venv/bin/python --json result.json

Tables: those of `real_tables.py`: twelve of scikit-learn or typed there, Friedman's three functions with noise, and the
CSV files of the folder `shared/data/real` beside the project, where it is there. A quarter of the rows is the test; the
searches see the others, for the same time on the same number of threads. Columns: median test R2 over the
splits (and the least), and the median size of the formula, counted alike for both.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quiet import THREADS, settle


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
settle(ARGUMENTS.jobs, ARGUMENTS.cpu)

import numpy as np  # noqa: E402
import peers  # noqa: E402
import real_tables  # noqa: E402
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


def tables() -> real_tables.Tables:
    """X (n, d) and y (n,) by name."""
    found = {**real_tables.twelve(), **real_tables.friedman(), **real_tables.from_folder()}
    return {name: (np.asarray(X, float), np.asarray(y, float)) for name, (X, y) in found.items()}


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
    for split, (train, test) in enumerate(real_tables.splits(len(y), o.splits, o.seed)):
        for search in searches:
            if search == "fitx":
                answer = run_fitx(o, X[train], y[train], names)
            else:
                answer = peers.run(
                    search, o.peers, X[train], y[train], names, seconds=o.limit, threads=o.jobs, seed=o.seed,
                    criterion="minimum_description_length",
                )  # fmt: skip
            r2 = real_tables.test_r2(answer.formula, X[test], y[test], names)
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

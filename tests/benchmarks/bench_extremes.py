"""Every method on every extreme table of `tests/extremes.py`, each with a time limit and in a process of its own.

    python tests/benchmarks/bench_extremes.py --cpu                              all of them; on a busy machine
    python tests/benchmarks/bench_extremes.py --method auto --table "n 1000000"

A fit must give a formula, or an error of fitx's in words, within the limit and a second (ten million rows and the
making of the table not counted in), warn in nothing but fitx's warnings, and predict finite values on the rows. What
does not is marked `!` with the reason; the last lines count. With --cpu fits go by the processor's time, and each
process is ended after 20 s of that; both times are shown.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quiet import settle

METHODS = ("poly", "lagrange", "rational", "spline", "curve", "model", "mars", "symbolic", "mlp", "auto")
LATE = 1.0  # seconds beyond the limit


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--method", action="append", help="only this method; may be repeated")
    parser.add_argument("--table", action="append", help="only tables of this name (* and ? as in a shell); repeatable")
    parser.add_argument("--again", type=Path, metavar="FILE", help="leave out pairs that are well in these results")
    parser.add_argument("--limit", type=float, default=5.0, metavar="SECONDS")
    parser.add_argument("--kill", type=float, default=20.0, metavar="SECONDS", help="when a process is ended")
    parser.add_argument("--cpu", action="store_true", help="fits count processor time")
    parser.add_argument("--most", type=int, default=10**9, metavar="ROWS", help="leave larger tables out")
    parser.add_argument("--least", type=int, default=0, metavar="ROWS", help="leave smaller tables out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="add every result to this file, one a line")
    return parser.parse_args()


ARGUMENTS = arguments()
settle(1, ARGUMENTS.cpu)
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from extremes import Extreme, extremes  # noqa: E402

import fitx  # noqa: E402
from fitx.errors import FitxWarning  # noqa: E402


@dataclass(slots=True)
class Result:
    """One method on one table. wrong: what must not be, "" where all is well."""

    method: str
    table: str
    wall: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0  # GB at most
    formula: str = ""
    error: str = ""
    r2: float | None = None
    told: tuple[str, ...] = ()
    wrong: str = ""


def attempt(method: str, table: Extreme, limit: float) -> Result:
    """Fit and predict, here."""
    X, y = table.rows()
    result, faults = Result(method, table.name), []
    more = {"model": f"a*{table.names[0]} + b"} if method == "model" else {"method": method}
    wall, cpu = time.monotonic(), time.process_time()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            fit = fitx.fit(X, y, time_limit=limit, jobs=1, **more)
            result.wall, result.cpu = time.monotonic() - wall, time.process_time() - cpu
            result.formula, result.r2 = str(fit), fit.holdout.r2 if fit.holdout.r2 is not None else fit.train.r2
            undefined = int((~np.isfinite(fit.predict(X))).sum())
            if undefined:
                faults.append(f"undefined on {undefined} rows")
        except fitx.FitxError as e:
            result.wall, result.cpu = time.monotonic() - wall, time.process_time() - cpu
            result.error = str(e).replace("\n\n", " | ")
        except BaseException as e:
            result.wall, result.cpu = time.monotonic() - wall, time.process_time() - cpu
            where = traceback.extract_tb(e.__traceback__)[-1]
            faults.append(f"{type(e).__name__}: {str(e)[:100]} ({Path(where.filename).name}:{where.lineno})")
    result.told = tuple(str(w.message) for w in heard if issubclass(w.category, FitxWarning))
    leaks = {f"{w.category.__name__}: {str(w.message)[:60]} ({Path(w.filename).name}:{w.lineno})"
             for w in heard if not issubclass(w.category, FitxWarning)}  # fmt: skip
    faults += sorted(leaks)
    if (result.cpu if ARGUMENTS.cpu else result.wall) > limit + LATE:
        faults.append("late")
    result.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    result.wrong = "; ".join(faults)
    return result


def apart(method: str, table: Extreme, o: argparse.Namespace) -> Result:
    """The same in a process of its own, which is ended when it does not end."""
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        made = 10 if table.n > 10**6 else 2  # seconds, at most, until the table is there and after the fit
        if o.cpu:
            resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + o.kill + made), resource.RLIM_INFINITY))
        signal.alarm(int((15 if o.cpu else 1) * (o.kill + made)))
        with os.fdopen(writing, "w") as out:
            out.write(json.dumps(asdict(attempt(method, table, o.limit))))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status, usage = os.wait4(child, 0)
    if text:
        return Result(**json.loads(text))
    how = signal.Signals(status & 127).name if status & 127 else f"exit {status >> 8}"
    wrong = "did not end" if how in ("SIGXCPU", "SIGALRM") else f"crashed: {how}"
    return Result(method, table.name, time.monotonic() - began, usage.ru_utime + usage.ru_stime, wrong=wrong)


def pairs(o: argparse.Namespace) -> Iterator[tuple[str, Extreme]]:
    """The methods and tables asked for, small tables first."""
    well: set[tuple[str, str]] = set()
    if o.again and o.again.exists():
        last = {(r["method"], r["table"]): r["wrong"] for r in map(json.loads, o.again.read_text().splitlines())}
        well = {pair for pair, wrong in last.items() if not wrong}
    for table in extremes():
        for method in METHODS:
            named = not o.table or any(fnmatch.fnmatch(table.name, t) for t in o.table)
            within = o.least <= table.n <= o.most and (not o.method or method in o.method)
            if named and within and (method, table.name) not in well:
                yield method, table


def shown(r: Result) -> str:
    """One line."""
    said = (f"{r.formula[:70]}" + (f"  [r2 {r.r2:.6g}]" if r.r2 is not None else "")) if r.formula else r.error[:110]
    mark = f"! {r.wrong}  " if r.wrong else ""
    return f"{r.method:9s} {r.table:30s} {r.wall:6.2f} {r.cpu:6.2f} {r.memory:4.1f}  {mark}{said}"


def warm() -> None:
    """Every method once, so that no fit pays for what is imported when it is first used."""
    x = np.linspace(1, 2, 30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method in METHODS:
            more: dict[str, Any] = {"model": "a*x + b"} if method == "model" else {"method": method}
            with contextlib.suppress(fitx.FitxError):
                fitx.fit(x, x**2 + np.sin(9 * x), time_limit=0.5, jobs=1, **more)


def main(o: argparse.Namespace) -> None:
    """Run all and count."""
    warm()
    print(f"{'method':9s} {'table':30s} {'wall s':>6s} {'cpu s':>6s} {'GB':>4s}", flush=True)
    results: list[Result] = []
    for method, table in pairs(o):
        results.append(apart(method, table, o))
        print(shown(results[-1]), flush=True)
        if o.json:
            with o.json.open("a") as out:
                out.write(json.dumps(asdict(results[-1])) + "\n")
    well = [r for r in results if not r.wrong]
    formulas = sum(bool(r.formula) for r in well)
    print(f"\n{len(results)} pairs: {formulas} formulas and {len(well) - formulas} words as they should be, "
          f"{len(results) - len(well)} marked")  # fmt: skip
    for r in results:
        if r.wrong:
            print(shown(r))
    for r in sorted(results, key=lambda r: -(r.cpu if o.cpu else r.wall))[:5]:
        print(f"longest: {r.method} on {r.table}, {r.wall:.2f} s, processor {r.cpu:.2f} s")


if __name__ == "__main__":
    main(ARGUMENTS)

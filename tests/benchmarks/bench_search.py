"""How many known laws the symbolic search recovers, how fast and how simply; on request beside its peers.

    python tests/benchmarks/bench_search.py                                  the suites that may be read
    python tests/benchmarks/bench_search.py --suite feynman --only I_15      some laws
    python tests/benchmarks/bench_search.py --suite feynman --rows 50        few rows
    python tests/benchmarks/bench_search.py --suite feynman --nuisance 20 --limit 20
    python tests/benchmarks/bench_search.py --suite tune --jobs 1 --cpu     the same figures on a busy machine
    python tests/benchmarks/bench_search.py --unseen --limit 20              totals on laws that nobody looks at
    python tests/benchmarks/bench_search.py --peers /path/to/venv/bin/python --limit 30 --json result.json

Columns: `recovered` by SRBench's rule (equal up to an added or multiplied constant, constants rounded to 3 decimals);
`exact`: R2 > 1 - 1e-9 on fresh rows, also of ranges a quarter wider; `structure`, with --noise: exact once the
constants are fitted to rows without noise; seconds of the call, imports not counted: median,
90th percentile, median over the exact ones, and the share of laws that are exact within 0.1 s; the median size of the
formula. Each search gets the same rows (fitx keeps a quarter of them for its held-out error), the same time and the
same number of threads. Peers run in an interpreter of their own, one after the other.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quiet import THREADS, settle


@dataclass(frozen=True, slots=True)
class Row:
    """One law and one search. recovered: None where no judge is here."""

    suite: str
    law: str
    search: str
    recovered: bool | None
    exact: bool
    seconds: float
    complexity: int
    formula: str
    note: str = ""
    structure: bool | None = None  # only told with noise


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--suite", action="append", help="feynman, classic, tune, measured ...; may be repeated")
    parser.add_argument("--unseen", action="store_true", help="the laws nobody looks at: totals only")
    parser.add_argument("--only", default="", metavar="NAME", help="laws whose name contains this")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--noise", type=float, default=0.0, help="share of rms(y)")
    parser.add_argument("--nuisance", type=int, default=0, metavar="N", help="features that y does not depend on")
    parser.add_argument("--limit", type=float, default=10.0, metavar="SECONDS", help="time limit a law")
    parser.add_argument("--jobs", type=int, default=THREADS, help=f"threads of every search (here {THREADS})")
    parser.add_argument("--cpu", action="store_true", help="count processor time, for a busy machine; with --jobs 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--method", default="symbolic", help="fitx's method; `none` runs the peers alone")
    parser.add_argument("--set", action="append", default=[], metavar="METHOD.OPTION=VALUE", help="as for `fitx fit`")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter with pyoperon and gplearn")
    parser.add_argument("--peer", action="append", help="only this peer; may be repeated")
    parser.add_argument("--units", action="store_true", help="give the units where the law has them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row and the table")
    return parser.parse_args()


ARGUMENTS = arguments()
settle(ARGUMENTS.jobs, ARGUMENTS.cpu)

import laws  # noqa: E402
import peers  # noqa: E402
import suites  # noqa: E402


def option(text: str) -> tuple[str, Any]:
    """METHOD.OPTION=VALUE as a pair; a value that reads as JSON is taken as such."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def text_of(fit: Any) -> str:
    """The formula in full precision. Euler's number is written as a number: a law may have a column named E."""
    import sympy

    return str(fit.expr.xreplace({sympy.E: sympy.Float(math.e)}))


def run_fitx(
    o: argparse.Namespace, X: Any, y: Any, names: list[str], target: str = "y", units: dict[str, str] | None = None
) -> tuple[peers.Answer, Any]:
    """The answer of `fitx.fit` and its `predict`, None where it declined."""
    import fitx

    began = time.perf_counter()
    try:
        fit = fitx.fit(
            X, y, method=o.method, feature_names=names, time_limit=o.limit, seed=o.seed, jobs=o.jobs,
            options=dict(map(option, o.set)) or None, target_name=target, units=units,
        )  # fmt: skip
    except Exception as error:  # a law on which it fails is a law not found; the others still run
        return peers.Answer("", time.perf_counter() - began, f"{type(error).__name__}: {error}"), None
    seconds = time.perf_counter() - began
    try:
        return peers.Answer(text_of(fit), seconds), fit.predict
    except Exception as error:
        return peers.Answer("", seconds, f"no formula: {type(error).__name__}: {error}"), None


def units_of(law: laws.Law, target: str) -> dict[str, str] | None:
    """The law's units, that of its target under the name `target`; in Feynman's catalogue T stands for kelvin."""
    if not law.get("units"):
        return None
    found = {name: text.rpartition(", ")[2].replace("Dimensionless", "1") for name, text in law["units"].items()}
    if law["suite"] == "feynman":
        found = {name: text.replace("T", "K") for name, text in found.items()}
    last = found.pop(law["target"], "1")
    return found | {target: last}


def warm_up(o: argparse.Namespace) -> None:
    """One small fit, so that imports are not charged to the first law."""
    import numpy as np

    x = np.linspace(1, 2, 200)
    answer, _ = run_fitx(o, x[:, None], 3 * x**2, ["x"])
    if answer.note:
        print(f"warning: the first fit failed: {answer.note}", file=sys.stderr)


def searches(o: argparse.Namespace) -> list[str]:
    """fitx and the peers that are here."""
    found = [] if o.method == "none" else ["fitx"]
    for name in (o.peer or peers.NAMES) if o.peers else ():
        if version := peers.version(o.peers, name):
            found.append(name)
            print(f"{name} {version}", file=sys.stderr)
        else:
            print(f"skipped {name}: `{o.peers}` cannot import it", file=sys.stderr)
    return found


def measure(o: argparse.Namespace, suite: str, law: laws.Law, found: list[str]) -> Iterator[Row]:
    """One row for each search on one law."""
    X, y = laws.sample(law, o.rows, o.seed + 1, o.noise, o.nuisance)
    names = laws.feature_names(law, o.nuisance)
    for search in found:
        if search == "fitx":
            target = law["target"] if law["target"] not in names else "y"
            answer, predict = run_fitx(o, X, y, names, target, units_of(law, target) if o.units else None)
        else:
            predict = None
            answer = peers.run(search, o.peers, X, y, names, seconds=o.limit, threads=o.jobs, seed=o.seed)
        recovered, exact = suites.verdict(
            answer.formula, law, protected=search == "gplearn", predict=predict, nuisance=o.nuisance
        )
        size = suites.size(answer.formula)
        shape = suites.structure(answer.formula, law, o.nuisance) if o.noise and answer.formula else None
        verdicts = recovered, exact, answer.seconds, size
        yield Row(suite, law["name"], search, *verdicts, answer.formula, answer.note, shape)


def line(row: Row) -> str:
    """A law's line: who, what, found or not, exact or not, seconds, size, formula cut to 100 characters."""
    judged = "  - " if row.recovered is None else " yes" if row.recovered else " NO "
    exact = "exact" if row.exact else "struc" if row.structure else "  .  "
    shown = (row.formula or f"[{row.note}]")[:100]
    return f"{row.search:9s} {row.law:30s}{judged} {exact} {row.seconds:7.2f} s {row.complexity:4d}  {shown}"


def summary(rows: list[Row]) -> dict[str, Any]:
    """The figures of the table for the rows of one suite and search."""
    seconds = [row.seconds for row in rows]
    return {
        "laws": len(rows),
        "recovered": None if any(row.recovered is None for row in rows) else sum(bool(row.recovered) for row in rows),
        "exact": sum(row.exact for row in rows),
        "structure": sum(row.exact or bool(row.structure) for row in rows),
        "median_seconds": suites.quantile(seconds, 0.5),
        "p90_seconds": suites.quantile(seconds, 0.9),
        "median_seconds_exact": suites.quantile([row.seconds for row in rows if row.exact], 0.5),
        "share_within_0.1s": sum(row.exact and row.seconds <= 0.1 for row in rows) / max(1, len(rows)),
        "median_complexity": suites.quantile([float(row.complexity) for row in rows if row.complexity], 0.5),
        "failed": sum(bool(row.note) for row in rows),
    }


def table(rows: list[Row]) -> tuple[list[dict[str, Any]], str]:
    """The figures for each suite and search, and over all suites; also as text."""
    groups = [(s, n) for s in dict.fromkeys(r.suite for r in rows) for n in dict.fromkeys(r.search for r in rows)]
    if len({suite for suite, _ in groups}) > 1:
        groups += [("all", search) for search in dict.fromkeys(r.search for r in rows)]
    figures: list[dict[str, Any]] = []
    for suite, search in groups:
        part = [r for r in rows if r.search == search and suite in (r.suite, "all")]
        if part:
            figures.append({"suite": suite, "search": search, **summary(part)})
    head = f"{'suite':16s}{'search':10s}{'laws':>5s}{'recovered':>15s}{'exact':>14s}{'structure':>14s}"
    head += f"{'median s':>10s}{'p90 s':>8s}{'exact s':>9s}{'<0.1 s':>8s}{'size':>6s}{'failed':>8s}"
    text = [head]
    for f in figures:
        counts = [f[k] for k in ("recovered", "exact", "structure")]
        share = ["-" if c is None else f"{c} ({c / f['laws']:.1%})" for c in counts]
        text.append(
            f"{f['suite']:16s}{f['search']:10s}{f['laws']:5d}{share[0]:>15s}{share[1]:>14s}{share[2]:>14s}"
            f"{f['median_seconds']:10.3f}"
            f"{f['p90_seconds']:8.2f}{f['median_seconds_exact']:9.3f}{f['share_within_0.1s']:8.1%}"
            f"{f['median_complexity']:6.0f}{f['failed']:8d}"
        )
    return figures, "\n".join(text)


def main(o: argparse.Namespace) -> None:
    """Run every suite, print lines (none for the unseen laws) and the table."""
    wanted = o.suite or ([] if o.unseen else list(suites.READABLE))
    known = (*suites.READABLE, *suites.UNSEEN)
    if set(wanted) - set(known):
        sys.exit(f"no suite named {', '.join(set(wanted) - set(known))}: {', '.join(known)}")
    found = searches(o)
    if "fitx" in found:
        warm_up(o)
    if suites.judge() is None:
        print(f"no judge: there is no `{suites.BENCH / 'judge.py'}`; only numeric exactness is told", file=sys.stderr)
    rows: list[Row] = []
    for suite in [*wanted, *(suites.UNSEEN if o.unseen else ())]:
        try:
            chosen = [law for law in suites.load(suite) if suite in suites.UNSEEN or o.only in law["name"]]
        except FileNotFoundError as reason:
            print(f"skipped {suite}: {reason}", file=sys.stderr)
            continue
        for i, law in enumerate(chosen):
            for row in measure(o, suite, law, found):
                rows.append(row)
                if suite not in suites.UNSEEN:
                    print(line(row), flush=True)
            if suite in suites.UNSEEN and sys.stderr.isatty():
                print(f"\r{suite} {i + 1}/{len(chosen)}", end="", file=sys.stderr, flush=True)
    figures, text = table(rows)
    print("\n" + text)
    if o.json:
        readable = [asdict(row) for row in rows if row.suite not in suites.UNSEEN]
        settings = {key: str(value) if isinstance(value, Path) else value for key, value in vars(o).items()}
        o.json.write_text(json.dumps({"settings": settings, "table": figures, "rows": readable}, indent=1) + "\n")


if __name__ == "__main__":
    main(ARGUMENTS)

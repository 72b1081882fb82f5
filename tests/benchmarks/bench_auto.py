"""`auto` beside the field on twelve small real tables and twenty laws, in one table.

    python tests/benchmarks/bench_auto.py                                        10 splits, 30 s a search
    python tests/benchmarks/bench_auto.py --splits 3 --limit 10 --jobs 1 --cpu   on a busy machine
    python tests/benchmarks/bench_auto.py --peers PYTHON_WITH_PYOPERON_GPLEARN_PYEARTH2 --json result.json
    python tests/benchmarks/bench_auto.py --tables others --only wine            tables that no rule was chosen by

Tables: those of `real_tables.py`, a quarter of their rows the test; R2 there, median over the splits and least. Laws:
twenty of `shared/bench` beside the project, where it is there; exact: R2 > 1 - 1e-9 on fresh rows, also of ranges a
quarter wider. Peers: scikit-learn's linear model, random forest and gradient boosting, and with --peers those that this
Python has. size: nodes of the formula's syntax tree; of trees, their nodes. Targets: laws exact in 19 of 20; R2 within
0.02 of the best peer's or better on 9 of 12 tables at less than 60 nodes; no R2 below -0.1, where the mean of the
training rows, which is shown, too, is not below that itself: R2 is by the mean of the few test rows.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from quiet import THREADS, settle


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", default="twelve", help="twelve, others, friedman, folder, none; with commas")
    parser.add_argument("--laws", type=int, default=20, metavar="N", help="laws, spread over those that are there")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--limit", type=float, default=30.0, metavar="SECONDS", help="time limit a search")
    parser.add_argument("--only", default="", metavar="NAME", help="tables and laws whose name contains this")
    parser.add_argument("--jobs", type=int, default=THREADS, help=f"threads of every search (here {THREADS})")
    parser.add_argument("--cpu", action="store_true", help="count processor time of fitx; with --jobs 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--method", default="auto", help="fitx's method; `none` runs the peers alone")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter with pyoperon, gplearn, py-earth2")
    parser.add_argument("--no-sklearn", action="store_true", help="without scikit-learn's three")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every result")
    return parser.parse_args()


ARGUMENTS = arguments()
settle(ARGUMENTS.jobs, ARGUMENTS.cpu)

import laws  # noqa: E402
import numpy as np  # noqa: E402
import peers  # noqa: E402
import real_tables  # noqa: E402
import suites  # noqa: E402

Array = Any
PEERS = {  # script -> module and package
    "pyoperon": ("pyoperon", "pyoperon"),
    "gplearn": ("gplearn", "gplearn"),
    "earth": ("pyearth", "py-earth2"),
}
SKLEARN = ("mean", "linear", "forest", "boosting")  # the mean of the training rows is no peer
NEAR, LEAST, READABLE = 0.02, -0.1, 60


@dataclass(frozen=True, slots=True)
class Result:
    """One search on one split of one table, or on one law (exact is None on tables)."""

    data: str
    split: int
    search: str
    r2: float
    size: int
    seconds: float
    formula: str
    exact: bool | None = None
    note: str = ""


def by_fitx(o: argparse.Namespace, X: Array, y: Array, names: list[str]) -> tuple[peers.Answer, Any]:
    """What `fitx.fit` answers, and its `predict`."""
    import fitx

    warnings.simplefilter("ignore")  # what fitx says of each table
    began = time.perf_counter()
    try:
        fit = fitx.fit(X, y, method=o.method, feature_names=names, time_limit=o.limit, seed=o.seed, jobs=o.jobs)
    except Exception as error:  # a table on which it fails is a table lost; the others still run
        return peers.Answer("", time.perf_counter() - began, f"{type(error).__name__}: {error}"), None
    return peers.Answer(fit.formula.text(), time.perf_counter() - began), fit.predict


def by_sklearn(name: str, o: argparse.Namespace, X: Array, y: Array) -> tuple[Any, int, float]:
    """The fitted model's `predict`, its nodes, the seconds. Defaults, but 500 trees in the forest."""
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import LinearRegression

    began = time.perf_counter()
    if name == "mean":
        return DummyRegressor().fit(X, y).predict, 1, time.perf_counter() - began
    if name == "linear":
        model = LinearRegression().fit(X, y)
        return model.predict, 4 * X.shape[1] + 1, time.perf_counter() - began
    if name == "forest":
        model = RandomForestRegressor(500, random_state=o.seed, n_jobs=o.jobs).fit(X, y)
    else:
        model = GradientBoostingRegressor(random_state=o.seed).fit(X, y)
    nodes = sum(tree.tree_.node_count for tree in np.ravel(model.estimators_))
    return model.predict, nodes, time.perf_counter() - began


def searched(
    o: argparse.Namespace, found: Iterable[str], X: Array, y: Array, names: list[str], noisy: bool
) -> Iterator[tuple[str, peers.Answer, Any, int]]:
    """(search, answer, predict, size); predict is None where the formula has to be read."""
    for search in found:
        if search == "fitx":
            answer, predict = by_fitx(o, X, y, names)
            yield search, answer, predict, suites.size(answer.formula)
        elif search in SKLEARN:
            predict, nodes, seconds = by_sklearn(search, o, X, y)
            yield search, peers.Answer("", seconds), predict, nodes
        else:
            criterion = "minimum_description_length" if noisy else ""
            answer = peers.run(
                search, o.peers, X, y, names, seconds=o.limit, threads=o.jobs, seed=o.seed, criterion=criterion
            )
            yield search, answer, None, suites.size(answer.formula)


def on_table(o: argparse.Namespace, found: list[str], name: str, X: Array, y: Array) -> Iterator[Result]:
    """Every search on every split."""
    names = [f"x{k + 1}" for k in range(X.shape[1])]
    for split, (train, test) in enumerate(real_tables.splits(len(y), o.splits, o.seed)):
        for search, answer, predict, size in searched(o, found, X[train], y[train], names, True):
            if predict is None:
                r2 = real_tables.test_r2(answer.formula, X[test], y[test], names)
            else:
                r2 = real_tables.r2(y[test], predict(X[test]))
            yield Result(name, split, search, r2, size, answer.seconds, answer.formula, None, answer.note)


def on_law(o: argparse.Namespace, found: list[str], law: laws.Law) -> Iterator[Result]:
    """Every search on 1000 rows of the law."""
    X, y = laws.sample(law, 1000, o.seed + 1)
    new, truth = laws.sample(law, 1000, o.seed + 987)
    names = laws.feature_names(law)
    for search, answer, predict, size in searched(o, found, X, y, names, False):
        if predict is None:
            r2 = real_tables.test_r2(answer.formula, new, truth, names)
        else:
            r2 = real_tables.r2(truth, predict(new))
        exact = answer.formula != "" and suites.verdict(
            answer.formula, law, protected=search == "gplearn", predict=predict
        )[1]  # fmt: skip
        yield Result(law["name"], 0, search, r2, size, answer.seconds, answer.formula, exact, answer.note)


def chosen_laws(number: int) -> list[laws.Law]:
    """As many of the shared laws, spread over their list; none, with the reason, where they are not here."""
    try:
        known = [law for suite in ("feynman", "classic") for law in suites.load(suite)]
    except FileNotFoundError as reason:
        print(f"skipped the laws: {reason}", file=sys.stderr)
        return []
    return [known[i * len(known) // number] for i in range(number)]


def chosen_tables(which: str) -> real_tables.Tables:
    """The tables of the sets named."""
    sets = {"twelve": real_tables.twelve, "others": real_tables.others, "friedman": real_tables.friedman,
            "folder": real_tables.from_folder, "none": dict}  # fmt: skip
    found: real_tables.Tables = {}
    for name in which.split(","):
        if name not in sets:
            sys.exit(f"no set of tables named {name}: {', '.join(sets)}")
        found |= sets[name]()
    return {name: (np.asarray(X, float), np.asarray(y, float)) for name, (X, y) in found.items()}


def summary(results: list[Result]) -> str:
    """Medians for each table and search, and the laws' counts."""
    searches = list(dict.fromkeys(r.search for r in results))
    tables, known = [r for r in results if r.exact is None], [r for r in results if r.exact is not None]
    return "\n".join([*(_of_tables(tables, searches) if tables else ()), *(_of_laws(known, searches) if known else ())])


def _of_tables(results: list[Result], searches: list[str]) -> list[str]:
    """R2 (median and least) of each search on each table; fitx's size and seconds, and those of all as medians."""
    lines = [f"{'':18s}" + "".join(f"{s:>9s}{'least':>8s}" for s in searches) + f"{'size':>6s}{'s':>7s}"]
    near, names = 0, list(dict.fromkeys(r.data for r in results))
    for name in names:
        parts = {s: [r for r in results if r.data == name and r.search == s] for s in searches}
        medians = {s: float(np.median([r.r2 for r in part])) for s, part in parts.items()}
        line = f"{name:18s}" + "".join(f"{medians[s]:9.4f}{min(r.r2 for r in parts[s]):8.3f}" for s in searches)
        if "fitx" in searches:
            size, seconds = (float(np.median([getattr(r, k) for r in parts["fitx"]])) for k in ("size", "seconds"))
            behind = (
                max((v for s, v in medians.items() if s not in ("fitx", "mean")), default=-np.inf) - medians["fitx"]
            )
            near += behind <= NEAR and size < READABLE
            line += f"{size:6.0f}{seconds:7.1f}" + (f"   behind by {behind:.3f}" if behind > NEAR else "")
        lines.append(line)
    for s in searches:
        part = [r for r in results if r.search == s]
        lines.append(f"{s:9s} median size {np.median([r.size for r in part]):.0f}, "
                     f"median {np.median([r.seconds for r in part]):.2f} s")  # fmt: skip
    if "fitx" in searches:
        mean = {(r.data, r.split): r.r2 for r in results if r.search == "mean"}
        low = [
            f"{r.data} {r.split} ({r.r2:.3f}; the mean {mean.get((r.data, r.split), np.nan):.3f})"
            for r in results
            if r.search == "fitx" and r.r2 < LEAST
        ]
        lines.append(f"fitx within {NEAR} of the best peer's or better, below {READABLE} nodes: {near} of {len(names)}")
        lines.append(f"fitx below {LEAST} on: {', '.join(low) or 'none'}")
    return lines


def _of_laws(results: list[Result], searches: list[str]) -> list[str]:
    """How many each search finds, how fast; those that fitx misses."""
    lines = []
    for s in searches:
        part = [r for r in results if r.search == s]
        seconds = [r.seconds for r in part]
        missed = ", ".join(r.data for r in part if not r.exact) if s == "fitx" else ""
        lines.append(
            f"laws, {s:9s}: exact {sum(bool(r.exact) for r in part)} of {len(part)}, "
            f"median {np.median(seconds):.2f} s, longest {max(seconds):.1f} s, "
            f"median size {np.median([r.size for r in part]):.0f}" + (f"; not {missed}" if missed else "")
        )
    return lines


def main(o: argparse.Namespace) -> None:
    """Run all, a line for each result, then the table."""
    found = ([] if o.method == "none" else ["fitx"]) + ([] if o.no_sklearn else list(SKLEARN))
    for name, (module, package) in PEERS.items() if o.peers else ():
        if peers.version(o.peers, module, package):
            found.append(name)
        else:
            print(f"skipped {name}: `{o.peers}` cannot import it", file=sys.stderr)
    results: list[Result] = []

    def note(some: Iterable[Result]) -> None:
        for r in some:
            results.append(r)
            shown = r.formula[:80] or (f"[{r.note}]" if r.note else "")
            told = "" if r.exact is None else "exact " if r.exact else "  .   "
            print(
                f"{r.data:20s} {r.split} {r.search:9s}{r.r2:9.4f}{r.size:6d}{r.seconds:7.2f} s {told} {shown}",
                flush=True,
            )

    for name, (X, y) in chosen_tables(o.tables).items():
        if o.only in name:
            note(on_table(o, found, name, X, y))
    for law in chosen_laws(o.laws) if o.laws else ():
        if o.only in law["name"]:
            note(on_law(o, found, law))
    print("\n" + summary(results))
    if o.json:
        o.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")


if __name__ == "__main__":
    main(ARGUMENTS)

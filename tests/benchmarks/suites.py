"""The suites of laws that a search is measured on, and the judge of its formulas.

`feynman` and `classic` are read from the folder `shared/bench` beside the project, where it is there; `tune`,
`measured`, `measured2` and the unread twins `unseen`, `measured_unseen` are in `laws/`.
`trees` and its unread twin `trees_unseen` are random expression trees, made when asked for.
"""

from __future__ import annotations

import ast
import functools
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import laws
import numpy as np
from laws import trajectories, trees

BENCH = Path(__file__).resolve().parents[3] / "shared" / "bench"
OURS = {
    "tune": "tune",
    "measured": "measured_tune",
    "measured2": "measured_more",
    "unseen": "unseen",
    "measured_unseen": "measured_unseen",
}
READABLE = ("feynman", "classic", "tune", "measured", "measured2", "trees", "trajectories")
UNSEEN = ("unseen", "measured_unseen", "trees_unseen")
TREES = {"trees": (2026, 100), "trees_unseen": (2027, 100)}  # seed and number of laws


def load(suite: str) -> list[laws.Law]:
    """The laws of a suite; FileNotFoundError with the reason where it is not here."""
    if suite == "trajectories":
        return trajectories.load()
    if suite in TREES:
        return trees.laws(*TREES[suite])
    if suite in OURS:
        return laws.load(OURS[suite])
    if not (BENCH / "problems.json").exists():
        raise FileNotFoundError(f"there is no `{BENCH / 'problems.json'}`")
    known: list[laws.Law] = json.loads((BENCH / "problems.json").read_text(encoding="utf-8"))
    return [law for law in known if (law["suite"] == "feynman") == (suite == "feynman")]


@functools.cache
def judge() -> ModuleType | None:
    """The module `judge` of the shared benchmark (its SymPy checks run in forked processes with a time limit)."""
    if not (BENCH / "judge.py").exists():
        return None
    sys.path.insert(0, str(BENCH))
    try:
        return importlib.import_module("judge")
    finally:
        sys.path.remove(str(BENCH))


def verdict(
    formula: str,
    law: laws.Law,
    *,
    protected: bool = False,
    predict: Callable[[Any], Any] | None = None,
    nuisance: int = 0,
) -> tuple[bool | None, bool]:
    """Whether the formula is the law by the judge's rule (None: no judge here), and numerically also beyond the box.

    protected: the formula's / log sqrt are gplearn's protected ones. predict: values for rows with `nuisance` columns
    more than the law has; used where there is no judge. A formula that needs a nuisance column is not the law.
    """
    if not formula:
        return (None if judge() is None else False), False
    module = judge()
    if module is not None:
        said = module.recovered(formula, law, protected=protected)
        return bool(said["recovered"]), bool(said["numeric_exact"])
    return None, predict is not None and laws.exact(predict, law, nuisance=nuisance)


def structure(formula: str, law: laws.Law, nuisance: int = 0) -> bool | None:
    """Whether the formula has the law's structure: exact once its constants are fitted to rows without noise.

    Free are all constants but whole and half exponents. None where the formula cannot be read.
    """
    from fitx.errors import FitxError
    from fitx.formula import Call, Const, Formula, call, parse
    from fitx.formula.evaluate import predict
    from fitx.search.refine import refine

    def free(c: Call, args: list[Formula]) -> Formula:
        if c.op == "pow" and isinstance(c.args[1], Const) and (2 * c.args[1].value) % 1 == 0:
            return call("pow", args[0], c.args[1])
        return call(c.op, *args)

    try:
        f = parse(formula).fold(lambda g: Const(float(g.value)) if isinstance(g, Const) else g, free)
    except (FitxError, ValueError, RecursionError):
        return None
    names = laws.feature_names(law, nuisance)
    if not set(f.variables) <= set(law["variables"]):
        return False
    X, y = laws.sample(law, 1000, 4242, nuisance=nuisance)
    for _ in range(3):
        f = refine(f, np.ascontiguousarray(X.T), y, tuple(names), rounds=60)
    return laws.exact(lambda rows: predict(f, rows, names), law, nuisance=nuisance)


def size(formula: str) -> int:
    """Nodes of a formula's syntax tree: operators, functions, names, numbers. One measure for every search."""
    try:
        tree = ast.parse(formula.replace("^", "**").strip(), mode="eval")
    except (SyntaxError, RecursionError, MemoryError):
        return 0
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    counted = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant)
    return sum(isinstance(node, counted) and id(node) not in called for node in ast.walk(tree))


def quantile(values: list[float], q: float) -> float:
    """The q-quantile, NaN of nothing."""
    return float(np.quantile(values, q)) if values else float("nan")

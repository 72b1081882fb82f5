"""Known laws to tune a search on and to judge it by: catalogues, a sampler and a numeric judge.

Five catalogues stand beside this file. `tune`, `measured_tune` and `measured_more` are for reading and debugging.
`unseen` and `measured_unseen` are twins in kind and difficulty; they stay unread, and only totals over them are
reported, so that those totals say how the search does on laws that nobody tuned it to. The `measured` ones have
constants of three or four digits inside.

A law is a dictionary: `name`, `suite`, `formula` (text with + - * / **, the functions of `FUNCTIONS` and `pi`),
`variables` (name -> [lo, hi], in column order), `target`, `units` (where natural), `n_vars`, `n_ops`, `sampling`,
`functions`. Nothing in it is executed: the formula is read by Python's `ast` and only the nodes listed here count.
"""

from __future__ import annotations

import ast
import functools
import itertools
import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Law = dict[str, Any]

CATALOGUES = ("tune", "unseen", "measured_tune", "measured_more", "measured_unseen")

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "abs": np.abs,
}

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
}


def load(name: str) -> list[Law]:
    """The laws of one catalogue (see `CATALOGUES`)."""
    if name not in CATALOGUES:
        raise ValueError(f"no catalogue named `{name}`; there are {', '.join(CATALOGUES)}")
    laws: list[Law] = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    return laws


@functools.cache
def parse(formula: str) -> ast.expr:
    """The checked syntax tree of a formula; ValueError names the first thing that is not arithmetic."""
    tree = ast.parse(formula, mode="eval").body
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if not (isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS):
                raise ValueError(f"not a known function in `{formula}`: {ast.unparse(node.func)}")
            if len(node.args) != 1 or node.keywords:
                raise ValueError(f"functions take one argument in `{formula}`")
        elif isinstance(node, ast.Name):
            if id(node) not in called and node.id in FUNCTIONS:
                raise ValueError(f"function without an argument in `{formula}`: {node.id}")
        elif isinstance(node, ast.Constant):
            if type(node.value) not in (int, float):
                raise ValueError(f"not a number in `{formula}`: {node.value!r}")
        elif not isinstance(node, (ast.BinOp, ast.UnaryOp, ast.USub, ast.UAdd, ast.Load, *BINARY)):
            raise ValueError(f"not arithmetic in `{formula}`: {type(node).__name__}")
    return tree


def evaluate(formula: str, columns: Mapping[str, Array]) -> Array:
    """The formula's value for named columns of one shape, float64; NaN or infinite where it is undefined."""

    def value(node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return np.float64(node.value)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            return np.float64(np.pi) if node.id == "pi" and "pi" not in columns else columns[node.id]
        if isinstance(node, ast.UnaryOp):
            return -value(node.operand) if isinstance(node.op, ast.USub) else value(node.operand)
        if isinstance(node, ast.BinOp):
            return BINARY[type(node.op)](value(node.left), value(node.right))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return FUNCTIONS[node.func.id](value(node.args[0]))

    with np.errstate(all="ignore"):
        return np.asarray(value(parse(formula)), dtype=np.float64)


def truth(law: Law, X: Array) -> Array:
    """The law's value on the rows of X, (n, d) with d at least n_vars: further columns are ignored."""
    columns = {name: X[:, i] for i, name in enumerate(law["variables"])}
    return np.array(np.broadcast_to(evaluate(law["formula"], columns), (len(X),)))


def box(law: Law, widen: float = 0.0) -> Array:
    """The variables' ranges, (d, 2), each grown by the share `widen` of its width, half of that on either side."""
    ranges = np.array(list(law["variables"].values()), dtype=np.float64)
    widened: Array = ranges + np.diff(ranges) * np.array([-0.5, 0.5]) * widen
    return widened


def feature_names(law: Law, nuisance: int = 0) -> list[str]:
    """The law's variables, then the names of the nuisance columns."""
    return [*law["variables"], *(f"nuisance{i + 1}" for i in range(nuisance))]


def sample_box(law: Law, n: int, seed: int, widen: float = 0.0) -> Array:
    """Up to n uniform rows (n, d) of the widened box on which the law is finite."""
    rng = np.random.default_rng([seed, zlib.crc32(law["name"].encode()), 77])
    lo, hi = box(law, widen).T
    kept: list[Array] = []
    for _ in range(200):
        X = rng.uniform(lo, hi, size=(n, len(lo)))
        kept.append(X[np.isfinite(truth(law, X))])
        if sum(map(len, kept)) >= n:
            break
    return np.concatenate(kept)[:n]


def sample(law: Law, n: int, seed: int, noise: float = 0.0, nuisance: int = 0) -> tuple[Array, Array]:
    """Rows X (n, d + nuisance) and y (n,).

    noise: y gets Gaussian noise with a standard deviation of noise * rms(y), as in SRBench. nuisance: that many
    columns that y does not depend on, behind the law's own and in ranges of the law's own, so that no range gives
    them away. The law's own columns do not depend on `noise` or `nuisance`.
    """
    X = _along(law, n) if law["sampling"] == "trajectory" else sample_box(law, n, seed)
    y = truth(law, X)
    if noise:
        y = y + noise * np.sqrt(np.mean(y**2)) * np.random.default_rng([seed, 5]).normal(size=len(y))
    if nuisance:
        rng = np.random.default_rng([seed, 6])
        lo, hi = box(law)[rng.integers(law["n_vars"], size=nuisance)].T
        X = np.hstack([X, rng.uniform(lo, hi, size=(len(X), nuisance))])
    return X, y


def _along(law: Law, n: int) -> Array:
    """Up to n rows of the system's trajectories."""
    from laws.trajectories import trajectory

    rows = trajectory(law["system"])
    return rows[np.linspace(0, len(rows) - 1, min(n, len(rows))).astype(int)]


def r2(y: Array, predicted: Array) -> float:
    """1 - SSE/SST over the rows where the prediction is finite; -inf where it is undefined on more than 1 %."""
    ok = np.isfinite(predicted)
    if ok.mean() < 0.99:
        return -np.inf
    y, predicted = y[ok], predicted[ok]
    return float(1 - np.sum((y - predicted) ** 2) / np.sum((y - y.mean()) ** 2))


def exact(predict: Callable[[Array], Array], law: Law, *, n: int = 1000, seed: int = 987654, nuisance: int = 0) -> bool:
    """Whether `predict` is the law, numerically: R2 > 1 - 1e-9 on n fresh rows and on n rows of wider ranges.

    The wider ranges are a quarter wider; of these rows the 1 % with the most extreme y is left out, for a pole just
    outside the box would drown everything else. `predict` gets the columns of `sample(..., nuisance=nuisance)`.
    """
    for widen, keep in ((0.0, 1.0), (0.25, 0.99)):
        X = sample_box(law, n, seed + (widen > 0), widen)
        y = truth(law, X)
        far = np.abs(y - np.median(y))
        kept = far <= np.quantile(far, keep)
        if nuisance:
            X = np.hstack([X, sample(law, n, seed, nuisance=nuisance)[0][: len(X), law["n_vars"] :]])
        with np.errstate(all="ignore"):
            predicted = np.asarray(predict(X), dtype=np.float64)
        if not r2(y[kept], predicted[kept]) > 1 - 1e-9:
            return False
    return True


def same_law(a: Law, b: Law, *, n: int = 3, tolerance: float = 1e-9) -> bool:
    """Whether two laws agree up to the names and the order of their variables and a constant factor.

    b is evaluated on n rows of a's box under every assignment of its variables to a's columns, all at once.
    """
    if a["n_vars"] != b["n_vars"]:
        return False
    X = sample_box(a, n, 1)
    orders = np.array(list(itertools.permutations(range(a["n_vars"]))))
    values = truth(b, X[:, orders].reshape(-1, a["n_vars"])).reshape(len(X), -1)
    with np.errstate(all="ignore"):
        ratio = values / truth(a, X)[:, None]
        close = np.ptp(ratio, axis=0) <= tolerance * np.abs(ratio[0])
    return bool(np.any(close & np.isfinite(ratio).all(axis=0) & (ratio[0] != 0)))

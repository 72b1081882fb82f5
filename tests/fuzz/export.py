"""Formulas written and read back: text, model file, SymPy, Python and NumPy give the values that predict gives.

A case is a formula as text and the names of its features, as JSON. Every other format must be written, too.
"""

from __future__ import annotations

import contextlib
import json
import random
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import export_formulas
import numpy as np
import numpy.typing as npt
import sympy as sp

import fitx
from fitx.errors import FitxError, UsageError
from fitx.export import FORMATS
from fitx.export.base import rounded
from fitx.formula import Formula, Var, parse
from fitx.formula.sympy_bridge import from_sympy
from fitx.formula.tree import Call, call
from fitx.result import Found
from fitx.score import no_score

from .mutations import NAMES

Array = npt.NDArray[np.float64]
_NUMBERS: list[Any] = [
    0, 1, -1, 2, 3, 7, -12, 10**20, 0.0, -0.0, 0.5, -1.5, 1e300, -1e300, 1e-300, 5e-324, 1.7976931348623157e308, 0.1,
    12345678901234567, 2.0, 1e16, 1e-5, 123456.789,
]  # fmt: skip


def seeds(rng: random.Random) -> list[bytes]:
    """Random formulas over hostile names, every operator, and huge ones."""
    items = [*export_formulas.randoms(150, rng.randrange(10**6)), *export_formulas.operators()]
    return [_case(item.formula, list(item.features)) for item in items]


def _case(f: Formula, names: list[str]) -> bytes:
    return json.dumps({"formula": f.text(), "features": names}).encode()


def _read(data: bytes) -> tuple[Formula, list[str]] | None:
    try:
        case = json.loads(data)
        f, names = parse(case["formula"]), case["features"]
        if not all(isinstance(n, str) for n in names) or len(set(names)) < len(names) or set(f.variables) - set(names):
            return None
        names.index  # noqa: B018  a list
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, FitxError):
        return None
    return f, names


def mutate(data: bytes, rng: random.Random) -> bytes:
    """A part of the formula becomes another, a constant an extreme one, a feature's name a hostile one."""
    case = _read(data)
    if case is None or case[0].complexity > 300:
        return rng.choice(seeds(rng))
    f, names = case
    kind = rng.randrange(8)
    if kind == 0 and names:
        k = rng.randrange(len(names))
        new = rng.choice([*NAMES, *(n for triple in export_formulas.NAMES for n in triple), _random_name(rng)])
        if new not in names:
            f = f.substitute({names[k]: Var(new)})
            names[k] = new
        return _case(f, names)
    if kind == 1 and f.constants:
        values = list(f.constants)
        values[rng.randrange(len(values))] = rng.choice([*_NUMBERS, rng.gauss(0, 1), rng.randint(-99, 99)])
        return _case(f.with_constants(values), names)
    nodes = [n for n in f.postorder() if not (isinstance(n, Call) and n.op in ("lt", "le", "gt", "ge", "eq"))]
    old = rng.choice(nodes)
    if kind == 2 and old.args:
        part: Formula = rng.choice([a for a in old.args if a in nodes] or [old])
    elif kind == 3:
        part = call(rng.choice(["neg", "exp", "log", "sqrt", "square", "abs", "sin", "floor", "cbrt", "sign"]), old)
    elif kind == 4:
        part = call(rng.choice(["add", "sub", "mul", "div", "pow", "max", "min"]), old, rng.choice(nodes))
    else:
        triple = (*names, *[n for n in ("u", "v", "w") if n not in names])[:3]
        part = export_formulas._random(rng, triple, rng.randint(1, 3))
    f = f.fold(lambda leaf: part if leaf == old else leaf, lambda n, a: part if n == old else call(n.op, *a))
    return _case(f, [*names, *(v for v in f.variables if v not in names)])


def _random_name(rng: random.Random) -> str:
    return "".join(chr(rng.choice((rng.randrange(128), rng.randrange(0x3000)))) for _ in range(rng.randrange(6)))


def one(data: bytes) -> str:
    """Write and read back, and compare values where they are steady."""
    case = _read(data)
    if case is None:
        return "no case"
    f, names = case
    if f.complexity > 2000:
        return "too large"
    item = Found(f, f, "test", tuple(names), no_score(""))
    if parse(f.text()) != f:
        raise AssertionError(f"another formula from {f.text()[:300]}")
    for digits in (3, 17):
        if parse(f.text(digits)).complexity > 2 * f.complexity:
            raise AssertionError(f"longer with {digits} digits: {f.text(digits)[:300]}")
        rounded(f, digits)
    X = _points(len(names))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = item.predict(X)
        steady = export_formulas.steady_within(item, X) & ~_rounded_to_a_step(item, X)
        _model_file(item, X, want)
        for name in ("python", "numpy"):
            _compare(name, _ties(f, _run(item.to(name), X)), _ties(f, want), steady)
        _sympy(item, X, want, steady)
        for name in FORMATS:
            try:
                text = item.to(name)
            except UsageError:  # what a format cannot hold
                continue
            if not text.strip():
                raise AssertionError(f"nothing in {name}")
    return "accepted"


def _points(d: int) -> Array:
    """(60, d): ordinary values, whole ones, and special ones that each column meets at other rows."""
    X = np.random.default_rng(3).normal(size=(60, d)) * 3
    X[:20] = np.round(X[:20])
    special = export_formulas.SPECIAL[np.isfinite(export_formulas.SPECIAL)]
    for j in range(d):
        X[40 + (np.arange(len(special)) * (2 * j + 1)) % 20, j] = special
    if d:
        X[-1, 0] = np.nan
    return X


def _compare(name: str, got: Array, want: Array, rows: npt.NDArray[np.bool_]) -> None:
    wrong = rows & ~(np.isclose(got, want, rtol=1e-9, atol=1e-300) | (np.isnan(got) & np.isnan(want)))
    if wrong.any():
        k = int(np.argmax(wrong))
        raise AssertionError(f"{name}: {got[k]!r} in row {k} instead of {want[k]!r}")


def _ties(f: Formula, want: Array) -> Array:
    """Without the sign of infinities, where which of 0 and -0 is the larger may make it: languages differ."""
    tied = any(isinstance(n, Call) and n.op in ("min", "max") for n in f.postorder())
    return np.where(np.isinf(want), np.inf, want) if tied else want


def _run(code: str, X: Array) -> Array:
    """What the exported function `formula` gives; only here is anything executed."""
    space: dict[str, Any] = {}
    exec(compile(code, "formula", "exec"), space)
    return np.broadcast_to(np.asarray(space["formula"](*X.T), float), (len(X),))


def _model_file(item: Found, X: Array, want: Array) -> None:
    fit = fitx.Fit(item.formula, item.shown, "test", item.features, no_score(""), target="y", holdout=no_score(""))
    fit.save("model.json")
    again = fitx.load("model.json")
    if again.formula != item.formula or again.features != item.features:
        raise AssertionError("saved and loaded it is another formula")
    np.testing.assert_array_equal(replace(again).predict(X), want)
    Path("model.json").unlink()


def _rounded_to_a_step(item: Found, X: Array) -> npt.NDArray[np.bool_]:
    """Rows in which a rounding error may be told by a step: sin(pi) is 0 for SymPy, cbrt(8) may be 2 or nearly 2."""
    found = np.zeros(len(X), bool)

    def look(node: Call, args: list[Array], values: Array) -> None:
        nonlocal found
        if node.op in ("sign", "floor", "ceil") and node.args[0].args:
            a = args[0]
            nearest = 0 if node.op == "sign" else np.round(a)
            found = found | (np.abs(a - nearest) <= 1e-12 * np.maximum(1, np.abs(a)))
        elif node.op == "pow" and node.args[1].args:  # of a negative number only whole ones are defined
            found = found | (np.abs(args[1] - np.round(args[1])) <= 1e-12 * np.maximum(1, np.abs(args[1])))

    export_formulas._values(item, X, look=look)
    return found


def _sympy(item: Found, X: Array, want: Array, steady: npt.NDArray[np.bool_]) -> None:
    """SymPy cancels x/x: rows where a part is undefined may then have a value, and where all are defined the same."""
    try:
        again = from_sympy(item.expr)
    except UsageError:  # what SymPy folded to a complex number or an infinity
        return
    if any(c == 0 or not 1e-290 < abs(c) < 1e290 for c in again.constants if isinstance(c, float)):
        return  # exp(a + b) became exp(a)*exp(b), with a constant that no double holds
    rows = steady & np.isfinite(want) & ~np.isnan(X).any(axis=1)  # for SymPy either x < 1 or x >= 1 holds
    rows &= ~export_formulas.undefined(item, X)
    rows &= export_formulas.finite(item, X, tiny=False)
    got = again.predict(X, item.features)
    for k in np.flatnonzero(rows & np.isnan(got))[:3]:  # sqrt(a*b) became sqrt(a)*sqrt(b): complex numbers on the way
        values = dict(zip(map(sp.Symbol, item.features), map(sp.Float, X[k].tolist()), strict=True))
        with contextlib.suppress(TypeError, ZeroDivisionError):  # of SymPy's own numbers: NaN are not compared
            got[k] = complex(item.expr.evalf(subs=values)).real
    split = np.isinf(got) & any(isinstance(n, Call) and n.op == "exp" for n in again.postorder())
    _compare("SymPy", got, want, rows & ~np.isnan(got) & ~split)  # of exp(a)*exp(b) one may overflow

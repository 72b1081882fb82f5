"""The model loader: JSON trees. A model that loads must predict, be shown in every format, and load once saved."""

from __future__ import annotations

import copy
import json
import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import fitx
from fitx.errors import FitxError, FitxWarning
from fitx.export import FORMATS

from .mutations import NAMES, NUMBERS, mutate_bytes, mutate_text

Tree = Any
_TEXTS = [
    *NAMES, *NUMBERS, "x**2", "a*x + b", "1/0", "(-1)**0.5", "10**400", "9**9**9**9", "x**(1/3)",
    "piecewise(x < 0, 1, x)",
    "(" * 50 + "x" + ")" * 50, "+".join(["x"] * 400), "-" * 300 + "x", "exp(" * 60 + "x" + ")" * 60,
    "`" + "\\n" * 9 + "`",
    "<script>alert(1)</script>", "*/ system()", "{0.__class__}", "%s%n", "\ud800", "\u202e", "=cmd|' /C calc'!A0",
]  # fmt: skip
_VALUES: list[Tree] = [
    None, True, False, 0, 1, -1, 2, 1.5, 1e308, -1e308, 5e-324, 10**30, -(10**30), 10**400, 2**63, float("nan"),
    float("inf"), -float("inf"), "nan", "inf", "-inf", "1e999", [], {}, [[]], [{}], {"": None}, [0.0] * 40,
    {"x": [0, 1]},
]  # fmt: skip
_KEYS = ["a", "x", "formula", "features", "train", "n", "how", "dates", "source", "settings", "parameters", "label"]


def seeds(rng: random.Random) -> list[bytes]:
    """Models saved by fits of most methods, of one, two and three features, and of the user's own formula."""
    r = np.random.default_rng(rng.randrange(2**32))
    X = r.uniform(0.5, 3, (40, 3))
    y = X[:, 0] ** 2 + 3 * X[:, 1] + r.normal(size=40) / 10
    one, two = X[:, 0], 2 * np.exp(-X[:, 0]) + 1 + r.normal(size=40) / 50
    tasks: list[tuple[Any, Any, dict[str, Any]]] = [
        (one, two, {"method": "poly"}), (X, y, {"method": "poly", "feature_names": ["Temp (°C)", "lambda", "x-1"]}),
        (one, two, {"method": "curve", "options": {"curve.only": "power,logarithmic"}}),
        (one[:6], two[:6], {"method": "lagrange"}), (one, two, {"method": "spline"}), (X[:, :2], y, {"method": "mars"}),
        (one, two, {"model": "a*exp(-b*x) + c", "sigma": np.full(40, 0.1)}), (one, two, {"method": "rational"}),
        (X, y, {"method": "symbolic", "time_limit": 1}),
    ]  # fmt: skip
    out = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        for features, target, more in tasks:
            fitx.fit(features, target, **more).save("seed.json")
            out.append(Path("seed.json").read_bytes())
    return out


def mutate(data: bytes, rng: random.Random) -> bytes:
    """A place of the tree changes its value, its kind or its key; now and then the bytes do."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        tree = None
    if tree is None or rng.random() < 0.05:
        return mutate_bytes(
            data, rng, [b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\u0000", b"null", b"1e999", b"NaN"]
        )
    places = list(_places(tree))
    holder, key = rng.choice(places) if places else (None, None)
    if holder is None:
        return json.dumps(rng.choice(_VALUES)).encode()
    if rng.random() < 0.3:  # the upper places, which are few
        holder, key = rng.choice(places[:40])
    holder[key] = _changed(holder[key], places, rng)
    if rng.random() < 0.2:
        if isinstance(holder, dict) and rng.random() < 0.3:
            holder[rng.choice(_KEYS)] = holder[key]
        else:
            del holder[key]
    return json.dumps(tree).encode("utf-8", "surrogatepass")


def _places(tree: Tree) -> Iterator[tuple[Any, Any]]:
    """Every (list or dictionary, index or key), the upper ones first."""
    level = [tree]
    while level:
        below = []
        for node in level:
            keys = range(len(node)) if isinstance(node, list) else list(node) if isinstance(node, dict) else ()
            for key in keys:
                yield node, key
                below.append(node[key])
        level = below


def _changed(value: Tree, places: list[tuple[Any, Any]], rng: random.Random) -> Tree:
    kind = rng.randrange(9)
    if kind < 2 and isinstance(value, str):
        return mutate_text(value, rng, _TEXTS)
    if kind < 2 and isinstance(value, int | float) and not isinstance(value, bool):
        near = min(max(value, -9e9), 9e9) if value == value else 0.5
        return rng.choice((-value, near * 1e299, near / 1e300, value + 1, str(near), int(near)))
    if kind == 2:
        return rng.choice(_TEXTS)
    if kind == 3:
        for _ in range(rng.choice((1, 1, 5, 300))):
            value = [value] if rng.random() < 0.5 else {"a": value}
        return value
    if kind == 4 and isinstance(value, list) and value:
        return rng.choice((value * 2, value[:-1], value[::-1], value[:1] * 50, dict.fromkeys(map(str, value))))
    if kind == 5:
        holder, key = rng.choice(places)
        return copy.deepcopy(holder[key])
    return copy.deepcopy(rng.choice(_VALUES))


def one(data: bytes) -> str:
    """Load the model, and use it in every way that needs no more than it."""
    Path("model.json").write_bytes(data)
    try:
        fit = fitx.load("model.json")
    except FitxError as error:
        return str(error)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        _use(fit)
        fit.save("again.json")
        again = fitx.load("again.json")
    if again.formula != fit.formula or again.as_dict() != fit.as_dict():
        raise AssertionError("saved and loaded it is another model")
    return "accepted"


def _use(fit: fitx.Fit) -> None:
    d = len(fit.features)
    X = np.vstack([np.zeros(d), np.full(d, 0.7), np.full(d, -1e9), np.full(d, np.nan)])
    if fit.predict(X).shape != (4,):
        raise AssertionError("values of another shape")
    _may_be_refused(lambda: fit.predict(X, interval=0.9))
    _may_be_refused(lambda: fit.band(X))
    fit.extrapolation(X)
    json.dumps(fit.as_dict(), allow_nan=False)
    fit.latex_table()
    fit._repr_html_()
    str(fit.correlations)
    if fit.complexity < 400:
        for name in FORMATS:
            _may_be_refused(lambda name=name: fit.to(name))  # type: ignore[misc]


def _may_be_refused(use: Any) -> None:
    try:
        use()
    except FitxError:
        return

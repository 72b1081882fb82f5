"""Formulas for proving exported code: every operator, random ones, huge ones, under names that are no identifiers."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from itertools import cycle, islice

import numpy as np
import numpy.typing as npt

from fitx.formula import OPERATORS, Const, Formula, Var, call
from fitx.formula.operators import COMPARISONS
from fitx.formula.tree import Call, add_all
from fitx.result import Found
from fitx.score import no_score

Array = npt.NDArray[np.float64]

# Three features a formula; some are keywords, some end a comment, a string or a line in one language or another.
NAMES = [
    ("x", "y", "z"), ("Temp (°C)", "lambda", "x-1"), ("a*/b", "line\nbreak\\", '-- "q"'), ("exp", "EXP", "t1"),
    ("double", "end", "real64"), ("*/ int main() {", "-->", "%}\r\n!"), ("=1+1", "@x", "{0}"), ("😀", "", "f64"),
    ("E", "pi", "NaN"), ("import os", "${x}", "`; DROP TABLE"), ("T1", "t2", "t_1"), ("1st", "_", "n" * 200),
    ('"""', "'''", "??/"), ("\u2028sep", "\x00nul", "\u202eevil"), ("A2", "value", "fn"), ("#1", "50%", "a&b"),
]  # fmt: skip
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 800.0, -800.0, np.inf, -np.inf, np.nan])


def found(f: Formula, names: tuple[str, ...]) -> Found:
    return Found(f, f, "test", names, no_score(""))


def operators() -> list[Found]:
    """Every operator alone, every comparison in a piecewise, and powers of whole and other exponents."""
    x, y, z = (Var(n) for n in NAMES[1])
    out = []
    for op in OPERATORS.values():
        if op.name in COMPARISONS:
            out.append(call("piecewise", call(op.name, x, y), x + 1, z))
        elif op.arity >= 0:
            out.append(call(op.name, *(x, y)[: op.arity]))
            out.append(call(op.name, *(x - 0.5, y / 3)[: op.arity]))
    out.append(call("piecewise", call("lt", x, 0), 1, call("lt", x, y), y, z))
    out += [x ** Const(e) for e in (-1, -2, 5, 0.5, 2.0, -3.0, 1.5, -0.25, Fraction(1, 3), 50)]
    out += [x * Const(c) + 1 for c in (1, -7, 0.1, 1e-5, -2.5e22, 1e300, 12345678901234567, Fraction(-1, 3), 10**30)]
    out += [x / 2 * y, x - (y - z), x / (y / z), -x - -y, -(x**2), (-x) ** 2, 2 - (-3 * x), x * call("sqrt", -2)]
    return [found(f, NAMES[1]) for f in out]


def randoms(count: int, seed: int = 0) -> list[Found]:
    """Random formulas of up to some thirty nodes over three features."""
    rng = random.Random(seed)
    triples = islice(cycle(NAMES), count)
    return [found(_random(rng, names, rng.randint(2, 4)), names) for names in triples]


def huge() -> list[Found]:
    """A spline of 300 pieces, a sum of 1500 terms, 200 products of hinges, and 150 functions in each other."""
    x, y, z = (Var(n) for n in NAMES[2])
    knots = np.linspace(-3, 3, 301)
    pieces: list[Formula] = []
    for k, t in enumerate(knots[1:-1]):
        pieces += [call("lt", x, float(t)), 0.1 * k + (x - float(t)) * (0.3 + (x - float(t)) * (k % 7 - x))]
    hinges = (
        call("hinge", x - t) * call("hinge", t - y) * (0.01 * (k % 9 - 4)) for k, t in enumerate(knots[:200].tolist())
    )
    nest: Formula = x
    for k in range(150):
        nest = call("sin", nest * 0.9 + 0.1) if k % 2 else call("atan", nest + y * 0.1)
    waves = (call("sin", x * (0.01 * k)) * 0.5 for k in range(1500))
    out = [call("piecewise", *pieces, z), add_all(hinges), add_all(waves), nest]
    return [found(f, NAMES[2]) for f in out]


def grid(infinite: bool = True) -> Array:
    """(144, 3) or (81, 3): special values of two features."""
    special = SPECIAL if infinite else SPECIAL[np.isfinite(SPECIAL)]
    a, b = (v.ravel() for v in np.meshgrid(special, special))
    with np.errstate(all="ignore"):
        return np.column_stack([a, b, a - b + 1])


def points() -> Array:
    """(100, 3): ordinary values, round and not."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3)) * rng.choice([0.1, 1, 10], size=(100, 3))
    X[:40] = np.round(X[:40] * 2) / 2
    return X


def judged(item: Found, X: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """What predict says, and which rows are steady.

    Steady: a change of the features by 1e-13 changes the value by less than 1e-10. Elsewhere (cancellation, the sine of
    1e20, the edge of a step) no two libraries of mathematics agree to 1e-9.
    """
    with np.errstate(all="ignore"):
        want = item.predict(X)
        steady = np.ones(len(X), bool)
        for change in (1 + 1e-13, 1 - 1e-13):
            steady &= _near(item.predict(X * change), want)
    return want, steady


def _near(a: Array, b: Array) -> npt.NDArray[np.bool_]:
    return np.isclose(a, b, rtol=1e-10, atol=0) | (np.isnan(a) & np.isnan(b))


def steady_within(item: Found, X: Array, seed: int = 0) -> npt.NDArray[np.bool_]:
    """Rows where a change of every part's value by up to 1e-13, its constants' too, changes less than 1e-10, and no
    condition compares computed values that are nearly equal."""
    rng = np.random.default_rng(seed)
    steady = np.ones(len(X), bool)

    def look(node: Call, args: list[Array], values: Array) -> None:
        nonlocal steady
        if node.op in COMPARISONS and any(a.args for a in node.args):
            steady = steady & ~np.isclose(*args, rtol=1e-12, atol=1e-12)

    with np.errstate(all="ignore"):
        want = item.predict(X)
        _values(item, X, look=look)
        for _ in range(8):
            steady &= _near(_values(item, X, lambda v: v * (1 + rng.uniform(-1e-13, 1e-13))), want)
    return steady


def finite(item: Found, X: Array, tiny: bool = True) -> npt.NDArray[np.bool_]:
    """Rows in which no part of the formula is infinite; tiny=False: nor a power, product or quotient within 1e-300."""
    well = np.ones(len(X), bool)

    def look(node: Call, args: list[Array], values: Array) -> None:
        nonlocal well
        well = well & ~np.isinf(values)
        if not tiny and node.op in ("pow", "mul", "div", "square", "cube", "exp", "logistic"):
            well = well & ~(
                (np.abs(values) < 1e-300) & np.logical_and.reduce([np.broadcast_to(a != 0, len(X)) for a in args])
            )

    _values(item, X, look=look)
    return well


def undefined(item: Found, X: Array) -> npt.NDArray[np.bool_]:
    """Rows in which some part of the formula is NaN, though the whole may not be."""
    found = np.zeros(len(X), bool)

    def look(node: Call, args: list[Array], values: Array) -> None:
        nonlocal found
        found = found | np.isnan(values)

    _values(item, X, look=look)
    return found


def _values(
    item: Found,
    X: Array,
    change: Callable[[Array], Array] = lambda v: v,
    look: Callable[[Call, list[Array], Array], None] = lambda *_: None,
) -> Array:
    """The formula's values, part by part: change is applied to each part that is no exponent or comparison."""
    columns = dict(zip(item.features, X.T, strict=True))

    def inner(node: Call, args: list[Array]) -> Array:
        parts: list[Formula] = [Var(str(k)) for k in range(len(args))]
        if node.op in COMPARISONS:
            whole = call("piecewise", call(node.op, *parts), 1, 0)
        elif node.op == "piecewise":
            whole = call("piecewise", *(call("gt", p, 0) if k % 2 == 0 and k + 1 < len(parts) else p
                                        for k, p in enumerate(parts)))  # fmt: skip
        elif node.op == "pow" and isinstance(node.args[1], Const):
            whole = call("pow", parts[0], node.args[1])
        else:
            whole = call(node.op, *parts)
        values = whole.evaluate({str(k): v for k, v in enumerate(args)})
        look(node, args, values)
        return values if node.op in COMPARISONS else change(values)

    def leaf(node: Formula) -> Array:
        return change(columns[node.name] if isinstance(node, Var) else np.array(float(node.value)))  # type: ignore[attr-defined]

    return np.broadcast_to(item.formula.fold(leaf, inner), (len(X),))


def _random(rng: random.Random, names: tuple[str, ...], depth: int) -> Formula:
    if depth == 0 or rng.random() < 0.1:
        return _leaf(rng, names)
    op = rng.choice([o for o in OPERATORS.values() if o.name not in COMPARISONS and o.arity != 0])
    if op.name == "piecewise":
        args: list[Formula] = []
        for _ in range(rng.randint(1, 3)):
            pair = [_random(rng, names, depth - 1) for _ in range(2)]
            args += [call(rng.choice(sorted(COMPARISONS)), *pair), _random(rng, names, depth - 1)]
        return call("piecewise", *args, _random(rng, names, depth - 1))
    if op.name == "pow" and rng.random() < 0.7:
        exponent = rng.choice([-2, -1, 4, 0.5, 1.5, -0.5, Fraction(1, 3), Fraction(2, 3), 2.0, 7])
        return call("pow", _random(rng, names, depth - 1), exponent)
    return call(op.name, *(_random(rng, names, depth - 1) for _ in range(op.arity)))


def _leaf(rng: random.Random, names: tuple[str, ...]) -> Formula:
    if rng.random() < 0.65:
        return Var(rng.choice(names))
    kind = rng.randrange(5)
    if kind == 0:
        return Const(rng.randint(-9, 9))
    if kind == 1:
        return Const(Fraction(rng.randint(-20, 20), rng.randint(1, 9)))
    if kind == 2:
        return call("pi")
    return Const(rng.choice([rng.gauss(0, 1), rng.gauss(0, 100), 10.0 ** rng.randint(-12, 12)]))

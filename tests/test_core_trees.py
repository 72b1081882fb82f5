"""The fit of the constants of formula trees: known constants come back, whatever the threads and instruction sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fitx import _core
from fitx._core.trees import tree_fit
from fitx.formula import Formula, parse
from fitx.formula.evaluate import predict
from fitx.formula.program import compile_formula

NAMES = ("x", "z")
X = np.random.default_rng(1).uniform(0.5, 3.0, (203, 2))
LAWS = (
    ("sin(0.9*x + 0.1)*exp(-0.5*z)", "sin(1.3*x + 0.4)*exp(-0.7*z)"),
    ("(x + 0.5)**1.0/(z*z + 1.0*x)", "(x + 0.7)**1.37/(z*z + 0.3*x)"),
    ("log(x + 2.0) + sqrt(z + 1.0)", "log(x + 1.2) + sqrt(z + 0.4)"),
    ("tanh(0.5*x - 1.0) + cos(1.0*z)", "tanh(0.8*x - 1.5) + cos(1.2*z)"),
    ("atan(x*0.5) - asin(z*0.2) + acos(x*0.1)", "atan(x*0.8) - asin(z*0.31) + acos(x*0.25)"),
    ("cbrt(x + 1.0) + abs(z - 0.1)**3.0", "cbrt(x + 1.5) + abs(z - 0.2)**2.5"),
    ("sinh(0.5*x) + cosh(0.5*z) + (x + 0.5)**-2", "sinh(0.7*x) + cosh(0.9*z) + (x + 0.6)**-2"),
    ("tan(0.3*x) + square(x - 0.5) + cube(z - 1.0) - log10(x + 1.0)",
     "tan(0.4*x) + square(x - 0.7) + cube(z - 1.3) - log10(x + 2.0)"),
)  # fmt: skip


def programs(formulas: list[Formula], free: bool = True) -> tuple[Any, ...]:
    """The arguments of `tree_fit` up to `free`."""
    parts = [compile_formula(f, {n: i for i, n in enumerate(NAMES)}) for f in formulas]
    offsets = np.cumsum([0, *(len(p.codes) for p in parts)]).astype(np.int64)
    starts = np.cumsum([0, *(len(p.constants) for p in parts)])
    operands = [np.where(p.codes == 1, p.operands + s, p.operands) for p, s in zip(parts, starts, strict=False)]
    constants = np.concatenate([p.constants for p in parts])
    flags = np.array([free and isinstance(c, float) for f in formulas for c in f.constants], np.int8)
    return (
        np.concatenate([p.codes for p in parts]), np.concatenate(operands).astype(np.int32), offsets, constants, flags
    )  # fmt: skip


@pytest.mark.parametrize("coarse", [0, 30])
@pytest.mark.parametrize(("start", "law"), LAWS)
def test_constants_come_back(start: str, law: str, coarse: int) -> None:
    """Inner constants and the outer a + b f, to rounding."""
    y = 1.5 - 2.5 * predict(parse(law), X, NAMES)
    columns = np.ascontiguousarray(X.T)
    fitted, linear, error, rank, evaluations = tree_fit(*programs([parse(start)]), columns, y, None, coarse, 60)
    assert error[0] < 1e-26
    assert rank[0] == sum(isinstance(c, float) for c in parse(start).constants)
    assert evaluations[0] > 1
    g = parse(start).with_constants([float(c) if isinstance(o, float) else o
                                     for c, o in zip(fitted, parse(start).constants, strict=True)])  # fmt: skip
    np.testing.assert_allclose(linear[0, 0] + linear[0, 1] * predict(g, X, NAMES), y, rtol=1e-11)


def test_values_alone_are_a_linear_fit() -> None:
    """Without iterations 1 - R2 of a + b f, inf where f is undefined."""
    y = np.exp(X[:, 0]) + X[:, 1]
    f = [parse("x*2.0"), parse("log(x - 1.0)"), parse("3.0 + 0*x")]
    _, linear, error, _, _ = tree_fit(*programs(f, free=False), np.ascontiguousarray(X.T), y, None, 0, 0)
    assert error[0] == pytest.approx(1 - np.corrcoef(X[:, 0], y)[0, 1] ** 2)
    np.testing.assert_allclose(linear[0, :2], np.linalg.lstsq(np.c_[np.ones(len(X)), 2 * X[:, 0]], y)[0])
    assert error[1] == np.inf
    assert error[2] == pytest.approx(1)


def test_several_terms_have_a_constant_each() -> None:
    """A program that leaves two values: y = a + b f + c g, with weights."""
    codes, operands, offsets, constants, free = programs([parse("exp(x*-0.4)"), parse("sin(z*1.5)")])
    offsets = offsets[[0, 2]]
    y = 0.5 + 2 * np.exp(-0.6 * X[:, 0]) - 3 * np.sin(1.7 * X[:, 1])
    weights = np.linspace(1, 2, len(y))
    fitted, linear, error, rank, _ = tree_fit(
        codes, operands, offsets, constants, free, np.ascontiguousarray(X.T), y, weights, 0, 40
    )
    np.testing.assert_allclose(fitted, [-0.6, 1.7], rtol=1e-10)
    np.testing.assert_allclose(linear[0, :3], [0.5, 2, -3], rtol=1e-10)
    assert error[0] < 1e-26
    assert rank[0] == 2


def test_redundant_constants_lower_the_rank() -> None:
    """a*b*x + c is a line: two numbers, whatever the constants; the outer ones already do it."""
    y = 3 * X[:, 0] + X[:, 1] ** 2
    f = parse("exp(x*0.5*1.5 + z*0.3)")
    *_, error, rank, _ = tree_fit(*programs([f]), np.ascontiguousarray(X.T), y, None, 0, 50)
    assert rank[0] == 2
    assert 0 < error[0] < 0.2


def test_the_same_for_any_number_of_threads() -> None:
    """Bit for bit."""
    f = [parse(s) for s, _ in LAWS] * 10
    y = np.cos(X[:, 0]) + X[:, 1]
    one, two = (tree_fit(*programs(f), np.ascontiguousarray(X.T), y, None, 5, 10, threads) for threads in (1, 3))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("isa", _core.available_isas())
def test_every_instruction_set_agrees(isa: str) -> None:
    """The same optimum."""
    best = _core.isa()
    y = 1.5 - 2.5 * predict(parse(LAWS[0][1]), X, NAMES)
    try:
        _core.set_isa(isa)
        fitted, _, error, _, _ = tree_fit(*programs([parse(LAWS[0][0])]), np.ascontiguousarray(X.T), y, None, 20, 40)
    finally:
        _core.set_isa(best)
    np.testing.assert_allclose(fitted, [1.3, 0.4, -0.7], rtol=1e-9)
    assert error[0] < 1e-26


def test_malformed_programs_are_told() -> None:
    """What and where."""
    codes, operands, offsets, constants, free = programs([parse("x*2.0")])
    columns, y = np.ascontiguousarray(X.T), X[:, 0].copy()
    with pytest.raises(ValueError, match="column 7 of 2"):
        tree_fit(codes, operands + 7, offsets, constants, free, columns, y, None, 0, 1)
    signs = np.where(codes > 1, 26, codes).astype(np.int32)
    with pytest.raises(ValueError, match="no derivative"):
        tree_fit(signs, operands, offsets, constants, free, columns, y, None, 0, 1)
    with pytest.raises(ValueError, match="differ in length"):
        tree_fit(codes, operands, offsets, constants, free, columns, y[:-1].copy(), None, 0, 1)

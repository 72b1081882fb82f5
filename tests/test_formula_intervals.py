"""Interval arithmetic: every value lies in the enclosure, or the flags say why not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import formulas

from fitx import _core
from fitx.errors import FitxError, UsageError
from fitx.formula import OPERATORS, Formula, Var, call, parse
from fitx.formula.intervals import Enclosure, bounds
from fitx.formula.operators import COMPARISONS, OPCODES

ENDS = [-1e300, -800.0, -7.0, -math.pi, -2.0, -1.0, -0.3, -1e-300, 0.0, 1e-300, 0.4, 1.0, 1.5, 3.0, 10.0, 720.0, 1e300]
ends = st.one_of(st.sampled_from(ENDS), st.integers(-20, 20).map(float), st.floats(-50, 50), st.floats(-1e12, 1e12))


def _holds(f: Formula, box: dict[str, tuple[float, float]], seed: int = 0) -> None:
    """Values at random points of the box and at its corners keep to the enclosure."""
    e = bounds(f, box)
    rng = np.random.default_rng(seed)
    lo, hi = np.array(list(box.values())).T[:, :, None]
    share = np.hstack([rng.uniform(size=(len(box), 60)), rng.integers(2, size=(len(box), 12))])
    columns = np.clip(lo * (1 - share) + hi * share, lo, hi)
    v = f.evaluate(dict(zip(box, columns, strict=True)))
    assert e.undefined or not np.isnan(v).any(), (e, v)
    assert e.pole or e.overflow or not np.isinf(v).any(), (e, v)
    v = v[np.isfinite(v)]
    assert ((v >= e.lo) & (v <= e.hi)).all(), (e, v.min(), v.max())


OPERATORS_OF_VALUES = [o for o in OPERATORS.values() if o.name not in COMPARISONS and o.name != "piecewise"]


@pytest.mark.parametrize("name", [o.name for o in OPERATORS_OF_VALUES])
def test_every_operator_of_the_table_keeps_to_its_enclosure(name: str) -> None:
    f = call(name, *map(Var, "xy"[: OPERATORS[name].arity]))
    rng = np.random.default_rng(1)
    for trial in range(400):
        a, b, c, d = (float(rng.choice(ENDS)) if rng.random() < 0.6 else rng.normal() * 5 for _ in range(4))
        box = {"x": (min(a, b), max(a, b)), "y": (min(c, d), max(c, d)) if rng.random() < 0.7 else (c, c)}
        _holds(f, box, trial)


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_every_comparison_keeps_to_its_enclosure(name: str) -> None:
    f = call("piecewise", call(name, Var("x"), Var("y")), Var("x") + 2, Var("y") * 3)
    for trial in range(100):
        a, b, c, d = np.random.default_rng(trial).integers(-3, 4, 4).astype(float)
        _holds(f, {"x": (min(a, b), max(a, b)), "y": (min(c, d), max(c, d))}, trial)


def test_the_compiled_core_has_interval_arithmetic_for_every_opcode() -> None:
    arity = {"var": 0, "const": 0, "select": 3, **{o.name: o.arity for o in OPERATORS.values()}}
    for name, code in OPCODES.items():
        k = arity[name]
        codes = np.array([OPCODES["var"]] * k + [code], np.int32)
        lo = np.full((1, 1), 0.25)
        found = _core.enclose(codes, np.zeros(k + 1, np.int32), np.array([0.5]), lo, lo + 0.5)
        assert np.isfinite(found[0]).all(), name


@settings(max_examples=400)
@given(formulas(["x", "y"]), st.tuples(ends, ends), st.tuples(ends, ends), st.integers(0, 1000))
def test_values_at_random_points_of_random_boxes_lie_in_the_enclosure(
    f: Formula, x: tuple[float, float], y: tuple[float, float], seed: int
) -> None:
    _holds(f, {"x": (min(x), max(x)), "y": (min(y), max(y))}, seed)


@pytest.mark.parametrize(("text", "lo", "hi"), [
    ("x**2", 0, 4), ("x**4", 0, 16), ("x**3", -8, 1), ("abs(x)", 0, 2), ("x**0", 1, 1),
    ("sin(pi*x)", -1, 1), ("cos(x/4)", math.cos(0.5), 1), ("max(x, -1)", -1, 1), ("min(x, 0)", -2, 0),
    ("hinge(x)", 0, 1), ("piecewise(x < 5, 3, 1/x)", 3, 3), ("piecewise(x < 0, 1, 2)", 1, 2),
    ("atan(1/x)", -math.pi / 2, math.pi / 2), ("1/(1 + exp(-1000*x))", 0, 1), ("floor(x)", -2, 1),
])  # fmt: skip
def test_exact_ranges(text: str, lo: float, hi: float) -> None:
    """On -2..1; what an inner infinity turns into a finite number is finite."""
    e = bounds(parse(text), {"x": (-2.0, 1.0)})
    assert e.safe
    np.testing.assert_allclose([e.lo, e.hi], [lo, hi], rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("text", "flags"), [
    ("1/x", "pole"), ("tan(x)", "pole"), ("x**(-2)", "pole"), ("log(x)", "undefined pole"), ("sqrt(x)", "undefined"),
    ("x**0.5", "undefined"), ("asin(x)", "undefined"), ("exp(1000*x)", "overflow"), ("x/x", "undefined pole"),
    ("cosh(800*x)", "overflow"), ("sqrt(-1 - x**2)", "undefined"), ("sin(1/x)", "undefined"),
])  # fmt: skip
def test_flags(text: str, flags: str) -> None:
    e = bounds(parse(text), {"x": (-2.0, 1.0)})
    assert {k for k in ("undefined", "pole", "overflow") if getattr(e, k)} == set(flags.split())


def test_edges_of_domains_belong_to_them() -> None:
    """No rounding leaves a domain that ends at a corner of the box."""
    for text in ("sqrt(x)", "sqrt(1 - x**2)", "asin(x)", "acos(1 - x)", "x**0.5", "sqrt(x - 0.25 + 0.25)"):
        assert bounds(parse(text), {"x": (0.0, 1.0)}).safe, text


def test_ten_thousand_terms() -> None:
    f = parse(" + ".join(["x"] * 10_000))
    e = bounds(f, {"x": (0.0, 1.0)})
    assert e.safe
    assert e.lo == 0
    assert 10_000 <= e.hi < 10_000.0001


def test_nowhere_defined() -> None:
    e = bounds(parse("log(-1 - x**2)"), {"x": (0.0, 1.0)})
    assert e.undefined
    assert math.isnan(e.lo)
    assert math.isnan(e.hi)


def test_what_is_wrong_with_a_box_is_said() -> None:
    assert bounds(parse("3"), {}) == Enclosure(3.0, 3.0, False, False, False)
    with pytest.raises(FitxError, match="needs a column `x`"):
        bounds(parse("x"), {"y": (0.0, 1.0)})
    for ends_of_x in ((1.0, 0.0), (0.0, math.inf), (math.nan, 1.0)):
        with pytest.raises(UsageError, match="box of `x`"):
            bounds(parse("x"), {"x": ends_of_x})


@pytest.mark.parametrize(("codes", "operands"), [([2], [0]), ([0, 0], [0, 0]), ([0], [1]), ([1], [-1]), ([99], [0])])
def test_malformed_programs_are_refused(codes: list[int], operands: list[int]) -> None:
    box = np.zeros((1, 1))
    with pytest.raises(ValueError, match=r"operand|value|column|opcode"):
        _core.enclose(np.array(codes, np.int32), np.array(operands, np.int32), np.zeros(1), box, box)

"""Poles, undefined regions and overflows within a box: found with their place, or excluded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import formulas, smooth_formulas

from fitx.formula import Formula, parse
from fitx.formula.hazards import SAFE, UNKNOWN, UNSAFE, survey

BOX = dict.fromkeys(("x", "y", "z", "u"), (0.0, 1.0))


@pytest.mark.parametrize(("text", "what", "x"), [
    ("1/(x - 0.5)", "pole", 0.5),
    ("1e-6/(x - 0.3)", "pole", 0.3),
    ("x + 1e-9/(x - 0.31234567)", "pole", 0.31234567),
    ("1e-4/(x - 0.5)**2", "pole", 0.5),
    ("1/(x - 0.2)**4", "pole", 0.2),
    ("tan(3*x)", "pole", np.pi / 6),
    ("(x - 0.1)/(x**2 - 1.8*x + 0.56)", "pole", 0.4),
    ("x**(-0.5)", "pole", 0.0),
    ("sqrt(x)/x", "pole", 0.0),
    ("(x - 0.4)**(-3)", "pole", 0.4),
    ("1/(exp(x) - 1.5)", "pole", np.log(1.5)),
    ("piecewise(x < 0.5, 1, 1/(x - 0.6))", "pole", 0.6),
    ("hinge(x - 0.2)/(x - 0.5)", "pole", 0.5),
])  # fmt: skip
def test_poles_are_found_to_their_place(text: str, what: str, x: float) -> None:
    found = survey(parse(text), BOX)
    assert (found.verdict, found.what) == (UNSAFE, what)
    assert abs(found.place["x"] - x) < 1e-4


@pytest.mark.parametrize(("text", "what"), [
    ("log(x - 0.3)", "undefined"), ("sqrt(x - y)", "undefined"), ("asin(x + y)", "undefined"),
    ("(x - 0.5)**y", "undefined"), ("exp(1000*x)", "overflow"), ("exp(800*x*y)", "overflow"),
    ("exp(500*x)*exp(500*y)", "overflow"), ("x**(y - 0.5)", "pole"), ("1/(x - y)", "pole"), ("1/(x - y)**2", "pole"),
    ("1e-9/(x*y - 0.3)", "pole"), ("1/(x*y*z*u + 0.01 - x)", "pole"), ("tan(2*(x + y))", "pole"),
    ("(x + y)/(x**2 + y**2 - 0.5)", "pole"), ("log(x*y - 0.3*z - 0.9)", "undefined"),
])  # fmt: skip
def test_what_breaks_is_found(text: str, what: str) -> None:
    """And the place is where it does: a value there is no number, or far beyond the usual."""
    f = parse(text)
    found = survey(f, BOX)
    assert (found.verdict, found.what) == (UNSAFE, what)
    v = float(f.evaluate({name: found.place.get(name, 0.41) for name in BOX}))
    assert not abs(v) < 100 or what == "pole"


@pytest.mark.parametrize("text", [
    "x*y + 3", "1/(1 + x**2 - x)", "1/(x**2 + y**2 + 0.01)", "log(x**2 + y**2 - x*y + 0.1)", "tan(x)", "x**y", "x**0.5",
    "1/(1.001 + x*y*z*u - x)", "x/(x + y + 0.01)", "1/(1 + exp(-1000*x))", "tanh(1000/(x + 1e-3))", "sqrt(x*(1 - x))",
    "1/(x**5 - 2.1*x**4 + 1.3*x**3 - 0.2*x + 0.1)", "acos(1 - x)", "atan(1/x)", "floor(5*x)/7", "3",
])  # fmt: skip
def test_harmless_formulas_are_safe(text: str) -> None:
    assert survey(parse(text), BOX).verdict == SAFE


@pytest.mark.parametrize("text", [
    "sin(x - 0.3)/(x - 0.3)", "(x**2 - 0.25)/(x - 0.5)", "(exp(x - 0.4) - 1)/(x - 0.4)",
    "piecewise(x == 0.5, 2, (1/(x - 0.5) - 2/(x - 1.5))/(1/(x - 0.5) - 1/(x - 1.5)))",
    "piecewise(x < 0.3, 0, log(x - 0.2))",
])  # fmt: skip
def test_singularities_with_a_limit_on_both_sides_are_none(text: str) -> None:
    assert survey(parse(text), BOX).verdict == SAFE


def test_a_pole_that_no_number_comes_near_enough_to_is_none() -> None:
    """With limits for the values: 1e-18/(x - a) leaves them nowhere."""
    assert survey(parse("x + 1e-18/(x - 0.31234567)"), BOX, (-2.0, 3.0)).verdict == SAFE
    assert survey(parse("x + 1e-12/(x - 0.31234567)"), BOX, (-2.0, 3.0)).verdict == UNSAFE


def test_splines_and_hinges_of_hundreds_of_pieces() -> None:
    pieces = ", ".join(f"x < {k / 500}, {k} + 2*x + {k}*x**2 - x**3" for k in range(1, 500))
    assert survey(parse(f"piecewise({pieces}, 1)"), BOX).verdict == SAFE
    hinges = " + ".join(f"{k / 7}*hinge(x - {k / 300})*hinge({k / 300} - y)" for k in range(300))
    assert survey(parse(hinges), BOX).verdict == SAFE
    assert survey(parse(f"1/({hinges} - 1)"), BOX).verdict != SAFE  # too long to follow to a place


@given(smooth_formulas(["x", "y"]))
def test_smooth_formulas_never_break(f: Formula) -> None:
    assert survey(f, BOX).verdict == SAFE


@settings(max_examples=300)
@given(formulas(["x", "y"], max_leaves=6), st.floats(-3, 3), st.floats(0.1, 4), st.floats(-3, 3), st.floats(0.1, 4))
def test_the_verdict_is_true(f: Formula, a: float, width: float, b: float, height: float) -> None:
    """Safe: finite at any point but isolated ones. Unsafe as undefined or overflowing: so at the place."""
    box = {"x": (a, a + width), "y": (b, b + height)}
    found = survey(f, box)
    assert found.verdict in (SAFE, UNSAFE, UNKNOWN)
    if found.verdict == SAFE:
        x, y = np.random.default_rng(0).uniform([[a], [b]], [[a + width], [b + height]], (2, 500))
        assert np.isfinite(f.evaluate({"x": x, "y": y})).all()
    elif found.verdict == UNSAFE and found.what == "undefined" and len(found.place) == len(f.variables):
        assert not np.isfinite(f.evaluate({"x": found.place.get("x", a), "y": found.place.get("y", b)}))
    for name, value in found.place.items():
        assert box[name][0] <= value <= box[name][1]


def test_the_same_box_gives_the_same_finding() -> None:
    f = parse("1/(x*y*z*u + 0.01 - x)")
    assert survey(f, BOX) == survey(f, BOX)


@pytest.mark.parametrize(("text", "verdict", "what"), [
    ("1/2", SAFE, ""), ("log(0 - 2)", UNSAFE, "undefined"), ("exp(1000)", UNSAFE, "overflow"),
])  # fmt: skip
def test_formulas_without_variables(text: str, verdict: str, what: str) -> None:
    found = survey(parse(text), BOX)
    assert (found.verdict, found.what) == (verdict, what)


def test_a_box_without_width() -> None:
    assert survey(parse("1/(x - y)"), {"x": (1.0, 1.0), "y": (0.0, 0.5)}).verdict == SAFE
    assert survey(parse("1/(x - y)"), {"x": (1.0, 1.0), "y": (0.0, 2.0)}).verdict == UNSAFE
    assert survey(parse("1/(x - 1)"), {"x": (1.0, 1.0)}).verdict == UNSAFE

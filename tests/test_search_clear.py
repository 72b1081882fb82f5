"""Exact formulas are shown in their shorter forms, with the same values."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.formula import parse
from fitx.search.clear import collected
from fitx.search.clear_bases import based
from fitx.search.clear_phases import phased


@pytest.mark.parametrize(
    ("long", "most"),
    [
        ("exp((18.4*x + 300.5)/(0.0042844901*x + 1))", 8),  # exp(A - B/(x + C))
        ("sqrt(2.125764*x**3/(x**2 + 220.8*x + 12188.16))", 9),  # a double root under a square root
        ("(7.96*x**2 + 44.4*x)/(x**2 + 8.8*x + 3.1191)", 13),  # two simple fractions
        ("(0.3*x**2 + 1.486566*x**2*z + 0.00458)/x**2", 11),  # the sum term by term
        ("1/(0.25*x**2 - 1.5*x + 2.5)", 11),  # a quadratic by its vertex
        ("0.942*(1 + 4.07*exp(-1.157*x))*exp(-0.113*x)", 13),  # exponentials multiplied
        ("sqrt(4*x**2 + 4*x + 1)*z", 7),
        ("exp(z*log(x))", 3),
        ("2*exp(log(x + 1)*z)", 7),
        ("log(exp(sin(x) + z))", 4),
    ],
)
def test_shorter_forms(long: str, most: int) -> None:
    f = parse(long)
    g = collected(f)
    assert g.complexity <= most
    X = np.random.default_rng(0).uniform(0.5, 4, (50, 2))
    np.testing.assert_allclose(g.predict(X, ("x", "z")), f.predict(X, ("x", "z")), rtol=1e-10)


@pytest.mark.parametrize(
    "text", ["w*(1.93 - 0.0139*a)/s", "(x + 1)*(y + 2)/(z*w + 1)", "log(1 - a*S/V)", "6.18*exp(2 + 3*x)", "x + 1", "x"]
)
def test_what_is_short_stays_as_long_as_it_is(text: str) -> None:
    f = parse(text)
    assert collected(f).complexity == f.complexity


def test_long_formulas_take_no_time() -> None:
    f = parse("+".join(f"{k + 1.5}*x**{k}/(y + {k + 1})" for k in range(40)))
    assert collected(f).complexity <= f.complexity


@pytest.mark.parametrize(
    ("long", "shown"),
    [
        ("exp(-1.2378743560016174*x)", "0.29**x"),
        ("x + exp(1.5 + 2.1552445050953286*x + 2.1552445050953286*z)", "x + 4.4816890703380645*8.63**(x + z)"),
        ("exp(-0.4605170185988091*x)", "10**(-0.2*x)"),
        ("3.2*exp(-x**2*0.6931471805599453)", "3.2*0.5**(x**2)"),
        ("2.178649237472766*x + 2.1786492374727686", "2.178649237472766*(x + 1)"),
        ("log(x) - 1.2378743560016174", "log(0.29*x)"),
        ("x*log(0.44052863436123324*x + 1) + 0.8197798311573326*x", "x*log(x + 2.27)"),
        ("sqrt(z) + log(0.23*x*z + 0.31) + 0.7", "log(0.46316312271820964*(x*z) + 0.6242633393158478) + sqrt(z)"),
        ("1.7*(z + 0.5882352941176471*sqrt(x) + 0.9)", "1.7*z + sqrt(x) + 1.53"),
        ("exp(0.21*x)", "exp(0.21*x)"),
        ("exp(0.7213*x) + log(x) + 0.5", "exp(0.7213*x) + log(x) + 0.5"),
    ],
)
def test_powers_of_short_numbers(long: str, shown: str) -> None:
    f = parse(long)
    g = based(f)
    assert str(g.simplify()) == shown
    X = np.random.default_rng(0).uniform(0.5, 4, (50, 2))
    np.testing.assert_allclose(g.predict(X, ("x", "z")), f.predict(X, ("x", "z")), rtol=1e-8)


@pytest.mark.parametrize(
    ("long", "shown"),
    [
        ("cos(1.3*x - pi/2)", "sin(1.3*x)"),
        ("sin(0.506*x - 11.725574287564276)", "cos(0.506*x - 0.73)"),
        ("exp(1.3*sin(2.2*x - 2*pi))", "exp(1.3*sin(2.2*x))"),
        ("2*cos(x + z + 1.2 - 1.5707963267948966)", "2*sin(x + z + 1.2)"),
        ("-3*sin(x - 3*pi)", "3*sin(x)"),
        ("sin((sqrt(x) - 12.566370614359172)/2)", "sin(1/2*sqrt(x))"),
        ("sin(x + 4.7)", "sin(x + 4.7)"),
        ("cos(x + 1.23456)", "cos(x + 1.23456)"),
    ],
)
def test_short_phases(long: str, shown: str) -> None:
    f = parse(long)
    g = phased(f)
    assert str(g.simplify()) == shown
    X = np.random.default_rng(0).uniform(0.5, 4, (50, 2))
    np.testing.assert_allclose(g.predict(X, ("x", "z")), f.predict(X, ("x", "z")), rtol=1e-8, atol=1e-9)

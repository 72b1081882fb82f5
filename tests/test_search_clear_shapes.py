"""Functions behind longer forms get their names, and keep their values."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.formula import parse
from fitx.search.clear import collected
from fitx.search.clear_shapes import shaped

CASES = [
    ("1/2*(sqrt((-4/5*z)**2 - 4*(65/4*x - 25/4*x**2 + 0.16*z**2 - 10.5625)) + 4/5*z)", "2.5*abs(x - 1.3) + 0.4*z"),
    ("1/2*(sqrt((-x - 2*z)**2 - 8*(x*z)) + x + 2*z)", "max(x, 2*z)"),
    ("1/2*(x*z - sqrt((-(x*z) - 3)**2 - 12*(x*z)) + 3)", "min(3, x*z)"),
    ("sqrt(x**2 + 2*x*z + z**2)/w", "abs(x + z)/w"),
    ("sqrt(0.4 - 0.4*cos(2*x))", "0.8944271909999159*abs(sin(x))"),
    ("1/2*(z*(x - 1.7) + abs(z*(x - 1.7)))", "max(0, x*z - 1.7*z)"),
    ("(34*x - 207.85*(x**2*w) - 1.36)/(x**2 - 25*x**3)", "-1.36/x**2 + 8.314*w/(x - 0.04)"),
]


COLUMNS = {name: np.random.default_rng(k).uniform(0.3, 4, 200) for k, name in enumerate(("x", "z", "w"))}


@pytest.mark.parametrize(("given", "short"), CASES)
def test_a_longer_form_becomes_the_function_that_it_is(given: str, short: str) -> None:
    f = parse(given)
    forms = [collected(shaped(g)) for g in (f, collected(f))]
    right = [g for g in forms if np.allclose(g.evaluate(COLUMNS), f.evaluate(COLUMNS), 1e-6, 1e-7)]
    assert str(min(right, key=lambda g: g.complexity)) == short


@pytest.mark.parametrize("given", [given for given, _ in CASES] + ["sqrt(x**2 + x*z + z**2)", "abs(x)"])
def test_values_stay(given: str) -> None:
    f = parse(given)
    np.testing.assert_allclose(shaped(f).evaluate(COLUMNS), f.evaluate(COLUMNS), rtol=1e-6, atol=1e-7)


def test_what_is_no_square_stays() -> None:
    f = parse("sqrt(x**2 + x*z + z**2) + 3*abs(x) + 2*abs(z)")
    assert shaped(f) == f

"""Formulas that approach a simpler one become it."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.formula import parse
from fitx.search.clear_limits import in_the_limit
from fitx.search.judge import refined
from fitx.search.table import Table

X = np.random.default_rng(1).uniform(1, 4, (2, 300))
NAMES = ("x", "z")


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        ("9285873.4*sin(8.99e-8*log(x))/x", "9285873.4*(8.99e-8*log(x))/x"),
        ("3e12/(1 + 1e12*exp(-x))", "3000000000000.0/(1000000000000.0*exp(-x))"),
        ("2.5e-9 + x*z", "x*z"),
        ("1e-9 - x*z", "-(x*z)"),
        ("1e8*(exp(1e-8*x) - 1)", "100000000.0*(1 + 1e-8*x - 1)"),
        ("1e8*log(1 + 1e-8*x)", "100000000.0*(1e-8*x)"),
        ("sin(x) + 1", "sin(x) + 1"),
        ("exp(2) + x", "exp(2) + x"),
    ],
)
def test_what_is_in_the_limit(given: str, limit: str) -> None:
    assert str(in_the_limit(parse(given), X, NAMES)) == limit


def test_the_law_is_reached_with_its_constants() -> None:
    y = 0.835 * np.log(X[0]) / X[0]
    table = Table(X, y, NAMES, np.arange(300), None, 1, 0.0)
    f = refined(parse("9285873.4382207897*sin(8.9921535712852748e-8*log(x))/x"), table)
    assert f.complexity <= 7
    assert table.error_on_check(f) < 1e-26

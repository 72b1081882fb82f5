"""Laws that separate their columns are solved column by column; sums of exponentials by integral equations."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fitx.formula import parse
from fitx.search.atoms.coefficients import coefficient_functions
from fitx.search.atoms.factors import factors
from fitx.search.atoms.separable import separations
from fitx.search.budget import Budget
from fitx.search.grammar import parse_grammar
from fitx.search.problem import make_problem
from fitx.search.rounds import SMALL
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.coefficients import CoefficientFunctions
from fitx.search.stages.prony import Prony
from fitx.search.stages.separated import Separated
from fitx.search.table import Table
from fitx.search.targets import targets_for

NAMES = ("x", "z", "w")


def rows(law: str, ranges: list[tuple[float, float]], n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    X = np.column_stack([rng.uniform(lo, hi, n) for lo, hi in ranges])
    return X, parse(law).predict(X, NAMES[: len(ranges)])


def least(stage: Stage, X: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """The least error of the stage's formulas, and the complexity of the shortest exact one."""
    names = NAMES[: X.shape[1]]
    problem = make_problem(X, y, names, np.random.default_rng(0))
    table = Table(np.ascontiguousarray(X.T), y, names, problem.rows.check)
    bench = SimpleNamespace(threads=1, counted=lambda n: None)
    work = Work(problem, table, parse_grammar(), bench, None, SMALL)
    best, size = np.inf, 0
    with np.errstate(all="ignore"):
        for f in stage.run(work, Budget(Budget(0.0).clock() + 60)):
            error = table.error_on_all(f)
            if error < best:
                best, size = error, f.simplify().complexity
            if error < 1e-22:
                break
    return best, size


@pytest.mark.parametrize(
    ("law", "ranges"),
    [
        ("(0.792 + 0.51*x**0.26)*(1 + 0.014*log(z))*(1 - w**1.03)", [(0.15, 1), (150, 900), (0.1, 0.7)]),
        ("2 + (0.4*x**0.5 + 0.06*x**(2/3))*z**0.4", [(120, 900), (1.2, 8)]),
        ("1.3/log(x/3.7 + 5.74/z**0.9)**2", [(0.005, 0.03), (4000, 30000)]),
        ("33.7*exp(-0.0432*x) + 0.216*z - 8.31/(x + 2.37)", [(1, 20), (-10, 30)]),
        ("98.7 - (98.7 - x)*exp(-0.0463*z*w)", [(5, 40), (1, 40), (0.2, 2)]),
        ("0.6 + 1.83*sin(1.37*x)*exp(-0.31*z)", [(0, 5), (0, 5)]),
    ],
)
def test_separable_laws(law: str, ranges: list[tuple[float, float]]) -> None:
    X, y = rows(law, ranges)
    error, size = least(Separated(), X, y)
    assert error < 1e-20
    assert size <= parse(law).complexity + 10


@pytest.mark.parametrize(
    ("law", "ranges"),
    [
        ("0.08206*x/(z - 0.0297) - 63.5/(sqrt(x)*z*(z + 0.0297))", [(280, 450), (0.2, 2)]),
        ("331.3*sqrt(1 + x/273.2) + 0.0124*z*x", [(1, 40), (5, 95)]),
        ("150*x*(1 - w)**2/w**3 + 1.75*z**2*(1 - w)/w**3", [(0.1, 1), (0.1, 2), (0.3, 0.6)]),
    ],
)
def test_coefficients_that_are_functions(law: str, ranges: list[tuple[float, float]]) -> None:
    X, y = rows(law, ranges)
    assert least(CoefficientFunctions(), X, y)[0] < 1e-20


@pytest.mark.parametrize(
    ("law", "ranges"),
    [
        ("4.1*exp(-0.11*x) + 2.7*exp(-0.63*x) + 5.9*exp(-2.9*x)", [(0, 12)]),
        ("9.87*sin(0.0344*x - 2.8) - 7.53*cos(0.0172*x - 1.4)", [(1, 365)]),
        ("0.9 + 3.2*cos(2.1*x + 0.3)*exp(-0.17*x)", [(0, 12)]),
        ("1.2*x**0.63 + 0.74*x**1.91", [(0.5, 20)]),
    ],
)
def test_sums_of_exponentials_and_powers(law: str, ranges: list[tuple[float, float]]) -> None:
    assert least(Prony(), *rows(law, ranges))[0] < 1e-20


def test_constants_of_the_transform() -> None:
    X, y = rows("0.3 + 0.62*sqrt(x)*z**0.7", [(1, 9), (1, 8)])
    s = next(separations(np.ascontiguousarray(X.T), y, targets_for(y), 0.0))
    assert s.product
    assert s.constant == pytest.approx(0.3, rel=1e-6)
    assert s.values[0] == pytest.approx(0.5 * (np.log(X[:, 0]) - np.log(X[:, 0]).mean()), abs=1e-6)


def test_what_does_not_separate() -> None:
    X, y = rows("sin(x*z + 0.3*z**2) + x/(1 + z)", [(0, 3), (0, 3)])
    columns = np.ascontiguousarray(X.T)
    assert not list(separations(columns, y, targets_for(y), 0.0))
    assert not list(factors(columns, y, targets_for(y), 0.0))
    assert not list(coefficient_functions(columns, y, targets_for(y), 0.0))


def test_rows_along_a_line_tell_nothing() -> None:
    t = np.linspace(0, 6, 400)
    columns = np.array([np.sin(t) + 2, np.cos(t) + 2])
    y = np.sin(columns[0] * columns[1])
    assert not list(separations(columns, y, targets_for(y), 0.0))
    assert not list(factors(columns, y, targets_for(y), 0.0))

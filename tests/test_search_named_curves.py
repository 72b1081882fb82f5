"""Families of the method `curve` as candidates of the search, on problems with one or two columns left."""

from __future__ import annotations

import numpy as np
import pytest

import fitx
from fitx.search.budget import Budget
from fitx.search.grammar import parse_grammar
from fitx.search.problem import make_problem
from fitx.search.rounds import SMALL
from fitx.search.spaces import PRODUCTS, SUMS
from fitx.search.stages.base import Work
from fitx.search.stages.curves import NamedCurves
from fitx.search.table import Table


def work_of(X: np.ndarray, y: np.ndarray, operators: str | None = None, kind=SUMS) -> Work:
    names = tuple(f"x{k}" for k in range(X.shape[1]))
    problem = make_problem(X, y, names, np.random.default_rng(0))
    table = Table(np.ascontiguousarray(X.T), y, names, problem.rows.check)
    return Work(problem, table, parse_grammar(operators) if operators else parse_grammar(), None, kind, SMALL)


def best_error(work: Work) -> float:
    with np.errstate(all="ignore"):
        return min((work.table.error_on_check(f) for f in NamedCurves().run(work, Budget(np.inf))), default=np.inf)


@pytest.mark.parametrize(
    "law",
    [
        lambda x: 8 * (1 - np.exp(-0.6 * x)) ** 2.4,  # Chapman and Richards
        lambda x: 5 * np.exp(-((np.log(x) - 0.9) ** 2) / (2 * 0.5**2)),
        lambda x: 5 / (1 + ((x - 2.3) / 0.7) ** 2) + 1,
        lambda x: 3 * np.sin(2.3 * x + 0.7) + 2,
    ],
)
def test_a_family_fits_what_is_left_of_the_problem(law):
    X = np.random.default_rng(1).uniform(0.2, 8, (500, 1))
    assert best_error(work_of(X, law(X[:, 0]))) < 1e-5


def test_the_other_columns_formula_is_around_it():
    rng = np.random.default_rng(2)
    X = rng.uniform(0.2, 8, (500, 2))
    y = X[:, 1] ** 2 * (5 / (1 + ((X[:, 0] - 2.3) / 0.7) ** 2) + 1)
    work = work_of(X, y)
    squared = work.problem.divided(X[:, 1] ** 2, work.problem.formulas[1] ** 2, (0,), " over x1^2")
    assert best_error(Work(squared, work.table, work.grammar, None, SUMS, SMALL)) < 1e-5


def test_two_columns_either_way_round():
    X = np.random.default_rng(3).uniform(1, 8, (500, 2))
    assert best_error(work_of(X, 20 * X[:, 1] ** 1.6 * np.exp(-5 / X[:, 0]))) < 1e-5
    assert best_error(work_of(X, 20 * X[:, 0] ** 1.6 * np.exp(-5 / X[:, 1]))) < 1e-5


def test_once_in_a_round_and_with_allowed_operators_only():
    X = np.random.default_rng(4).uniform(0.2, 8, (300, 1))
    y = np.exp(-X[:, 0]) + 1
    assert not list(NamedCurves().run(work_of(X, y, kind=PRODUCTS), Budget(np.inf)))
    work = work_of(X, y, "+ - * /")
    with np.errstate(all="ignore"):
        found = list(NamedCurves().run(work, Budget(np.inf)))
    assert found
    assert all(work.grammar.permits(f) for f in found)


def test_no_family_for_three_columns_or_a_constant():
    X = np.random.default_rng(5).uniform(0.2, 8, (300, 3))
    assert best_error(work_of(X, X.sum(axis=1))) == np.inf
    assert best_error(work_of(X[:, :1], np.ones(300))) == np.inf


def test_a_logistic_of_five_parameters_is_the_law():
    x = np.linspace(0, 12, 400)
    law = 1.5 + 6 / (1 + np.exp(-1.1 * (x - 5))) ** 0.4
    fit = fitx.fit(x, law, method="symbolic", jobs=1, time_limit=60)
    assert np.abs(fit.predict(x) - law).max() < 1e-5

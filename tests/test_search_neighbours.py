"""Under noise the law is found from formulas that differ from it by a part or two."""

from __future__ import annotations

import numpy as np
import pytest

import fitx
from fitx.formula import parse
from fitx.formula.evaluate import evaluate_columns
from fitx.search.budget import Budget
from fitx.search.description import description
from fitx.search.edits import Edits, arranged
from fitx.search.evolve.genome import genome_of
from fitx.search.grammar import parse_grammar
from fitx.search.neighbours import Neighbours
from fitx.search.prior import structure_cost
from fitx.search.table import Table

NAMES = ("x1", "x2", "x3")


def table_of(law: str, low: float, high: float, noise: float = 0.01, n: int = 600) -> Table:
    rng = np.random.default_rng(3)
    columns = np.ascontiguousarray(rng.uniform(low, high, (3, n)))
    y = evaluate_columns(parse(law), columns, NAMES)
    y = y + noise * np.sqrt(np.mean(y**2)) * rng.normal(size=n)
    return Table(columns, y, NAMES, np.arange(n))


@pytest.mark.parametrize(
    ("near", "law"),
    [
        ("x1 - 0.05*x2 + x2*log(x2)", "x1 + (x2 - 0.117)*log(x2)"),
        ("0.77*x3**0.82*(exp(x2) - x1)/tanh(x3/2)**0.38", "0.464*(exp(x2) - x1)*(x3 + 1.24)"),
        ("0.9*(x1 + x2)**0.08*exp(-0.25*(x1 + x2))", "sin(exp(-0.237*(x1 + x2)))"),
        ("2*x1*x2 + 0.3*x3 + 1", "2*x1*x2 + sqrt(x3)"),
    ],
)
def test_from_a_near_miss_to_the_law(near, law):
    table = table_of(law, 0.5, 5.0)
    n = len(table.y)
    with np.errstate(all="ignore"):
        found = list(Neighbours(table, parse_grammar()).run([parse(near)], Budget(np.inf)))
    best = min(found, key=lambda c: description(c[0], c[1], n))[0]
    truth = evaluate_columns(parse(law), table.columns, NAMES)
    assert np.abs(table.on_all(best) - truth).max() < 0.02 * np.abs(truth).max()
    assert description(best, table.error_on_check(best), n) < description(
        parse(law), table.error_on_check(parse(law)), n
    ) + np.log(n)


def test_changes_of_one_part_hold_what_one_expects():
    edits = Edits.of(parse_grammar(), 2)
    columns = {"x1": 0, "x2": 1}
    around = set(edits.around(genome_of(parse("x1 + sin(x2)"), columns)))
    for f in ("x1 + x2", "x1 + cos(x2)", "x1*sin(x2)", "x1", "sin(x2)", "log(x1) + sin(x2)"):
        assert genome_of(parse(f), columns) in around


def test_operators_that_are_not_allowed_do_not_come_in():
    grammar = parse_grammar("+ - * /")
    table = table_of("x1 + sqrt(x2)", 0.5, 5.0)
    with np.errstate(all="ignore"):
        found = list(Neighbours(table, grammar).run([parse("x1 + 0.4*x2 + 0.7")], Budget(np.inf)))
    assert found
    assert all(grammar.permits(f) for f, _ in found)


@pytest.mark.parametrize("text", ["x1/x2*x3*x1", "x1 - x2 + x1**2 - x3", "exp(x1*x2/x1)/(x3 - x1)", "-x1*x2 - x1"])
def test_rearranging_keeps_the_value(text):
    columns = np.random.default_rng(0).uniform(0.5, 2, (3, 20))
    f = parse(text)
    assert np.allclose(
        evaluate_columns(arranged(f), columns, NAMES), evaluate_columns(f, columns, NAMES), rtol=1e-12, atol=0
    )


def test_parts_with_the_same_columns_stand_together():
    assert "x1/sin(x1)" in str(arranged(parse("x1*x2/sin(x1)")))


def test_a_leading_minus_costs_no_more_than_one_inside():
    assert structure_cost(parse("-x1 + x2*x3 + 0.5"), 100) == pytest.approx(
        structure_cost(parse("0.5 + x2*x3 - x1"), 100)
    )


def test_a_fit_ends_at_the_law_itself():
    rng = np.random.default_rng(8)
    X = rng.uniform(0.5, 5, (900, 2))
    y = X[:, 0] + np.log(X[:, 1]) * (X[:, 1] - 0.6)
    fit = fitx.fit(X, y + 0.01 * y.std() * rng.normal(size=900), method="symbolic", jobs=1, time_limit=60)
    fresh = rng.uniform(0.5, 5, (200, 2))
    truth = fresh[:, 0] + np.log(fresh[:, 1]) * (fresh[:, 1] - 0.6)
    assert np.abs(fit.predict(fresh) - truth).max() < 0.05 * np.ptp(truth)
    assert "log" in str(fit)

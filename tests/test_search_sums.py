"""Sums of structured terms: terms taken off one by one, mirror images, simple terms beside any other, and the order."""

from __future__ import annotations

import time

import numpy as np
import pytest

from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.symbolic import Symbolic
from fitx.formula import Formula, Var, parse
from fitx.search.exchange import exchanges
from fitx.search.exponents import corrected, likely_factors
from fitx.search.grammar import parse_grammar
from fitx.search.peel import peeled
from fitx.search.plan import Step, steps
from fitx.search.problem import Problem, make_problem
from fitx.search.rounds import ROUNDS
from fitx.search.stages.symmetric import symmetric_terms

NAMES = ("a", "b", "c", "d", "e")


def problem(law: str, d: int, n: int = 400, low: float = 1.0, high: float = 3.0) -> tuple[Problem, Formula]:
    f = parse(law)
    X = np.random.default_rng(1).uniform(low, high, (n, d))
    return make_problem(X, f.predict(X, NAMES[:d]), NAMES[:d], np.random.default_rng(0)), f


def proposals(law: str, d: int, n: int = 400) -> list[Proposal]:
    X = np.random.default_rng(1).uniform(1.0, 3.0, (n, d))
    data = Data(X, parse(law).predict(X, NAMES[:d]), NAMES[:d])
    context = Context(Symbolic().resolve_options({}), np.random.default_rng(0), time.perf_counter() + 120, 2)
    return [p for p in Symbolic().propose(data, context) if isinstance(p, Proposal)]


@pytest.mark.parametrize(
    ("law", "term"),
    [
        ("d + a*tan(b/3) + c**2", "d"),
        ("c*exp(-a*b) - d/a**4", "d/a**4"),
        ("1/(a**2*b + (1 - c*d)**2)", "a**2*b"),
        ("sqrt(a**2*b/(1 + c) + d)", "d"),
    ],
)
def test_a_term_that_holds_a_column_alone_is_taken_off(law: str, term: str) -> None:
    p, f = problem(law, 4)
    columns = dict(zip(NAMES, p.columns, strict=False))
    wanted = parse(term).evaluate(columns)
    children = list(peeled(p, parse_grammar()))
    left = [child for child in children if abs(np.corrcoef(_taken(p, child), wanted)[0, 1]) > 1 - 1e-9]
    assert left
    for child in left:
        assert set(child.active) < set(p.active)
        # What is left, put back, is y again.
        back = child.lift(Var("_left")).evaluate({**columns, "_left": child.y})
        assert np.allclose(back, f.evaluate(columns), rtol=1e-9)


def _taken(p: Problem, child: Problem) -> np.ndarray:
    """T(y) without what is left, for the transform that the child's label names."""
    forward = {"1/y": lambda y: 1 / y, "y^2": lambda y: y * y, "1/y^2": lambda y: 1 / (y * y)}
    name = child.label.split()[0]
    return np.asarray(forward.get(name, lambda y: y)(p.y) - child.y)


def test_exponents_of_a_term_are_corrected_beside_a_base() -> None:
    p, _ = problem("a*b", 3)
    x = p.columns
    factors = likely_factors(p, x, parse_grammar())
    t = 0.5 * x[0] ** 2 * x[1] / np.sqrt(x[2])
    basis = np.ones((1, p.n)) / np.sqrt(p.n)
    t = t - (t @ basis.T) @ basis
    found = corrected(x[0], Var("a"), 0.4, factors, basis, t)
    assert found is not None
    f, c, misfit = found
    assert misfit < 1e-12
    assert c == pytest.approx(0.5)
    wanted = parse("a**2*b/sqrt(c)")
    columns = dict(zip(NAMES, x, strict=False))
    assert np.allclose(f.evaluate(columns), wanted.evaluate(columns))


def test_exchanges_that_y_does_not_notice_are_seen() -> None:
    p, _ = problem("a/sqrt(a**2 + c**2) + b/sqrt(b**2 + c**2)", 3)
    assert exchanges(p) == [((0, 1),)]
    p, _ = problem("(a/c + b/d)**2/(a**2/(c + 1) + b**2/(d + 1))", 4)
    assert ((0, 1), (2, 3)) in exchanges(p)
    p, _ = problem("a**2*b + c", 3)
    assert exchanges(p) == []


def test_symmetric_terms_have_the_values_of_their_formulas() -> None:
    p, _ = problem("a/sqrt(a**2 + c**2) + b/sqrt(b**2 + c**2)", 3)
    terms, values = symmetric_terms(p, ((0, 1),))
    columns = dict(zip(NAMES, p.screen_columns, strict=False))
    for i in range(0, len(values), 97):
        assert np.allclose(terms[i].evaluate(columns), values[i], rtol=1e-9)
    law = p.y[p.rows.screen]
    assert (np.abs(values - law).max(axis=1) < 1e-12).any()


@pytest.mark.parametrize(
    ("law", "d", "stage"),
    [
        ("c**2/(a + 1) + d**2*sin(b)/sqrt(a)", 4, ""),
        ("a/sqrt(a**2 + c**2) + b/sqrt(b**2 + c**2)", 3, "symmetric"),
        ("a/(a + 1)*(b**((a + 1)/a) - 1)", 2, ""),
    ],
)
def test_sums_of_structured_terms_are_found(law: str, d: int, stage: str) -> None:
    last = proposals(law, d)[-1]
    columns = dict(zip(NAMES, np.random.default_rng(2).uniform(1.0, 3.5, (d, 100)), strict=False))
    assert np.allclose(last.formula.evaluate(columns), parse(law).evaluate(columns), rtol=1e-7)
    assert stage in last.label


def test_every_size_is_tried_on_every_variant() -> None:
    plan = [step for step in steps(3) if isinstance(step, Step)]
    for effort in ROUNDS:
        for variant in range(3):
            families = {f for s in plan if (s.effort, s.variant) == (effort, variant) for f in s.families}
            # "nested" is the quick part of "late", on the first variant.
            assert families - {"nested"} == {"library", "scan", "deep", "last", "late"}

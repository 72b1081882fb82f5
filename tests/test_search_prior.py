"""How long a formula is to write down, and rational functions fitted under noise."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.formula import parse
from fitx.search.monomials import monomial_values, polynomial_exponents
from fitx.search.prior import KINDS, PLACES, events, structure_cost
from fitx.search.rational_noisy import rational_relation, sparse_rational


@pytest.mark.parametrize(
    ("usual", "odd"),
    [
        ("exp(-2*a)", "exp(sin(a))"),
        ("a**2", "a**3.1"),
        ("a**3.1", "a**b*1.0"),
        ("sin(2*a)", "sin(exp(a))"),
        ("a*b/2", "a*b*37/41"),
        ("1/(a + b)", "tanh(a)/b"),
    ],
)
def test_what_is_rare_in_laws_is_longer(usual: str, odd: str) -> None:
    assert structure_cost(parse(usual), 500) < structure_cost(parse(odd), 500)


def test_every_node_has_a_kind_and_a_place() -> None:
    f = parse("min(a, 2)*pi + cbrt(b)**c - sqrt(exp(-a**1.5))/3 + a**(3/2) + log10(tan(b)) + c**5")
    for place, kind in events(f):
        assert place in PLACES
        assert kind in KINDS
    assert ("exp", "neg") in set(events(f))
    assert ("exponent", "column") in set(events(f))
    assert 0 < structure_cost(f, 100) < structure_cost(f, 10_000)


@pytest.mark.parametrize(
    ("lead", "top", "bottom"),
    [(0, {(1, 1): 2.0}, {(0, 0): 1.0, (1, 0): 0.5, (0, 1): 0.25}), (1, {(1, 1): 2.0}, {(1, 0): 1.0, (0, 1): 0.5})],
)
def test_rational_functions_under_noise(
    lead: int, top: dict[tuple[int, ...], float], bottom: dict[tuple[int, ...], float]
) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 4, (2, 600))
    above, below = polynomial_exponents(2, 2), polynomial_exponents(2, 1)
    A, B = monomial_values(x, above), monomial_values(x, below)
    p, q = np.array([top.get(e, 0.0) for e in above]), np.array([bottom.get(e, 0.0) for e in below])
    y = p @ A / (q @ B)
    sigma = 0.01 * np.sqrt(np.mean(y**2))
    found = sparse_rational(A, B, lead, y + sigma * rng.normal(size=600), np.full(600, 1 / sigma))
    assert found is not None
    assert np.array_equal(found[0] != 0, p != 0)
    assert np.array_equal(found[1] != 0, q != 0)
    np.testing.assert_allclose(found[1], q, atol=0.05)


def test_a_denominator_with_a_zero_on_the_rows_is_none() -> None:
    x = np.linspace(-1, 1, 101)[None]
    A = monomial_values(x, polynomial_exponents(1, 1))
    assert sparse_rational(A, A, 1, x[0], np.ones(101)) is None


def test_a_rational_function_among_many_terms() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0.2, 1, (6, 700))
    above, below = polynomial_exponents(6, 3), polynomial_exponents(6, 2)
    A, B = monomial_values(x, above), monomial_values(x, below)
    a, b, t, c, d, u = x
    y = (a * b * t + c * d * u) / (a * b + c * d)
    sigma = 0.01 * np.sqrt(np.mean(y**2))
    found = rational_relation(A, B, y + sigma * rng.normal(size=700), np.full(700, 1 / sigma))
    assert found is not None
    assert [e for e, v in zip(above, found[0], strict=True) if v] == [(1, 1, 1, 0, 0, 0), (0, 0, 0, 1, 1, 1)]
    assert [e for e, v in zip(below, found[1], strict=True) if v] == [(1, 1, 0, 0, 0, 0), (0, 0, 0, 1, 1, 0)]
    assert rational_relation(A[:7], B[:7], np.sin(20 * a), np.full(700, 100.0)) is None

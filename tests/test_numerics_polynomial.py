"""Least-squares polynomials: known answers, exact rational references, scales, rank, covariance."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitx.errors import FitxError, UsageError
from fitx.numerics.monomials import exponents, lower_closure
from fitx.numerics.newton import from_powers
from fitx.numerics.polynomial import fit_polynomials
from fitx.numerics.powers import power_loss

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Standard errors and residual standard deviation that NIST certifies for Filip.
FILIP_STDERR = [
    298.084530995537, 559.779865474950, 466.477572127796, 227.204274477751, 71.6478660875927, 15.2897178747400,
    2.23691159816033, 0.221624321934227, 0.142363763154724e-01, 0.535617408889821e-03, 0.896632837373868e-05,
]  # fmt: skip
FILIP_SIGMA = 0.334801051324544e-02


def exact_least_squares(x: list[Fraction], y: list[Fraction], degree: int) -> list[Fraction]:
    """Normal equations in rationals, Gauss-Jordan."""
    p = degree + 1
    rows = [
        [sum((v ** (i + j) for v in x), Fraction(0)) for j in range(p)]
        + [sum((u * v**i for u, v in zip(y, x, strict=True)), Fraction(0))]
        for i in range(p)
    ]
    for i in range(p):
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for j in range(p):
            if j != i:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    return [row[-1] for row in rows]


@pytest.mark.skipif(not (DATA / "Filip.csv").exists(), reason="shared/data is not here")
def test_filip_has_thirteen_certified_digits() -> None:
    table = np.loadtxt(DATA / "Filip.csv", delimiter=",", skiprows=1)
    with open(DATA / "Filip.certified.csv") as f:
        certified = np.array([float(row["certified"]) for row in csv.DictReader(f)])
    fit = fit_polynomials(table[:, 0], table[:, 1], *exponents(1, 10))[-1]
    assert (-np.log10(np.abs(fit.powers() / certified - 1))).min() > 13.5
    np.testing.assert_allclose(fit.stderr(), FILIP_STDERR, rtol=1e-13)
    assert fit.sigma() == pytest.approx(FILIP_SIGMA, rel=1e-13)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 8), st.integers(0, 10**6), st.sampled_from([0.0, 10.0, 2000.0]))
def test_agrees_with_exact_rational_least_squares(degree: int, seed: int, offset: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = offset + rng.normal(size=20), rng.normal(size=20)
    exact = exact_least_squares([Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y], degree)
    fit = fit_polynomials(x, y, *exponents(1, degree))[-1]
    np.testing.assert_allclose(fit.powers(), [float(c) for c in exact], rtol=1e-15)


def test_every_degree_comes_from_one_factorisation() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(size=50)
    y = np.sin(9 * x)
    fits = fit_polynomials(x, y, *exponents(1, 12))
    assert [len(f.c) for f in fits] == list(range(1, 14))
    for f in fits:
        assert f.residual_norm * 2.0**f.y_exponent == pytest.approx(np.linalg.norm(y - f.evaluate(x)), rel=1e-9)


def test_degree_sixty_of_a_smooth_function() -> None:
    x = np.linspace(2.0, 5.0, 1000)
    y = np.exp(x) * np.cos(12 * x) / 100
    terms, sizes = exponents(1, 60)
    fit = fit_polynomials(x, y, terms, sizes[-1:])[0]
    assert np.abs(fit.evaluate(x) - y).max() < 1e-12
    assert power_loss(fit.powers(), fit.terms, x[:, None], fit.evaluate(x), y) > 1e-6
    nested = from_powers(fit.exact_powers(), 3.5, 1.5)
    assert np.abs(nested.evaluate(x) - y).max() < 1e-12


def test_covariance_is_the_closed_form() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=40)
    y = 1 + x - x**2 + 0.1 * rng.normal(size=40)
    w = rng.uniform(0.5, 2, size=40)
    fit = fit_polynomials(x, y, *exponents(1, 2), weights=w)[-1]
    v = np.vander(x, 3, increasing=True)
    inverse = np.linalg.inv(v.T @ (w[:, None] * v))
    residual = y - v @ fit.powers()
    variance = w @ residual**2 / 37
    np.testing.assert_allclose(fit.covariance(), variance * inverse, rtol=1e-10)
    np.testing.assert_allclose(fit.stderr(), np.sqrt(np.diag(variance * inverse)), rtol=1e-10)
    np.testing.assert_allclose(fit.covariance(absolute=True), inverse, rtol=1e-10)
    u = (x - 2) / 5
    scaled = fit_polynomials(u, y, *exponents(1, 2), weights=w)[-1]
    np.testing.assert_allclose(fit.powers([(2.0, 5.0)]), scaled.powers(), rtol=1e-10)
    np.testing.assert_allclose(fit.covariance([(2.0, 5.0)]), scaled.covariance(), rtol=1e-10)


def test_standard_errors_hold_in_simulation() -> None:
    rng = np.random.default_rng(4)
    x = np.linspace(0, 1, 30)
    draws = [fit_polynomials(x, x + 0.3 * rng.normal(size=30), *exponents(1, 2))[-1] for _ in range(400)]
    spread = np.std([f.powers() for f in draws], axis=0)
    claimed = np.sqrt(np.mean([f.stderr() ** 2 for f in draws], axis=0))
    np.testing.assert_allclose(claimed, spread, rtol=0.12)


def test_weights_are_repetition_of_rows() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    w = rng.integers(0, 4, size=30)
    terms, sizes = exponents(2, 3)
    a = fit_polynomials(x, y, terms, sizes, weights=w.astype(float))[-1]
    b = fit_polynomials(np.repeat(x, w, axis=0), np.repeat(y, w), terms, sizes)[-1]
    np.testing.assert_allclose(a.powers(), b.powers(), rtol=1e-10)
    np.testing.assert_allclose(a.evaluate(x), b.evaluate(x), rtol=1e-10)


@pytest.mark.parametrize("x_scale", [1e-300, 1e-30, 1e30, 1e300])
@pytest.mark.parametrize("y_scale", [1e-300, 1e-30, 1e30, 1e300])
def test_scales(x_scale: float, y_scale: float) -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(-1, 3, size=25)
    y = 2 - 3 * x + x**3
    fit = fit_polynomials(x * x_scale, y * y_scale, *exponents(1, 4))[-1]
    assert np.abs(fit.evaluate(x * x_scale) / y_scale - y).max() < 1e-13
    c = fit.powers([(0.0, x_scale)]) / y_scale
    np.testing.assert_allclose(c, [2, -3, 0, 1, 0], atol=1e-12)
    assert np.isfinite(fit.stderr([(0.0, x_scale)])).all()


def test_years() -> None:
    x = np.arange(1990.0, 2021.0)
    y = (x - 2000) ** 3 + 1
    c = fit_polynomials(x, y, *exponents(1, 3))[-1].powers()
    np.testing.assert_allclose(c, [1 - 2000**3, 3 * 2000**2, -6000, 1], rtol=1e-15)


def test_collinear_columns_are_named() -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(100, 3))
    x[:, 2] = 2 * x[:, 0] - x[:, 1]
    y = x[:, 0] ** 2 + x[:, 1]
    fit = fit_polynomials(x, y, *exponents(3, 1))[-1]
    assert set(fit.dependent) == {(0, 0, 1)}
    assert {(1, 0, 0), (0, 1, 0)} <= set(fit.dependent[0, 0, 1])
    fit = fit_polynomials(x, y, *exponents(3, 2))[-1]
    assert all(t[2] > 0 for t in fit.dependent)
    assert (fit.terms[:, 2] == 0).all()
    np.testing.assert_allclose(fit.evaluate(x), y, atol=1e-12)


def test_few_distinct_values_limit_the_degree() -> None:
    x = np.repeat([1.0, 2.0, 5.0], 4)
    fits = fit_polynomials(x, np.arange(12.0), *exponents(1, 6))
    assert len(fits) == 3
    constant = fit_polynomials(np.full(5, 3.0), np.arange(5.0), *exponents(1, 2))
    assert len(constant) == 1
    assert constant[0].powers() == pytest.approx([2.0])
    assert fit_polynomials(np.array([4.0]), np.array([7.0]), *exponents(1, 3))[-1].powers() == pytest.approx([7.0])


def test_sets_of_terms() -> None:
    assert len(exponents(3, 4)[0]) == 35
    assert exponents(3, 4)[1] == [1, 4, 10, 20, 35]
    assert len(exponents(2, 3, kind="each")[0]) == 16
    assert exponents(2, 3, interactions=False)[0].tolist() == [[0, 0], [1, 0], [0, 1], [2, 0], [0, 2], [3, 0], [0, 3]]
    assert {tuple(t) for t in lower_closure(np.array([[2, 1]]))} == {(a, b) for a in range(3) for b in range(2)}
    with pytest.raises(UsageError, match="more than"):
        exponents(30, 10)


def test_tensor_products_recover_a_polynomial() -> None:
    rng = np.random.default_rng(8)
    x = rng.uniform(3, 4, size=(200, 2))
    y = 1 + 2 * x[:, 0] ** 2 * x[:, 1] ** 3 - x[:, 1]
    fit = fit_polynomials(x, y, *exponents(2, 3, kind="each"))[-1]
    found = {tuple(t): c for t, c in zip(fit.terms.tolist(), fit.powers(), strict=True)}
    assert found[2, 3] == pytest.approx(2, rel=1e-9)
    assert found[0, 1] == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(FitxError, match="finite"):
        fit_polynomials(np.array([1.0, bad]), np.array([1.0, 2.0]), *exponents(1, 1))
    with pytest.raises(FitxError, match="weight"):
        fit_polynomials(np.array([1.0, 2.0]), np.array([1.0, 2.0]), *exponents(1, 1), weights=np.array([1.0, bad]))

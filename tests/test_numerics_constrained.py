"""Chosen powers and fixed coefficients."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.errors import UsageError
from fitx.numerics.constrained import fit_constrained
from fitx.numerics.monomials import exponents
from fitx.numerics.polynomial import fit_polynomials


def test_chosen_powers_agree_with_the_textbook() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    y = 1 + x**3 + 0.1 * rng.normal(size=60)
    w = rng.uniform(1, 2, size=60)
    fit = fit_constrained(x, y, np.array([[0], [3]]), weights=w)
    a = np.column_stack([np.ones(60), x**3])
    inverse = np.linalg.inv(a.T @ (w[:, None] * a))
    c = inverse @ (a.T @ (w * y))
    variance = w @ (y - a @ c) ** 2 / 58
    np.testing.assert_allclose(fit.powers, c, rtol=1e-12)
    np.testing.assert_allclose(fit.covariance, variance * inverse, rtol=1e-10)
    np.testing.assert_allclose(fit.evaluate(x), a @ c, rtol=1e-10)


def test_all_powers_agree_with_the_free_fit() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    terms, sizes = exponents(2, 3)
    free = fit_polynomials(x, y, terms, sizes)[-1]
    chosen = fit_constrained(x, y, terms)
    np.testing.assert_allclose(chosen.powers, free.powers(), rtol=1e-9)
    np.testing.assert_allclose(chosen.stderr, free.stderr(), rtol=1e-9)


def test_fixed_coefficients_stay_and_the_rest_is_fitted() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 2, size=40)
    y = 5 - 2 * x + 0.5 * x**2 + 0.01 * rng.normal(size=40)
    fit = fit_constrained(x, y, np.array([[1], [2]]), {(0,): 4.5})
    rest = np.linalg.lstsq(np.column_stack([x, x**2]), y - 4.5, rcond=None)[0]
    assert fit.terms == ((1,), (2,), (0,))
    np.testing.assert_allclose(fit.powers, [*rest, 4.5], rtol=1e-12)
    assert fit.stderr[-1] == 0
    assert fit.dof == 38


def test_years_with_a_power_missing() -> None:
    x = np.arange(1990.0, 2021.0)
    y = 3 + 2 * x - 0.5 * x**3
    fit = fit_constrained(x, y, np.array([[0], [1], [3]]))
    np.testing.assert_allclose(fit.evaluate(x), y, rtol=1e-14)
    assert fit.powers[2] == pytest.approx(-0.5, rel=1e-12)
    assert (np.abs(fit.powers - [3, 2, -0.5]) < 10 * fit.stderr + 1e-15).all()
    through_origin = fit_constrained(x, x**2, np.array([[2], [4], [6], [8]]))
    np.testing.assert_allclose(through_origin.evaluate(x), x**2, rtol=1e-13)


@pytest.mark.parametrize("scale", [1e-200, 1e150])
def test_scales(scale: float) -> None:
    x = np.linspace(1, 2, 20)
    fit = fit_constrained(x * scale, 1e-100 * (1 + x), np.array([[0], [1], [4]]))
    assert fit.powers[0] == pytest.approx(1e-100, rel=1e-10)
    assert fit.powers[1] == pytest.approx(1e-100 / scale, rel=1e-10)


def test_nothing_free_and_too_few_rows() -> None:
    x = np.array([1.0, 1, 2, 2])
    fixed_only = fit_constrained(x, x, np.zeros((0, 1), dtype=np.int64), {(0,): 1.0})
    np.testing.assert_allclose(fixed_only.evaluate(x), 1)
    short = fit_constrained(x, np.array([1.0, 1, 2, 3]), np.array([[0], [1], [2]]))
    assert short.dependent == ((2,),)
    np.testing.assert_allclose(short.powers, [-0.5, 1.5], rtol=1e-14)


def test_a_power_is_asked_for_once() -> None:
    x = np.arange(5.0)
    with pytest.raises(UsageError, match="once"):
        fit_constrained(x, x, np.array([[1], [1]]))
    with pytest.raises(UsageError, match="once"):
        fit_constrained(x, x, np.array([[1]]), {(1,): 2.0})

"""Barycentric interpolation, Lebesgue constants, Newton's form at Leja points."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fitx.numerics import barycentric, newton


def chebyshev_points(n: int) -> np.ndarray:
    return np.cos((2 * np.arange(n) + 1) * np.pi / (2 * n))


def test_five_thousand_chebyshev_points_of_a_smooth_function() -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return np.exp(x) * np.cos(40 * x)

    x, at = chebyshev_points(5000), np.linspace(-1, 1, 501)
    w = barycentric.weights(x)
    assert np.abs(barycentric.evaluate(x, f(x), w, at) - f(at)).max() < 1e-12
    assert np.array_equal(barycentric.evaluate(x, f(x), w, x[:100]), f(x[:100]))


def test_a_thousand_equispaced_points_keep_finite_weights() -> None:
    w = barycentric.weights(np.linspace(0.0, 1.0, 1000))
    assert np.isfinite(w).all()
    assert (w != 0).all()
    assert (np.sign(w[1:]) == -np.sign(w[:-1])).all()
    with np.errstate(over="raise"):
        assert np.isfinite(barycentric.weights(np.arange(3000.0))).all()


@pytest.mark.parametrize("scale", [1e-300, 1e-5, 1.0, 1e300])
def test_weights_do_not_depend_on_the_unit_of_x(scale: float) -> None:
    x = np.array([0.0, 1.0, 3.0, 4.0, 7.0])
    w, v = barycentric.weights(x), barycentric.weights(x * scale)
    np.testing.assert_allclose(v / v[0], w / w[0], rtol=1e-13)


@pytest.mark.parametrize("n", [10, 100, 1000])
def test_lebesgue_constant_of_known_nodes(n: int) -> None:
    known = 2 / np.pi * (np.log(n) + 0.9625)  # [Trefethen 2019, chapter 15]
    assert barycentric.lebesgue_constant(chebyshev_points(n)) == pytest.approx(known, rel=0.05)
    equispaced = 2.0**n / (np.e * n * np.log(n))
    assert barycentric.lebesgue_constant(np.linspace(5, 6, n)) == pytest.approx(equispaced, rel=0.9)


def test_leja_points_are_far_apart_and_distinct() -> None:
    for n in (1, 2, 17, 60, 300):
        points = newton.leja_points(n)
        assert len(set(points.tolist())) == n
        assert np.abs(points).max() <= 2
    first = newton.leja_points(20)
    assert abs(first[0] - first[1]) > 3.9


@pytest.mark.parametrize("degree", [0, 1, 5, 40])
def test_newton_form_is_the_same_polynomial(degree: int) -> None:
    rng = np.random.default_rng(1)
    c = [Fraction(int(v)) for v in rng.integers(-9, 9, degree + 1)]
    form = newton.from_powers(c, 2005.0, 15.0)
    x = np.linspace(1990, 2020, 7)
    exact = [sum(a * Fraction(float(v)) ** k for k, a in enumerate(c)) for v in x]
    got = form.evaluate(x)
    largest = max(abs(v) for v in exact)
    for g, e in zip(got, exact, strict=True):
        assert abs(Fraction(float(g)) - e) <= largest * Fraction(1, 10**13)

"""Nonlinear least squares: optima, bounds, losses, scales, and the last digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, linprog
from scipy.optimize import least_squares as peer

from fitx.numerics.losses import LOSSES, influence, reweighted, spread_of, total
from fitx.numerics.nonlinear import Solution, least_squares, rank_of

RNG = np.random.default_rng(0)
X = np.linspace(0, 4, 40)
NOISE = RNG.normal(0, 0.02, len(X))
TRUTH = np.array([2.5, 0.7, 1.2])


def decay(p: np.ndarray) -> np.ndarray:
    return p[0] * np.exp(-p[1] * X) + p[2]


def decay_jacobian(p: np.ndarray) -> np.ndarray:
    e = np.exp(-p[1] * X)
    return np.column_stack([e, -p[0] * X * e, np.ones_like(X)])


def fit(y: np.ndarray, start: object = (1.0, 1.0, 0.0), **more: object) -> Solution:
    return least_squares(lambda p: decay(p) - y, decay_jacobian, start, **more)


class TestOptimum:
    def test_is_where_the_gradient_vanishes(self) -> None:
        s = fit(decay(TRUTH) + NOISE)
        g = s.jacobian.T @ s.residual
        assert s.status == "converged"
        assert np.abs(g).max() <= 1e-15 * np.linalg.norm(s.jacobian) * np.linalg.norm(s.residual) * 10
        np.testing.assert_allclose(s.values, TRUTH, atol=0.05)
        assert s.loss == pytest.approx(s.residual @ s.residual)
        assert s.rank == 3
        assert not s.at_bound.any()

    def test_exact_data_are_met_exactly(self) -> None:
        s = fit(decay(TRUTH))
        np.testing.assert_allclose(s.values, TRUTH, rtol=1e-14)

    @settings(max_examples=50, deadline=None)
    @given(st.integers(0, 10**6), st.integers(1, 6), st.integers(0, 10))
    def test_of_a_linear_model_is_that_of_the_textbook(self, seed: int, p: int, more: int) -> None:
        rng = np.random.default_rng(seed)
        A, y = rng.normal(size=(p + more, p)), rng.normal(size=p + more)
        s = least_squares(lambda c: A @ c - y, lambda c: A, np.zeros(p))
        np.testing.assert_allclose(s.values, np.linalg.lstsq(A, y, rcond=None)[0], rtol=1e-7, atol=1e-9)

    def test_at_the_end_of_a_curved_valley(self) -> None:
        s = least_squares(
            lambda p: np.array([10 * (p[1] - p[0] ** 2), 1 - p[0]]),
            lambda p: np.array([[-20 * p[0], 10.0], [-1.0, 0.0]]),
            (-1.2, 1.0),
        )
        np.testing.assert_allclose(s.values, 1, rtol=1e-14)

    def test_steps_can_be_limited(self) -> None:
        s = fit(decay(TRUTH) + NOISE, (50.0, 9.0, -20.0), steps=2)
        assert s.status == "steps"

    def test_an_undefined_start_is_said(self) -> None:
        s = least_squares(lambda p: np.log(p - X), lambda p: 1 / (p - X)[:, None], [1.0])
        assert s.status == "undefined"
        assert s.loss == np.inf

    def test_undefined_places_are_not_entered(self) -> None:
        with np.errstate(all="ignore"):
            s = least_squares(lambda p: np.log(p[0] + X) - np.log(0.01 + X), lambda p: 1 / (p[0] + X)[:, None], [3.0])
        assert s.values[0] == pytest.approx(0.01)


class TestScales:
    @pytest.mark.parametrize("size", [1e-300, 1e-160, 1e-9, 1e9, 1e160, 1e300])
    def test_of_y_do_not_matter(self, size: float) -> None:
        y = decay(TRUTH) + NOISE
        unit = np.array([size, 1, size])
        s = least_squares(
            lambda p: size * (decay(p / unit) - y), lambda p: size * decay_jacobian(p / unit) / unit, unit
        )  # fmt: skip
        np.testing.assert_allclose(s.values / unit, fit(y).values, rtol=1e-9)

    @pytest.mark.parametrize("size", [1e-250, 1e-20, 1e20, 1e250])
    def test_of_a_parameter_do_not_matter(self, size: float) -> None:
        y = decay(TRUTH) + NOISE
        unit = np.array([1, size, 1])
        s = least_squares(lambda p: decay(p / unit) - y, lambda p: decay_jacobian(p / unit) / unit, unit)
        np.testing.assert_allclose(s.values / unit, fit(y).values, rtol=1e-9)


class TestBounds:
    @pytest.mark.parametrize(
        ("low", "high"),
        [((0, 0, 0), (2, 9, 9)), ((0, 1, 0), (9, 9, 9)), ((-9, -9, 1.5), (9, 0.5, 1.6)), ((3, 3, 3), (4, 4, 4))],
    )
    def test_the_optimum_within_them(self, low: tuple[float, ...], high: tuple[float, ...]) -> None:
        y = decay(TRUTH) + NOISE
        s = fit(y, bounds=(low, high))
        start = np.clip((1.0, 1.0, 0.0), np.array(low) + 0.01, np.array(high) - 0.01)
        other = peer(lambda p: decay(p) - y, start, decay_jacobian, (low, high), xtol=1e-15, ftol=1e-15, gtol=1e-15)
        assert (s.values >= low).all()
        assert (s.values <= high).all()
        assert s.loss <= 2 * other.cost * (1 + 1e-9)
        assert s.at_bound.any()
        # Kuhn and Tucker: no gradient inside, and outwards only at a bound.
        g = s.jacobian.T @ s.residual / np.linalg.norm(s.jacobian, axis=0) / np.linalg.norm(s.residual)
        assert np.abs(g[~s.at_bound]).max(initial=0) < 1e-7
        assert (g[s.values == low] >= 0).all()
        assert (g[s.values == high] <= 0).all()

    def test_equal_bounds_fix_a_parameter(self) -> None:
        y = decay(TRUTH) + NOISE
        s = fit(y, bounds=((-np.inf, 0.5, -np.inf), (np.inf, 0.5, np.inf)))
        A = decay_jacobian(np.array([1, 0.5, 0]))[:, [0, 2]]
        np.testing.assert_allclose(s.values, np.insert(np.linalg.lstsq(A, y, rcond=None)[0], 1, 0.5), rtol=1e-12)

    def test_bounds_far_away_change_nothing(self) -> None:
        y = decay(TRUTH) + NOISE
        np.testing.assert_allclose(fit(y, bounds=(-100, 100)).values, fit(y).values, rtol=1e-12)


class TestLosses:
    @pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy"])
    def test_have_the_optimum_of_the_peer(self, loss: str) -> None:
        y = decay(TRUTH) + NOISE
        y[::7] += 3
        s = fit(y, loss=loss, scale=0.05)
        other = peer(
            lambda p: decay(p) - y, s.values, decay_jacobian, loss=loss, f_scale=0.05,
            xtol=1e-15, ftol=1e-15, gtol=1e-15,
        )  # fmt: skip
        assert s.loss == pytest.approx(2 * other.cost, rel=1e-9)
        np.testing.assert_allclose(s.values, other.x, rtol=1e-6)

    @pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy", "lad"])
    def test_outliers_hardly_move_them(self, loss: str) -> None:
        y = decay(TRUTH) + NOISE
        y[::7] += 3
        np.testing.assert_allclose(fit(y, loss=loss).values, TRUTH, atol=0.12)
        assert np.abs(fit(y).values - TRUTH).max() > 0.3

    @pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy", "lad"])
    def test_rows_that_are_exact_are_met_exactly(self, loss: str) -> None:
        y = decay(TRUTH)
        y[::7] += 3
        np.testing.assert_allclose(fit(y, loss=loss).values, TRUTH, rtol=1e-9)

    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 10**6), st.integers(1, 4))
    def test_least_absolute_deviations_of_a_linear_model(self, seed: int, p: int) -> None:
        rng = np.random.default_rng(seed)
        A, y = rng.normal(size=(20, p)), rng.standard_t(1, 20)
        s = least_squares(lambda c: A @ c - y, lambda c: A, np.zeros(p), loss="lad")
        one = np.eye(20)
        c = np.concatenate([np.zeros(p), np.ones(40)])
        other = linprog(c, A_eq=np.hstack([A, one, -one]), b_eq=y, bounds=[(None, None)] * p + [(0, None)] * 40)
        assert s.loss == pytest.approx(other.fun, rel=1e-9)
        assert (np.abs(s.residual) < 1e-9 * np.abs(y).max()).sum() >= p

    def test_least_absolute_deviations_within_bounds(self) -> None:
        y = decay(TRUTH) + NOISE
        s = fit(y, loss="lad", bounds=((0, 0, 0), (2, 9, 9)))
        assert s.values[0] == 2
        assert s.loss <= fit(y, loss="linear", bounds=((0, 0, 0), (2, 9, 9))).residual.__abs__().sum()

    @pytest.mark.parametrize("loss", [k for k in LOSSES if k != "lad"])
    def test_derivatives(self, loss: str) -> None:
        r = np.array([-3.0, -0.4, 0.01, 0.6, 5.0])
        psi, slope = influence(loss, r, 0.7)
        for i, v in enumerate(r):
            one: Callable[[np.ndarray], float] = lambda t: total(loss, t, 0.7) / 2  # noqa: E731
            assert psi[i] == pytest.approx(approx_fprime([v], one, 1e-7)[0], rel=1e-5)
            h = 1e-6
            near = influence(loss, np.array([v - h, v + h]), 0.7)[0]
            assert slope[i] == pytest.approx((near[1] - near[0]) / (2 * h), rel=1e-5, abs=1e-8)
        e, s = reweighted(loss, r, 0.7)
        np.testing.assert_allclose(e * s, psi, rtol=1e-12)

    def test_an_unknown_loss_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="no loss"):
            fit(decay(TRUTH), loss="square", scale=1.0)

    def test_the_spread_is_that_of_normal_noise(self) -> None:
        assert spread_of(np.random.default_rng(0).normal(0, 3, 100_000)) == pytest.approx(3, rel=0.02)


def test_the_rank_does_not_depend_on_units() -> None:
    J = np.column_stack([X, 1e200 * X**2, 1e-200 * np.ones_like(X)])
    assert rank_of(J) == 3
    assert rank_of(np.column_stack([J, J[:, 0] * 1e-100 + 2])) == 3
    assert rank_of(np.zeros((5, 2))) == 0

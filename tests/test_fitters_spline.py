"""Splines: SciPy's as facts, knots, kinds, what the ends do, repeated rows, formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import Akima1DInterpolator, CubicSpline, PchipInterpolator, make_lsq_spline

import fitx
from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.spline import Spline
from fitx.numerics import spline_interpolation as through
from fitx.numerics.spline import Rows, basis, least_squares
from fitx.numerics.spline_knots import knots_by_size

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
RNG = np.random.default_rng(0)
X = np.sort(RNG.uniform(0, 10, 200))
Y = np.sin(X) * np.exp(-X / 5) + np.where(X > 6, (X - 6) ** 2 / 10, 0) + 0.05 * RNG.normal(size=200)
BETWEEN = np.linspace(X[0], X[-1], 1001)


def data_of(x, y, **more) -> Data:
    return Data(np.asfortranarray(np.array(x, dtype=float).reshape(-1, 1)), np.array(y, dtype=float), ("x",), **more)


def propose(data: Data, **options) -> list[Proposal]:
    method = Spline()
    return list(method.propose(data, Context(method.resolve_options(options), np.random.default_rng(0))))


def at(p: Proposal, x) -> np.ndarray:
    return p.formula.predict(np.asarray(x, dtype=float), ["x"])


@pytest.mark.parametrize(
    ("kind", "scipy"),
    [("pchip", PchipInterpolator), ("akima", Akima1DInterpolator),
     ("natural", lambda x, y: CubicSpline(x, y, bc_type="natural"))],
)  # fmt: skip
def test_curves_through_every_point_are_scipys(kind: str, scipy) -> None:
    x, y = X[::7], np.round(Y[::7], 1)
    (found,) = propose(data_of(x, y), kind=kind)
    np.testing.assert_allclose(at(found, x), y, atol=1e-12)
    inside = np.linspace(x[0], x[-1], 500)
    np.testing.assert_allclose(at(found, inside), scipy(x, y)(inside), atol=1e-11)


def test_least_squares_is_scipys_on_the_same_knots() -> None:
    rows = Rows.of(X, Y, None)
    knots = knots_by_size(rows, 20)[6]
    scipy = make_lsq_spline(X, Y, np.r_[[knots[0]] * 3, knots, [knots[-1]] * 3])
    np.testing.assert_allclose(least_squares(rows, knots).evaluate(BETWEEN), scipy(BETWEEN), atol=1e-12)
    np.testing.assert_allclose(basis(BETWEEN, knots, 3).sum(axis=1), 1, rtol=1e-13)


def test_a_cubic_spline_is_recovered_with_its_knots() -> None:
    x = np.linspace(0, 10, 101)
    y = x**2 - 3 * np.maximum(x - 4, 0) ** 3 + np.maximum(x - 7, 0) ** 3
    fit = fitx.fit(x, y, method="spline", options={"spline.knots": 2})
    assert np.abs(fit.predict(BETWEEN) - BETWEEN**2 + 3 * np.maximum(BETWEEN - 4, 0) ** 3
                  - np.maximum(BETWEEN - 7, 0) ** 3).max() < 1.0  # fmt: skip
    assert str(fit).startswith("piecewise(x < 4")


def test_knots_are_chosen_and_the_curve_is_near_the_truth() -> None:
    fit = fitx.fit(X, Y, method="spline")
    truth = np.sin(BETWEEN) * np.exp(-BETWEEN / 5) + np.where(BETWEEN > 6, (BETWEEN - 6) ** 2 / 10, 0)
    assert np.sqrt(np.mean((fit.predict(BETWEEN) - truth) ** 2)) < 0.03
    assert 1 <= int(fit.label.split()[0]) <= 8
    smooth = fitx.fit(X, Y, method="spline", options={"spline.kind": "smoothing"})
    assert np.sqrt(np.mean((smooth.predict(BETWEEN) - truth) ** 2)) < 0.03
    assert smooth.complexity < 400


def test_sympy_has_the_pieces() -> None:
    import sympy

    fit = fitx.fit(X, Y, method="spline", options={"spline.knots": 2})
    assert isinstance(fit.expr, sympy.Piecewise)
    assert len(fit.expr.args) == 3
    for x in (0.5, 4.2, 9.0):
        assert float(fit.expr.subs("x", x)) == pytest.approx(float(fit.predict([x])[0]), rel=1e-9, abs=1e-9)


def test_knots_stay_apart_when_digits_are_cut() -> None:
    fit = fitx.fit(X, Y, method="spline", options={"spline.knots": 8})
    shown = [float(part.split(",")[0]) for part in str(fit).split("x < ")[1:]]
    assert len(shown) == 8
    assert shown == sorted(set(shown))


def test_slope_and_curvature_agree_at_the_knots() -> None:
    pieces = least_squares(Rows.of(X, Y, None), knots_by_size(Rows.of(X, Y, None), 20)[5])
    width = np.diff(pieces.knots)[:-1]
    a, b, c, d = pieces.c[:-1].T
    np.testing.assert_allclose(a + b * width + c * width**2 + d * width**3, pieces.c[1:, 0], atol=1e-11)
    np.testing.assert_allclose(b + 2 * c * width + 3 * d * width**2, pieces.c[1:, 1], atol=1e-10)
    np.testing.assert_allclose(2 * c + 6 * d * width, 2 * pieces.c[1:, 2], atol=1e-9)


def test_pchip_is_monotone_where_the_points_are() -> None:
    x = np.array([0, 1, 2, 3, 4, 5, 6.0])
    y = np.array([0, 0, 0.1, 2, 2.1, 2.1, 5])
    (found,) = propose(data_of(x, y), kind="pchip")
    assert np.diff(at(found, np.linspace(0, 6, 601))).min() >= -1e-12


def test_periodic_curves_repeat() -> None:
    x = np.linspace(0, 4, 81)
    y = np.sin(2 * np.pi * x / 2) + 0.3 * np.cos(4 * np.pi * x / 2)
    found = propose(data_of(x, y), period=2.0)
    inside = np.linspace(0, 2, 101)
    for p in found:
        np.testing.assert_allclose(at(p, inside[:-1] + 6), at(p, inside[:-1]), atol=1e-9)
    assert np.abs(at(found[-1], inside) - np.sin(np.pi * inside) - 0.3 * np.cos(2 * np.pi * inside)).max() < 0.01
    x = np.linspace(0, 2 * np.pi, 21)
    (found,) = propose(data_of(x, np.sin(x)), periodic=True, kind="natural")
    scipy = CubicSpline(x, np.r_[0, np.sin(x)[1:-1], 0], bc_type="periodic")
    np.testing.assert_allclose(at(found, [1.0, 2.5, 1 + 2 * np.pi]), scipy([1.0, 2.5, 1.0]), atol=1e-10)


def test_weights_count_as_rows_and_repeated_rows_are_averaged() -> None:
    counts = np.arange(200) % 4
    knots = np.array([X[1], 3.0, 6.0, X[-1]])
    weighted = least_squares(Rows.of(X, Y, counts.astype(float)), knots)
    repeated = least_squares(Rows.of(np.repeat(X, counts), np.repeat(Y, counts), None), knots)
    np.testing.assert_allclose(weighted.evaluate(BETWEEN), repeated.evaluate(BETWEEN), atol=1e-12)
    (found,) = propose(data_of([1, 2, 2, 3], [0, 1, 4, 2], weights=np.array([1.0, 1, 2, 1])), kind="natural")
    assert at(found, [2.0])[0] == pytest.approx(3)


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_scales(size: float) -> None:
    for data in (data_of(X * size, Y), data_of(X, Y * size)):
        plain = propose(data_of(X, Y), knots=3)[0]
        (found,) = propose(data, knots=3)
        values = found.formula.predict(data.X, data.names) / (size if data.y[0] != Y[0] else 1)
        np.testing.assert_allclose(values, at(plain, X), atol=0.02)


def test_far_from_zero_in_powers_of_x_less_a_knot() -> None:
    (found,) = propose(data_of(1.7e9 + X, Y), knots=3)
    assert "(x - 17000000" in str(found.formula)
    near = least_squares(Rows.of(1.7e9 + X, Y, None), knots_by_size(Rows.of(1.7e9 + X, Y, None), 40)[3])
    np.testing.assert_allclose(at(found, 1.7e9 + X), near.evaluate(1.7e9 + X), rtol=1e-9)


def test_few_points_and_constants() -> None:
    assert str(fitx.fit([1, 1, 1], [2, 3, 4], method="spline")) == "3"
    assert str(fitx.fit(X, np.full(200, 3.5), method="spline")) == "3.5"
    assert str(fitx.fit([1, 2], [3, 5], method="spline")) == "2*x + 1"
    assert str(fitx.fit(np.ones(20), np.arange(20), method="spline", options={"spline.periodic": True})) == "9.5"


def test_options() -> None:
    with pytest.raises(UsageError, match="is one of"):
        propose(data_of(X, Y), kind="quintic")
    with pytest.raises(UsageError, match="cannot be periodic"):
        propose(data_of(X, Y), kind="pchip", periodic=True)
    with pytest.raises(UsageError, match="0 or more"):
        propose(data_of(X, Y), knots=-1)
    with pytest.raises(UsageError, match="above 0"):
        propose(data_of(X, Y), period=-1.0)
    with pytest.raises(FitxError, match="do not determine 30 knots"):
        propose(data_of(X[:40], Y[:40]), knots=30)
    with pytest.raises(FitxError, match="no formula any more"):
        propose(data_of(np.arange(1000), np.arange(1000) ** 0.5), kind="pchip")
    with pytest.raises(FitxError, match="5 different points"):
        propose(data_of([1, 2, 3], [1, 2, 5]), kind="smoothing")
    assert "needs one feature" in Spline().declines(Data(np.ones((2, 2)), np.ones(2), ("a", "b")))


def test_slopes_of_two_points() -> None:
    for slopes in (through.natural, through.pchip, through.akima):
        np.testing.assert_allclose(slopes(np.array([0.0, 2]), np.array([1.0, 5])), [2, 2])


def test_many_pieces_that_prove_nothing_do_not_send_the_choice_to_a_cubic() -> None:
    x = np.linspace(0.5, 4, 60)
    fit = fitx.fit(x, np.sin(3 * x), method="spline")
    assert fit.holdout.rmse is not None
    assert fit.holdout.rmse < 0.03


def test_a_line_under_noise_stays_a_line() -> None:
    x = np.linspace(0, 1, 60)
    for seed in range(5):
        y = 2 * x + np.random.default_rng(seed).normal(0, 0.1, 60)
        fit = fitx.fit(x, y, method=["poly", "spline"])
        assert fit.formula.complexity <= 5

"""--loss: fits that outliers do not move, their errors, and the choice among losses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import least_squares, linprog

import fitx
from fitx.cli.app import run
from fitx.errors import FitxError, FitxWarning, UsageError
from fitx.fitters.base import Context, Data
from fitx.fitters.poly import Poly
from fitx.numerics.losses import LOSSES, TUNING, spread_of
from fitx.numerics.reweight import row_weights
from fitx.robust import robust

ROBUST = tuple(name for name in LOSSES if name != "linear")
LINE = {"poly.degree": 1}


def spoilt(n: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """y = 3 x - 1 with noise 0.2; every ninth row is 20 too high."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-3, 3, n)
    y = 3 * x - 1 + rng.normal(0, 0.2, n)
    y[::9] += 20
    return x, y


def line(x: np.ndarray, y: np.ndarray, loss: str, **more: object) -> fitx.Fit:
    return fitx.fit(x, y, method="poly", loss=loss, options=LINE, **more)  # type: ignore[arg-type]


class TestOptimum:
    @pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy"])
    def test_is_that_of_scipy_at_the_same_scale(self, loss: str) -> None:
        x, y = spoilt()
        fit = line(x, y, loss)
        c0, c1 = (p.value for p in fit.parameters)
        scale = TUNING[loss] * spread_of(y - line(x, y, "lad").predict(x))
        other = least_squares(
            lambda c: y - c[0] - c[1] * x, [c0, c1], loss=loss, f_scale=scale, xtol=1e-15, ftol=1e-15, gtol=1e-15
        )
        np.testing.assert_allclose([c0, c1], other.x, rtol=1e-4)  # the scale is known to 1e-4

    def test_of_lad_is_that_of_linear_programming(self) -> None:
        x, y = spoilt()
        n = len(x)
        A = np.c_[np.ones(n), x]
        found = linprog(
            np.r_[np.zeros(2), np.ones(2 * n)], A_eq=np.c_[A, np.eye(n), -np.eye(n)], b_eq=y,
            bounds=[(None, None)] * 2 + [(0, None)] * (2 * n),
        )  # fmt: skip
        fit = line(x, y, "lad")
        assert np.abs(y - fit.predict(x)).sum() == pytest.approx(found.fun, rel=1e-5)

    @pytest.mark.parametrize("loss", ROBUST)
    def test_outliers_do_not_move_it(self, loss: str) -> None:
        fit = line(*spoilt(), loss)
        assert fit.loss == loss
        assert fit.label == f"degree 1, loss {loss}"
        assert fit.parameters[0].value == pytest.approx(-1, abs=0.1)
        assert fit.parameters[1].value == pytest.approx(3, abs=0.1)

    @pytest.mark.parametrize("loss", ROBUST)
    def test_of_exact_rows_is_exact(self, loss: str) -> None:
        x = np.linspace(0, 5, 50)
        fit = line(x, 2 * x + 1, loss)
        np.testing.assert_allclose(fit.predict(x), 2 * x + 1, rtol=1e-12)

    def test_the_model_takes_it_too(self) -> None:
        x, y = spoilt()
        fit = fitx.fit(x, y, model="a*x + b", loss="huber")
        expected = line(x, y, "huber")
        np.testing.assert_allclose(fit.predict(x), expected.predict(x), rtol=1e-4, atol=1e-4)


    def test_a_named_curve_takes_it_too(self) -> None:
        x, y = spoilt(60)
        fit = fitx.fit(x, y, method="curve", loss="huber", options={"curve.only": "line"})
        expected = line(x, y, "huber")
        np.testing.assert_allclose(fit.predict(x), expected.predict(x), rtol=1e-4, atol=1e-4)


class TestErrors:
    @pytest.mark.parametrize("loss", ROBUST)
    def test_intervals_hold_the_parameter_as_often_as_they_say(self, loss: str) -> None:
        """Of 80 tables with a tenth of outliers, the slope's 95 percent interval holds it in 95 percent +- 6."""
        held = 0
        for seed in range(80):
            rng = np.random.default_rng(seed)
            x = rng.uniform(-3, 3, 60)
            y = 3 * x - 1 + rng.normal(0, 0.2, 60) * np.where(rng.uniform(size=60) < 0.1, 15, 1)
            data = Data(x.reshape(-1, 1), y, ("x",))
            context = Context(Poly().resolve_options({"degree": 1}), rng)
            ci = robust(next(Poly().propose(data, context)), data, loss).parameters[1].ci95
            assert ci is not None
            held += ci[0] <= 3 <= ci[1]
        assert 0.89 <= held / 80 <= 1

    def test_known_errors_of_y_keep_theirs(self) -> None:
        x, y = spoilt()
        sigma = np.full(len(x), 0.2)
        one, two = line(x, y, "huber", sigma=sigma), line(x, y, "huber")
        for p, q in zip(one.parameters, two.parameters, strict=True):
            assert p.stderr == pytest.approx(q.stderr, rel=1e-3)


class TestChoice:
    def test_a_list_is_chosen_by_cross_validation_and_the_winner_named(self) -> None:
        with pytest.warns(FitxWarning, match="the loss `(lad|cauchy|huber)` was chosen by cross-validation; best mae"):
            fit = fitx.fit(
                *spoilt(), method="poly", loss=["linear", "huber", "cauchy", "lad"], metric="mae", options=LINE
            )
        assert fit.loss != "linear"
        assert fit.loss in fit.label
        assert fit.as_dict()["loss"] == fit.loss

    def test_the_metric_decides(self) -> None:
        with pytest.warns(FitxWarning, match="best rmse of each: linear"):
            fit = fitx.fit(*spoilt(), method="poly", loss=["lad", "linear"], options=LINE)
        assert fit.loss == "linear"
        with pytest.warns(FitxWarning, match="best mae of each: lad"):
            fit = fitx.fit(*spoilt(), method="poly", loss=["lad", "linear"], metric="mae", options=LINE)
        assert fit.loss == "lad"

    def test_a_method_of_least_squares_declines_in_words(self) -> None:
        with pytest.raises(FitxError, match="`lagrange` fits by least squares and cannot minimise the loss `huber`"):
            fitx.fit([1, 2, 3, 4], [1, 4, 9, 16], method="lagrange", loss="huber")

    @pytest.mark.parametrize("loss", ["hubr", [], ["linear", "what"]])
    def test_an_unknown_loss_is_a_usage_error(self, loss: object) -> None:
        with pytest.raises(UsageError, match="loss"):
            fitx.fit([1, 2, 3], [1, 2, 3], loss=loss)  # type: ignore[arg-type]

    def test_an_unknown_metric_is_a_usage_error(self) -> None:
        with pytest.raises(UsageError, match="the metric is one of rmse, mae; got `r2`"):
            fitx.fit([1, 2, 3], [1, 2, 3], metric="r2")

    def test_in_a_range(self) -> None:
        x = np.linspace(-3, 3, 100)
        y = 0.5 + 0.5 * np.tanh(x) + np.random.default_rng(0).normal(0, 0.01, 100)
        y[::10] = 0.5
        with pytest.warns(FitxWarning, match="at an end of the range"):
            fit = fitx.fit(x, y, method="poly", loss="cauchy", range=(0, 1), options=LINE)
        np.testing.assert_allclose([p.value for p in fit.parameters], [0, 1], atol=0.05)


class TestWeights:
    @pytest.mark.parametrize("loss", LOSSES)
    def test_fall_with_the_residual(self, loss: str) -> None:
        r = np.r_[0.0, np.geomspace(1e-3, 1e200, 60)]
        u = row_weights(loss, r, 1.0)
        assert (np.diff(u) <= 0).all()
        assert np.isfinite(u).all()


def test_the_command_line_takes_losses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = spoilt()
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)))
    call = ["fit", str(table), "--method", "poly", "--set", "poly.degree=1", "--loss", "linear,lad", "--metric", "mae"]
    assert run(call) == 0
    shown = capsys.readouterr()
    assert "warning: the loss `lad` was chosen by cross-validation; best mae of each: lad" in shown.err
    assert run(["fit", str(table), "--loss", "lda"]) == 2
    assert "did you mean `lad`" in capsys.readouterr().err

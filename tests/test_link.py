"""--range: formulas that cannot leave a range, for any method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fitx
from fitx.cli.app import run
from fitx.errors import FitxError, FitxWarning, UsageError
from fitx.fitters.base import Data
from fitx.link import Link

X = np.linspace(-3, 3, 150)


def sigmoid(noise: float, seed: int = 0) -> np.ndarray:
    p = 0.5 + 0.45 * np.tanh(X - 0.2)
    return np.clip(p + np.random.default_rng(seed).normal(0, noise, len(X)), 0.001, 0.999)


class TestLink:
    @pytest.mark.parametrize("ends", [(0, 1), (-1, 1), (0.1, 0.3), (0, 99.99), (-1e-7, 3.3e8), (1 / 3, 0.7)])
    def test_the_ends_hold_to_the_last_bit(self, ends: tuple[float, float]) -> None:
        link = Link(*ends)
        g = np.r_[-1e300, -40.0, -18.5, 0.0, 18.5, 40.0, 1e300]
        formula = link.formula(fitx.parse("x"))
        for values in (link.value(g), formula.predict(g, ("x",))):
            assert values.min() >= ends[0]
            assert values.max() <= ends[1]
            assert values[-1] == pytest.approx(ends[1], rel=1e-14)

    def test_the_transformed_target_gives_the_target_back(self) -> None:
        y = np.linspace(0.1, 0.9, 30)
        data = Link(0, 1).transformed(Data(X[:30, None], y, ("x",)))
        np.testing.assert_allclose(Link(0, 1).value(data.y), y, rtol=1e-14)

    @pytest.mark.parametrize("ends", [(1, 0), (1, 1), (0, float("inf")), (float("nan"), 1)])
    def test_the_lower_end_comes_first(self, ends: tuple[float, float]) -> None:
        with pytest.raises(UsageError, match="a range is two numbers"):
            Link(*ends)


class TestFit:
    @pytest.mark.filterwarnings("ignore::fitx.ExtrapolationWarning")
    @pytest.mark.parametrize("method", ["poly", "mars", "mlp", "model"])
    def test_no_method_leaves_it(self, method: str) -> None:
        more = {"model": "a*x + b"} if method == "model" else {}
        y = sigmoid(0.02)
        fit = fitx.fit(X, y, method="auto" if more else method, range=(0, 1), **more)  # type: ignore[arg-type]
        assert fit.method == method
        far = fit.predict(np.linspace(-1e4, 1e4, 999))
        assert far.min() >= 0
        assert far.max() <= 1
        assert fit.holdout.rmse is not None
        assert fit.holdout.rmse < 0.035  # in the units of y
        parsed = fitx.parse(fit.formula.text())
        np.testing.assert_array_equal(parsed.predict(X, ("x",)), fit.predict(X))

    def test_parameters_are_those_of_least_squares_in_the_units_of_y(self) -> None:
        """The link with a straight line in it is a nonlinear model, whose fit --model finds by other means."""
        y = sigmoid(0.03)
        options = {"poly.degree": 1}
        linked = fitx.fit(X, y, method="poly", range=(0, 1), options=options, holdout=0.25)
        model = fitx.fit(X, y, model="1/2 + 1/2*tanh(c0 + c1*x)", holdout=0.25)
        theirs = {p.name: p for p in model.parameters}
        for p in linked.parameters:
            assert p.value == pytest.approx(theirs[p.name].value, rel=1e-5)
            assert p.stderr == pytest.approx(theirs[p.name].stderr, rel=1e-3)

    def test_weights_count(self) -> None:
        y = sigmoid(0.01)
        w = np.where(np.arange(len(X)) % 10 == 0, 0.0, 1.0)
        spoilt = np.where(w == 0, 0.5, y)
        options = {"poly.degree": 1}
        one = fitx.fit(X, spoilt, method="poly", range=(0, 1), sample_weight=w, options=options)
        two = fitx.fit(X[w > 0], y[w > 0], method="poly", range=(0, 1), options=options)
        for p, q in zip(one.parameters, two.parameters, strict=True):
            assert p.value == pytest.approx(q.value, rel=1e-6)

    def test_targets_at_the_ends_are_counted(self) -> None:
        y = np.clip(sigmoid(0.02), 0, 0.9)
        with pytest.warns(FitxWarning, match="rows have their targets at an end of the range 0 to 0.9 or beyond"):
            fit = fitx.fit(X, y, method="poly", range=(0, 0.9))
        assert fit.predict(X).max() <= 0.9

    def test_a_target_far_outside_is_an_error_with_its_row(self) -> None:
        y = sigmoid(0.02)
        y[6] = 7.5
        with pytest.raises(FitxError, match=r"row 7 of those to fit has target 7.5, far outside the range 0 to 1"):
            fitx.fit(X, y, method="poly", range=(0, 1))

    def test_range_is_two_numbers(self) -> None:
        with pytest.raises(UsageError, match="range must be two numbers"):
            fitx.fit(X, X, range=(1, 2, 3))  # type: ignore[arg-type]


class TestCommand:
    def test_prints_the_bounded_formula(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        table = tmp_path / "t.csv"
        table.write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(X, sigmoid(0.02), strict=True)))
        assert run(["fit", str(table), "--method", "poly", "--range", "0,1", "--set", "poly.degree=1"]) == 0
        assert capsys.readouterr().out.startswith("1/2 + 1/2*tanh(")

    @pytest.mark.parametrize("text", ["0", "a,b", "0,1,2", "1,0"])
    def test_what_is_no_range_is_a_usage_error(self, text: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["fit", "nothing.csv", "--range", text]) == 2
        assert "two numbers" in capsys.readouterr().err

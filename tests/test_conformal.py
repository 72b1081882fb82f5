"""Prediction intervals: their quantile, their coverage in simulation, and what is said where there can be none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fitx
from fitx.cli.app import run
from fitx.conformal import Residuals, held_out
from fitx.errors import FitxError, UsageError


def simulated(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """A wave with noise that is neither normal nor of one size."""
    x = rng.uniform(0, 4, n)
    return x, np.sin(x) + 0.1 * (1 + x) * rng.standard_t(4, n)


def fitted(method: str, x: np.ndarray, y: np.ndarray, seed: int = 0) -> fitx.Fit:
    more = {"model": "a*sin(b*x) + c"} if method == "model" else {"options": {"poly.max_degree": 3}}
    return fitx.fit(x, y, method=("auto" if method == "model" else method), seed=seed, **more)  # type: ignore[arg-type]


class TestQuantile:
    @pytest.mark.parametrize(("level", "rank"), [(0.5, 50), (0.9, 90), (0.95, 95), (0.99, 99), (0.05, 5)])
    def test_is_the_order_statistic_of_rank_ceil_n_plus_1_times_the_level(self, level: float, rank: int) -> None:
        r = np.random.default_rng(0).permutation(99) + 1.0
        found = held_out(r, np.zeros(99), np.arange(99), "rows")
        assert found.half_width(level) == rank

    def test_of_repeated_folds_counts_rows_and_not_residuals(self) -> None:
        r = np.repeat(np.arange(1.0, 20.0), 3)
        found = held_out(r, np.zeros(57), np.repeat(np.arange(19), 3), "folds")
        assert found.n == 19
        assert found.half_width(0.95) == 19.0
        assert found.half_width(0.5) == 10.0

    def test_few_are_kept_of_many_and_the_interval_is_never_narrower(self) -> None:
        r = np.random.default_rng(1).exponential(size=10_000)
        found, every = held_out(r, np.zeros(10_000), np.arange(10_000), ""), np.sort(r)
        assert len(found.values) <= 400
        for level in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999):
            exact = every[int(np.ceil(10_001 * level)) - 1]
            assert exact <= found.half_width(level) <= 1.1 * exact

    def test_rows_of_weight_zero_count_for_nothing(self) -> None:
        found = held_out(np.array([1.0, 9.0, 2.0]), np.zeros(3), np.arange(3), "", np.array([1.0, 0.0, 1.0]))
        assert found.values == (1.0, 2.0)


class TestRefusals:
    def test_too_few_rows_for_the_level(self) -> None:
        found = held_out(np.arange(10.0), np.zeros(10), np.arange(10), "")
        with pytest.raises(
            FitxError, match=r"10 held-out rows are too few for an interval at level 0\.95: that takes 19"
        ):
            found.half_width(0.95)
        assert found.half_width(0.9) == 9.0

    def test_nothing_was_held_out(self) -> None:
        with pytest.warns(fitx.FitxWarning):
            fit = fitx.fit(np.arange(50.0), np.arange(50.0), method="poly", holdout=0)
        with pytest.raises(FitxError, match="nothing to take an interval from: no rows were held out"):
            fit.predict([1.0], interval=0.9)

    def test_an_infinite_interval_is_not_silent(self) -> None:
        p = np.where(np.arange(40) < 4, np.nan, 0.0)
        found = held_out(np.ones(40), p, np.arange(40), "")
        assert found.half_width(0.8) == 1.0
        with pytest.raises(FitxError, match="undefined on so many held-out rows"):
            found.half_width(0.95)

    @pytest.mark.parametrize("level", [0, 1, 95, -0.5, float("nan"), True])
    def test_a_level_lies_between_0_and_1(self, level: float) -> None:
        with pytest.raises(UsageError, match="between 0 and 1"):
            Residuals((1.0,), (1,), 1).half_width(level)


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
class TestCoverage:
    @pytest.mark.parametrize(("method", "n"), [("poly", 38), ("poly", 160), ("mars", 160), ("model", 160)])
    def test_the_interval_holds_new_rows_as_often_as_it_says(self, method: str, n: int) -> None:
        """In folds (38 rows) and with rows held back; the mean of 12 tables, whose standard error is about 0.015."""
        inside = []
        for seed in range(12):
            rng = np.random.default_rng([seed, n])
            fit = fitted(method, *simulated(rng, n), seed)
            x, y = simulated(rng, 1000)
            _, lower, upper = fit.predict(x, interval=0.9).T
            inside.append(np.mean((lower <= y) & (y <= upper)))
        assert 0.855 <= np.mean(inside) <= 0.97

    def test_columns_are_value_lower_and_upper(self) -> None:
        fit = fitted("poly", *simulated(np.random.default_rng(0), 100))
        values = fit.predict([1.0, 2.0], interval=0.8)
        assert values.shape == (2, 3)
        np.testing.assert_array_equal(values[:, 0], fit.predict([1.0, 2.0]))
        np.testing.assert_allclose(values[:, 0] - values[:, 1], values[:, 2] - values[:, 0])
        assert (fit.predict([1.0], interval=0.95)[:, 2] >= fit.predict([1.0], interval=0.8)[:, 2]).all()


class TestSaved:
    def test_the_model_file_keeps_them(self, tmp_path: Path) -> None:
        fit = fitted("poly", *simulated(np.random.default_rng(0), 100))
        fit.save(tmp_path / "m.json")
        again = fitx.load(tmp_path / "m.json")
        assert again.residuals == fit.residuals
        np.testing.assert_array_equal(again.predict([1.0], interval=0.9), fit.predict([1.0], interval=0.9))

    def test_a_file_without_them_says_so(self, tmp_path: Path) -> None:
        fitted("poly", *simulated(np.random.default_rng(0), 100)).save(tmp_path / "m.json")
        data = json.loads((tmp_path / "m.json").read_text())
        del data["residuals"]
        (tmp_path / "m.json").write_text(json.dumps(data))
        with pytest.raises(FitxError, match="saved by an earlier fitx"):
            fitx.load(tmp_path / "m.json").predict([1.0], interval=0.9)

    def test_damaged_ones_are_refused(self, tmp_path: Path) -> None:
        fitted("poly", *simulated(np.random.default_rng(0), 100)).save(tmp_path / "m.json")
        data = json.loads((tmp_path / "m.json").read_text())
        data["residuals"]["values"][0] = 1e9
        (tmp_path / "m.json").write_text(json.dumps(data))
        with pytest.raises(FitxError, match="is damaged: the residuals and their ranks must ascend"):
            fitx.load(tmp_path / "m.json")


class TestCommand:
    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        fitted("poly", *simulated(np.random.default_rng(0), 100)).save(tmp_path / "m.json")
        (tmp_path / "new.csv").write_text("x\n1\n\n2\n3\n")
        return tmp_path / "m.json"

    def test_writes_prediction_lower_and_upper(self, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["predict", str(model), str(model.parent / "new.csv"), "--interval", "0.9"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "prediction,lower,upper"
        expected = fitx.load(model).predict([1.0, 2.0, 3.0], interval=0.9)
        np.testing.assert_array_equal([[float(v) for v in line.split(",")] for line in lines[1:]], expected)

    def test_writes_them_to_a_file(self, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
        out = model.parent / "out.csv"
        table = str(model.parent / "new.csv")
        assert run(["predict", str(model), table, "--interval", "0.5", "--output", str(out)]) == 0
        assert capsys.readouterr().out == ""
        assert out.read_text().startswith("prediction,lower,upper\n")

    def test_says_where_the_level_is_too_high(self, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["predict", str(model), str(model.parent / "new.csv"), "--interval", "0.99"]) == 1
        assert "25 held-out rows are too few for an interval at level 0.99" in capsys.readouterr().err
        assert run(["predict", str(model), str(model.parent / "new.csv"), "--interval", "95"]) == 2

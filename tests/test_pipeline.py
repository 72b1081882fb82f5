from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import fitx
from fitx import judgement, pipeline
from fitx.errors import FitxError, FitxWarning, UsageError
from fitx.fitters.base import Context, Data, Fitter, Option, Proposal
from fitx.formula import Const, Formula, Var, call
from fitx.front import Candidate, choose, pareto
from fitx.score import score

rng = np.random.default_rng(0)


def quiet_fit(*args: object, **more: object) -> fitx.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        return fitx.fit(*args, **more)  # type: ignore[arg-type]


class TestHonesty:
    def test_no_fitter_sees_a_report_row(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[set[float]] = []
        scored: list[set[float]] = []

        class Spy(Fitter):
            """Notes the rows that it is given."""

            name, summary = "spy", "notes its rows"

            def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
                seen.append(set(data.y))
                yield Proposal(Const(float(data.y.mean())), "mean")

        monkeypatch.setattr("fitx.settings.get_fitter", lambda name: Spy())
        real = judgement.score

        def spy_score(y: np.ndarray, *args: object, **more: object) -> object:
            scored.append(set(y))
            return real(y, *args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(judgement, "score", spy_score)
        x, y = np.arange(1000.0), rng.normal(size=1000)
        # 100 rows: 25 report, folds of the other 75 choose; 1000 rows: 250 report, 188 choose.
        for n, fitted, reported in ((100, 75, 25), (1000, 562, 250)):
            seen.clear()
            fit = quiet_fit(x[:n], y[:n], method="spy")
            assert [len(rows) for rows in seen] == [fitted]
            assert len(scored[-1]) == reported == fit.holdout.n  # scored in one place, `fitx/judgement.py`
            assert not seen[0] & scored[-1]
        seen.clear()
        fit = quiet_fit(x[:30], y[:30], method="spy")
        assert fit.holdout.n == 30
        assert all(len(rows) in (24, 30) for rows in seen)

    @pytest.mark.filterwarnings("ignore::fitx.ExtrapolationWarning")
    def test_held_out_error_is_that_of_fresh_rows_on_average(self) -> None:
        printed, fresh = [], []
        for seed in range(40):
            r = np.random.default_rng(seed)
            x = r.uniform(-1, 1, 60)
            fit = quiet_fit(x, np.sin(3 * x) + r.normal(0, 0.3, 60), method="poly", seed=seed)
            x = r.uniform(-1, 1, 4000)
            printed.append(fit.holdout.rmse)
            fresh.append(np.sqrt(np.mean((np.sin(3 * x) + r.normal(0, 0.3, 4000) - fit.predict(x)) ** 2)))
        gap = np.array(printed, float) - fresh
        assert abs(gap.mean()) < 3 * gap.std() / np.sqrt(40)

    def test_too_small_to_hold_out(self) -> None:
        with pytest.warns(FitxWarning, match="3 rows are too few to hold any out"):
            fit = fitx.fit([1, 2, 3], [10, 12, 4], method="lagrange")
        assert str(fit) == "-5*x**2 + 17*x - 2"
        assert fit.holdout.r2 is None
        assert fit.holdout.rmse is None
        assert str(fit.expr) == "-5*x**2 + 17*x - 2"

    def test_split_last_and_groups(self) -> None:
        x = np.arange(60.0)
        fit = quiet_fit(x, 2 * x + 1, method="poly", split="last")
        assert fit.holdout.how == "the last 15 of 60 rows"
        fit = quiet_fit(x, 2 * x + 1, method="poly", split="group", groups=np.repeat(np.arange(6), 10))
        assert "groups" in fit.holdout.how
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame({"x": x, "batch": np.repeat(list("abcdef"), 10)})
        fit = quiet_fit(frame, 2 * x + 1, method="poly", split="group:batch")
        assert fit.features == ("x",)
        with pytest.raises(UsageError, match="no column `batch`"):
            fitx.fit(x, x, split="group:batch")

    def test_holdout_zero_fits_all_rows_and_says_so(self) -> None:
        with pytest.warns(FitxWarning, match="no rows were held out"):
            fit = fitx.fit(np.arange(50.0), np.arange(50.0) * 2, method="poly", holdout=0)
        assert fit.holdout.r2 is None
        assert fit.train.n == 50


class TestChoice:
    def candidate(self, complexity: int, losses: np.ndarray) -> Candidate:
        s = score(np.ones(3), np.ones(3))
        f: Formula = Var("x")
        for _ in range(complexity - 1):
            f = call("sin", f)
        return Candidate(Proposal(f), "m", f.complexity, s, s, losses)

    def test_front_keeps_what_nothing_beats(self) -> None:
        a, b, c = (self.candidate(k, np.full(9, e)) for k, e in ((1, 3.0), (5, 2.0), (9, 2.5)))
        assert pareto([c, b, a]) == [a, b]

    def test_within_one_standard_error_the_simpler_wins(self) -> None:
        noise = rng.normal(0, 1, 400) ** 2
        simple, close = self.candidate(3, noise), self.candidate(9, noise - 0.0001 * rng.normal(1, 30, 400))
        far = self.candidate(1, noise + 5)
        assert choose([far, simple, close], 0.0).complexity == 3

    def test_a_searched_structure_pays_for_having_been_searched(self) -> None:
        simple, lucky = self.candidate(5, np.full(8, 1e-4)), self.candidate(30, np.full(8, 1e-6))
        assert choose([simple, lucky], 0.0) is lucky
        searched = [replace(simple, searched=True), replace(lucky, searched=True)]
        assert choose(searched, 0.0) is searched[0]
        exact = replace(lucky, searched=True, losses=np.full(8, 1e-28))
        assert choose([searched[0], exact], 1e-24) is exact

    def test_equal_to_rounding_is_equal(self) -> None:
        exact, exacter = self.candidate(3, np.full(50, 1e-30)), self.candidate(9, np.full(50, 1e-34))
        assert choose([exact, exacter], 1e-26) is exact

    @pytest.mark.parametrize("n", [60, 100, 140])
    def test_a_cubic_is_told_from_a_constant_on_moderate_tables(self, n: int) -> None:
        cubic = noise = 0
        for seed in range(20):
            r = np.random.default_rng(seed)
            x, e = r.uniform(-1, 1, n), r.normal(0, 0.3, n)
            cubic += quiet_fit(x, 1 + x - 2 * x**3 + e, method="poly", seed=seed).formula.complexity > 1
            noise += quiet_fit(x, e, method="poly", seed=seed).formula.complexity == 1
        assert cubic >= 18
        assert noise >= 18

    def test_a_line_with_noise_is_a_line(self) -> None:
        lines = 0
        for seed in range(20):
            r = np.random.default_rng(seed)
            x = r.uniform(0, 1, 80)
            lines += quiet_fit(x, 3 * x + r.normal(0, 0.2, 80), method="poly", seed=seed).label == "degree 1"
        assert lines >= 17


class TestScore:
    def test_figures(self) -> None:
        y, p = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 6.0])
        s = score(y, p)
        assert s.r2 == pytest.approx(1 - 4 / 5)
        assert (s.rmse, s.mae, s.max_abs, s.n) == (1.0, 0.5, 2.0, 4)
        w = score(y, p, np.array([1.0, 1.0, 1.0, 0.0]))
        assert (w.r2, w.rmse) == (1.0, 0.0)

    def test_scales_neither_over_nor_underflow(self) -> None:
        y, p = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 3.0, 6.0])
        for scale in (1e-300, 1e300):
            s = score(y * scale, p * scale)
            assert s.r2 == pytest.approx(1 - 4 / 5)
            assert s.rmse == pytest.approx(scale)

    def test_undefined_rows(self) -> None:
        s = score(np.arange(4.0), np.array([0, np.nan, 2, np.inf]))
        assert s.undefined == 2
        assert s.r2 == -np.inf
        assert s.as_dict()["r2"] is None

    def test_constant_target(self) -> None:
        assert score(np.ones(5), np.ones(5)).r2 == 1.0
        assert score(np.ones(5), np.ones(5) + 0.1).r2 == 0.0


class TestArguments:
    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ({"method": "ratonal"}, "no method named `ratonal`"), ({"holdout": 2}, "between 0 and 0.9"),
            ({"progress": True}, "must be a function"),
            ({"time_limit": -1}, "above 0"), ({"jobs": 0}, "at least 1"), ({"max_complexity": 0}, "at least 1"),
            ({"seed": -1}, "from 0 up"), ({"seed": None}, "from 0 up"), ({"seed": 1.5}, "from 0 up"),
            ({"options": {"poly.degre": 3}}, "did you mean `degree`"), ({"options": {"degree": 3}}, "is no option"),
            ({"options": {"poly.degree": "three"}}, "takes a whole number"), ({"split": "best"}, "no split named"),
            ({"feature_names": ["a", "b"]}, "must be 1 different names"),
            ({"sample_weight": np.ones(30), "sigma": np.ones(30)}, "not both"),
        ],
    )  # fmt: skip
    def test_what_was_asked_for_is_wrong(self, more: dict[str, object], message: str) -> None:
        with pytest.raises(UsageError) as e:
            fitx.fit(np.arange(30.0), np.arange(30.0), **{"method": "poly", **more})  # type: ignore[arg-type]
        assert message in str(e.value)

    @pytest.mark.parametrize(
        ("X", "y", "message"),
        [
            ([1, 2, np.nan], [1, 2, 3], "row 2"), ([1, 2, 3], [1, np.inf, 3], "row 1"), ([1, 2], [1, 2, 3], "rows"),
            (np.ma.array([1, 2, 3], mask=[0, 1, 0]), [1, 2, 3], "row 1"), (["a", "b"], [1, 2], "no numbers"),
            ([[[1]]], [1], "shape"), ([1j], [1], "complex"), ([], [], "no rows"),
            (np.array(["2020-01-01", "2020-01-02"], "M8[D]"), [1, 2], "dates"),
        ],
    )  # fmt: skip
    def test_the_data_are_at_fault(self, X: list[object], y: list[object], message: str) -> None:
        with pytest.raises(FitxError) as e:
            fitx.fit(X, y, method="poly")
        assert message in str(e.value)

    def test_weights(self) -> None:
        x = np.r_[np.linspace(0, 1, 50), np.linspace(0, 1, 50)]
        y = np.r_[np.linspace(0, 1, 50), np.full(50, 9.0)]
        w = np.r_[np.ones(50), np.zeros(50)]
        fit = quiet_fit(x, y, method="poly", sample_weight=w)
        assert str(fit) == "x"
        for bad, message in ((-w, "negative"), (np.zeros(100), "all zero"), (np.ones(3), "3 values")):
            with pytest.raises(FitxError, match=message):
                fitx.fit(x, y, sample_weight=bad)
        with pytest.raises(FitxError, match="sigma must be above 0"):
            fitx.fit(x, y, sigma=w)

    def test_sigma_is_absolute(self) -> None:
        x = np.linspace(0, 1, 200)
        y = 2 * x + rng.normal(0, 0.1, 200)
        options = {"poly.degree": 1}
        known = quiet_fit(x, y, method="poly", sigma=np.full(200, 0.2), options=options)
        scaled = quiet_fit(x, y, method="poly", sample_weight=np.full(200, 25.0), options=options)
        slope = {p.name: p for p in known.parameters}["c1"]
        exact = 0.2 / np.sqrt(((x - x.mean()) ** 2).sum())
        assert slope.stderr == pytest.approx(exact, rel=1e-9)
        assert {p.name: p for p in scaled.parameters}["c1"].stderr == pytest.approx(exact / 2, rel=0.15)

    def test_data_frames(self) -> None:
        x = np.linspace(0, 1, 50)
        for library in ("pandas", "polars"):
            try:
                module = __import__(library)
            except ImportError:
                continue
            frame = module.DataFrame({"height (m)": x, "b": x**2})
            fit = quiet_fit(frame, 2 * x + 1, method="poly", options={"poly.degree": 1})
            assert fit.features == ("height (m)", "b")
            np.testing.assert_allclose(fit.predict(frame), 2 * x + 1)
            with pytest.raises(FitxError, match="no column `b`"):
                fit.predict(frame[["height (m)"]])

    def test_predict_needs_the_right_shape(self) -> None:
        fit = quiet_fit(np.ones((50, 2)) * np.arange(50.0)[:, None] ** [1, 2], np.arange(50.0), method="poly")
        with pytest.raises(FitxError, match="must have 2 column"):
            fit.predict(np.ones((5, 3)))
        assert np.isnan(fit.predict([[np.nan, 1.0]])).all() or "x1" not in fit.formula.variables


class Slow(Fitter):
    """Proposes for ever."""

    name, summary, options = "slow", "for tests", (Option("step", float, 0.0, "added"),)

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        k = 0
        while True:
            k += 1
            yield Proposal(Const(float(data.y.mean())) + Const(1.0 / k), f"step {k}")
            if k == 40 and context.options["step"]:
                raise KeyboardInterrupt


class TestAnytime:
    def test_the_time_limit_ends_it_with_the_best_so_far(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fitx.settings.get_fitter", lambda name: Slow())
        fit = quiet_fit(np.arange(60.0), np.arange(60.0), method="slow", time_limit=0.3)
        assert any("time limit" in w for w in fit.warnings)
        assert not fit.interrupted

    def test_an_interrupt_gives_the_best_so_far(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fitx.settings.get_fitter", lambda name: Slow())
        fit = quiet_fit(np.arange(60.0), np.arange(60.0), method="slow", options={"slow.step": 1.0})
        assert fit.interrupted
        assert fit.formula.complexity == 3

    @pytest.mark.parametrize("step", ["refitted", "cross_validate", "held_out", "shorten"])
    @pytest.mark.parametrize("n", [30, 60])
    def test_an_interrupt_after_the_contest_keeps_what_it_found(
        self, monkeypatch: pytest.MonkeyPatch, n: int, step: str
    ) -> None:
        module = judgement if step in ("held_out", "refitted") else pipeline
        real, calls = getattr(module, step), []

        def interrupted(*args: object, **more: object) -> object:
            calls.append(step)
            if len(calls) == 1:
                raise KeyboardInterrupt
            return real(*args, **more)

        monkeypatch.setattr(module, step, interrupted)
        x = np.linspace(0, 1, n)
        y = 2 * x + np.random.default_rng(0).normal(0, 0.01, n)
        fit = quiet_fit(x, y, method="poly", options={"poly.degree": 1})
        assert fit.formula.complexity == 5
        assert fit.interrupted == bool(calls)
        assert any("best formula so far" in w for w in fit.warnings) == bool(calls)

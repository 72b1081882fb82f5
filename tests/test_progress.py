"""What a fit tells and saves while it works."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import fitx
from fitx import contest, pipeline
from fitx.errors import FitxError, FitxWarning
from fitx.fitters.base import Context, Data, Fitter, Proposal
from fitx.formula import Const, Var
from fitx.front import Candidate, pareto
from fitx.interim import INTERIM, Saver
from fitx.progress import Improvement, Reporter, Status
from fitx.score import score
from fitx.settings import Settings

rng = np.random.default_rng(0)
X = rng.uniform(-2, 5, (200, 1))
Y = 3 * X[:, 0] ** 2 - 2 * X[:, 0] + 1 + rng.normal(0, 0.5, 200)
PATIENCE = 60.0  # seconds after which a test that waits fails


def quiet_fit(*args: object, **more: object) -> fitx.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        return fitx.fit(*args, **more)  # type: ignore[arg-type]


def wait_for(path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, "nothing was saved"
        time.sleep(0.01)


def candidate(complexity: int, error: float) -> Candidate:
    f = Var("x")
    for _ in range((complexity - 1) // 2):
        f = f + Const(1.0)
    losses = np.full(10, error)
    s = score(np.zeros(10), np.full(10, error**0.5))
    return Candidate(Proposal(f, f"size {complexity}"), "test", complexity, s, s, losses)


class TestImprovements:
    def test_each_is_the_choice_so_far_and_the_last_is_the_choice(self) -> None:
        told: list[Improvement] = []
        fit = quiet_fit(X, Y, method="poly", feature_names=["x"], progress=told.append)
        assert all(isinstance(i, Improvement) for i in told)
        labels = [i.label for i in told]
        assert (labels[0], labels[-1]) == ("degree 0", "degree 2")
        assert labels == sorted(set(labels))
        assert (told[-1].method, told[-1].label, told[-1].complexity) == (fit.method, fit.label, fit.complexity)
        assert told[-1].validation.n == 150
        assert [i.seconds for i in told] == sorted(i.seconds for i in told)
        for i in told:
            assert i.formula.complexity == i.complexity
            sizes, errors, texts = zip(*i.front, strict=True)
            assert list(sizes) == sorted(set(sizes))
            assert list(errors) == sorted(errors, reverse=True)
            assert i.text in texts
            assert "\n" not in str(i)
            assert f"poly {i.label}: rmse " in str(i)

    def test_what_the_callable_raises_ends_the_fit(self) -> None:
        def angry(i: Improvement) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            quiet_fit(X, Y, method="poly", progress=angry)

    def test_an_interrupt_in_the_callable_gives_the_best_so_far(self) -> None:
        def enough(i: Improvement) -> None:
            if i.label == "degree 1":
                raise KeyboardInterrupt

        fit = quiet_fit(X, Y, method="poly", progress=enough)
        assert fit.interrupted
        assert fit.label == "degree 1"

    def test_folds_tell_nothing_of_their_own(self) -> None:
        told: list[Improvement] = []
        quiet_fit(X[:30], Y[:30], method="poly", progress=told.append)
        assert [i.seconds for i in told] == sorted(i.seconds for i in told)
        assert len({i.label for i in told}) == len(told)

    def test_the_front_is_that_of_all_candidates(self) -> None:
        r = np.random.default_rng(1)
        found = [candidate(int(2 * c + 1), float(e)) for c, e in np.c_[r.integers(0, 9, 60), r.uniform(size=60)]]
        told: list[Status] = []
        report = Reporter(status=told.append)
        for k in range(len(found)):
            report.judged(found[: k + 1], lambda some: some[0])
        assert [(p[0], p[2]) for p in told[-1].front] == [
            (c.complexity, c.proposal.formula.text(6)) for c in pareto(found)
        ]

    def test_nothing_is_chosen_where_nobody_listens(self) -> None:
        Reporter().judged([candidate(3, 1.0)], lambda some: pytest.fail("chosen"))


class TestStatus:
    def test_method_work_and_formulas_a_second(self) -> None:
        told: list[Status] = []
        report = Reporter(time.perf_counter(), 30.0, status=told.append)
        report.at("symbolic")
        assert (told[-1].method, told[-1].doing, told[-1].tried, told[-1].limit) == ("symbolic", "", 0, 30.0)
        report.tell("pairs")
        report.tried(10**6)
        report.at("folds", "1 of 5")
        assert str(told[-1]).endswith("s  folds: 1 of 5")
        assert told[-1].tried == 0

    def test_fitters_reach_it(self) -> None:
        told: list[Status] = []
        settings = Settings(methods=("symbolic",), time_limit=10.0, status=told.append)
        r = np.random.default_rng(0)
        pipeline.fit_data(
            Data(np.asfortranarray(r.normal(size=(300, 3))), r.normal(size=300), ("a", "b", "c")), settings
        )
        assert {s.method for s in told} >= {"symbolic"}
        assert max(s.tried for s in told) > 1000
        assert all(s.limit == 10.0 for s in told)


class Waiting(Fitter):
    """A line; and, once that is on the disk, a parabola."""

    name, summary = "waiting", "for tests"
    path: Path
    seen: list[fitx.Fit]

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        b, a = np.polyfit(data.X[:, 0], data.y, 1)
        yield Proposal(Const(float(a)) + Const(float(b)) * Var(data.names[0]), "line")
        wait_for(self.path)
        self.seen.append(fitx.load(self.path))
        c = np.polyfit(data.X[:, 0], data.y, 2)
        x = Var(data.names[0])
        yield Proposal(Const(float(c[0])) * x * x + Const(float(c[1])) * x + Const(float(c[2])), "parabola")


class TestSaving:
    @pytest.fixture
    def waiting(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Waiting:
        fitter = Waiting()
        fitter.path, fitter.seen = tmp_path / "m.json", []
        monkeypatch.setattr("fitx.settings.get_fitter", lambda name: fitter)
        return fitter

    def test_each_improvement_is_a_model_that_says_that_it_is_interim(self, waiting: Waiting) -> None:
        fit = quiet_fit(X, Y, method="waiting", feature_names=["x"], target_name="z", save=waiting.path)
        (early,) = waiting.seen
        assert early.warnings[0] == INTERIM
        assert (early.label, early.target, early.features) == ("line", "z", ("x",))
        assert early.holdout.r2 is None
        assert early.train.r2 is not None
        assert [c.complexity for c in early.candidates] == [5]
        assert np.isfinite(early.predict([[1.0], [2.0]])).all()
        with pytest.raises(FitxError, match="the search was not finished"):
            early.predict([[1.0]], interval=0.9)
        late = fitx.load(waiting.path)
        assert (late.label, late.holdout.n) == ("parabola", 50)
        assert INTERIM not in late.warnings
        assert late.formula == fit.formula
        assert [p.name for p in waiting.path.parent.iterdir()] == ["m.json"]

    def test_a_fit_that_fails_leaves_the_best_so_far(
        self, waiting: Waiting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def fails(*args: object) -> None:
            raise FitxError("no")

        monkeypatch.setattr(pipeline, "shorten", fails)
        with pytest.raises(FitxError, match="no"):
            quiet_fit(X, Y, method="waiting", save=waiting.path)
        assert fitx.load(waiting.path).label == "parabola"

    def test_a_folder_that_is_gone_is_said_in_the_end(self, tmp_path: Path) -> None:
        told: list[Improvement] = []
        with pytest.raises(FitxError, match="cannot write"):
            quiet_fit(X, Y, method="poly", progress=told.append, save=tmp_path / "gone" / "m.json")
        assert told[-1].label == "degree 2"

    def test_of_many_the_newest_is_written_and_no_thread_stays(self, tmp_path: Path) -> None:
        common = {
            "features": ("x",), "target": "y", "seed": 0, "how": {}, "version": "", "units": {},
        }  # fmt: skip
        saver = Saver(tmp_path / "m.json", common)
        assert saver.keep is not None
        for k in range(100):
            c = candidate(2 * k + 1, 1.0)
            saver.keep(c, [c], float(k))
        saver.close()
        assert fitx.load(tmp_path / "m.json").label == "size 199"
        assert not any(t.name == "fitx saver" for t in threading.enumerate())


class TestInterrupts:
    @pytest.mark.parametrize("step", ["_choice", "pareto", "not_told_apart", "_tell_losses"])
    def test_while_choosing_it_keeps_what_was_found(self, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
        real, calls = getattr(contest, step), []

        def interrupted(*args: object, **more: object) -> object:
            calls.append(step)
            if len(calls) == 1:
                raise KeyboardInterrupt
            return real(*args, **more)

        monkeypatch.setattr(contest, step, interrupted)
        fit = quiet_fit(X, Y, method="poly")
        assert fit.interrupted
        assert fit.label == "degree 2"

    @pytest.mark.parametrize("step", ["_warn_of_gap", "score", "_as_result", "predict"])
    @pytest.mark.parametrize("n", [30, 200])
    def test_between_the_steps_of_the_report_too(self, monkeypatch: pytest.MonkeyPatch, step: str, n: int) -> None:
        real, calls = getattr(pipeline, step), []

        def interrupted(*args: object, **more: object) -> object:
            calls.append(step)
            if len(calls) == 1:
                raise KeyboardInterrupt
            return real(*args, **more)

        monkeypatch.setattr(pipeline, step, interrupted)
        fit = quiet_fit(X[:n], Y[:n], method="poly")
        assert fit.interrupted == bool(calls)
        assert fit.label == "degree 2"

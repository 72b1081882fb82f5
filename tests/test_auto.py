"""`auto`: who takes part and when, what ends the contest, and what is chosen where there is little to find."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fitx
from fitx.baselines import baseline_values, chance, compare, words
from fitx.errors import FitxWarning
from fitx.fitters.base import Context, Data, Entry, Fitter, Pause, Proposal
from fitx.formula import Const, Var, parse
from fitx.formula.tangent import tangent
from fitx.look import Look, look_at
from fitx.numerics.students import log_f_tail, t_tail
from fitx.pipeline import fit_data
from fitx.plugins import all_fitters
from fitx.settings import Settings

CHEAP = ["poly", "curve", "rational", "spline", "mars"]


def quiet(*args: object, **more: object) -> fitx.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        return fitx.fit(*args, **more)  # type: ignore[arg-type]


class TestLook:
    x = np.linspace(0, 10, 200)

    def look(self, y: np.ndarray) -> Look:
        return look_at(self.x[:, None], y)

    def test_exact_and_noisy(self) -> None:
        clean = np.sin(self.x) + 2
        noisy = clean + np.random.default_rng(0).normal(0, 0.1, 200)
        assert self.look(clean).exact
        assert self.look(clean).noise == 0
        found = self.look(noisy)
        assert not found.exact
        assert found.noise == pytest.approx(0.01 / noisy.var(), rel=0.5)

    def test_shape(self) -> None:
        assert self.look(np.exp(self.x)).monotone
        wave = self.look(np.sin(3 * self.x))
        assert wave.periodic
        assert not wave.monotone
        assert wave.turns == 10
        assert not self.look(np.exp(-self.x)).periodic
        assert look_at(self.x[1:, None], self.x[1:]).positive
        assert not self.look(self.x).positive

    @given(st.integers(1, 40), st.integers(1, 3), st.integers(0, 99))
    @settings(max_examples=50, deadline=None)
    def test_any_table_can_be_looked_at(self, n: int, d: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        X = rng.integers(-2, 3, (n, d)).astype(float)
        found = look_at(X, rng.integers(0, 3, n).astype(float))
        assert (found.n, found.d) == (n, d)
        assert 0 <= found.noise <= 1


class _Cheap(Fitter):
    name, summary = "cheap", "a constant at once, a line after a pause"

    def __init__(self, calls: list[str], name: str, cost: float, more: float, why: str = "") -> None:
        self.calls, self.cost, self.more, self.why = calls, cost, more, why
        type.__setattr__(type(self), "fixed_structures", True)
        self.__dict__["name"] = name

    def enters(self, data: Data, look: Look) -> Entry:
        return Entry(self.cost, self.why)

    def propose(self, data: Data, context: Context) -> Iterator[Proposal | Pause]:
        self.calls.append(f"{self.name} first")
        yield Proposal(Const(float(data.y.mean())), "mean", refit=lambda rows: Proposal(Const(float(rows.y.mean()))))
        yield Pause(self.more)
        self.calls.append(f"{self.name} second")
        yield Proposal(Var("x"), "x itself")


class TestTurns:
    def run(self, monkeypatch: pytest.MonkeyPatch, fitters: list[Fitter], y: np.ndarray) -> fitx.Fit:
        monkeypatch.setattr("fitx.settings.all_fitters", lambda: {f.name: f for f in fitters})
        x = np.arange(float(len(y)))
        return fit_data(Data(x[:, None], y, ("x",)), Settings())

    def test_the_cheapest_part_goes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []
        a, b = _Cheap(calls, "a", 2.0, 3.0), _Cheap(calls, "b", 1.0, 4.0)
        y = np.random.default_rng(1).normal(size=100)
        self.run(monkeypatch, [a, b], y)
        assert calls == ["b first", "a first", "a second", "b second"]

    def test_a_law_ends_the_contest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []
        a, b = _Cheap(calls, "a", 1.0, 2.0), _Cheap(calls, "b", 3.0, 4.0)
        fit = self.run(monkeypatch, [a, b], np.arange(100.0))
        assert calls == ["a first", "a second"]
        assert str(fit) == "x"

    def test_who_stays_out_is_not_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []
        a, b = _Cheap(calls, "a", 1.0, 2.0), _Cheap(calls, "b", 1.0, 2.0, "has nothing to say")
        self.run(monkeypatch, [a, b], np.random.default_rng(1).normal(size=100))
        assert set(calls) == {"a first", "a second"}

    def test_every_method_says_whether_and_when(self) -> None:
        for d in (1, 3):
            X = np.random.default_rng(d).normal(size=(300, d))
            data = Data(X, X.sum(axis=1), tuple("abc"[:d]))
            look = look_at(data.X, data.y)
            for fitter in all_fitters().values():
                entry = fitter.enters(data, look)
                assert entry.cost > 0
                assert isinstance(entry.why_not, str)
                assert entry.why_not or not fitter.declines(data)


class TestChance:
    @pytest.mark.parametrize("n", [50, 200])
    def test_noise_is_the_mean(self, n: int) -> None:
        wrong = 0
        for seed in range(6):
            rng = np.random.default_rng([n, seed])
            fit = quiet(rng.normal(size=n), rng.normal(size=n), method=CHEAP, seed=seed)
            wrong += bool(fit.formula.variables)
        assert wrong <= 1

    def test_a_noisy_line_is_a_line(self) -> None:
        wrong = 0
        for seed in range(6):
            rng = np.random.default_rng(seed)
            x = rng.uniform(0, 10, 60)
            y = 3 * x + 2
            fit = quiet(x, y + 0.2 * y.std() * rng.normal(size=60), method=CHEAP, seed=seed)
            wrong += fit.complexity > 5 or not fit.formula.variables
        assert wrong <= 1

    def test_nothing_better_than_the_mean_is_said(self) -> None:
        rng = np.random.default_rng(5)
        with pytest.warns(FitxWarning, match="no formula is better than the mean"):
            fit = fitx.fit(rng.normal(size=60), rng.normal(size=60), time_limit=2)
        assert not fit.formula.variables

    def test_a_weak_line_is_found(self) -> None:
        rng = np.random.default_rng(3)
        x = rng.normal(size=200)
        assert quiet(x, x + rng.normal(size=200), method=CHEAP).formula.variables == ("x",)


class TestBaselines:
    def test_the_mean_and_the_line(self) -> None:
        x = np.arange(20.0)
        data = Data(x[:, None], 2 * x + 1, ("x",))
        values = baseline_values(data, np.array([[30.0], [40.0]]))
        assert values["mean"] == pytest.approx([20, 20])
        assert values["line"] == pytest.approx([61, 81])
        assert set(baseline_values(data.take(np.arange(3)), data.X)) == {"mean"}

    def test_a_curve_is_better_than_a_line_and_says_so(self) -> None:
        x = np.linspace(0, 3, 200)
        y = x**2 + np.random.default_rng(0).normal(0, 0.1, 200)
        fit = quiet(x, y, method="poly")
        assert [b.name for b in fit.baselines] == ["mean", "line"]
        assert all(b.beaten for b in fit.baselines)
        assert words(fit.baselines).startswith("better than the mean (rmse")
        assert [b["name"] for b in fit.as_dict()["baselines"]] == ["mean", "line"]

    def test_a_line_is_no_better_than_a_line(self) -> None:
        x = np.linspace(0, 3, 200)
        y = x + np.random.default_rng(0).normal(0, 0.1, 200)
        mean, line = quiet(x, y, method="poly", options={"poly.degree": 1}).baselines
        assert mean.beaten
        assert not line.beaten

    def test_few_rows_are_flipped(self) -> None:
        y = np.arange(5.0)
        assert chance(y, y, y + np.array([1, 2, 3, 4, 1000])) == 1 / 32
        assert chance(y, y, y) == 1.0
        assert chance(y, y + 1, y) == 1.0

    def test_a_few_large_rows_do_not_hide_that_all_are_better(self) -> None:
        x = np.geomspace(1, 1e4, 50)
        y = 3 * x**1.5
        assert chance(y, y, np.full(50, y.mean())) < 1e-6

    def test_chance_is_students(self) -> None:
        stats = pytest.importorskip("scipy.stats")
        rng = np.random.default_rng(0)
        y, p, q = rng.normal(size=30), rng.normal(size=30), rng.normal(size=30)
        q += p
        expected = stats.ttest_1samp((y - q) ** 2 - (y - p) ** 2, 0, alternative="greater").pvalue
        assert chance(y, p, q) == pytest.approx(expected, rel=1e-9)
        assert chance(y, q, p) == 1.0  # worse on average
        assert chance(y, y, y) == 1.0
        assert chance(y, y, y + 1) == 0.0
        assert compare(y, p, {"mean": q}, None, "")[0].chance == chance(y, p, q)


@given(st.floats(0.01, 200), st.integers(1, 30), st.integers(1, 2000))
@settings(max_examples=200, deadline=None)
def test_the_tails_are_scipys(f: float, between: int, within: int) -> None:
    special = pytest.importorskip("scipy.special")
    expected = float(special.fdtrc(between, within, f))
    if expected > 1e-290:
        assert np.exp(log_f_tail(f, between, within)) == pytest.approx(expected, rel=1e-8, abs=1e-12)
    assert t_tail(f, within) == pytest.approx(1 - float(special.stdtr(within, f)), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    "text", ["2.5*exp(-0.7*x) + 1.5", "x**2.5 - 3*x + 0.25*max(x, 1.5)", "sin(1.5*x)/(x + 2.25) + 3"]
)
def test_a_tangent_is_the_formula_and_its_derivatives(text: str) -> None:
    f = parse(text)
    free = [i for i, v in enumerate(f.constants) if isinstance(v, float)]
    columns = np.linspace(0.5, 3, 40)[None, :]
    c = np.array([float(f.constants[i]) for i in free])
    found = tangent(f, ("x",))
    assert found.values(c, columns) == pytest.approx(f.predict(columns.T, ["x"]), rel=1e-14)
    for row, i in zip(found.derivatives(c, columns), free, strict=True):
        assert row == pytest.approx(f.derivative(i).predict(columns.T, ["x"]), rel=1e-12, abs=1e-13)
    assert tangent(f.with_constants([v * 2 if isinstance(v, float) else v for v in f.constants]), ("x",)) is found

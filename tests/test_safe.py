"""Which formulas may be chosen: none that breaks among the rows or just beyond."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fitx
from fitx.box import widened
from fitx.errors import FitxWarning
from fitx.fitters.base import Data, Proposal
from fitx.formula import Const, Formula, parse
from fitx.front import Candidate, choose
from fitx.safe import Ground, choose_safe, refit_safely, trouble
from fitx.score import score
from fitx.waves import aliased

rng = np.random.default_rng(7)


def table(n: int = 60, d: int = 1, low: float = -1.0, high: float = 1.0, seed: int = 3) -> Data:
    r = np.random.default_rng(seed)
    names = ("x",) if d == 1 else tuple(f"x{j + 1}" for j in range(d))
    return Data(r.uniform(low, high, (n, d)), r.normal(size=n), names)


def candidate(f: Formula, data: Data, flattered: float = 1.0) -> Candidate:
    """The formula judged on the rows; flattered: its losses are that share of what they are."""
    p = f.predict(data.X, data.names)
    s = score(data.y, p)
    losses = flattered * ((data.y - p) / np.abs(data.y).max()) ** 2
    return Candidate(Proposal(f), "test", f.complexity, s, s, losses)


def quiet_fit(*args: object, **more: object) -> fitx.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        return fitx.fit(*args, **more)  # type: ignore[arg-type]


class TestWidenedBox:
    @pytest.mark.parametrize(("ends", "wide"), [
        ((-1.0, 1.0), (-1.2, 1.2)), ((0.0, 10.0), (0.0, 11.0)), ((5.0, 10.0), (4.5, 10.5)), ((0.5, 10.5), (0.05, 11.5)),
        ((-10.0, 0.0), (-11.0, 0.0)), ((-10.5, -0.5), (-11.5, -0.05)), ((3.0, 3.0), (3.0, 3.0)),
    ])  # fmt: skip
    def test_a_tenth_on_both_sides_but_not_across_zero(
        self, ends: tuple[float, float], wide: tuple[float, float]
    ) -> None:
        np.testing.assert_allclose(widened(*ends), wide)


class TestNoise:
    """Formulas that leave more than 2 percent of y's variance."""

    @pytest.mark.parametrize("text", [
        "1/(x - 0.5)", "0.001/(x - 0.123)", "1e-7/(x - 0.777)**2", "tan(2*x)", "log(x - 0.2)", "sqrt(x + 0.9)",
        "exp(900*x)", "(x + 0.8)**2.5", "x/(x**2 - 1.21)", "1/(x - 1.05)", "log(x + 1.1)", "asin(x)",
        "x**7 + 900*x**40",
        "piecewise(x < 0.1, x, 1/(x - 0.3))", "100*hinge(x - 0.95)*hinge(x - 0.9)**2/(x - 1)",
    ])  # fmt: skip
    def test_what_breaks_is_refused(self, text: str) -> None:
        assert not Ground.of(table()).bears(parse(text), 0.5)

    @pytest.mark.parametrize("text", [
        "2", "1/(x - 2)", "1/(x**2 + 0.3)", "tan(x)", "log(x + 1.5)", "exp(2*x)", "x**3 - x", "sin(3*x)/(3*x)",
        "abs(x)",
        "hinge(x - 0.3) - 2*hinge(x + 0.5)", "piecewise(x < 0, x**2, 3*x)", "(x**2 - 0.25)/(x - 0.5)", "cbrt(x)",
    ])  # fmt: skip
    def test_what_does_not_is_not(self, text: str) -> None:
        assert Ground.of(table()).bears(parse(text), 0.5)

    @pytest.mark.parametrize("text", ["1/x", "log(x)", "sqrt(x)", "x**0.3", "x**(-1.5)", "1/x**2", "x*log(x)"])
    def test_positive_columns_may_have_what_ends_at_zero(self, text: str) -> None:
        X = np.linspace(0.1, 10, 60)[:, None]
        data = Data(X, parse(text).predict(X, ("x",)) + rng.normal(size=60), ("x",))
        assert Ground.of(data).bears(parse(text), 0.5)

    @pytest.mark.parametrize("text", ["1/(x - 0.05)", "log(x - 0.08)", "sqrt(x - 0.09)"])
    def test_but_none_just_below_their_smallest_value(self, text: str) -> None:
        data = Data(np.linspace(0.1, 10, 60)[:, None], rng.normal(size=60), ("x",))
        assert not Ground.of(data).bears(parse(text), 0.5)

    def test_in_many_columns(self) -> None:
        ground = Ground.of(table(100, 3))
        for text in ("1/(x1 - x2)", "x3/(x1*x2 + 0.5)", "sqrt(x1 + x2 + x3)", "0.001/(x1 + x2 - 1.9)", "x1**x2"):
            assert not ground.bears(parse(text), 0.5), text
        for text in ("1/(4 + x1 - x2)", "x3/(x1*x2 + 2)", "sqrt(5 + x1 + x2 + x3)", "x1/(1 + x2**2)", "exp(x1*x2)"):
            assert ground.bears(parse(text), 0.5), text

    def test_splines_and_hinges_of_hundreds_of_pieces(self) -> None:
        ground = Ground.of(table(400))
        f = parse(" + ".join(f"0.001*hinge(x - {k / 300})" for k in range(300)))
        assert ground.bears(f, 0.5)
        g = parse("piecewise(" + ", ".join(f"x < {k / 200 - 1}, 0.1*x + {k}/400 + x**3" for k in range(400)) + ", 1)")
        assert ground.bears(g, 0.5)


class TestLaws:
    def test_corners_that_no_row_comes_near_are_a_law_s_own(self) -> None:
        """1/(a - b) where a > b in all rows: with little noise it stays, without it anything does."""
        X = rng.uniform(1, 3, (200, 2))
        X[:, 1] = X[:, 0] * rng.uniform(0.1, 0.8, 200)
        ground = Ground.of(Data(X, 1 / (X[:, 0] - X[:, 1]), ("a", "b")))
        f = parse("1/(a - b)")
        assert ground.bears(f, 0.0)
        assert ground.bears(f, 1e-3)
        assert not ground.bears(f, 0.1)

    def test_between_rows_only_a_law_without_noise_has_a_pole(self) -> None:
        ground = Ground.of(table())
        for text in ("1/(x - 0.5)", "1e-9/(x - 0.123)", "1/(x + 0.3)**2", "tan(2*x)"):
            assert ground.bears(parse(text), 1e-12)
            assert not ground.bears(parse(text), 1e-4)

    def test_exact_laws_are_chosen_with_their_poles_and_these_are_named(self) -> None:
        x = np.linspace(-1, 1, 80)
        with pytest.warns(FitxWarning, match=r"the formula has a pole near `x` = 0\.4\d* \(inside the data's range\)"):
            fit = fitx.fit(x, 3 / (x - 0.4321), method="curve")
        np.testing.assert_allclose(fit.predict(x), 3 / (x - 0.4321), rtol=1e-6)

    def test_poles_at_the_edge_of_an_exact_law_need_no_warning(self) -> None:
        x = np.linspace(0.1, 10, 60)
        for y in (1 / x, np.log(x)):
            fit = fitx.fit(x, y, method="curve", options={"curve.only": "power,logarithmic"})
            assert fit.warnings == ()
            np.testing.assert_allclose(fit.predict(x), y, atol=1e-6)


class TestChoice:
    def test_random_quotients_that_fit_noise_are_never_chosen_with_a_pole(self) -> None:
        """However well they do on the rows: the safe one among the candidates is, the mean if no other."""
        for seed in range(40):
            r = np.random.default_rng(seed)
            data = table(25, seed=seed)
            found = [candidate(Const(float(data.y.mean())), data)]
            for _ in range(6):
                a, b, c = r.uniform(-1, 1, 3).tolist()
                top = parse(f"{a!r}*x + {b!r}")
                found.append(candidate(top / parse(f"x - {c!r}"), data, 1e-3))
                found.append(candidate(top / parse(f"x**2 - {a!r}*x - 0.3"), data, 2e-3))
                found.append(candidate(top + parse(f"1e-7/(x - {c!r})"), data, 3e-2))
            chosen = choose_safe(found, 0.0, Ground.of(data), "rmse")
            v = chosen.proposal.formula.predict(np.linspace(-1.2, 1.2, 10_001), ("x",))
            assert np.isfinite(v).all()
            assert np.abs(v).max() < 20

    def test_all_are_refused_but_one_is_kept(self) -> None:
        data = table()
        found = [candidate(parse("1/(x - 0.5)"), data), candidate(parse("tan(3*x)"), data)]
        assert choose_safe(found, 0.0, Ground.of(data), "rmse") is choose(found, 0.0)

    def test_allow_poles_leaves_the_choice_alone(self) -> None:
        data = table()
        found = [candidate(Const(0.0), data), candidate(parse("1/(x - 0.5)"), data, 1e-3)]
        assert choose_safe(found, 0.0, Ground.of(data), "rmse") is found[0]
        assert choose_safe(found, 0.0, Ground.of(data), "rmse", True) is found[1]

    def test_mean_absolute_errors(self) -> None:
        data = table()
        f = parse("1/(x - 0.5)")
        c = candidate(f, data, 1e-3)
        found = [candidate(Const(0.0), data), Candidate(c.proposal, "t", c.complexity, c.validation, c.train, c.losses)]
        assert choose_safe(found, 0.0, Ground.of(data), "mae") is found[0]

    def test_the_rows_that_choose_belong_to_the_box(self) -> None:
        data, others = table(low=0.0), table(low=-1.0)
        found = [candidate(Const(0.0), data), candidate(parse("1/(x + 0.9)"), data, 1e-3)]
        assert choose_safe(found, 0.0, Ground.of(data), "rmse") is found[1]
        assert choose_safe(found, 0.0, Ground.of(data, others), "rmse") is found[0]


class TestRefit:
    def test_constants_that_make_it_break_are_not_taken(self) -> None:
        data = table()
        good, bad = Proposal(parse("1/(x + 1.9)")), Proposal(parse("1/(x + 0.9)"))
        first = Proposal(good.formula, refit=lambda rows: bad)
        assert refit_safely(first, data, 0.5) is first
        assert refit_safely(first, data, 1e-9) is bad
        assert refit_safely(Proposal(bad.formula, refit=lambda rows: good), data, 0.5) is good
        assert refit_safely(good, data, 0.5) is good


class TestWarnings:
    def test_they_name_the_place(self) -> None:
        data = table(100, 2)
        assert trouble(parse("1/(x1 - 0.25)"), data, 0.5, False).startswith("the formula has a pole near `x1` = 0.25 ")
        assert "just outside the data's range" in trouble(parse("1/(x2 - 1.1)"), data, 0.5, False)
        assert "is undefined near `x1` = " in trouble(parse("sqrt(x1)"), data, 0.5, False)
        assert "overflows near `x2` = " in trouble(parse("exp(1000*x2)"), data, 0.5, False)
        assert trouble(parse("1/(x2 - 1.1)"), data, 1e-12, False) == ""
        assert trouble(parse("x1 + x2"), data, 0.5, True) == ""

    def test_allow_poles_in_python(self) -> None:
        """A quotient with a pole that noise does not hide."""
        r = np.random.default_rng(1)
        x = np.r_[np.linspace(-1, 0.28, 60), np.linspace(0.32, 1, 40)]
        y = 1 / (x - 0.3) + r.normal(size=100)
        with pytest.warns(FitxWarning, match=r"has a pole near `x` = 0\.3 \(inside"):
            fit = fitx.fit(x, y, method=["poly", "rational"], allow_poles=True)
        assert fit.method == "rational"
        assert fit.holdout.r2 > 0.85
        kept = quiet_fit(x, y, method=["poly", "rational"])
        assert np.isfinite(kept.predict(np.linspace(-1, 1, 9999))).all()
        assert not any("pole near" in text for text in kept.warnings)

    def test_a_model_of_the_user_is_kept_with_a_warning(self) -> None:
        r = np.random.default_rng(1)
        x = np.linspace(-1, 1, 50)
        fit = quiet_fit(x, r.normal(size=50), model="a/(x - b)", fix={"b": 0.1})
        assert any(w.startswith("the formula has a pole near `x` = 0.1 (inside") for w in fit.warnings)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_a_chosen_formula_stays_near_the_data_in_the_whole_widened_box(seed: int) -> None:
    """Random small tables of noise and of curves under noise: finite, within four ranges of y, at 10,000 points."""
    r = np.random.default_rng(seed)
    d, n = int(r.integers(1, 4)), int(r.integers(15, 60))
    X = r.uniform(-1, 1, (n, d)) + float(r.choice([0.0, 2.0]))
    signal = [0 * X[:, 0], np.sin(3 * X[:, 0]), 1 / (0.3 + X[:, -1] ** 2), np.exp(X[:, 0])][int(r.integers(4))]
    y = signal + r.normal(0, 0.5, n)
    fit = quiet_fit(X, y, method=["poly", "rational", "spline", "mars"], seed=int(r.integers(100)))
    ends = np.array([widened(*fit.box[name]) for name in fit.features])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fitx.ExtrapolationWarning)
        v = fit.predict(r.uniform(ends[:, 0], ends[:, 1], (10_000, d)))
    assert np.isfinite(v).all()
    reach = 4 * np.ptp(y)
    assert y.min() - reach <= v.min()
    assert v.max() <= y.max() + reach


def test_a_power_that_is_undefined_just_before_the_first_row_is_not_chosen_under_noise() -> None:
    x = np.linspace(20, 360, 18)
    y = ((x - 7.99) / 100) ** 3.6
    data = Data(x[:, None], y, ("x",))
    ground = Ground.of(data)
    broken, whole = parse("((x - 7.99)/100)**3.6"), parse("(x/100)**3.6")
    assert not ground.bears(broken, 1e-3)
    assert ground.bears(whole, 1e-3)
    assert ground.bears(broken, 1e-7)  # without noise it is the law


def test_waves_that_the_rows_cannot_show() -> None:
    x = np.arange(0.0, 200.0, 20.0)[:, None]
    assert aliased(parse("x + sin(2*x)"), x, ("x",))
    assert not aliased(parse("x + sin(0.1*x)"), x, ("x",))
    assert not aliased(parse("cos(pi*x)"), np.arange(10.0)[:, None], ("x",))  # (-1)**x
    assert not aliased(parse("x*exp(-2*x)"), x, ("x",))
    fine = np.random.default_rng(0).uniform(0, 10, (300, 2))
    assert not aliased(parse("sin(20*a) + sin(a*b)"), fine, ("a", "b"))


def test_a_wave_too_fast_for_the_rows_is_chosen_only_where_it_is_exact() -> None:
    x = np.arange(0.0, 200.0, 20.0)
    wave = parse("x + sin(2*x)")
    ground = Ground.of(Data(x[:, None], wave.predict(x[:, None], ["x"]), ("x",)))
    assert not ground.bears(wave, 1e-9)
    assert ground.bears(wave, 1e-20)

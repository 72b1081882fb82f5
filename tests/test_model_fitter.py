"""A formula of the user's own: parameters, groups with constants of their own, an unknown function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fitx
from fitx.errors import UsageError
from fitx.formula import Var, parse
from fitx.formula.parametric import Compiled
from fitx.formula.template import read_template, solve_for
from fitx.numerics.students import t_quantile
from fitx.parametric import Limits, ParametricFormula, Rows, covariance, free_constants

R = np.random.default_rng(0)
X = R.uniform(0.5, 5, 300)
T = R.uniform(0, 4, 300)


def fit(columns: dict[str, np.ndarray], y: np.ndarray, model: str, **more: object) -> fitx.Fit:
    return fitx.fit(np.column_stack(list(columns.values())), y, model=model, feature_names=list(columns), **more)


def values(f: fitx.Fit) -> dict[str, float]:
    return {p.name: p.value for p in f.parameters}


class TestTemplate:
    def test_names_that_are_no_columns_are_parameters(self) -> None:
        t = read_template("y = a*exp(-b*x) + c*`Temp (°C)`")
        assert t.parameters(("x", "Temp (°C)")) == ("a", "b", "c")
        assert not t.function

    def test_an_unknown_function(self) -> None:
        t = read_template("f(x, log(t)) + a*exp(-b*t)")
        assert (t.function, [str(a) for a in t.arguments]) == ("f", ["x", "log(t)"])
        assert t.parameters(("x", "t")) == ("a", "b")
        assert read_template("g(`f(x)`)*a").arguments == (Var("f(x)"),)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("a*exp(-b*x", "never closed\n\n    a\\*exp\\(-b\\*x\n      \\^"),
            ("a*exq(x)", "no function named `exq`\n\n    a\\*exq\\(x\\)\n      \\^"),
            ("f(x) + g(x)", "only one function"), ("f(x) + f(t)", "different arguments"), ("f(f(x))", "within itself"),
            ("f()", "needs different columns"), ("f(x, x)", "needs different columns"), ("f(x", "never closed"),
            ("", "too early"), ("a**", "too early"), ("a b", "an operator is missing"), ("a < x", "a comparison"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_is_said(self, text: str, says: str) -> None:
        with pytest.raises(UsageError, match=says):
            read_template(text)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("x + t", "nothing to fit"), ("f(q) + a", "`q` is none"), ("a*y", "`y` is the target"),
            ("sin(f(x)) + a", "inside `sin`"), ("f(x)*a + f(x)", "more than once"), ("a + min(f(x), 2)", "inside"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_the_columns_is_said(self, text: str, says: str) -> None:
        with pytest.raises(UsageError, match=says):
            fit({"x": X, "t": T}, X + T, text, time_limit=3)

    @pytest.mark.parametrize(
        "text",
        ["f + a*x", "x - f", "f - x", "a*f", "f/x", "x/f", "-f", "exp(-x*f)", "a*x**f", "f**1.7", "log(f)/2 + x",
         "1/(1 + exp(-f))", "sqrt(f + x) - a", "tanh(f/4)", "sinh(f) + x", "asin(f/9)", "acos(f/9)", "atan(f)*a",
         "logistic(f)", "log10(f)*x", "cbrt(f)", "f**2", "f**3*x", "exp(exp(-f))"],
    )  # fmt: skip
    def test_the_model_is_solved_for_the_unknown(self, text: str) -> None:
        columns = {"f": np.linspace(0.3, 2, 9), "x": np.linspace(1.5, 2.5, 9), "a": np.full(9, 1.7)}
        y = parse(text).evaluate(columns)
        solved = solve_for(parse(text), "f", Var("y"))
        np.testing.assert_allclose(solved.evaluate({**columns, "y": y}), columns["f"], rtol=1e-9)


class TestParameters:
    @pytest.mark.parametrize(
        ("model", "truth"),
        [
            ("a*exp(-b*x) + c", {"a": 2.5, "b": 0.37, "c": 1.2}),
            ("a*sin(w*x + p) + c", {"a": 2.5, "w": 3.7, "p": 0.4, "c": 1.2}),
            ("a*x**n/(k**n + x**n)", {"a": 2.5, "n": 2.3, "k": 3.1}),
            ("a/(1 + exp(-(x - m)/s))", {"a": 20.0, "m": 2.2, "s": 0.6}),
            ("a*exp(-((x - m)/s)**2/2)", {"a": 20.0, "m": 2.2, "s": 0.6}),
            ("a*x**2 + b*x", {"a": 3.0, "b": -1.0}),
        ],
    )
    def test_found_without_starting_values(self, model: str, truth: dict[str, float]) -> None:
        y = parse(model).evaluate({"x": X, **truth})
        found = values(fit({"x": X}, y, model))
        got = parse(model).evaluate({"x": X, **found})
        np.testing.assert_allclose(got, y, rtol=1e-8, atol=1e-9)
        assert {k: abs(v) for k, v in found.items() if k != "p"} == pytest.approx(
            {k: abs(v) for k, v in truth.items() if k != "p"}, rel=1e-6
        )

    def test_standard_errors_are_those_of_the_textbook(self) -> None:
        y = 3 * X + 2 + np.random.default_rng(1).normal(0, 0.3, len(X))
        found = fit({"x": X}, y, "a*x + b")
        A = np.c_[X, np.ones_like(X)]
        c, rss = np.linalg.lstsq(A, y, rcond=None)[:2]
        se = np.sqrt(np.diag(np.linalg.inv(A.T @ A)) * rss[0] / (len(X) - 2))
        assert [p.name for p in found.parameters] == ["a", "b"]
        np.testing.assert_allclose([p.value for p in found.parameters], c, rtol=1e-9)
        np.testing.assert_allclose([p.stderr for p in found.parameters], se, rtol=1e-9)
        assert found.parameters[0].dof == len(X) - 2

    def test_sigma_is_not_scaled_by_the_residuals(self) -> None:
        rows = Rows(X[None], 3 * X, ("x",), np.full(len(X), 1 / 0.5**2))
        s = ParametricFormula(parse("a*x"), ("a",)).solve(rows, np.random.default_rng(0))
        assert s is not None
        matrix, dof = covariance(s, len(X), absolute=True)
        assert matrix is not None
        assert matrix[0, 0] == pytest.approx(0.5**2 / (X @ X))
        assert dof == len(X) - 1

    @pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
    def test_weights_count(self) -> None:
        y = np.where(X < 2, 3 * X, 100.0)
        found = fitx.fit(X, y, model="a*x", sample_weight=(X < 2).astype(float), holdout=0)
        assert values(found) == pytest.approx({"a": 3.0})

    def test_what_cannot_be_told_apart_is_said(self) -> None:
        with pytest.warns(fitx.FitxWarning, match="`a` and `b` cannot be told apart"):
            fit({"x": X}, 3 * X, "a*b*x")

    def test_too_few_rows_are_refused(self) -> None:
        with pytest.raises(fitx.FitxError, match="too few for the 3 parameters"):
            fit({"x": X[:2]}, X[:2], "a*exp(-b*x) + c", holdout=0)

    def test_a_model_that_is_nowhere_defined_is_refused(self) -> None:
        with pytest.raises(fitx.FitxError, match="undefined"):
            fit({"x": X}, X, "a*log(-x)")

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
    def test_compiled_with_parameters_is_the_formula_with_numbers(self, p: list[float]) -> None:
        tree = parse("a*exp(b*x) + max(c, 2*x)*a + 7")
        formulas = [tree, tree.derivative("b")]
        columns = np.ascontiguousarray(X[None])
        compiled = Compiled(formulas, ("x",), ("a", "b", "c"))
        numbers = dict(zip(("a", "b", "c"), p, strict=True))
        for got, f in zip(compiled(p, columns), formulas, strict=True):
            np.testing.assert_array_equal(got, f.evaluate({"x": X, **numbers}))

    def test_constants_as_variables_and_back(self) -> None:
        f = parse("2.5*x + sin(3*x) - 1.5")
        structure, constants = free_constants(f, "c")
        assert constants == {"c1": 2.5, "c2": 1.5}
        assert structure.substitute(constants) == f


class TestGroups:
    G = np.random.default_rng(4).integers(1, 4, 300)
    A = np.array([0, 1.0, 2.0, 5.0])[G]

    def test_parameters_by_group(self) -> None:
        y = self.A * np.exp(-0.7 * X) + 3
        found = fit({"x": X, "g": self.G}, y, "a*exp(-b*x) + c", per_group="a", group="g")
        assert values(found) == pytest.approx({"a[1]": 1, "a[2]": 2, "a[3]": 5, "b": 0.7, "c": 3})
        np.testing.assert_allclose(found.predict(np.c_[X, self.G]), y)
        assert str(found) == "piecewise(g == 1, 1, g == 2, 2, g == 3, 5, 8/3)*exp(-0.7*x) + 3" or "piecewise" in str(
            found
        )
        # What is printed is what is predicted, also for a group that was not there: it gets the mean.
        with pytest.warns(fitx.ExtrapolationWarning, match="`g` 1 to 3"):
            assert found.predict([[0.0, 9]])[0] == pytest.approx(8 / 3 + 3)
        assert fitx.parse(found.formula.text()).predict(np.c_[X, self.G], ("x", "g")) == pytest.approx(y)

    def test_groups_beside_the_features(self) -> None:
        y = self.A * X
        found = fitx.fit(X, y, model="a*x", per_group=["a"], groups=self.G)
        assert found.features == ("x", "group")
        assert values(found) == pytest.approx({"a[1]": 1, "a[2]": 2, "a[3]": 5})
        with pytest.raises(UsageError, match="numbered"):
            fitx.fit(X, y, model="a*x", per_group=["a"], groups=np.array(["u"] * 300))

    @pytest.mark.parametrize(
        ("more", "says"),
        [
            ({"per_group": "q", "group": "g"}, "`q` cannot differ by group: it is not in the model"),
            ({"per_group": "x", "group": "g"}, "`x` cannot differ by group: it is a column"),
            ({"per_group": "a"}, "need the column"), ({"group": "g"}, "needs parameters"),
            ({"per_group": "a", "group": "h"}, "no column of numbers `h`"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_said(self, more: dict[str, str], says: str) -> None:
        with pytest.raises(UsageError, match=says):
            fit({"x": X, "g": self.G}, X, "a*x", **more)

    def test_too_many_groups_are_refused(self) -> None:
        with pytest.raises(fitx.FitxError, match="different values"):
            fit({"x": X, "g": T}, X, "a*x", per_group="a", group="g")


class TestUnknownFunction:
    @pytest.mark.parametrize(
        ("model", "f", "truth"),
        [
            ("f(x) + a*exp(-b*t)", "3*sqrt(x)", {"a": 2.5, "b": 0.7}),
            ("f(x)*exp(-b*t)", "1 + x**2", {"b": 0.7}),
            ("f(x, t) + a*exp(-b*t)", "x*t + x", {"a": 2.5, "b": 0.7}),
        ],
    )
    def test_is_found_with_the_parameters(self, model: str, f: str, truth: dict[str, float]) -> None:
        arguments = "(x, t)" if "(x, t)" in model else "(x)"
        law = parse(model.replace("f" + arguments, f"({f})"))
        y = law.evaluate({"x": X, "t": T, **truth})
        found = fit({"x": X, "t": T}, y, model, time_limit=30)
        assert values(found) == pytest.approx(truth, rel=1e-6)
        assert found.holdout.r2 is not None
        assert found.holdout.r2 > 1 - 1e-12
        np.testing.assert_allclose(found.predict(np.c_[X, T]), y, rtol=1e-9)
        assert found.label.startswith("f = ")

    def test_with_parameters_by_group(self) -> None:
        g = TestGroups.G
        y = TestGroups.A * np.exp(-0.7 * X) + 2 * np.sqrt(T)
        found = fit(
            {"x": X, "t": T, "g": g}, y, "a*exp(-b*x) + f(t)", per_group="a", group="g", time_limit=30
        )  # fmt: skip
        assert values(found) == pytest.approx({"a[1]": 1, "a[2]": 2, "a[3]": 5, "b": 0.7}, rel=1e-6)

    @pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
    def test_operators_of_the_unknown_function(self) -> None:
        found = fit(
            {"x": X}, np.exp(X) + 1, "f(x) + a", time_limit=1, options={"model.operators": "+ - *"}, holdout=0
        )  # fmt: skip
        assert "exp" not in str(found.formula)


def test_a_model_competes_with_the_methods_named() -> None:
    y = 3 * X**2
    assert fit({"x": X}, y, "a*x**2").method == "model"
    both = fitx.fit(X, y, ["poly"], model="a*exp(b*x)")
    assert both.method == "poly"
    assert {c.method for c in both.candidates} <= {"poly", "model"}
    with pytest.raises(fitx.FitxError, match="there is none"):
        fitx.fit(X, y, "model")
    with pytest.raises(UsageError, match="those of a model"):
        fitx.fit(X, y, per_group="a", group="g")


def noisy(model: str, **truth: float) -> np.ndarray:
    return parse(model).evaluate({"x": X, **truth}) + np.random.default_rng(3).normal(0, 0.05, len(X))


class TestAsked:
    MODEL = "a*exp(-b*x) + c"
    Y = noisy(MODEL, a=2.5, b=0.7, c=1.2)

    def test_a_fixed_parameter_keeps_its_value(self) -> None:
        found = fit({"x": X}, self.Y, self.MODEL, fix={"c": 1})
        free = fit({"x": X}, self.Y, "a*exp(-b*x) + 1")
        assert {p.name: p.value for p in found.parameters} == pytest.approx({**values(free), "c": 1})
        assert found.parameters[2].stderr is None
        assert found.parameters[0].stderr == pytest.approx(free.parameters[0].stderr)
        assert found.parameters[0].dof == len(X) - 2

    def test_bounds_are_kept_and_said(self) -> None:
        with pytest.warns(fitx.FitxWarning, match=r"`b` lies on its bound 0\.5"):
            found = fit({"x": X}, self.Y, self.MODEL, bounds={"b": (None, 0.5), "a": (0, None)})
        assert values(found)["b"] == 0.5
        assert found.parameters[1].stderr is None

    def test_bounds_of_linear_parameters(self) -> None:
        with pytest.warns(fitx.FitxWarning, match="on its bound"):
            found = fit({"x": X}, self.Y, self.MODEL, bounds={"c": (1.5, 9), "a": (0, 2)})
        assert values(found)["c"] >= 1.5
        assert values(found)["a"] <= 2

    @pytest.mark.filterwarnings("ignore:on the held-out rows the formula is not better than the mean")
    def test_a_start_leads_to_the_optimum_that_lies_there(self) -> None:
        y = np.sin(3 * X) + 0.2 * np.sin(11 * X)
        assert values(fit({"x": X}, y, "a*sin(w*x)", start={"a": 1, "w": 11.02}))["w"] == pytest.approx(11, abs=0.1)
        assert abs(values(fit({"x": X}, y, "a*sin(w*x)"))["w"]) == pytest.approx(3, abs=0.1)

    def test_parameters_without_a_start_are_sought_beside_those_with_one(self) -> None:
        found = fit({"x": X}, self.Y, self.MODEL, start={"b": 0.5})
        assert values(found) == pytest.approx(values(fit({"x": X}, self.Y, self.MODEL)))

    def test_what_is_asked_of_a_parameter_by_group_holds_for_each_group(self) -> None:
        y = TestGroups.A * X + 1
        with pytest.warns(fitx.FitxWarning, match="on its bound"):
            found = fit({"x": X, "g": TestGroups.G}, y, "a*x + c", per_group="a", group="g", bounds={"a": (0, 3)})
        assert values(found)["a[3]"] == 3
        fixed = fit({"x": X, "g": TestGroups.G}, y, "a*x + c", per_group="a", group="g", fix={"a[2]": 2})
        assert values(fixed) == pytest.approx({"a[1]": 1, "a[2]": 2, "a[3]": 5, "c": 1})

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ({"bounds": {"a": (2, 1)}}, "reversed"), ({"bounds": {"a": 3}}, "two numbers"),
            ({"start": {"a": 9}, "bounds": {"a": (0, 1)}}, "start of `a`, 9, lies outside its bounds 0 to 1"),
            ({"fix": {"a": 9}, "bounds": {"a": (0, 1)}}, "fixed value of `a`, 9, lies outside"),
            ({"start": {"a": 1}, "fix": {"a": 1}}, "`a` is fixed: it has no start"),
            ({"start": {"a": "much"}}, "`much` is no number"), ({"start": {"a": np.inf}}, "must be finite"),
            ({"fix": {"x": 1}}, "`x` cannot be fixed: it is a column"),
            ({"start": {"aa": 1}}, "does not occur in the model.*did you mean `a`"),
            ({"bounds": {"q": (0, 1)}}, "`q` cannot have bounds: it does not occur"),
            ({"fix": {"a": 1, "b": 1, "c": 1}}, "every parameter is fixed"),
        ],
    )  # fmt: skip
    def test_what_does_not_fit_is_said(self, asked: dict[str, object], says: str) -> None:
        with pytest.raises(UsageError, match=f"(?s){says}"):
            fit({"x": X}, self.Y, self.MODEL, **asked)

    def test_they_are_those_of_a_model(self) -> None:
        with pytest.raises(UsageError, match="those of a model"):
            fitx.fit(X, self.Y, start={"a": 1})
        with pytest.raises(UsageError, match="all known"):
            fit({"x": X, "t": T}, self.Y, "f(x) + a*t", start={"a": 1}, time_limit=2)

    def test_the_model_may_be_a_sympy_expression(self) -> None:
        import sympy as sp

        a, b, c, x = sp.symbols("a b c x")
        found = fit({"x": X}, self.Y, a * sp.exp(-b * x) + c)
        assert values(found) == pytest.approx(values(fit({"x": X}, self.Y, self.MODEL)))
        with pytest.raises(UsageError, match="no operator"):
            fit({"x": X}, self.Y, sp.gamma(a * x))
        with pytest.raises(UsageError, match="a SymPy expression is needed"):
            fit({"x": X}, self.Y, [1, 2])


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
class TestProfile:
    def test_of_a_linear_model_is_the_t_interval(self) -> None:
        y = noisy("a*x + b", a=3, b=2)
        plain, profile = (fit({"x": X}, y, "a*x + b", options={"model.profile": p}) for p in (False, True))
        for p, q in zip(plain.parameters, profile.parameters, strict=True):
            assert q.ci95 == pytest.approx(p.ci95, rel=1e-6)

    def test_of_a_model_that_is_not_is_where_the_loss_says(self, tmp_path: Path) -> None:
        y = noisy("a*exp(-b*x) + c", a=2.5, b=0.7, c=1.2)[:12]
        x = X[:12]
        found = fitx.fit(x, y, model="a*exp(-b*x) + c", options={"model.profile": True}, holdout=0)
        least = np.square(y - found.predict(x)).sum()
        for p in found.parameters:
            assert p.ci95 is not None
            for end in p.ci95:
                start = {k: v for k, v in values(found).items() if k != p.name}
                again = fitx.fit(x, y, model="a*exp(-b*x) + c", fix={p.name: end}, start=start, holdout=0)
                rise = (np.square(y - again.predict(x)).sum() - least) / (least / 9)
                assert rise == pytest.approx(t_quantile(0.975, 9) ** 2, rel=1e-4)
        found.save(tmp_path / "model.json")
        assert [p.ci95 for p in fitx.load(tmp_path / "model.json").parameters] == [p.ci95 for p in found.parameters]


class TestWords:
    @pytest.mark.parametrize(
        ("model", "says"),
        [
            ("a*exp(b + c*x) + d", "`a` and `b` cannot be told apart"), ("a + b + c*x", "`a` and `b` cannot be told"),
            ("a*x + b*0*x", "`b` has no influence"), ("(a + b)*x + (c - d)*x**2", "`c` and `d` cannot be told"),
        ],
    )  # fmt: skip
    def test_parameters_that_are_not_told_apart_are_named(self, model: str, says: str) -> None:
        with pytest.warns(fitx.FitxWarning) as caught:
            found = fit({"x": X}, noisy("exp(0.3*x)"), model, holdout=0)
        assert any(says in str(w.message) for w in caught)
        assert all(p.stderr is None or np.isfinite(p.stderr) for p in found.parameters)

    def test_parameters_that_run_off_are_named(self) -> None:
        with pytest.warns(fitx.FitxWarning, match="runs off to"):
            fit({"x": X}, 2 * X, "a*x/(b + x)")

    def test_an_undefined_start_is_said(self) -> None:
        with pytest.raises(fitx.FitxError, match="undefined at the start a=1, b=9: row 1, `x` = "):
            fit({"x": X}, X, "a*log(x - b)", start={"a": 1, "b": 9})

    def test_equal_values_of_x_are_said(self) -> None:
        with pytest.raises(fitx.FitxError, match="the same value on every row: 2 parameters"):
            fit({"x": 0 * X + 3}, T, "a*x + b")
        with pytest.raises(fitx.FitxError, match="only 2 different values: 3 parameters"):
            fit({"x": np.sign(X - 2)}, T, "a*exp(b*x) + c")

    def test_scales_do_not_matter(self) -> None:
        y = noisy("a*exp(-b*x) + c", a=2.5, b=0.7, c=1.2)
        one = fit({"x": X}, y, "a*exp(-b*x) + c")
        for size in (1e-300, 1e300):
            other = fit({"x": X}, y * size, "a*exp(-b*x) + c")
            unit = np.array([size, 1, size])
            np.testing.assert_allclose([p.value for p in other.parameters] / unit, list(values(one).values()))
            np.testing.assert_allclose(
                [p.stderr for p in other.parameters] / unit, [p.stderr for p in one.parameters], rtol=1e-6
            )


class TestRobust:
    @pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy", "lad"])
    def test_outliers_are_borne_from_no_start(self, loss: str) -> None:
        y = noisy("a*exp(-b*x) + c", a=2.5, b=0.7, c=1.2)
        y[::5] += 4
        rows = Rows(X[None].copy(), y, ("x",))
        model = ParametricFormula(parse("a*exp(-b*x) + c"), ("a", "b", "c"))
        s = model.solve(rows, np.random.default_rng(0), limits=Limits(loss=loss))
        assert s is not None
        matrix, dof = covariance(s, len(X), absolute=False)
        assert dof == len(X) - 3
        assert matrix is not None
        errors = np.sqrt(np.diag(matrix))
        off = np.abs(np.array(list(s.values.values())) - [2.5, 0.7, 1.2])
        assert (off < 6 * errors).all()
        assert (errors < 0.2).all()

    @pytest.mark.parametrize("loss", ["huber", "lad"])
    def test_outliers_that_make_another_optimum_of_least_squares(self, loss: str) -> None:
        x = np.linspace(1, 5, 60)
        y = 3 * np.exp(-x) + 2 + np.random.default_rng(0).normal(0, 0.02, 60)
        y[::6] += 3
        s = ParametricFormula(parse("a*exp(-b*x) + c"), ("a", "b", "c")).solve(
            Rows(x[None].copy(), y, ("x",)), np.random.default_rng(0), limits=Limits(loss=loss)
        )
        assert s is not None
        assert s.values == pytest.approx({"a": 3, "b": 1, "c": 2}, rel=0.1)

    @pytest.mark.parametrize("loss", ["soft_l1", "huber", "cauchy", "lad"])
    def test_standard_errors_are_those_of_many_tables(self, loss: str) -> None:
        x = np.linspace(0, 1, 80)
        model = ParametricFormula(parse("a*x + b"), ("a", "b"))
        found, errors = [], []
        for seed in range(120):
            y = 3 * x + 2 + np.random.default_rng(seed).normal(0, 0.3, 80)
            s = model.refine({"a": 3, "b": 2}, Rows(x[None].copy(), y, ("x",)), limits=Limits(loss=loss))
            assert s is not None
            matrix = covariance(s, 80, absolute=False)[0]
            assert matrix is not None
            found.append(s.values["a"])
            errors.append(np.sqrt(matrix[0, 0]))
        # The deviation of 120 values is known to 6.5 percent; 3.5 times that.
        assert np.mean(errors) == pytest.approx(np.std(found), rel=0.23)

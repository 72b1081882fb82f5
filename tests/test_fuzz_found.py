"""What fuzzing found (python -m tests.fuzz): each input, and what it must answer."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import fitx
from fitx.cli.show import column_list
from fitx.errors import FitxError, UsageError
from fitx.export.base import rounded
from fitx.formula import Var, call, parse
from fitx.formula.sympy_bridge import from_sympy, to_sympy
from fitx.formula.template import read_template
from fitx.read import read
from fitx.read import source as limits
from fitx.result import Found
from fitx.score import no_score
from fitx.units import unit_texts


class TestParser:
    @pytest.mark.parametrize("text", ["abs\u01c4o==ne\r1e", "a,b\nc", "x" * 200_000 + ",b"])
    def test_lists_that_cannot_be_split(self, text: str) -> None:
        for reader in (unit_texts, column_list):
            with pytest.raises(UsageError, match="cannot be split"):
                reader(text)

    def test_lists_with_line_breaks_in_quotes(self) -> None:
        assert column_list('"a\nb", c') == ["a\nb", "c"]

    def test_long_rows_of_signs(self) -> None:
        a, x, y = Var("a"), Var("x"), Var("y")
        assert parse("a + " + "-" * 5001 + "x") == a - x
        assert parse("a - " + "-" * 5001 + "x*y") == a + x * y
        assert parse("a + " + "(-" * 3000 + "x" + "*y)" * 3000) == parse("a + x" + "*y" * 3000)


    def test_constants_with_names_are_leaves(self) -> None:
        assert read_template("a*cos(2*pi*x) + b").text == "a*cos(2*pi*x) + b"

    def test_many_calls_of_an_unknown_function(self) -> None:
        assert read_template("f(x) + " * 100 + "a").function == "f"
        with pytest.raises(UsageError, match="never closed"):
            read_template("f(" * 20_000)
        with pytest.raises(UsageError, match="within itself"):
            read_template("f(f(x)) + a")
        with pytest.raises(UsageError, match="at most"):
            read_template("f(x) + " * 20_000 + "a")


class TestReader:
    def test_big_files_without_a_column_of_numbers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "BIG", 100)
        from fitx.read import delimited

        monkeypatch.setattr(delimited, "DECIDING_ROWS", 5)
        for data in (b"c]\n" * 200, b"a,b\n" + b"u,v\n" * 200):
            with pytest.raises(FitxError, match="no column of numbers to explain"):
                read(io.BytesIO(data))

    def test_many_columns_of_one_name(self) -> None:
        rows = ["a," * 5000 + "y", *("1," * 5000 + str(k) for k in range(3))]
        table = read(io.BytesIO("\n".join(rows).encode()))
        assert table.feature_names[:3] == ("a", "a_2", "a_3")
        assert len(set(table.feature_names)) == 5000
        assert "4979 more columns have no name, or one that stands twice" in table.warnings

    def test_names_that_stand_twice_beside_those_made_for_them(self) -> None:
        table = read(io.BytesIO(b"a,a_2,a,,column4,a\n1,2,3,4,5,6\n2,3,4,5,6,7\n"))
        assert (*table.feature_names, table.target_name) == ("a", "a_2", "a_3", "column4", "column4_2", "a_4")


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = {"a": [value]}
    return value


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    x = np.linspace(0.5, 3, 30)
    path = tmp_path_factory.mktemp("model") / "model.json"
    fitx.fit(x, 2 * np.exp(-x) + np.sin(9 * x) / 50, model="a*exp(-b*x)").save(path)
    return path


class TestModel:
    """Parts of a saved model that another value takes the place of: refused in words, where save, `as_dict` or bands
    failed later."""

    @pytest.mark.parametrize(("place", "value"), [
        (("seconds",), 1e999), (("seconds",), "nan"), (("seconds",), None), (("seed",), -1), (("seed",), 1.5),
        (("how",), {"holdout": float("inf")}), (("how",), deep(200)), (("how",), []), (("how",), {"a": 10**400}),
        (("parameters", 0, "value"), "inf"), (("parameters", 0, "value"), None), (("parameters", 0, "name"), ["a"]),
        (("parameters", 0, "interval"), [1]), (("parameters", 0, "interval"), [[1], 2]), (("target",), None),
        (("holdout", "n"), 10**400), (("holdout", "n"), -1), (("holdout", "n"), "7"), (("train", "rmse"), "1e999"),
        (("holdout", "rmse"), None), (("candidates", 0, "validation", "r2"), None),
        (("residuals", "values", 0), "nan"), (("residuals", "values", 0), -1.0), (("residuals", "ranks", 0), 0),
        (("covariance", 0), None), (("covariance", 0, 0), "x"), (("warnings",), "text"), (("label",), 3),
        (("units",), []),
        (("structure",), "a*q"), (("formula",), "1e999"), (("candidates",), {"a": 1}), (("features",), "x"),
    ], ids=repr)  # fmt: skip
    def test_refused(self, saved: Path, tmp_path: Path, place: tuple[str | int, ...], value: object) -> None:
        tree = json.loads(saved.read_text())
        holder = tree
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = value
        (tmp_path / "m.json").write_text(json.dumps(tree))
        with pytest.raises(FitxError, match="is damaged"):
            fitx.load(tmp_path / "m.json")

    @pytest.mark.parametrize("dof", [1e-300, 1e-8, 0.02, -3, None, "inf", "nan", 10**400 - 10**400])
    def test_bands_for_any_degrees_of_freedom(self, saved: Path, tmp_path: Path, dof: object) -> None:
        tree = json.loads(saved.read_text())
        for p in tree["parameters"]:
            p["dof"] = dof
        (tmp_path / "m.json").write_text(json.dumps(tree))
        fit = fitx.load(tmp_path / "m.json")
        assert fit.band([1.0]).shape == (1, 3)
        assert json.dumps(fit.as_dict(), allow_nan=False)
        fit.save(tmp_path / "again.json")
        assert fitx.load(tmp_path / "again.json").formula == fit.formula


class TestFormulas:
    @pytest.mark.parametrize("text", ["sin(x)", "tan(x)", "asin(x)", "tanh(x)"])
    def test_minus_zero_keeps_its_sign(self, text: str) -> None:
        X = np.array([[0.0], [-0.0]] * 9)
        np.testing.assert_array_equal(np.signbit(parse(text).predict(X, ("x",))), np.signbit(X[:, 0]))
        np.testing.assert_array_equal(parse(f"1/{text}").predict(X, ("x",)), [np.inf, -np.inf] * 9)

    @pytest.mark.parametrize("format", ["python", "numpy"])
    @pytest.mark.parametrize(
        "text", ["1/ceil(x)", "1/floor(x)", "1/sin(x)", "1/max(0, x)", "max(0, x)**(-3)", "(x**0.5)**(-1)"]
    )
    def test_exported_code_keeps_the_sign_of_zero(self, text: str, format: str) -> None:
        space: dict[str, Any] = {}
        f = parse(text)
        exec(Found(f, f, "test", ("x",), no_score("")).to(format), space)
        for x in (-np.inf, -0.3, -0.0, 0.0, 0.3, 2.5):
            np.testing.assert_allclose(space["formula"](x), f.predict(np.array([x]), ("x",))[0], rtol=1e-12)

    @pytest.mark.parametrize("before", range(80, 115))
    def test_comments_break_no_escape(self, before: int) -> None:
        names = ("x" * before + "/*/*/", '"' * before, "\u202e*/" * 40)
        f = Var(names[0]) + Var(names[1]) * Var(names[2])
        text = Found(f, f, "test", names, no_score("")).to("python")
        assert max(map(len, text.splitlines())) <= 120
        compile(text, "formula", "exec")

    @pytest.mark.parametrize("name", ["50%", "%s", "%}\r\n!", "%(x)s%n", "100%d"])
    def test_names_in_exponents_are_no_formats(self, name: str) -> None:
        f = call("sin", Var("x")) ** Var(name)
        text = Found(f, f, "test", ("x", name), no_score("")).latex()
        assert text.count("%") == name.count("%")

    def test_latex_where_sympy_compares_what_is_no_number(self) -> None:
        part = "acos(max(0, y))"
        hinge = f"sin(exp(1e-5 - cosh(max(0, sin(sign(min(exp({{0}}), sin(exp(1e-5))*{part})))*{part}))))"
        text = f"cosh(max(0, sin(sign(min({hinge[4:-1].format('1e-5')}, {hinge.format('1e300')}*acos(max(0, y)))))))"
        f = parse(text)
        assert "sgn" in Found(f, f, "test", ("y",), no_score("")).latex()

    def test_rounded_constants_stay_finite(self) -> None:
        f = parse("1.7976931348623157e308*x")
        assert parse(f.text(3)) == f == rounded(f, 3)

    @pytest.mark.parametrize(
        "text", ["max(log(-80.8), exp(log(-13/9)))", "exp(min(tanh(x), asin(20/9))**3)", "max(0, sqrt(-x**0 - 5))*0"]
    )
    def test_undefined_parts_are_nan_in_sympy(self, text: str) -> None:
        assert np.isnan(parse(text).evaluate({"x": 0.3}))
        assert to_sympy(parse(text)).subs(sp.Symbol("x"), 0.3) is sp.nan

    def test_comparisons_with_undefined_parts_do_not_hold_in_sympy(self) -> None:
        x = sp.Symbol("x")
        assert to_sympy(parse("piecewise(log(-2) < x, 1, x)")) == x
        assert to_sympy(parse("piecewise(0/0 == 0/0, 1, x)")) == x

    @pytest.mark.parametrize("text", ["floor(exp(700))", "ceil(sin(10**30)*10**20)", "floor(1e300*1.5)"])
    def test_whole_numbers_of_many_digits_in_sympy(self, text: str) -> None:
        f = parse(text)
        assert float(to_sympy(f)) == float(f.evaluate({}))
        assert to_sympy(f * Var("x")).free_symbols == {sp.Symbol("x")}

    @given(st.data())
    @settings(max_examples=40)
    def test_a_piecewise_in_a_condition_of_a_piecewise_in_sympy(self, data: st.DataObject) -> None:
        def pieces(depth: int) -> str:
            part = st.sampled_from(["x", "y", "x*y", "-1", "log(x)", "2"])
            drawn = [data.draw(part) for _ in range(5)]
            if depth:
                drawn[data.draw(st.sampled_from([0, 2, 4]))] = pieces(depth - 1)
                drawn[0] = f"max(x, {pieces(depth - 1)})" if data.draw(st.booleans()) else drawn[0]
            a, b, c, d, e = drawn
            return f"piecewise({a} > {b}, {c}, y < {d}, {e}, x)"

        f = parse(pieces(2))
        again = from_sympy(to_sympy(f))
        X = np.array([[0.5, 2.0], [-1.5, 0.3], [3.0, -2.0], [1.0, 1.0], [-0.2, -4.0]])
        got, want = again.predict(X, ("x", "y")), f.predict(X, ("x", "y"))
        np.testing.assert_array_equal(np.isnan(got) & ~np.isnan(want), False)
        np.testing.assert_allclose(got[~np.isnan(want)], want[~np.isnan(want)])

    def test_numbers_that_sympy_makes_of_pieces_overflow_as_others(self) -> None:
        piece = "sinh(sinh(piecewise(pi <= 1000000.0, 1000000.0, x)))"
        assert to_sympy(parse(piece)) is sp.oo
        assert to_sympy(parse(f"asin({piece} + {piece})")) is sp.nan

    def test_extremes_of_powers_that_sympy_would_multiply_out(self) -> None:
        f = parse("sin(min(logistic(floor(acos(-x))), max(0, tanh(acos(-x)**(-176)))))")
        assert float(to_sympy(f).subs(sp.Symbol("x"), 0.3)) == pytest.approx(float(f.evaluate({"x": 0.3})), rel=1e-9)
        assert to_sympy(parse("max(0, x - 3)")) == sp.Max(0, sp.Symbol("x") - 3)

    def test_powers_that_sympy_would_multiply_out(self) -> None:
        f = parse("cosh(x - max(atan(x), -0.9)**((5 + cosh(x - max(atan(x), -0.9)**((5**2)**2)))**2))")
        assert float(to_sympy(f).subs(sp.Symbol("x"), 0.5)) == pytest.approx(float(f.evaluate({"x": 0.5})), rel=1e-9)

    def test_quotients_of_numbers_are_rounded_once_in_sympy(self) -> None:
        x = sp.Symbol("x")
        assert to_sympy(parse("piecewise(1.3/1.3 >= 1, x, y)")) == x
        assert to_sympy(parse("sign(2.6/1.3 - 2)*x")) == 0

    def test_constants_that_sympy_makes_of_variables_overflow_as_others(self) -> None:
        assert to_sympy(parse("floor(exp(exp(x/x*100)))")) is sp.oo
        assert to_sympy(parse("asin(piecewise(2 > 1, pi, x))")) is sp.nan

    def test_extremes_in_a_condition_stay_unevaluated(self) -> None:
        f = parse("piecewise(max(piecewise(x > 0, 1, 2), tanh(acos(-x)**(-176))) > 1.5, x, y)")
        assert to_sympy(f).free_symbols == {sp.Symbol("x"), sp.Symbol("y")}

    def test_a_piece_that_sympy_leaves_undefined_is_refused(self) -> None:
        x, y, z = sp.symbols("x y z")
        inner = sp.Piecewise((1, x > 5), (2, (y > 0) | (y < -3)))
        with pytest.raises(UsageError, match="last piece"):
            from_sympy(sp.Piecewise((inner, (y > 0) | (z > 0)), (3, True)))

    def test_products_of_thousands_of_factors_in_sympy(self) -> None:
        f = parse("/".join("*".join(f"(x+{k})" for k in range(n, n + 1500)) for n in (1, 2)))
        assert to_sympy(f).subs(sp.Symbol("x"), 1).is_Rational

    def test_a_condition_that_holds_too_many_pieces_for_sympy(self) -> None:
        inner = " + ".join(f"piecewise(x > {k}, {k}, x*{k})" for k in range(1, 13))
        with pytest.raises(UsageError, match="too many pieces"):
            to_sympy(parse(f"piecewise({inner} > 3, 1, x)"))

    def test_powers_that_exact_numbers_cannot_hold_in_sympy(self) -> None:
        assert to_sympy(parse("9**9**9**9")) is sp.oo
        assert float(to_sympy(parse("(1/3)**1000000000"))) == 0.0
        assert to_sympy(parse("(2*x)**1000000000")).free_symbols == {sp.Symbol("x")}
        assert float(to_sympy(parse("(-1)**1000000001"))) == -1.0


def test_more_jobs_than_a_system_has_room_for() -> None:
    x = np.linspace(0, 1, 20)
    assert str(fitx.fit(x, 2 * x, method="poly", jobs=99_999_999_999)) == str(fitx.fit(x, 2 * x, method="poly"))


@pytest.mark.parametrize("ends", [(-1e308, 1e308), (0.0, 1e200)])
def test_ranges_too_wide_for_squares(ends: tuple[float, float]) -> None:
    x = np.linspace(0, 1, 20)
    with pytest.raises(UsageError, match="too wide"):
        fitx.fit(x, 2 * x, method="mars", range=ends)


def test_steps_whose_slope_underflows() -> None:
    """What `--model "a**b**c**d**x"` met."""
    from fitx.numerics.trust_region import _within

    for scale in (1.0, 1e-160, 1e160):
        step, damping = _within(np.array([1.0, 1e-170]) * scale, np.array([1e-170, 1e-160]), 1e-165, 1e200)
        assert np.isfinite(step).all()
        assert np.isfinite(damping)

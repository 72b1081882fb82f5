"""What fuzzing found (python -m tests.fuzz): each input, and what it must answer."""

from __future__ import annotations

import io

import numpy as np
import pytest
import sympy as sp

import fitx
from fitx.cli.show import column_list
from fitx.errors import FitxError, UsageError
from fitx.formula import Var, parse
from fitx.formula.sympy_bridge import to_sympy
from fitx.read import read
from fitx.read import source as limits
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


class TestReader:
    def test_big_files_without_a_column_of_numbers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "BIG", 100)
        from fitx.read import delimited

        monkeypatch.setattr(delimited, "DECIDING_ROWS", 5)
        for data in (b"c]\n" * 200, b"a,b\n" + b"u,v\n" * 200):
            with pytest.raises(FitxError, match="no column of numbers to explain"):
                read(io.BytesIO(data))


class TestFormulas:
    @pytest.mark.parametrize("text", ["sin(x)", "tan(x)", "asin(x)", "tanh(x)"])
    def test_minus_zero_keeps_its_sign(self, text: str) -> None:
        X = np.array([[0.0], [-0.0]] * 9)
        np.testing.assert_array_equal(np.signbit(parse(text).predict(X, ("x",))), np.signbit(X[:, 0]))
        np.testing.assert_array_equal(parse(f"1/{text}").predict(X, ("x",)), [np.inf, -np.inf] * 9)

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

    def test_powers_that_exact_numbers_cannot_hold_in_sympy(self) -> None:
        assert to_sympy(parse("9**9**9**9")) is sp.oo
        assert float(to_sympy(parse("(1/3)**1000000000"))) == 0.0
        assert to_sympy(parse("(2*x)**1000000000")).free_symbols == {sp.Symbol("x")}
        assert float(to_sympy(parse("(-1)**1000000001"))) == -1.0


def test_more_jobs_than_a_system_has_room_for() -> None:
    x = np.linspace(0, 1, 20)
    assert str(fitx.fit(x, 2 * x, method="poly", jobs=99_999_999_999)) == str(fitx.fit(x, 2 * x, method="poly"))

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import NAMES, formulas, smooth_formulas

from fitx import _core
from fitx.errors import UsageError
from fitx.formula import OPERATORS, Const, Formula, Var, call, parse
from fitx.formula.operators import OPCODES
from fitx.formula.simplify import simplify
from fitx.formula.sympy_bridge import from_sympy, to_sympy

rng = np.random.default_rng(0)
XY = {"x": rng.uniform(-2, 2, 40), "y": rng.uniform(-2, 2, 40)}
ONE_ARGUMENT = [o for o in OPERATORS.values() if o.arity == 1]


def close(a: np.ndarray, b: np.ndarray, rtol: float = 1e-9) -> None:
    """Equal to rounding, NaN for NaN; where one overflows, nothing is said of the last bits before."""
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-300, equal_nan=True)


def numpy_value(f: Formula, columns: dict[str, np.ndarray]) -> np.ndarray:
    """The slow twin of the compiled evaluator."""

    def leaf(g: Formula) -> np.ndarray:
        return columns[g.name] if isinstance(g, Var) else np.float64(g.value)  # type: ignore[attr-defined]

    def node(g: Formula, a: list[np.ndarray]) -> np.ndarray:
        op = OPERATORS[g.op]  # type: ignore[attr-defined]
        if op.name == "pi":
            return np.float64(np.pi)
        if op.name == "piecewise":
            out = a[-1]
            for i in range(len(a) - 3, -1, -2):
                out = np.where(a[i], a[i + 1], out)
            return out
        if op.name == "logistic":
            return 1 / (1 + np.exp(-a[0]))
        if op.name == "hinge":
            return np.maximum(0.0, a[0])
        if op.name == "cube":
            return a[0] * a[0] * a[0]
        return getattr(np, op.numpy)(*a)

    with np.errstate(all="ignore"):
        return np.asarray(f.fold(leaf, node), float)


class TestTable:
    def test_the_core_has_the_same_operators_in_the_same_order(self) -> None:
        assert _core.operator_names() == list(OPCODES)

    @pytest.mark.parametrize("op", list(OPERATORS.values()), ids=lambda o: o.name)
    def test_every_operator_says_what_it_is(self, op: object) -> None:
        assert op.meaning  # type: ignore[attr-defined]
        assert op.domain  # type: ignore[attr-defined]

    @pytest.mark.parametrize("op", ONE_ARGUMENT, ids=lambda o: o.name)
    def test_functions_of_one_argument(self, op: object) -> None:
        name = op.name  # type: ignore[attr-defined]
        f = call(name, Var("x"))
        x = np.array([-3.0, -1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0, 30.0, np.nan])
        close(f.evaluate({"x": x}), numpy_value(f, {"x": x}))
        assert parse(str(f)) == f

    @pytest.mark.parametrize("op", ONE_ARGUMENT, ids=lambda o: o.name)
    def test_derivatives_agree_with_differences(self, op: object) -> None:
        f = call(op.name, Var("x"))  # type: ignore[attr-defined]
        x = np.array([0.15, 0.3, 0.45, 0.7])
        h = 1e-6
        slope = (f.evaluate({"x": x + h}) - f.evaluate({"x": x - h})) / (2 * h)
        np.testing.assert_allclose(f.derivative("x").evaluate({"x": x}), slope, rtol=1e-6, atol=1e-8)

    @pytest.mark.parametrize("text", ["min(x, y)", "max(x, y)", "x**y", "x/y", "x*y - y", "piecewise(x < y, x*x, y)"])
    def test_derivatives_of_two_arguments(self, text: str) -> None:
        f = parse(text)
        x, y, h = np.array([0.4, 1.3, 2.0]), np.array([1.1, 0.6, 0.5]), 1e-6
        for by in "xy":
            dx, dy = (h, 0) if by == "x" else (0, h)
            slope = (f.evaluate({"x": x + dx, "y": y + dy}) - f.evaluate({"x": x - dx, "y": y - dy})) / (2 * h)
            got = np.broadcast_to(f.derivative(by).evaluate({"x": x, "y": y}), x.shape)
            np.testing.assert_allclose(got, slope, rtol=1e-6, atol=1e-8)


class TestProperties:
    @given(formulas())
    def test_parsing_the_text_gives_the_same_tree(self, f: Formula) -> None:
        g = parse(f.text())
        assert g == f
        assert hash(g) == hash(f)

    @given(formulas(["x", "y"]))
    def test_the_core_agrees_with_numpy(self, f: Formula) -> None:
        got = np.broadcast_to(f.evaluate(XY), (40,))
        want = np.broadcast_to(numpy_value(f, XY), (40,))
        # An ill-conditioned formula (sin of 1e300) magnifies the last bit: such rows are told by moving the constants.
        moved = f.with_constants([c * (1 - 1e-13) if isinstance(c, float) else c for c in f.constants])
        shaken = numpy_value(moved, {k: v * (1 + 1e-13) for k, v in XY.items()})
        with np.errstate(all="ignore"):
            steady = np.isclose(want, shaken, rtol=1e-9, atol=0) | (np.isnan(want) & np.isnan(shaken))
        close(got[steady], want[steady])

    @given(formulas(["x", "y"]))
    def test_simplify_keeps_values_and_never_grows(self, f: Formula) -> None:
        g = simplify(f)
        assert g.complexity <= f.complexity
        a, b = np.broadcast_to(f.evaluate(XY), (40,)), np.broadcast_to(g.evaluate(XY), (40,))
        shaken = f.evaluate({k: v * (1 + 1e-12) for k, v in XY.items()})
        with np.errstate(all="ignore"):
            steady = np.isclose(a, shaken, rtol=1e-7, atol=0) & (np.abs(a) < 1e100)
        np.testing.assert_allclose(b[steady], a[steady], rtol=1e-6, atol=1e-12 * (1 + np.abs(a[steady]).max(initial=0)))

    @given(smooth_formulas(["x", "y"]))
    def test_derivative_agrees_with_differences(self, f: Formula) -> None:
        h = 1e-5
        up, down = f.evaluate({**XY, "x": XY["x"] + h}), f.evaluate({**XY, "x": XY["x"] - h})
        slope = np.broadcast_to((up - down) / (2 * h), (40,))
        got = np.broadcast_to(f.derivative("x").evaluate(XY), (40,))
        np.testing.assert_allclose(got, slope, rtol=1e-4, atol=1e-4 * (1 + np.abs(slope).max()))

    @given(smooth_formulas(["x", "y"]), st.data())
    def test_derivative_by_a_constant(self, f: Formula, data: st.DataObject) -> None:
        values = f.constants
        if not values:
            return
        k = data.draw(st.integers(0, len(values) - 1))
        h = 1e-5

        def at(step: float) -> np.ndarray:
            moved = [c + step if i == k else c for i, c in enumerate(values)]
            return np.broadcast_to(f.with_constants(moved).evaluate(XY), (40,))

        slope = (at(h) - at(-h)) / (2 * h)
        got = np.broadcast_to(f.derivative(k).evaluate(XY), (40,))
        np.testing.assert_allclose(got, slope, rtol=1e-4, atol=1e-4 * (1 + np.abs(slope).max()))

    @given(smooth_formulas(["x", "y"]))
    @settings(max_examples=60)
    def test_sympy_and_back(self, f: Formula) -> None:
        import sympy as sp

        expr = to_sympy(f)
        want = np.broadcast_to(f.evaluate(XY), (40,))
        lambdified = sp.lambdify([sp.Symbol("x"), sp.Symbol("y")], expr, "numpy")
        np.testing.assert_allclose(lambdified(XY["x"], XY["y"]) + 0 * XY["x"], want, rtol=1e-9, atol=1e-9)
        back = from_sympy(expr)
        np.testing.assert_allclose(np.broadcast_to(back.evaluate(XY), (40,)), want, rtol=1e-9, atol=1e-9)

    @given(formulas())
    def test_pickle_and_identity(self, f: Formula) -> None:
        g = pickle.loads(pickle.dumps(f))
        assert g == f
        assert f.with_constants(f.constants) == f
        assert f.substitute({n: Var(n) for n in f.variables}) == f


class TestNames:
    @pytest.mark.parametrize("name", NAMES)
    def test_any_name_comes_back(self, name: str) -> None:
        f = Var(name) * 2 + 1
        assert parse(str(f)).variables == (name,)
        assert str(to_sympy(f).free_symbols) == "{" + name + "}"
        assert from_sympy(to_sympy(f)).variables == (name,)
        np.testing.assert_array_equal(f.evaluate({name: [1.0, 2.0]}), [3.0, 5.0])

    def test_no_text_reaches_sympy(self) -> None:
        with pytest.raises(UsageError, match="SymPy expression is needed"):
            from_sympy("__import__('os').getcwd()")


class TestExact:
    def test_normal_forms(self) -> None:
        x = Var("x")
        assert str(x + -3) == "x - 3"
        assert x**2 == call("square", x)
        assert str(Const(1) / 3 * x) == "1/3*x"
        assert call("max", 0, x) == call("hinge", x)
        assert str(call("hinge", x - 1)) == "max(0, x - 1)"
        assert str(-(x**2)) == "-x**2"
        assert str((-x) ** 2) == "(-x)**2"

    def test_numbers(self) -> None:
        assert parse("3").constants == (3,)
        assert type(parse("3.0").constants[0]) is float
        assert parse("x^2") == parse("x**2")
        assert parse("2**3**2") == parse("2**(3**2)")
        assert parse("-2**2") == -parse("2**2")
        assert parse(".5e-3").constants == (5e-4,)
        for bad in (float("nan"), float("inf"), 10**400):
            with pytest.raises(UsageError, match="finite"):
                Const(bad)

    def test_immutable(self) -> None:
        f = parse("x + 1")
        with pytest.raises(AttributeError, match="immutable"):
            f.op = "sub"  # type: ignore[attr-defined]
        with pytest.raises(AttributeError, match="immutable"):
            del f.op  # type: ignore[attr-defined]

    def test_complexity_counts_nodes(self) -> None:
        assert parse("a*x + b").complexity == 5
        assert parse("sin(x)").complexity == 2
        assert parse("pi").complexity == 1

    def test_comparisons_stand_in_piecewise_only(self) -> None:
        for bad in ("x < 1", "1 + (x < 1)", "sin(x < 1)", "piecewise(x, 1, 2)", "piecewise(x < 1, 2)"):
            with pytest.raises(UsageError):
                parse(bad)
        assert parse("piecewise(x < 1, 2, 3)").evaluate({"x": [0.0, 1.0]}).tolist() == [2.0, 3.0]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("2 x", "operator is missing"), ("sin x", "arguments in parentheses"),
            ("foo(3)", "no function named `foo`"),
            ("(a", "never closed"), ("a)", "unexpected `)`"), ("a +", "ends too early"), ("", "ends too early"),
            ("1e999", "too large"), ("a $ b", "unexpected `$`"), ("a, b", "unexpected `,`"),
            ("sin()", "value is missing"),
            ("sin(1, 2)", "takes 1"), ("* x", "value is missing"), ("`a", "unexpected"), ("x(2)", "no function"),
            ("9" * 400, "too large"), ("a.b", "unexpected"), ("__import__('os')", "no function"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_is_shown_with_a_caret(self, text: str, message: str) -> None:
        with pytest.raises(UsageError, match=message.replace("(", r"\(").replace(")", r"\)").replace("$", r"\$")) as e:
            parse(text)
        assert "^" in str(e.value)

    @pytest.mark.parametrize("text", ["x" + "+x" * 50_000, "(" * 50_000 + "x" + ")" * 50_000, "x**" * 20_000 + "x"])
    def test_depth_is_no_limit(self, text: str) -> None:
        f = parse(text)
        assert parse(str(f)) == f
        assert f.simplify().complexity <= f.complexity
        assert pickle.loads(pickle.dumps(f)) == f
        assert np.isfinite(f.evaluate({"x": np.ones(3)})).all()
        assert f.derivative("x").complexity > 0

    def test_simplify(self) -> None:
        for before, after in {
            "x + x": "2*x", "2*x - 3*x + 1 + 2": "-x + 3", "x*x*x/y": "x**3/y", "x/x": "x/x", "0*log(x)": "0*log(x)",
            "0*x + 1": "1", "sqrt(x**2)": "abs(x)", "--x": "x", "2*3*x": "6*x", "x**1.0": "x", "cos(-x)": "cos(x)",
            "2**10": "1024", "1/3 + 1/6": "1/2", "sqrt(4)": "sqrt(4)", "x - x": "0",
        }.items():  # fmt: skip
            assert str(parse(before).simplify()) == after

    @pytest.mark.parametrize("text", ["(1e200*x)**2*y", "1e300*(1e300*x)", "x*1e308 + x*1e308", "(1e-200*x)**3/y"])
    def test_constants_that_would_overflow_are_left_apart(self, text: str) -> None:
        f = parse(text)
        assert f.simplify().complexity <= f.complexity

    def test_evaluation_broadcasts_and_names_missing_columns(self) -> None:
        f = parse("a*x + b")
        np.testing.assert_array_equal(f.evaluate({"a": 2, "x": [[1.0], [2.0]], "b": [0, 1]}), [[2, 3], [4, 5]])
        with pytest.raises(Exception, match="needs a column `b`"):
            f.evaluate({"a": 1, "x": 2})
        assert parse("2*pi").evaluate({}) == 2 * np.pi
        np.testing.assert_array_equal(parse("3").predict(np.zeros((4, 1)), ["x"]), [3.0] * 4)

    def test_undefined_is_nan(self) -> None:
        x = np.array([-1.0, 0.0])
        with np.errstate(all="ignore"):
            assert np.isnan(parse("log(x)").evaluate({"x": x})[0])
            assert np.isnan(parse("x**0.5").evaluate({"x": x})[0])
            assert np.isinf(parse("1/x").evaluate({"x": x})[1])

    def test_sympy_forms_of_kinked_operators(self) -> None:
        import sympy as sp

        x = sp.Symbol("x")
        assert to_sympy(parse("max(0, x - 2)")) == sp.Max(0, x - 2)
        assert to_sympy(parse("cbrt(x)")).subs(x, -8) == -2
        assert to_sympy(parse("piecewise(x < 1, x, x == 2, 5, 0)")) == sp.Piecewise(
            (x, x < 1), (5, sp.Eq(x, 2)), (0, True)
        )
        for text in (
            "max(0, x)",
            "min(x, y)",
            "piecewise(x <= 1, x, x > 3, 5, 0)",
            "abs(x) + sign(x)",
            "floor(x) - ceil(x)",
        ):
            f = parse(text)
            np.testing.assert_array_equal(from_sympy(to_sympy(f)).evaluate(XY), f.evaluate(XY))
        with pytest.raises(UsageError, match="no operator"):
            from_sympy(sp.gamma(x))

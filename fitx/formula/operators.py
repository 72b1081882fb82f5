"""THE table of operators: name, arity, meaning, derivative, domain, SymPy form, printing. Everything else reads it.

The order of `OPCODES` is the compiled evaluator's order of opcodes (a test compares the two lists).
A derivative is a function (call, *args) -> one partial derivative for each argument, built with `call(name, *args)`
and the arithmetic of formulas. A SymPy form is a function (sympy, *args) -> expression.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Derivative = Callable[..., tuple[Any, ...]]

SUM, PRODUCT, UNARY, POWER, ATOM = 1, 2, 3, 4, 5
COMPARISON = 0


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator. numpy: the NumPy function of the same meaning, by name (`fitx.formula` evaluates in the core)."""

    name: str
    arity: int  # -1: any number (piecewise)
    numpy: str
    derivative: Derivative
    domain: str  # where it is a real number
    sympy: Callable[..., Any]
    meaning: str
    symbol: str = ""  # infix spelling; "" means name(a, b)
    precedence: int = ATOM
    total: bool = True  # a real number for every real argument


def _same(name: str) -> Callable[..., Any]:
    return lambda sp, *args: getattr(sp, name)(*args)


def _fn(name: str, derivative: Derivative, meaning: str, numpy: str = "", domain: str = "all", **more: Any) -> Operator:
    more.setdefault("sympy", _same(name))
    return Operator(name, 1, numpy or name, derivative, domain, meaning=meaning, total=domain == "all", **more)


def _cmp(name: str, symbol: str, numpy: str, sympy: str) -> Operator:
    return Operator(
        name, 2, numpy, lambda c, a, b: (0, 0), "all", _same(sympy), f"1 where a {symbol} b, else 0", symbol, COMPARISON
    )


def _pow_derivative(c: Any, a: Any, b: Any) -> tuple[Any, Any]:
    # The second partial is only asked for when b holds the variable.
    return b * a ** (b - 1), a**b * c("log", a)


def _extreme(name: str) -> Callable[..., Any]:
    def made(sp: Any, *args: Any) -> Any:
        from fitx.formula.sympy_extremes import extreme

        return extreme(sp, name, *args)

    return made


def _sympy_piecewise(sp: Any, *args: Any) -> Any:
    from fitx.formula.sympy_pieces import piecewise

    return piecewise(sp, *args)


def _step(c: Any, a: Any, yes: Any, no: Any) -> Any:
    """`yes` where a > 0, else `no`."""
    return c("piecewise", c("gt", a, 0), yes, no)


_TABLE = [
    Operator("add", 2, "add", lambda c, a, b: (1, 1), "all", lambda sp, a, b: a + b, "a + b", "+", SUM),
    Operator("sub", 2, "subtract", lambda c, a, b: (1, -1), "all", lambda sp, a, b: a - b, "a - b", "-", SUM),
    Operator("mul", 2, "multiply", lambda c, a, b: (b, a), "all", lambda sp, a, b: a * b, "a * b", "*", PRODUCT),
    Operator(
        "div", 2, "divide", lambda c, a, b: (1 / b, -a / c("square", b)), "b != 0",
        lambda sp, a, b: a / b, "a / b", "/", PRODUCT, total=False,
    ),
    Operator(
        "pow", 2, "power", _pow_derivative, "a > 0, or b whole (a != 0 where b < 0)",
        lambda sp, a, b: a**b, "a to the power b", "**", POWER, total=False,
    ),
    _fn("neg", lambda c, a: (-1,), "-a", "negative", sympy=lambda sp, a: -a, symbol="-", precedence=UNARY),
    _fn("sqrt", lambda c, a: (1 / (2 * c("sqrt", a)),), "square root", domain="a >= 0"),
    _fn(
        "cbrt", lambda c, a: (1 / (3 * c("square", c("cbrt", a))),), "real cube root",
        sympy=lambda sp, a: sp.sign(a) * sp.Abs(a) ** sp.Rational(1, 3),
    ),
    _fn("square", lambda c, a: (2 * a,), "a**2", sympy=lambda sp, a: a**2, precedence=POWER),
    _fn(
        "cube", lambda c, a: (3 * c("square", a),), "a**3", sympy=lambda sp, a: a**3, precedence=POWER,
    ),
    _fn("exp", lambda c, a: (c("exp", a),), "e to the power a"),
    _fn("log", lambda c, a: (1 / a,), "natural logarithm", domain="a > 0"),
    _fn(
        "log10", lambda c, a: (1 / (a * c("log", 10)),), "logarithm to base 10", domain="a > 0",
        sympy=lambda sp, a: sp.log(a) / sp.log(10),
    ),
    _fn("sin", lambda c, a: (c("cos", a),), "sine, radians"),
    _fn("cos", lambda c, a: (-c("sin", a),), "cosine, radians"),
    _fn("tan", lambda c, a: (1 + c("square", c("tan", a)),), "tangent, radians", domain="cos(a) != 0"),
    _fn("asin", lambda c, a: (1 / c("sqrt", 1 - c("square", a)),), "arc sine", "arcsin", "-1 <= a <= 1"),
    _fn("acos", lambda c, a: (-1 / c("sqrt", 1 - c("square", a)),), "arc cosine", "arccos", "-1 <= a <= 1"),
    _fn("atan", lambda c, a: (1 / (1 + c("square", a)),), "arc tangent", "arctan"),
    _fn("sinh", lambda c, a: (c("cosh", a),), "hyperbolic sine"),
    _fn("cosh", lambda c, a: (c("sinh", a),), "hyperbolic cosine"),
    _fn("tanh", lambda c, a: (1 - c("square", c("tanh", a)),), "hyperbolic tangent"),
    _fn("abs", lambda c, a: (c("sign", a),), "absolute value", sympy=_same("Abs")),
    _fn("sign", lambda c, a: (0,), "-1, 0 or 1"),
    Operator(
        "min", 2, "minimum",
        lambda c, a, b: (_step(c, b - a, 1, 0), _step(c, b - a, 0, 1)), "all", _extreme("Min"), "the smaller",
    ),
    Operator(
        "max", 2, "maximum",
        lambda c, a, b: (_step(c, a - b, 1, 0), _step(c, a - b, 0, 1)), "all", _extreme("Max"), "the larger",
    ),
    _fn("floor", lambda c, a: (0,), "largest whole number <= a"),
    _fn("ceil", lambda c, a: (0,), "smallest whole number >= a", sympy=_same("ceiling")),
    _fn(
        "logistic", lambda c, a: (c("logistic", a) * c("logistic", -a),), "1 / (1 + exp(-a))", numpy="",
        sympy=lambda sp, a: 1 / (1 + sp.exp(-a)),
    ),
    _fn(
        "hinge", lambda c, a: (_step(c, a, 1, 0),), "max(0, a), the truncated linear function of MARS", numpy="",
        sympy=lambda sp, a: _extreme("Max")(sp, sp.Integer(0), a),
    ),
    _cmp("lt", "<", "less", "Lt"),
    _cmp("le", "<=", "less_equal", "Le"),
    _cmp("gt", ">", "greater", "Gt"),
    _cmp("ge", ">=", "greater_equal", "Ge"),
    _cmp("eq", "==", "equal", "Eq"),
    Operator(
        "piecewise", -1, "", lambda c, *args: (), "where the piece that applies is", _sympy_piecewise,
        "piecewise(c1, v1, c2, v2, ..., other): the value after the first condition that holds",
    ),
    Operator("pi", 0, "", lambda c: (), "all", lambda sp: sp.pi, "3.14159..."),
]

OPERATORS: dict[str, Operator] = {op.name: op for op in _TABLE}
INFIX: dict[str, Operator] = {op.symbol: op for op in _TABLE if op.symbol and op.arity == 2}
COMPARISONS = frozenset(op.name for op in _TABLE if op.precedence == COMPARISON)

# The compiled evaluator's opcodes, in its order: leaves, the operators above, and `select`, for piecewise.
OPCODES: dict[str, int] = {
    name: code
    for code, name in enumerate(
        ["var", "const", *(op.name for op in _TABLE if op.name not in ("piecewise", "pi")), "select"]
    )
}

"""Formula to SymPy and back. SymPy never sees outside text, and its simplify is never called."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

from fitx.errors import UsageError
from fitx.formula.operators import COMPARISONS, OPERATORS
from fitx.formula.tree import Call, Const, Formula, Number, Var, call

_EXACT = 1000  # larger whole exponents are floats: SymPy would multiply exact numbers out
_COMPOUND = 32  # the same of anything but a variable, which SymPy multiplies out to ask whether it is real
_LONG = 32  # factors


class _Divisor(NamedTuple):
    """A part of a product that stands under the line."""

    of: Any


class _Chain(NamedTuple):
    """The parts of a sum or a product that is not yet one expression."""

    op: str
    parts: list[Any]


def to_sympy(f: Formula, symbols: Mapping[str, Any] | None = None) -> Any:
    """The SymPy expression of `f`; symbols: variable name -> Symbol (default: sympy.Symbol(name)).

    Parts without variables that are undefined are `nan`, as in `predict`, where SymPy alone would go on with complex
    numbers; those that overflow are infinite.
    """
    import sympy as sp

    def leaf(node: Formula) -> tuple[Any, float | None]:
        if isinstance(node, Var):
            return (sp.Symbol(node.name) if symbols is None else symbols[node.name]), None
        assert isinstance(node, Const)
        value = node.value
        if isinstance(value, int):
            return sp.Integer(value), float(value)
        if isinstance(value, Fraction):
            return sp.Rational(value.numerator, value.denominator), float(value)
        return sp.Float(value, 17), value

    # A long chain of + and -, or of * and /, becomes one Add or Mul at once: with SymPy's own the time is quadratic.
    def node(n: Call, args: list[tuple[Any, float | None]]) -> tuple[Any, float | None]:
        if n.op not in ("add", "sub", "mul", "div"):
            args = [_known(done(e), v) for e, v in args]
        value = _value(n, [v for _, v in args])
        if value is not None and n.op not in COMPARISONS:
            if not math.isfinite(value):
                return (sp.nan if value != value else sp.oo if value > 0 else -sp.oo), value
            if n.op == "pow" and abs(args[1][1] or 0.0) > _EXACT:
                return sp.Float(value, 17), value
            if n.op in ("floor", "ceil"):  # SymPy would look for as many digits as it takes
                return sp.Integer(int(value)), value
        if n.op in ("add", "sub"):
            left, right = (a.parts if isinstance(a, _Chain) and a.op == "add" else [done(a)] for a, _ in args)
            left.extend(right if n.op == "add" else [-a for a in right])
            return _Chain("add", left), value
        if n.op in ("mul", "div"):
            first, second = args[0][0], done(args[1][0])
            chain = first if isinstance(first, _Chain) and first.op == "mul" else _Chain("mul", [done(first)])
            chain.parts.append(_Divisor(second) if n.op == "div" else second)
            return chain, value
        parts = [e for e, _ in args]
        exponent = args[1][1] if n.op == "pow" else None
        if exponent is not None and abs(exponent) > (_EXACT if parts[0].is_Symbol else _COMPOUND):
            parts[1] = sp.Float(exponent, 17)
        try:
            return OPERATORS[n.op].sympy(sp, *parts), value
        except UsageError:
            raise
        except (TypeError, ValueError):  # parts that are no real numbers are not compared
            return (sp.false if n.op in COMPARISONS else sp.nan), value

    def done(value: Any) -> Any:
        if not isinstance(value, _Chain):
            return value
        if value.op == "add":
            return sp.Add(*value.parts)
        if len(value.parts) < _LONG:  # a quotient of numbers is rounded once
            return reduce(lambda a, b: a / b.of if isinstance(b, _Divisor) else a * b, value.parts)
        return sp.Mul(*(1 / a.of if isinstance(a, _Divisor) else a for a in value.parts))

    return done(f.fold(leaf, node)[0])


def _known(e: Any, value: float | None) -> tuple[Any, float | None]:
    """With the value where SymPy has made a number of a part with variables: piecewise(2 > 1, 3, x)."""
    number = e.is_Number or e.is_NumberSymbol
    return (e, float(e)) if value is None and number and e.is_real else (e, value)


def _value(n: Call, args: list[float | None]) -> float | None:
    """What `predict` gives for the operator on numbers (1 or 0 for a comparison); None where one is not known."""
    if any(a is None for a in args):
        return None
    parts: list[Formula] = [Var(str(k)) for k in range(len(args))]
    whole = n.op
    if n.op in COMPARISONS:
        parts, whole = [call(n.op, *parts), Const(1), Const(0)], "piecewise"
    elif n.op == "piecewise":
        parts[:-1:2] = [call("gt", p, 0) for p in parts[:-1:2]]
    return float(Call(whole, tuple(parts)).evaluate({str(k): a for k, a in enumerate(args) if a is not None}))


_FUNCTIONS = {
    "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "asin", "acos": "acos",
    "atan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "Abs": "abs", "sign": "sign", "floor": "floor",
    "ceiling": "ceil", "Min": "min", "Max": "max",
    "StrictLessThan": "lt", "LessThan": "le", "StrictGreaterThan": "gt", "GreaterThan": "ge", "Equality": "eq",
}  # fmt: skip


def from_sympy(expr: Any) -> Formula:
    """The Formula of a SymPy expression made of the operators in the table.

    Errors: UsageError naming the first part that has no counterpart (integrals, complex numbers, other functions).
    """
    import sympy as sp

    def convert(e: Any, args: list[Formula]) -> Formula:
        if e.is_Symbol:
            return Var(str(e.name))
        if e.is_Integer or e.is_Rational:
            return Const(Fraction(int(e.p), int(e.q)))
        if e.is_Float:
            return Const(float(e))
        if e is sp.pi:
            return call("pi")
        if e is sp.E:
            return call("exp", Const(1))
        if e.is_Add:
            return _chain("add", args)
        if e.is_Mul:
            return _product(args)
        if e.is_Pow:
            return _power(*args)
        name = type(e).__name__
        if name == "Piecewise":
            return _piecewise(e, args)
        if name in ("And", "Or"):  # 0 or 1 each, and the smallest or largest of them
            return call("gt", _chain("min" if name == "And" else "max", [call("piecewise", a, 1, 0) for a in args]), 0)
        if name in _FUNCTIONS:
            return _chain(_FUNCTIONS[name], args) if name in ("Min", "Max") else call(_FUNCTIONS[name], *args)
        raise UsageError(f"no operator of a formula means `{e.func}` in `{str(e)[:60]}`")

    if isinstance(expr, int | float | Fraction):
        return Const(expr)
    if not isinstance(expr, sp.Basic):  # in particular text: SymPy would execute it
        raise UsageError(f"a SymPy expression is needed, got {type(expr).__name__}", "fitx.formula.parse reads text")
    done: list[Formula] = []
    stack: list[tuple[Any, bool]] = [(expr, False)]
    while stack:
        e, visited = stack.pop()
        children = _children(e)
        if visited or not children:
            k = len(done) - len(children)
            args = done[k:]
            del done[k:]
            done.append(convert(e, args))
        else:
            stack.append((e, True))
            stack.extend((c, False) for c in reversed(children))
    return done[0]


def _children(e: Any) -> list[Any]:
    if type(e).__name__ == "Piecewise":  # its last condition may be `true`, which is no number
        return [x for p in e.args for x in _piece(p.expr, p.cond)]
    return [] if e.is_Rational or e.is_Float else list(e.args)


def _piece(value: Any, cond: Any) -> list[Any]:
    """[condition, value, ...] of one piece, [value] of one that always applies."""
    if cond == True:  # noqa: E712
        return [value]
    # SymPy makes one piece of two with the same value: (v, a | b); and where a piece's value is a Piecewise, that ends
    # at the piece's own condition.
    conditions = _alternatives(cond)
    if type(value).__name__ == "Piecewise" and set(conditions) <= set(_alternatives(value.args[-1].cond)):
        value = value.func(*value.args[:-1], (value.args[-1].expr, True), evaluate=False)
    return [x for c in conditions for x in (c, value)]


def _alternatives(cond: Any) -> tuple[Any, ...]:
    return tuple(cond.args) if type(cond).__name__ == "Or" else (cond,)


def _piecewise(e: Any, args: list[Formula]) -> Formula:
    if e.args[-1].cond != True:  # noqa: E712
        raise UsageError("a Piecewise needs a last piece that always applies", "add (value, True) at its end")
    return call("piecewise", *args)


def _chain(op: str, args: list[Formula]) -> Formula:
    total = args[0]
    for a in args[1:]:
        total = call(op, total, a)
    return total


def _exponent(f: Formula) -> Number | None:
    """The constant exponent of a power that `_power` made, else None."""
    if isinstance(f, Call) and f.op == "pow" and isinstance(f.args[1], Const):
        return f.args[1].value
    return None


def _product(args: list[Formula]) -> Formula:
    """Factors with negative exponents go under the line."""
    over: list[Formula] = []
    under: list[Formula] = []
    for a in args:
        exponent = _exponent(a)
        if isinstance(a, Call) and a.op == "div" and a.args[0] == Const(1):
            under.append(a.args[1])
        elif exponent is not None and exponent < 0:
            under.append(_power(a.args[0], Const(-exponent)))
        else:
            over.append(a)
    top = _chain("mul", over) if over else Const(1)
    if isinstance(top, Const) and top.value == -1 and len(under) == 0:
        return top
    if len(over) > 1 and over[0] == Const(-1):
        top = -_chain("mul", over[1:])
    return top / _chain("mul", under) if under else top


def _power(base: Formula, exponent: Formula) -> Formula:
    if isinstance(exponent, Const):
        value = exponent.value
        if value == Fraction(1, 2):
            return call("sqrt", base)
        if value == Fraction(-1, 2):
            return 1 / call("sqrt", base)
        if value == -1:
            return 1 / base
        if isinstance(value, int) and value < 0:
            return 1 / base ** (-value)
    return base**exponent

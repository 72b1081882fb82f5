"""Formulas read as P/Q: sparse polynomials in what is not rational in them (columns, functions)."""

from __future__ import annotations

from fractions import Fraction

from fitx.formula import Call, Const, Formula, call
from fitx.search.algebra import linear

Monomial = tuple[tuple[Formula, Fraction], ...]  # factors and their exponents, sorted
Polynomial = dict[Monomial, float]

_MOST = 40  # terms of a polynomial


def rational(f: Formula) -> tuple[Polynomial, Polynomial] | None:
    """(P, Q); None where it has too many terms."""
    one: Polynomial = {(): 1.0}
    if isinstance(f, Const):
        return {(): float(f.value)}, one
    if isinstance(f, Call) and f.op in ("add", "sub", "mul", "div"):
        a, b = rational(f.args[0]), rational(f.args[1])
        if a is None or b is None:
            return None
        if f.op in ("add", "sub"):
            sign = 1.0 if f.op == "add" else -1.0
            if a[1] == b[1]:
                return _checked(plus(a[0], b[0], sign), a[1])
            return _checked(plus(times(a[0], b[1]), times(b[0], a[1]), sign), times(a[1], b[1]))
        top, bottom = (b[0], b[1]) if f.op == "mul" else (b[1], b[0])
        return _checked(times(a[0], top), times(a[1], bottom))
    if isinstance(f, Call) and f.op == "neg":
        a = rational(f.args[0])
        return None if a is None else ({m: -c for m, c in a[0].items()}, a[1])
    if isinstance(f, Call) and f.op in ("square", "cube"):
        a = rational(f.args[0])
        if a is None:
            return None
        for _ in range(1 if f.op == "square" else 2):
            b = rational(f.args[0])
            assert b is not None
            a = times(a[0], b[0]), times(a[1], b[1])
        return _checked(*a)
    base, exponent = f, Fraction(1)
    if isinstance(f, Call) and f.op == "sqrt":
        base, exponent = f.args[0], Fraction(1, 2)
    elif isinstance(f, Call) and f.op == "pow" and isinstance(f.args[1], Const):
        short = Fraction(f.args[1].value).limit_denominator(12)
        if abs(short - Fraction(f.args[1].value)) < 1e-12:
            base, exponent = f.args[0], short
    if isinstance(base, Call) and base.op in ("add", "sub", "mul", "div", "square", "cube", "sqrt", "pow"):
        base, exponent = f, Fraction(1)
    if exponent < 0:
        return one, {((base, -exponent),): 1.0}
    return {((base, exponent),): 1.0}, one


def _checked(a: Polynomial, b: Polynomial) -> tuple[Polynomial, Polynomial] | None:
    return (a, b) if max(len(a), len(b)) <= _MOST else None


def plus(a: Polynomial, b: Polynomial, sign: float) -> Polynomial:
    """a + sign b, without terms that cancel but for rounding."""
    result = dict(a)
    for m, c in b.items():
        before = result.get(m, 0.0)
        total = before + sign * c
        if abs(total) <= 1e-13 * max(abs(before), abs(c)):
            result.pop(m, None)
        else:
            result[m] = total
    return result


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    """a b; of two large ones something with too many terms."""
    result: Polynomial = {}
    if len(a) * len(b) > 1600:
        return {((Const(k), Fraction(1)),): 1.0 for k in range(_MOST + 1)}  # refused by the caller
    for m, c in a.items():
        for n, d in b.items():
            result = plus(result, {_joined(m, n): c * d}, 1.0)
    return result


def _joined(a: Monomial, b: Monomial) -> Monomial:
    exponents = dict(a)
    for g, e in b:
        exponents[g] = exponents.get(g, Fraction(0)) + e
    exps = [g for g in exponents if isinstance(g, Call) and g.op == "exp"]
    if len(exps) > 1:  # exp(a) exp(b) is exp(a + b)
        total = linear([(float(exponents.pop(g)), g.args[0]) for g in exps]).simplify()
        merged = call("exp", total)
        exponents[merged] = exponents.get(merged, Fraction(0)) + 1
    return tuple(sorted(((g, e) for g, e in exponents.items() if e), key=lambda pair: str(pair[0])))

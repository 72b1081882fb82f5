"""Forms that evolution finds as easily as the usual ones, made usual.

c^g is exp(g log c), exp(log a + b) is a exp(b), log(a exp(b)) is log a + b, and sqrt(g)^c is g^(c/2).

The values are the same wherever the first form is defined; the second is defined on more rows.
"""

from __future__ import annotations

import math

from fitx.formula import Call, Const, Formula, call
from fitx.search.algebra import linear

_NEAR = 1e-9  # relative distance at which the base of a power is Euler's number


def tidied(f: Formula) -> Formula:
    """`f` with constant bases as exponentials, and without logarithms inside these."""

    def node(g: Call, args: list[Formula]) -> Formula:
        if g.op == "pow" and isinstance(args[0], Const) and args[0].value > 0 and not isinstance(args[1], Const):
            rate = math.log(float(args[0].value))
            return _exponential(args[1] if abs(rate - 1) < _NEAR else args[1] * rate)
        if g.op == "pow" and isinstance(args[0], Call) and args[0].op == "sqrt" and isinstance(args[1], Const):
            return args[0].args[0] ** (float(args[1].value) / 2)
        if g.op == "log":
            return _logarithm(args[0])
        return _exponential(args[0]) if g.op == "exp" else call(g.op, *args)

    return f.fold(_same, node)


def _same(f: Formula) -> Formula:
    return f


def _exponential(g: Formula) -> Formula:
    """e^g, logarithms among the terms of g as factors."""
    powers: list[tuple[Formula, float]] = []
    rest: list[tuple[float, Formula]] = []
    for factor, term in _terms(g, 1.0):
        if isinstance(term, Call) and term.op == "log":
            powers.append((term.args[0], factor))
        else:
            rest.append((factor, term))
    if not powers:
        return call("exp", g)
    product: Formula | None = None
    for base, exponent in powers:
        whole = abs(exponent - round(exponent)) < _NEAR
        power = base if whole and round(exponent) == 1 else base ** (round(exponent) if whole else exponent)
        product = power if product is None else product * power
    assert product is not None
    return product * call("exp", linear(rest)) if rest else product


def _logarithm(g: Formula) -> Formula:
    """log g, exponentials among the factors of g as terms."""
    if isinstance(g, Call) and g.op == "exp":
        return g.args[0]
    if isinstance(g, Call) and g.op in ("mul", "div"):
        a, b = g.args
        if isinstance(a, Call) and a.op == "exp":
            other = _logarithm(b)
            return a.args[0] + other if g.op == "mul" else a.args[0] - other
        if isinstance(b, Call) and b.op == "exp":
            other = _logarithm(a)
            return other + b.args[0] if g.op == "mul" else other - b.args[0]
    return call("log", g)


def _terms(f: Formula, factor: float) -> list[tuple[float, Formula]]:
    """f as a sum of factors times terms; constants times sums are multiplied out."""
    if isinstance(f, Call) and f.op in ("add", "sub"):
        return _terms(f.args[0], factor) + _terms(f.args[1], factor if f.op == "add" else -factor)
    if isinstance(f, Call) and f.op == "neg":
        return _terms(f.args[0], -factor)
    if isinstance(f, Call) and f.op == "mul":
        for one, other in (f.args, f.args[::-1]):
            if isinstance(one, Const):
                return _terms(other, factor * float(one.value))
    if isinstance(f, Call) and f.op == "div" and isinstance(f.args[1], Const) and f.args[1].value != 0:
        return _terms(f.args[0], factor / float(f.args[1].value))
    return [(factor, f)]

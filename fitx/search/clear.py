"""Sums without denominators and common factors: 1 + (x/y)^2 becomes x^2 + y^2, which in a product of powers is the same."""

from __future__ import annotations

from fractions import Fraction

from fitx.formula import Call, Const, Formula
from fitx.search.algebra import linear, product

Monomial = dict[Formula, Fraction]


def cleared(f: Formula) -> Formula | None:
    """The sum `f` divided by the monomial that its terms share (negative powers too), None where nothing changes."""
    terms = [_monomial(t, Fraction(1)) for t in _terms(f, 1.0)]
    if len(terms) < 2:
        return None
    shared: Monomial = {}
    for base in {b for _, m in terms for b in m}:
        least = min(m.get(base, Fraction(0)) for _, m in terms)
        if least:
            shared[base] = least
    if not shared:
        return None
    parts = []
    for c, m in terms:
        left = {b: m.get(b, Fraction(0)) - shared.get(b, Fraction(0)) for b in {*m, *shared}}
        ordered = [(b, float(e)) for b, e in sorted(left.items(), key=lambda item: str(item[0])) if e]
        parts.append((c, product(1.0, ordered) if ordered else Const(1)))
    return linear(parts)


def _terms(f: Formula, sign: float) -> list[tuple[float, Formula]]:
    if isinstance(f, Call) and f.op in ("add", "sub"):
        return _terms(f.args[0], sign) + _terms(f.args[1], sign if f.op == "add" else -sign)
    if isinstance(f, Call) and f.op == "neg":
        return _terms(f.args[0], -sign)
    return [(sign, f)]


def _monomial(term: tuple[float, Formula], power: Fraction) -> tuple[float, Monomial]:
    """A term as constant * prod base^exponent, bases being what is no product, quotient or constant power."""
    constant, f = term
    exponents: Monomial = {}
    stack = [(f, power)]
    while stack:
        g, e = stack.pop()
        if isinstance(g, Const) and g.value > 0:
            constant *= float(g.value) ** float(e)
        elif isinstance(g, Call) and g.op in ("mul", "div"):
            stack += [(g.args[0], e), (g.args[1], e if g.op == "mul" else -e)]
        elif isinstance(g, Call) and g.op in ("square", "cube"):
            stack.append((g.args[0], e * (2 if g.op == "square" else 3)))
        elif isinstance(g, Call) and g.op == "neg":
            constant = -constant
            stack.append((g.args[0], e))
        else:
            exponents[g] = exponents.get(g, Fraction(0)) + e
    return constant, exponents

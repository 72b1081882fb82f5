"""Sums without denominators and common factors: 1 + (x/y)^2 becomes x^2 + y^2, the same in a product of powers."""

from __future__ import annotations

from fractions import Fraction

from fitx.formula import Call, Const, Formula, call
from fitx.search.algebra import linear, product
from fitx.search.clear_fractions import shortest

Monomial = dict[Formula, Fraction]

_LONG = 60  # nodes from which on other forms of fractions are not looked for


def cleared(f: Formula) -> Formula | None:
    """The sum `f` divided by the monomial that its terms share (negative powers too), None where nothing changes."""
    divided = _divided(f)
    return None if divided is None else divided[0]


def _divided(f: Formula) -> tuple[Formula, Monomial] | None:
    """A sum as (sum without the shared monomial, that monomial)."""
    if not (isinstance(f, Call) and f.op in ("add", "sub")):
        return None
    terms = [_monomial(t, Fraction(1)) for t in _terms(f, 1.0)]
    shared: Monomial = {}
    for base in dict.fromkeys(b for _, m in terms for b in m):
        least = min(m.get(base, Fraction(0)) for _, m in terms)
        if least:
            shared[base] = least
    if not shared:
        return None
    parts = []
    for c, m in terms:
        left = {b: m.get(b, Fraction(0)) - shared.get(b, Fraction(0)) for b in dict.fromkeys((*m, *shared))}
        ordered = [(b, float(e)) for b, e in left.items() if e]
        parts.append((c, product(1.0, ordered) if ordered else Const(1)))
    return linear(parts), shared


def collected(f: Formula) -> Formula:
    """`f` with the powers of each factor of a product collected, also inside powers: k (k x)^-2 becomes 1/(k x^2);
    then with shorter forms of its rational parts. Defined where the factors are not zero; kept only where shorter."""

    def node(g: Call, args: list[Formula]) -> Formula:
        built = _without_logarithm(call(g.op, *args))
        if not isinstance(built, Call) or built.op not in ("mul", "div", "square", "cube", "pow", "sqrt"):
            return built
        constant, factors = _monomial((1.0, built), Fraction(1))
        if not factors or abs(constant) > 1e300 or constant == 0:
            return built
        short = product(float(constant), [(b, float(e)) for b, e in factors.items() if e])
        return short if short.complexity < built.complexity else built

    def shorter(g: Call, args: list[Formula]) -> Formula:
        return shortest(call(g.op, *args))

    def leaf(g: Formula) -> Formula:
        return g

    short = f.fold(leaf, node).simplify()
    if short.complexity > _LONG:
        return short
    other = short.fold(leaf, shorter).simplify()
    return other if other.complexity < short.complexity else short


def _without_logarithm(f: Formula) -> Formula:
    """exp(a log b) as b^a, log(exp a) as a."""
    if not (isinstance(f, Call) and f.op in ("exp", "log") and isinstance(f.args[0], Call)):
        return f
    inner = f.args[0]
    if f.op == "log":
        return inner.args[0] if inner.op == "exp" else f
    for a, b in ((0, 1), (1, 0)):
        if inner.op == "mul" and isinstance(power := inner.args[a], Call) and power.op == "log":
            return call("pow", power.args[0], inner.args[b])
    return f


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
        if isinstance(g, Const) and (g.value > 0 or (g.value < 0 and e.denominator == 1)):
            constant *= float(g.value) ** (int(e) if e.denominator == 1 else float(e))
        elif isinstance(g, Call) and g.op in ("mul", "div"):
            stack += [(g.args[0], e), (g.args[1], e if g.op == "mul" else -e)]
        elif isinstance(g, Call) and g.op in ("square", "cube"):
            stack.append((g.args[0], e * (2 if g.op == "square" else 3)))
        elif isinstance(g, Call) and g.op == "sqrt":
            stack.append((g.args[0], e / 2))
        elif (
            isinstance(g, Call)
            and g.op == "pow"
            and isinstance(g.args[1], Const)
            and isinstance(g.args[1].value, Fraction)
        ):
            stack.append((g.args[0], e * g.args[1].value))
        elif isinstance(g, Call) and g.op == "pow" and (p := _whole(g.args[1])) is not None:
            stack.append((g.args[0], e * p))
        elif isinstance(g, Call) and g.op == "neg" and e.denominator == 1:
            constant = -constant if e.numerator % 2 else constant
            stack.append((g.args[0], e))
        elif (divided := _divided(g)) is not None:
            exponents[divided[0]] = exponents.get(divided[0], Fraction(0)) + e
            for b, q in divided[1].items():
                exponents[b] = exponents.get(b, Fraction(0)) + q * e
        else:
            exponents[g] = exponents.get(g, Fraction(0)) + e
    return constant, exponents


def _whole(f: Formula) -> int | None:
    if isinstance(f, Const) and float(f.value).is_integer() and abs(float(f.value)) <= 24:
        return int(f.value)
    return None

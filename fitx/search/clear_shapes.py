"""Functions behind longer forms: sqrt((a - b)^2) is |a - b|, a sum with it max or min;
1 - cos(2 u) is 2 sin(u)^2.

    A + c |P| = max(A + c P, A - c P) for c > 0, min for c < 0.

Whether a shorter form is as good on the rows, the caller checks.
"""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

from fitx.errors import UsageError
from fitx.formula import Call, Const, Formula, call
from fitx.search.algebra import linear, number, product
from fitx.search.clear_rational import Monomial, Polynomial, rational

_EQUAL = 1e-9  # relative size of what is left of a polynomial that is a square
_TERMS = 12  # of a polynomial that may be a square
_TWO = ("abs", "max", "min", "hinge")  # |P| is max(P, -P)


def shaped(f: Formula) -> Formula:
    """`f` with such functions by their names, everywhere in it; kept only where shorter."""

    def node(g: Call, args: list[Formula]) -> Formula:
        built = call(g.op, *args)
        try:
            other = _half_angle(built) or _absolute(built) or _extreme(built)
        except (OverflowError, ZeroDivisionError, UsageError):
            return built
        return other if other is not None and other.complexity < built.complexity else built

    def leaf(g: Formula) -> Formula:
        return g

    return f.fold(leaf, node)


def _absolute(f: Formula) -> Formula | None:
    """|P| for the square root of a sum that is P^2."""
    if not (isinstance(f, Call) and f.op == "sqrt"):
        return None
    terms = _by_terms(f.args[0])
    if terms is not None and len(terms) == 1:
        ((m, c),) = terms.items()
        if not m or c < 0 or any(e % 2 for _, e in m):
            return None
        return Const(number(sqrt(c))) * call("abs", product(1.0, [(b, float(e / 2)) for b, e in m]))
    root = None if terms is None or len(terms) < 3 else _root(terms)
    if root is None:
        return None
    c = abs(next(iter(root.values())))  # of the leading monomial
    inside = call("abs", _written({m: v / c for m, v in root.items()}))
    return inside if _tidy(c) == 1 else Const(number(_tidy(c))) * inside


def _half_angle(f: Formula) -> Formula | None:
    """2k sin(v/2)^2 for k - k cos(v), 2k cos(v/2)^2 for k + k cos(v)."""
    terms = _by_terms(f) if isinstance(f, Call) and f.op in ("add", "sub") else None
    if terms is None or len(terms) != 2 or () not in terms:
        return None
    k, ((m, c),) = terms[()], [(m, c) for m, c in terms.items() if m]
    if len(m) != 1 or m[0][1] != 1 or abs(abs(c) - abs(k)) > _EQUAL * abs(k):
        return None
    wave = m[0][0]
    if not (isinstance(wave, Call) and wave.op == "cos"):
        return None
    half = (wave.args[0] / 2).simplify()
    return Const(number(_tidy(2 * k))) * call("sin" if c * k < 0 else "cos", half) ** 2


def _extreme(f: Formula) -> Formula | None:
    """max or min for a sum with one |P|, or with one max or min, which takes the rest of the sum in."""
    if not (isinstance(f, Call) and f.op in ("add", "sub", "mul", "div")):
        return None
    terms = _by_terms(f)
    if terms is None:
        return None
    found = [m for m in terms if len(m) == 1 and m[0][1] == 1 and isinstance(m[0][0], Call) and m[0][0].op in _TWO]
    if len(found) != 1:
        return None
    c = terms.pop(found[0])
    g = found[0][0][0]
    assert isinstance(g, Call)
    a, b = _by_terms(g.args[0]), {} if g.op == "hinge" else _by_terms(g.args[-1])
    if a is None or b is None:
        return None
    second = -c if g.op == "abs" else c
    larger = (g.op == "min") == (c < 0)
    either = _written(_sum(terms, b, second)), _written(_sum(terms, a, c))
    return call("max" if larger else "min", *sorted(either, key=lambda part: not isinstance(part, Const)))


def _by_terms(f: Formula) -> Polynomial | None:
    """A sum as its terms, negative powers too; None where it is no such sum."""
    read = rational(f)
    if read is None or len(read[1]) != 1 or not 1 <= len(read[0]) <= _TERMS:
        return None
    ((below, size),) = read[1].items()
    return {_times(m, below, -1): c / size for m, c in read[0].items()}


def _root(p: Polynomial) -> Polynomial | None:
    """P with P^2 = p, None where there is none: the largest monomial first, then term by term."""
    factors = sorted({b for m in p for b, _ in m}, key=str)

    def rank(m: Monomial) -> tuple[Fraction, ...]:  # lexicographic: kept by products
        exponents = dict(m)
        return tuple(exponents.get(b, Fraction(0)) for b in factors)

    leading = max(p, key=rank)
    half = tuple((b, e / 2) for b, e in leading)
    if p[leading] <= 0 or any(e.denominator > 2 for _, e in half):
        return None
    root: Polynomial = {half: sqrt(p[leading])}
    rest = {m: c for m, c in p.items() if m != leading}
    size = max(abs(c) for c in p.values())
    while rest and len(root) < _TERMS:
        m = max(rest, key=rank)
        t = _times(m, half, -1)
        if t in root:
            return None
        c = rest[m] / (2 * root[half])
        for other, v in root.items():
            _add(rest, _times(other, t, 1), -2 * v * c, size)
        _add(rest, _times(t, t, 1), -c * c, size)
        root[t] = c
    return root if not rest and len(root) > 1 else None


def _add(p: Polynomial, m: Monomial, c: float, size: float) -> None:
    value = p.get(m, 0.0) + c
    if abs(value) <= _EQUAL * size:
        p.pop(m, None)
    else:
        p[m] = value


def _times(a: Monomial, b: Monomial, sign: int) -> Monomial:
    exponents = dict(a)
    for g, e in b:
        exponents[g] = exponents.get(g, Fraction(0)) + sign * e
    return tuple(sorted(((g, e) for g, e in exponents.items() if e), key=lambda t: str(t[0])))


def _sum(a: Polynomial, b: Polynomial, sign: float) -> Polynomial:
    size = max((abs(c) for c in (*a.values(), *b.values())), default=0.0)
    total = dict(a)
    for m, c in b.items():
        _add(total, m, sign * c, size)
    return total


def _written(p: Polynomial) -> Formula:
    return linear((_tidy(float(c)), _product(m)) for m, c in p.items())


def _product(m: Monomial) -> Formula:
    return product(1.0, [(b, float(e)) for b, e in m]) if m else Const(1)


def _tidy(c: float) -> float:
    """Without the rounding errors of the expansion."""
    short = float(f"{c:.9g}")
    return short if abs(short - c) < 1e-11 * abs(c) else c

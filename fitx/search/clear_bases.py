"""Exponentials as powers of short numbers: exp(-1.2378743560016174*x) is 0.29**x, exp(-0.460517018598809*x) is
10**(-0.2*x). What hides them: sums with one coefficient, 2.17*x + 2.17 is 2.17*(x + 1), and logarithms with a constant
beside them, x*log(1 + 0.44*x) + 0.82*x is x*log(2.27 + x).

Only constants that agree to about 1e-9 with a number of three digits are read so; whether the formula is as good on the
rows, the caller checks.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from fitx.formula import Call, Const, Formula, call
from fitx.search.algebra import linear, number

_DIGITS = 3
_NEAR = 1e-9  # relative distance of a constant and the short one
_EQUAL = 1e-10  # of two coefficients that are one
_COMMON = (10, 2)  # bases of powers in use: decades and half-lives
_LONG = 5  # digits from which on a constant is not short


def based(f: Formula) -> Formula:
    """`f` with equal coefficients of sums as one factor and exponentials as powers of short numbers."""

    def node(g: Call, args: list[Formula]) -> Formula:
        built = call(g.op, *args)
        if not isinstance(built, Call):
            return built
        if built.op in ("add", "sub"):
            return _one_factor(built) or _one_logarithm(built) or built
        if built.op == "mul":
            return _spread(built) or built
        return (_power_of(built.args[0]) or built) if built.op == "exp" else built

    return f.fold(_same, node)


def _same(f: Formula) -> Formula:
    return f


def short(value: float, digits: int = _DIGITS) -> float | None:
    """The number of so many digits that `value` agrees with, None where there is none."""
    if not 1e-6 < abs(value) < 1e6:
        return None
    near = float(f"{value:.{digits}g}")
    return near if abs(near - value) <= _NEAR * abs(value) else None


def _power_of(g: Formula) -> Formula | None:
    """exp(g) as b**t, or as c*b**t."""
    terms = _terms(g, 1.0)
    constant = sum(c for c, t in terms if t is None)
    rest = [(c, t) for c, t in terms if t is not None]
    if not rest or abs(constant) > 300:
        return None
    rate = rest[0][0]
    if any(abs(abs(c / rate) - 1) > _EQUAL for c, _ in rest) or short(rate, _LONG) is not None:
        return None
    inner = linear((math.copysign(1.0, c / rate), t) for c, t in rest)
    found = _of_base(rate, inner)
    if found is None or constant == 0:
        return found
    return Const(number(math.exp(constant))) * found


def _of_base(rate: float, inner: Formula) -> Formula | None:
    """exp(rate*inner) as a power."""
    if abs(rate) < 13 and (base := short(math.exp(rate))) is not None and base != 1:
        return call("pow", Const(number(base)), inner)
    if abs(rate) < 13 and (base := short(math.exp(-rate))) is not None and base != 1:
        return call("pow", Const(number(base)), -inner)
    for common in _COMMON:
        if (times := short(rate / math.log(common))) is not None:
            return call("pow", Const(common), Const(number(times)) * inner)
        if (times := short(math.log(common) / rate)) is not None:
            return call("pow", Const(common), inner / Const(number(times)))
    return None


def _one_factor(g: Formula) -> Formula | None:
    """A sum whose coefficients agree but for their signs, and are no whole numbers, as a product."""
    terms = _terms(g, 1.0)
    c = terms[0][0]
    if len(terms) < 2 or float(c).is_integer() or any(abs(abs(v / c) - 1) > _EQUAL for v, _ in terms):
        return None
    one: Callable[[Formula | None], Formula] = lambda t: Const(1) if t is None else t  # noqa: E731
    return Const(number(c)) * linear((math.copysign(1.0, v / c), one(t)) for v, t in terms)


def _spread(g: Call) -> Formula | None:
    """A constant times a sum, multiplied out where that alone makes all its constants short: 1.7*(x + 0.588..*z)."""
    for c, other in (g.args, g.args[::-1]):
        if not isinstance(c, Const) or not isinstance(other, Call):
            continue
        options: list[tuple[Call, Formula | None]] = [(other, None)] if other.op in ("add", "sub") else []
        if other.op == "mul":
            options = [(a, b) for a, b in (other.args, other.args[::-1]) if isinstance(a, Call)]
        for total, rest in options:
            terms = _terms(total, 1.0)
            if len(terms) < 2 or all(short(v, 4) for v, _ in terms):
                continue
            new = [(v * float(c.value), t) for v, t in terms]
            if any(t is not None and not short(v, 4) for v, t in new) or not any(short(v, 4) for v, _ in new):
                continue
            result = linear((_tidy(v), t or Const(1)) for v, t in new)
            return result if rest is None else result * rest
    return None


def _one_logarithm(g: Formula) -> Formula | None:
    """A sum with a*m*log(u) + b*m among its terms, with these as a*m*log(exp(b/a)*u)."""
    terms = _terms(g, 1.0)
    for i, (a, f) in enumerate(terms):
        read = _logarithm(f)
        if read is None:
            continue
        m, u = read
        for j, (b, other) in enumerate(terms):
            if j == i or other != m or abs(b / a) > 30:
                continue
            inside = [(c * math.exp(b / a), t or Const(1)) for c, t in _terms(u, 1.0)]
            shorter = any(float(c).is_integer() or short(c) for c, _ in inside)
            if m is None and len(inside) < 2 and not (shorter and all(short(c, 4) for c, _ in inside)):
                continue
            new = call("log", linear((_tidy(c), t) for c, t in inside))
            rest = [(c, t or Const(1)) for k, (c, t) in enumerate(terms) if k not in (i, j)]
            return linear([(a, new if m is None else m * new), *rest])
    return None


def _logarithm(f: Formula | None) -> tuple[Formula | None, Formula] | None:
    """m and u of m*log(u)."""
    if not isinstance(f, Call):
        return None
    if f.op == "log":
        return None, f.args[0]
    if f.op == "mul":
        for m, log in (f.args, f.args[::-1]):
            if isinstance(log, Call) and log.op == "log":
                return m, log.args[0]
    return None


def _tidy(c: float) -> float:
    """A constant that is a short number but for rounding as that number."""
    near = short(c, 4)
    return c if near is None else near


def _terms(f: Formula, factor: float) -> list[tuple[float, Formula | None]]:
    """f as a sum of factors times terms, None for 1."""
    if isinstance(f, Const):
        return [(factor * float(f.value), None)]
    if isinstance(f, Call) and f.op in ("add", "sub"):
        return _terms(f.args[0], factor) + _terms(f.args[1], factor if f.op == "add" else -factor)
    if isinstance(f, Call) and f.op == "neg":
        return _terms(f.args[0], -factor)
    if isinstance(f, Call) and f.op == "mul":
        for one, other in (f.args, f.args[::-1]):
            if isinstance(one, Const) and one.value != 0:
                return _scaled(other, factor * float(one.value))
    if isinstance(f, Call) and f.op == "div" and isinstance(f.args[1], Const) and f.args[1].value != 0:
        return _scaled(f.args[0], factor / float(f.args[1].value))
    return [(factor, f)]


def _scaled(f: Formula, factor: float) -> list[tuple[float, Formula | None]]:
    """factor*f: a sum times a factor stays one term."""
    return _terms(f, factor) if not (isinstance(f, Call) and f.op in ("add", "sub")) else [(factor, f)]

"""Shorter forms of rational functions: (a T + b)/(c T + 1) as A + B/(T + C), a quadratic by its vertex, double roots.

A formula is read as P/Q, sparse polynomials in what is not rational in it (columns, functions), and written again by
terms where Q is a monomial, by partial fractions where Q has real roots, by factors. The shortest is taken; whether it
is as good on the rows, the caller checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from math import gcd

import numpy as np
import numpy.typing as npt

from fitx.errors import UsageError
from fitx.formula import Call, Const, Formula
from fitx.search.algebra import linear, number, power, product
from fitx.search.clear_rational import Monomial, Polynomial, rational

Array = npt.NDArray[np.float64]

_DEGREE = 6  # of a polynomial in one factor
_NEAR = 3e-4  # relative distance of roots that may be one
_SHARED = 1e-8  # relative distance of a root of P from one of Q that are the same


def shortest(f: Formula) -> Formula:
    """`f` or the shortest of its other forms."""
    best = f
    try:
        for g in _forms(f):
            if g.complexity < best.complexity:
                best = g
    except (OverflowError, ZeroDivisionError, UsageError, np.linalg.LinAlgError):
        return best
    return best


def _forms(f: Formula) -> Iterator[Formula]:
    if not isinstance(f, Call):
        return
    if f.op in ("sqrt", "pow") and (f.op == "sqrt" or isinstance(f.args[1], Const)):
        exponent = 0.5 if f.op == "sqrt" else float(f.args[1].value)  # type: ignore[attr-defined]
        if isinstance(f.args[0], Call) and (found := _powers(f.args[0], exponent)) is not None:
            yield found
    if f.op not in ("add", "sub", "mul", "div", "square"):
        return
    read = rational(f)
    if read is None or not read[0] or not read[1]:
        return
    top, bottom = read
    if len(bottom) == 1:
        yield _by_terms(top, bottom)
    factors = list(dict.fromkeys(b for m in bottom for b, _ in m))
    if len(bottom) > 1 and len(factors) == 1:
        groups: dict[Monomial, Polynomial] = {}
        for m, c in top.items():
            rest = tuple((b, e) for b, e in m if b != factors[0])
            groups.setdefault(rest, {})[tuple((b, e) for b, e in m if b == factors[0])] = c
        parts = []
        for rest, part in groups.items():
            shown = _one_factor(factors[0], part, bottom)
            if shown is None:
                return
            parts.append(shown if not rest else product(1.0, [(b, float(e)) for b, e in rest]) * shown)
        yield reduce(lambda a, b: a + b, parts).simplify()
    elif len(bottom) == 1 and len({b for m in (*top, *bottom) for b, _ in m}) == 1 and any(top):
        shown = _one_factor(next(b for m in top for b, _ in m), top, bottom)
        if shown is not None:
            yield shown.simplify()


def _by_terms(top: Polynomial, bottom: Polynomial) -> Formula:
    """sum of c m / monomial."""
    ((below, size),) = bottom.items()
    terms = []
    for m, c in top.items():
        exponents = dict(m)
        for g, e in below:
            exponents[g] = exponents.get(g, Fraction(0)) - e
        factors = [(g, float(e)) for g, e in exponents.items() if e]
        terms.append((c / size, product(1.0, factors) if factors else Const(1)))
    return linear(terms).simplify()


def _coefficients(z: Formula, *polynomials: Polynomial) -> tuple[Fraction, list[Array]] | None:
    """The unit of the exponents of z, and coefficients by rising powers of z^unit; None where there are too many."""
    some = [e for p in polynomials for m in p if (e := dict(m).get(z, Fraction(0)))]
    if not some or any(12 % e.denominator for e in some):
        return None
    unit = Fraction(reduce(gcd, (int(e * 12) for e in some), 0), 12)
    result = []
    for p in polynomials:
        degree = max(int(dict(m).get(z, Fraction(0)) / unit) for m in p)
        if degree > _DEGREE:
            return None
        c = np.zeros(degree + 1)
        for m, v in p.items():
            c[int(dict(m).get(z, Fraction(0)) / unit)] += v
        result.append(c)
    return unit, result


def _one_factor(z: Formula, top: Polynomial, bottom: Polynomial) -> Formula | None:
    """The shortest form of P(z)/Q(z)."""
    read = _coefficients(z, top, bottom)
    if read is None:
        return None
    unit, (p, q) = read
    p, q = _cancelled(p, q)
    u = power(z, float(unit))
    found = [_polynomial(u, p / q[-1]) / _polynomial(u, q / q[-1]), _factored(u, p) / _factored(u, q)]
    if len(q) > 1:
        found += list(_parts(u, p, q))
    return min(found, key=lambda f: f.simplify().complexity)


def _cancelled(p: Array, q: Array) -> tuple[Array, Array]:
    """P and Q without the real roots that they share."""
    while len(p) > 1 and len(q) > 1 and p[0] == 0 and q[0] == 0:
        p, q = p[1:], q[1:]
    if len(p) < 2 or len(q) < 2:
        return p, q
    mine, theirs = list(np.roots(p[::-1])), list(np.roots(q[::-1]))
    shared = 0
    for r in list(mine):
        near = [s for s in theirs if abs(s - r) < _SHARED * max(abs(r), abs(s))]
        if near and not np.iscomplex(r):
            mine.remove(r)
            theirs.remove(near[0])
            shared += 1
    if not shared or np.iscomplex([*mine, *theirs]).any():
        return p, q
    top, bottom = (np.atleast_1d(np.poly(r))[::-1].real for r in (mine, theirs))
    return p[-1] * top, q[-1] * bottom


def _parts(u: Formula, p: Array, q: Array) -> Iterator[Formula]:
    """Quotient and remainder over Q, and partial fractions where the roots of Q are real and simple."""
    whole, rest = np.zeros(1), p
    if len(p) >= len(q):
        whole, rest = (np.asarray(v[::-1], float) for v in np.polydiv(p[::-1], q[::-1]))
    rest = np.where(np.abs(rest) < 1e-11 * np.abs(p).max(), 0.0, rest)
    rest = np.trim_zeros(rest, "b")
    if not len(rest):
        return
    front = [] if not whole.any() else [_polynomial(u, whole)]
    # Both numbers beside a fraction: over a bottom with leading 1, and with a top of 1.
    tail = _polynomial(u, rest / q[-1]) / _vertex(u, q / q[-1])
    yield reduce(lambda a, b: a + b, [*front, tail])
    if len(rest) == 1:
        yield reduce(lambda a, b: a + b, [*front, 1 / _vertex(u, q / rest[0])])
    roots = np.roots(q[::-1])
    size = np.abs(roots).max() if len(roots) else 0.0
    apart = min((abs(a - b) for i, a in enumerate(roots) for b in roots[:i]), default=1.0)
    if len(roots) > 1 and not np.iscomplex(roots).any() and apart > 1e-6 * size:
        slope = np.polyder(q[::-1])
        terms = [
            (float(np.polyval(rest[::-1], r) / np.polyval(slope, r)), 1 / _polynomial(u, np.array([-r, 1.0])))
            for r in np.sort(roots.real)
        ]
        yield reduce(lambda a, b: a + b, [*front, linear(terms)])


def _polynomial(u: Formula, c: Array) -> Formula:
    return linear((float(v), Const(1) if k == 0 else power(u, float(k))) for k, v in reversed(list(enumerate(c))) if v)


def _vertex(u: Formula, q: Array) -> Formula:
    """A quadratic by its vertex, where that is shorter."""
    plain = _polynomial(u, q)
    if len(q) != 3 or not q[1]:
        return plain
    h = -q[1] / (2 * q[2])
    k = q[0] - q[2] * h * h
    return _polynomial((u - number(float(h))) ** 2, np.array([0.0 if abs(k) < 1e-9 * abs(q[0]) else k, q[2]]))


def _factored(u: Formula, p: Array) -> Formula:
    """Powers of u - root, where its roots are real; roots that nearly agree are one."""
    lead, roots = _roots(p)
    if roots is None:
        return _polynomial(u, p)
    return product(float(lead), [(_polynomial(u, np.array([-r, 1.0])) if r else u, float(k)) for r, k in roots])


def _roots(p: Array) -> tuple[float, list[tuple[float, int]] | None]:
    """The leading coefficient and the real roots with how often each occurs; None where one is complex."""
    found = np.roots(p[::-1])
    found = found[np.argsort(found.real, kind="stable")]
    size = float(np.abs(found).max()) if len(found) else 1.0
    groups: list[list[complex]] = []
    for r in found:
        if groups and abs(r - np.mean(groups[-1])) < _NEAR * max(abs(r), 1e-3 * size):
            groups[-1].append(complex(r))
        else:
            groups.append([complex(r)])
    means = [complex(np.mean(g)) for g in groups]
    if any(abs(m.imag) > 1e-9 * size for m in means):
        return float(p[-1]), None
    return float(p[-1]), [
        (m.real if abs(m) > 1e-14 * size else 0.0, len(g)) for m, g in zip(means, groups, strict=True)
    ]


def _powers(f: Formula, exponent: float) -> Formula | None:
    """(P/Q)^exponent as a product of powers, where P and Q are polynomials in one factor with a double root."""
    read = rational(f)
    if read is None or not read[0] or not read[1]:
        return None
    factors: Sequence[Formula] = list(dict.fromkeys(b for part in read for m in part for b, _ in m))
    common: list[tuple[Formula, float]] = []
    parts = []
    for part in read:
        shared = {b: min(dict(m).get(b, Fraction(0)) for m in part) for b in factors}
        left = {tuple((b, e - shared[b]) for b, e in m if e != shared[b]): c for m, c in part.items()}
        common += [(b, float(e if part is read[0] else -e) * exponent) for b, e in shared.items() if e]
        parts.append(left)
    constant = 1.0
    double = False
    for sign, part in ((1.0, parts[0]), (-1.0, parts[1])):
        own = list(dict.fromkeys(b for m in part for b, _ in m))
        if not own:
            value = next(iter(part.values()))
            if value <= 0:
                return None
            constant *= value ** (sign * exponent)
            continue
        coefficients = _coefficients(own[0], part) if len(own) == 1 else None
        if coefficients is None:
            return None
        unit, (p,) = coefficients
        lead, roots = _roots(p)
        # A negative leading coefficient goes into the last factor of odd power: r - u in the place of u - r.
        turned = max((i for i, (_, k) in enumerate(roots or ()) if k % 2), default=None) if lead < 0 else None
        if roots is None or (lead < 0 and turned is None):
            return None
        u = power(own[0], float(unit))
        constant *= abs(lead) ** (sign * exponent)
        double = double or any(k > 1 for _, k in roots)
        for i, (r, k) in enumerate(roots):
            factor = _polynomial(u, np.array([-r, 1.0])) if r else u
            if i == turned:
                factor = number(r) - u if r else -u
            common.append((factor, sign * k * exponent))
    if not double and len(common) > 2:
        return None
    return product(constant, common).simplify()

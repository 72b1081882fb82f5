"""From the Chebyshev basis to powers of x without a rounding error: integers all the way, one rounding at the end.

With t = (A x + B) / D, A, B, D integers (every float64 is an integer over a power of two), the polynomials
N_k = D^k T_k(t) have integer coefficients: N_0 = 1, N_1 = A x + B, N_{k+1} = 2 (A x + B) N_k - D^2 N_{k-1}. So the
power coefficients of sum_k c_k T_k(t) are quotients of two integers, and Python divides integers with correct rounding.
In float64 the same sum loses as many digits as the powers are worse conditioned than the T_k.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from fitx.numerics.doubledouble import Array
from fitx.numerics.monomials import Exponents

FEW = 10  # features of a line, up to which its constant is exact
BITS = 400  # after the point, of that of others


def to_powers(
    c: Array, tail: Array, terms: Exponents, lo: Sequence[Fraction], hi: Sequence[Fraction]
) -> list[Fraction]:
    """Exact coefficients of x1^a1 * ... * xd^ad, term by term, of sum_j (c_j + tail_j) prod_i T_aji(t_i).

    c, tail: (p,); terms: (p, d), a lower set; lo, hi: d each. Returns p fractions, in the terms' order; the constant of
    a line in many features, whose denominator would be the product of all theirs, to 2^-BITS.
    """
    if terms.shape[1] > FEW and int(terms.sum(axis=1).max(initial=0)) <= 1:
        return _line_to_powers(c, tail, terms, lo, hi)
    numerators, denominator = common([Fraction(float(a)) + Fraction(float(b)) for a, b in zip(c, tail, strict=True)])
    current = {tuple(int(a) for a in row): v for row, v in zip(terms, numerators, strict=True)}
    for i in range(terms.shape[1]):
        degree = int(terms[:, i].max(initial=0))
        if degree == 0:
            continue
        table, d = _integer_table(degree, lo[i], hi[i])
        denominator *= d**degree
        following: dict[tuple[int, ...], int] = {}
        for term, value in current.items():
            for power, entry in enumerate(table[term[i]]):
                if entry:
                    key = (*term[:i], power, *term[i + 1 :])
                    following[key] = following.get(key, 0) + value * entry * d ** (degree - term[i])
        current = following
    return [Fraction(current.get(tuple(int(a) for a in row), 0), denominator) for row in terms]


def _line_to_powers(
    c: Array, tail: Array, terms: Exponents, lo: Sequence[Fraction], hi: Sequence[Fraction]
) -> list[Fraction]:
    """`to_powers` of 1, t_1, ..., t_d, or of some of them: t_i = (2 x_i - lo_i - hi_i) / (hi_i - lo_i)."""
    found: list[Fraction] = []
    constant = 0
    for a, b, i in zip(c, tail, _features(terms), strict=True):
        v = Fraction(float(a)) + Fraction(float(b))
        if i is None:
            found.append(v)
            continue
        found.append(2 * v / (hi[i] - lo[i]))
        shift = v * (lo[i] + hi[i]) / (hi[i] - lo[i])
        constant -= (shift.numerator << BITS) // shift.denominator
    return [v + Fraction(constant, 1 << BITS) if i is None else v for v, i in zip(found, _features(terms), strict=True)]


def _features(terms: Exponents) -> list[int | None]:
    """Which feature each term of a line is; None for the constant."""
    return [int(row.argmax()) if row.any() else None for row in terms]


def power_matrix(terms: Exponents, lo: Sequence[Fraction], hi: Sequence[Fraction]) -> Array:
    """M with M @ (Chebyshev coefficients) = power coefficients, (p, p); its entries are rounded last."""
    if terms.shape[1] > FEW and int(terms.sum(axis=1).max(initial=0)) <= 1:
        m = np.eye(len(terms))
        for j, i in enumerate(_features(terms)):
            if i is not None:
                (_, b), d = _integer_table(1, lo[i], hi[i])
                m[0, j], m[j, j] = as_float(b[0], d), as_float(b[1], d)
        return m
    m = np.ones((len(terms), len(terms)))
    for i in range(terms.shape[1]):
        degree = int(terms[:, i].max(initial=0))
        table, d = _integer_table(degree, lo[i], hi[i])
        one = np.zeros((degree + 1, degree + 1))
        for k, row in enumerate(table):
            one[: k + 1, k] = [as_float(entry, d**k) for entry in row]
        with np.errstate(over="ignore", invalid="ignore"):
            m *= one[np.ix_(terms[:, i], terms[:, i])]
    return m


def from_powers(degree: int, lo: Fraction, hi: Fraction) -> list[list[Fraction]]:
    """Row k: the Chebyshev coefficients of x^k on [lo, hi], exact.

    By x = mid + half * t and t T_j = (T_{j+1} + T_{|j-1|}) / 2.
    """
    mid, half = (lo + hi) / 2, (hi - lo) / 2
    rows = [[Fraction(1)] + [Fraction(0)] * degree]
    for k in range(degree):
        following = [mid * a for a in rows[-1]]
        for j in range(k + 1):
            part = half * rows[-1][j]
            if j == 0:
                following[1] += part
            else:
                following[j + 1] += part / 2
                following[j - 1] += part / 2
        rows.append(following)
    return rows


def substitute(power: Sequence[Fraction], middle: float, half: float) -> list[Fraction]:
    """Coefficients of powers of u = (x - middle) / half of the polynomial sum_k power_k x^k, exact."""
    c, denominator = common(list(power))
    shift, unit = Fraction(middle), Fraction(half)
    # In integers, which need no common divisors: with middle = a / b, powers of b (x - middle).
    a, b, n = shift.numerator, shift.denominator, len(c) - 1
    c = [v * b ** (n - k) for k, v in enumerate(c)]
    for i in range(n):
        for j in range(n - 1, i - 1, -1):
            c[j] += a * c[j + 1]
    return [Fraction(v * b**k, denominator * b**n) * unit**k for k, v in enumerate(c)]


def as_float(numerator: int, denominator: int) -> float:
    """numerator / denominator correctly rounded; infinite where float64 ends."""
    try:
        return numerator / denominator
    except OverflowError:
        return float("inf") if (numerator > 0) == (denominator > 0) else float("-inf")


def rounded(values: Sequence[Fraction]) -> Array:
    """Fractions as float64, correctly rounded, infinite on overflow."""
    return np.array([as_float(v.numerator, v.denominator) for v in values], dtype=np.float64)


def _integer_table(degree: int, lo: Fraction, hi: Fraction) -> tuple[list[list[int]], int]:
    """Rows N_0 ... N_degree (lowest power first) and D."""
    (ia, ib, id_), _ = common([Fraction(2), -lo - hi, hi - lo])
    rows = [[1], [ib, ia]]
    for k in range(1, degree):
        row = [2 * ib * v for v in rows[k]] + [0]
        for j, v in enumerate(rows[k]):
            row[j + 1] += 2 * ia * v
        for j, v in enumerate(rows[k - 1]):
            row[j] -= id_ * id_ * v
        rows.append(row)
    return rows[: degree + 1], id_


def common(values: list[Fraction]) -> tuple[list[int], int]:
    """Numerators over the least common denominator, and that denominator."""
    denominator = math.lcm(*(v.denominator for v in values))
    return [v.numerator * (denominator // v.denominator) for v in values], denominator

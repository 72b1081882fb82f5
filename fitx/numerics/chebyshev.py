"""Chebyshev polynomials on a scaled domain: T_k(t), t = (2x - lo - hi) / (hi - lo), and their products over features.

On [-1, 1] the T_k are bounded by one and far from parallel, which powers of x are not: the condition number of a
least-squares problem in them stays small where a Vandermonde matrix reaches 1e15.
[Trefethen, Approximation Theory and Approximation Practice, 2019, chapters 3 and 4]
"""

from __future__ import annotations

import numpy as np

from fitx.numerics import doubledouble as dd
from fitx.numerics.doubledouble import Array, Pair
from fitx.numerics.monomials import Exponents


def domain(x: Array) -> tuple[float, float]:
    """(lo, hi) with lo < hi that holds x: its smallest and largest value, widened where they are equal."""
    lo, hi = float(np.min(x)), float(np.max(x))
    if lo < hi:
        return lo, hi
    return (lo - abs(lo), lo + abs(lo)) if lo else (-1.0, 1.0)


def scaled(x: Array, lo: float, hi: float) -> Array:
    """t = (2x - lo - hi) / (hi - lo), computed as ((x - lo) + (x - hi)) / (hi - lo), which cancels less."""
    return ((x - lo) + (x - hi)) / (hi - lo)


def columns(t: Array, degree: int) -> Array:
    """T_0(t) ... T_degree(t) as columns, by the three-term recurrence. t: (n,); returns (n, degree + 1)."""
    v = np.empty((t.shape[0], degree + 1), order="F")
    v[:, 0] = 1.0
    if degree:
        v[:, 1] = t
    for k in range(2, degree + 1):
        v[:, k] = 2.0 * t * v[:, k - 1] - v[:, k - 2]
    return v


def evaluate(c: Array, t: Array) -> Array:
    """sum_k c_k T_k(t) by Clenshaw's recurrence. c: (m + 1,); t: any shape."""
    b1, b2 = np.zeros_like(t), np.zeros_like(t)
    for k in range(len(c) - 1, 0, -1):
        b1, b2 = c[k] + 2.0 * t * b1 - b2, b1
    value: Array = c[0] + t * b1 - b2
    return value


def tensor_columns(x: Array, terms: Exponents, lo: Array, hi: Array) -> Array:
    """Products T_a1(t1) * ... * T_ad(td), a column per term. x: (n, d); terms: (p, d); lo, hi: (d,); returns (n, p)."""
    v = np.ones((x.shape[0], len(terms)), order="F")
    for i in range(x.shape[1]):
        degree = int(terms[:, i].max(initial=0))
        if degree == 0:
            continue
        one = columns(scaled(x[:, i], float(lo[i]), float(hi[i])), degree)
        if x.shape[1] == 1 and np.array_equal(terms[:, 0], np.arange(degree + 1)):
            return one
        for j in np.flatnonzero(terms[:, i]):
            v[:, j] *= one[:, terms[j, i]]
    return v


def tensor_columns_dd(x: Array, terms: Exponents, lo: Array, hi: Array) -> Pair:
    """`tensor_columns` in double-double: two arrays (n, p)."""
    n = x.shape[0]
    hi_part, lo_part = np.ones((n, len(terms)), order="F"), np.zeros((n, len(terms)), order="F")
    for i in range(x.shape[1]):
        degree = int(terms[:, i].max(initial=0))
        if degree == 0:
            continue
        one = _columns_dd(_scaled_dd(x[:, i], float(lo[i]), float(hi[i])), degree)
        for j in np.flatnonzero(terms[:, i]):
            k = terms[j, i]
            hi_part[:, j], lo_part[:, j] = dd.multiply((hi_part[:, j], lo_part[:, j]), one[k])
    return hi_part, lo_part


def _scaled_dd(x: Array, lo: float, hi: float) -> Pair:
    low, high = np.full_like(x, lo), np.full_like(x, hi)
    top = dd.add(dd.two_sum(x, -low), dd.two_sum(x, -high))
    return dd.divide(top, dd.two_sum(high, -low))


def _columns_dd(t: Pair, degree: int) -> list[Pair]:
    out: list[Pair] = [(np.ones_like(t[0]), np.zeros_like(t[0])), t]
    twice = (2.0 * t[0], 2.0 * t[1])
    while len(out) <= degree:
        out.append(dd.add(dd.multiply(twice, out[-1]), dd.negate(out[-2])))
    return out

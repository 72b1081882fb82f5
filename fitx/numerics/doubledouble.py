"""Double-double arithmetic on NumPy arrays: a number is the unevaluated sum `hi + lo` of two float64, about 32 digits.

Used where float64 residuals are not enough, above all to refine a least-squares solution whose power coefficients
lose a dozen digits. Values must stay between about 1e-140 and 1e150: scale by a power of two first (that is exact).

[Dekker 1971, doi:10.1007/BF01397083; Hida, Li & Bailey 2001, doi:10.1109/ARITH.2001.930115]
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = tuple[Array, Array]

_SPLITTER = 134217729.0  # 2**27 + 1: cuts 53 bits into two halves whose products are exact


def two_sum(a: Array, b: Array) -> Pair:
    """(s, e) with s = fl(a + b) and s + e = a + b exactly."""
    s = a + b
    v = s - a
    return s, (a - (s - v)) + (b - v)


def two_product(a: Array, b: Array) -> Pair:
    """(p, e) with p = fl(a * b) and p + e = a * b exactly."""
    p = a * b
    a_hi, a_lo = _split(a)
    b_hi, b_lo = _split(b)
    return p, ((a_hi * b_hi - p) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo


def add(a: Pair, b: Pair) -> Pair:
    """a + b, relative error about 2**-104."""
    s, e = two_sum(a[0], b[0])
    t, f = two_sum(a[1], b[1])
    s, e = _renormalise(s, e + t)
    return _renormalise(s, e + f)


def negate(a: Pair) -> Pair:
    """-a."""
    return -a[0], -a[1]


def multiply(a: Pair, b: Pair) -> Pair:
    """a * b, relative error about 2**-102."""
    p, e = two_product(a[0], b[0])
    return _renormalise(p, e + (a[0] * b[1] + a[1] * b[0]))


def divide(a: Pair, b: Pair) -> Pair:
    """a / b by long division: three quotient digits of 53 bits."""
    q0 = a[0] / b[0]
    r = add(a, negate(multiply(b, (q0, np.zeros_like(q0)))))
    q1 = r[0] / b[0]
    r = add(r, negate(multiply(b, (q1, np.zeros_like(q1)))))
    q2 = r[0] / b[0]
    s, e = _renormalise(q0, q1)
    return add((s, e), (q2, np.zeros_like(q2)))


def total(a: Pair) -> Pair:
    """Sum over the first axis, by halves. a: two arrays (n, ...); returns two arrays (...)."""
    hi, lo = a
    while hi.shape[0] > 1:
        half = hi.shape[0] // 2
        s = add((hi[:half], lo[:half]), (hi[half : 2 * half], lo[half : 2 * half]))
        if hi.shape[0] % 2:
            s = (np.concatenate([s[0], hi[-1:]]), np.concatenate([s[1], lo[-1:]]))
        hi, lo = s
    return hi[0], lo[0]


def _renormalise(a: Array, b: Array) -> Pair:
    s = a + b
    return s, b - (s - a)


def _split(a: Array) -> Pair:
    c = _SPLITTER * a
    hi = c - (c - a)
    return hi, a - hi

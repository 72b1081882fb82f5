"""The polynomial through all points, exactly: rational arithmetic on the decimals that the floats stand for.

The float64 0.1 is not 1/10, but a table that says 0.1 means 1/10: each number is read as the shortest decimal that
rounds to it, and everything after is exact. x = 1, 2, 3 and y = 10, 12, 4 give -2, 17, -5, integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from fitx.errors import FitxError
from fitx.numerics.doubledouble import Array

# Exact coefficients of more points are longer than anybody reads, and powers no longer carry them.
EXACT_UP_TO = 30


def as_decimals(values: Array) -> list[Fraction]:
    """Each float64 as the fraction that its shortest decimal spelling names: 0.1 becomes 1/10."""
    return [Fraction(repr(float(v))) for v in values]


def merge_repeats(x: Array, y: Array) -> tuple[Array, Array]:
    """The points with each x once, in order of x. x, y: (n,). Equal x with different y is an error that names them."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    new = np.ones(len(x), dtype=bool)
    new[1:] = x[1:] != x[:-1]
    clash = np.flatnonzero(~new[1:] & (y[1:] != y[:-1]))
    if len(clash):
        named = "; ".join(f"({x[i]:.12g}, {y[i]:.12g}) and ({x[i]:.12g}, {y[i + 1]:.12g})" for i in clash[:3])
        more = f"; and {len(clash) - 3} more" if len(clash) > 3 else ""
        raise FitxError(
            f"no function passes through two points at one x: {named}{more}",
            "fit these points by least squares instead, for example with `--method poly`",
        )
    return x[new], y[new]


def interpolate_exact(x: Array, y: Array) -> list[Fraction]:
    """Power coefficients, lowest first, of the polynomial of degree < n through n points; exact.

    sum_j y_j l_j(x) / d_j, l_j = l / (x - x_j), l = prod_i (x - x_i), d_j = l_j(x_j), in integers over the common
    denominators of x, y and the d_j. x, y: (n,), x distinct after `merge_repeats`; returns n fractions, trailing zeros
    included; about 0.1 s for 30 points of 17 digits.
    """
    x, y = merge_repeats(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    if len(x) == 0:
        raise FitxError("no points to interpolate")
    nodes, x_unit = _integers(as_decimals(x))
    values, y_unit = _integers(as_decimals(y))
    whole = [1]
    for t in nodes:
        whole = [b - t * a for a, b in zip([*whole, 0], [0, *whole], strict=True)]
    products = [math.prod(t - s for s in nodes if s != t) for t in nodes]
    common = math.lcm(*products)
    out = [0] * len(nodes)
    for t, value, product in zip(nodes, values, products, strict=True):
        factor, carry = value * (common // product), 0
        for k in range(len(nodes) - 1, -1, -1):
            carry = whole[k + 1] + t * carry
            out[k] += factor * carry
    return [Fraction(v * x_unit**k, common * y_unit) for k, v in enumerate(out)]


def _integers(values: Sequence[Fraction]) -> tuple[list[int], int]:
    """Numerators over the least common denominator, and that denominator."""
    unit = math.lcm(*(v.denominator for v in values))
    return [v.numerator * (unit // v.denominator) for v in values], unit

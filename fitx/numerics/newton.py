"""Newton's form at Leja points: a stable polynomial that is a nested expression, without a recurrence.

p = c_0 + (u - u_0) (c_1 + (u - u_1) (c_2 + ...)),   u = (x - middle) / half * 2

On [-2, 2], an interval of capacity one, the products of (u - u_j) neither grow nor vanish, and in Leja's order the
coefficients stay near the size of p, so the form is stable up to degrees of several hundred.
[Reichel 1990, doi:10.1007/BF02017352]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from fitx.numerics.convert import as_float, common, substitute
from fitx.numerics.doubledouble import Array


@dataclass(frozen=True, slots=True)
class NewtonForm:
    """c_0 + (u - nodes_0) (c_1 + (u - nodes_1) (...)) with u = (x - middle) * scale. c: (m + 1,); nodes: (m,)."""

    middle: float
    scale: float
    nodes: Array
    c: Array

    def evaluate(self, x: Array) -> Array:
        """p(x), x of any shape."""
        u = (x - self.middle) * self.scale
        value = np.full_like(u, self.c[-1])
        for node, c in zip(self.nodes[::-1], self.c[-2::-1], strict=True):
            value = c + (u - node) * value
        return value


def leja_order(x: Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Indices that put x, (n,), in Leja's order: the next point is the farthest, by product of distances."""
    n = len(x)
    order = np.empty(n, dtype=np.int64)
    distance = np.abs(x - (np.min(x, initial=np.inf) + np.max(x, initial=-np.inf)) / 2) if n else x
    total = np.zeros(n)
    for k in range(n):
        order[k] = int(np.argmax(distance if k == 0 else total))
        with np.errstate(divide="ignore"):
            total += np.log(np.abs(x - x[order[k]]))
        total[order[: k + 1]] = -np.inf
    return order


def leja_points(n: int) -> Array:
    """n points on [-2, 2]: Chebyshev's, in Leja's order, rounded to be short to print but stay apart. (n,)"""
    points = 2.0 * np.cos((2 * np.arange(n) + 1) * np.pi / (2 * max(n, 1)))
    step = 2.0 ** np.ceil(np.log2(4.0 * max(n, 2) ** 2))
    points = np.round(points * step) / step
    return np.asarray(points[leja_order(points)], dtype=np.float64)


def from_powers(power: Sequence[Fraction], middle: float, half: float) -> NewtonForm:
    """The Newton form of sum_k power_k x^k on [middle - half, middle + half]; only c is rounded, once.

    Exact: Taylor shift to v = x - middle, v = u / scale, then division by (u - u_0), (u - u_1), ... in turn. In
    integers, which need no common divisors, so of w = b u with b u_0, b u_1, ... whole.
    """
    scale = 2.0 / half
    numerators, denominator = common(substitute(power, middle, 1.0))
    m = len(numerators) - 1
    nodes = leja_points(m)
    whole, b = common([Fraction(float(u)) for u in nodes])
    below, above = Fraction(scale).denominator, b * Fraction(scale).numerator  # v = w below / above
    c = [v * below**k * above ** (m - k) for k, v in enumerate(numerators)]
    for i, node in enumerate(whole):
        # One synthetic division: c[i] becomes the remainder at nodes[i], c[i+1:] the quotient.
        for j in range(m - 1, i - 1, -1):
            c[j] += node * c[j + 1]
    denominator *= above**m
    return NewtonForm(middle, scale, nodes, np.array([as_float(v * b**k, denominator) for k, v in enumerate(c)]))

"""Which functions with which scales the library tries, and its monomials in the order of their cost."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fitx.search.library import (
    AFFINE,
    COSH,
    COSINE,
    EXPONENTIAL,
    INVERSE,
    LOGARITHM,
    SINE,
    SQRT,
    SQUARE,
    TANH,
)  # fmt: skip

Ints = npt.NDArray[np.int32]

PI = float(np.pi)
# (opcode, scale, offset): f(scale * a) + offset.
Unary = tuple[int, float, float]
SCALED_TRIG = [(op, s, 0.0) for s in (2, 0.5, PI, 2 * PI) for op in (SINE, COSINE)]
SCALED_EXP: list[Unary] = [
    (EXPONENTIAL, 1.0, -1.0), (EXPONENTIAL, -1.0, -1.0), (EXPONENTIAL, 0.5, 0.0), (EXPONENTIAL, 0.5, -1.0),
    (EXPONENTIAL, -0.5, 0.0),
    (EXPONENTIAL, 2.0, 0.0), (EXPONENTIAL, 2.0, -1.0), (EXPONENTIAL, -2.0, 0.0), (EXPONENTIAL, 0.5 / PI, 0.0),
    (EXPONENTIAL, 0.5 / PI, -1.0),
]  # fmt: skip
ONE_PLUS = [(AFFINE, s, 1.0) for s in (2, -2, 0.5, -0.5, 3, -3, 1 / 3, -1 / 3)]
PLAIN: list[Unary] = [
    (SQUARE, 1, 0), (SQRT, 1, 0), (INVERSE, 1, 0), (AFFINE, 1, 1), (AFFINE, -1, 1), (SINE, 1, 0), (COSINE, 1, 0),
    (EXPONENTIAL, 1, 0), (EXPONENTIAL, -1, 0), (LOGARITHM, 1, 0),
]  # fmt: skip
# Functions of monomials: the plain ones for many monomials first, then the others.
PLAIN_OF_MONOMIALS: list[Unary] = [
    (AFFINE, 1, 1), (AFFINE, -1, 1), (EXPONENTIAL, -1, 0), (EXPONENTIAL, 1, -1), (EXPONENTIAL, -1, -1), (SINE, 1, 0),
    (COSINE, 1, 0), (LOGARITHM, 1, 0), (EXPONENTIAL, 1, 0), (EXPONENTIAL, 1, 1), (TANH, 1, 0), (SINE, 0.5, 0),
    (COSINE, 0.5, 0),
]  # fmt: skip
OF_MONOMIALS: list[Unary] = [
    *((AFFINE, s, 1.0) for s in (2, -2, 0.5, -0.5, 1 / 3, -1 / 3, 3, -3)),
    *((op, s, 0.0) for s in (2, PI, 2 * PI) for op in (SINE, COSINE)),
    (EXPONENTIAL, -1, 1.0), (COSH, 1, 0.0), (EXPONENTIAL, -2, -1.0), (EXPONENTIAL, -2, 1.0),
    *((op, sign * s, o) for s in (0.5, 2, 0.5 / PI) for op, sign, o in (
        (EXPONENTIAL, 1, 0.0), (EXPONENTIAL, -1, 0.0), (EXPONENTIAL, 1, -1.0), (EXPONENTIAL, 1, 1.0), (COSH, 1, 0.0),
        (TANH, 1, 0.0))),
]  # fmt: skip

_HALVES = (
    (2, 1),
    (-2, 1),
    (4, 2),
    (-4, 2),
    (1, 2),
    (-1, 2),
    (6, 3),
    (-6, 3),
    (8, 3),
    (-8, 3),
    (3, 3),
    (-3, 3),
    (12, 3),
    (-12, 3),
    (10, 4),
    (-10, 4),
)


@lru_cache(maxsize=64)
def monomial_exponents(d: int, count: int) -> tuple[npt.NDArray[np.int8], Ints]:
    """The `count` cheapest exponent vectors (m, d) in halves, and their costs, cheapest first."""
    found: list[tuple[int, ...]] = []
    costs: list[int] = []
    exponents = [0] * d

    def fill(k: int, left: int) -> None:
        if len(found) >= count:
            return
        if k == d:
            if left == 0:
                found.append(tuple(exponents))
            return
        if left == 0 and k < d:
            found.append(tuple(exponents[:k]) + (0,) * (d - k))
            return
        exponents[k] = 0
        fill(k + 1, left)
        for half, cost in _HALVES:
            if cost <= left:
                exponents[k] = half
                fill(k + 1, left - cost)
        exponents[k] = 0

    for cost in range(2, 13):
        before = len(found)
        fill(0, cost)
        costs.extend([cost] * (len(found) - before))
        if len(found) >= count:
            break
    return np.array(found, np.int8).reshape(-1, d), np.array(costs, np.int32)

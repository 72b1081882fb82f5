"""Monomials of several variables up to a total degree: their exponents and their values."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@lru_cache(maxsize=256)
def polynomial_exponents(d: int, degree: int) -> tuple[tuple[int, ...], ...]:
    """Exponents of all monomials of d variables up to a degree, the constant first."""
    if d and np.prod([(d + i) / i for i in range(1, degree + 1)]) > 100_000:
        return ((0,) * d,) * 100_001
    found: list[tuple[int, ...]] = []
    for total in range(degree + 1):
        for chosen in combinations_with_replacement(range(d), total):
            e = [0] * d
            for k in chosen:
                e[k] += 1
            found.append(tuple(e))
    return tuple(found)


def monomial_values(columns: Array, exponents: tuple[tuple[int, ...], ...]) -> Array:
    """(terms, n) values of the monomials of columns (d, n), each made from one of lower degree."""
    values: dict[tuple[int, ...], Array] = {(0,) * len(columns): np.ones(columns.shape[1])}
    for e in exponents:
        if e not in values:
            k = next(i for i, p in enumerate(e) if p)
            lower = (*e[:k], e[k] - 1, *e[k + 1 :])
            values[e] = values[lower] * columns[k]
    return np.array([values[e] for e in exponents])

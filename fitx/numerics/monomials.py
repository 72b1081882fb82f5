"""Which terms a polynomial has: sets of exponents, in an order in which every degree is a leading part.

A term is a row of exponents a, standing for x1^a1 * ... * xd^ad (or for the product of Chebyshev polynomials of these
degrees, which spans the same space as long as the set is *lower*: with a term, all its divisors).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fitx.errors import UsageError

Exponents = NDArray[np.int64]
Kind = Literal["total", "each"]

MOST_TERMS = 20_000


def exponents(
    features: int, degree: int, *, kind: Kind = "total", interactions: bool = True
) -> tuple[Exponents, list[int]]:
    """All terms up to `degree`, and how many of them belong to degree 0, 1, ..., `degree`.

    kind `total`: a1 + ... + ad <= degree; `each`: every ai <= degree. Without interactions only powers of single
    features are kept (the two kinds then agree). Returns (p, d) exponents and sizes: terms[:sizes[k]] have degree k.
    """
    if degree < 0:
        raise UsageError(f"a polynomial's degree must be 0 or more. Got {degree} instead")
    if interactions and kind == "total" and math.comb(features + degree, features) > MOST_TERMS:
        raise _too_many(features, degree)
    rows: list[tuple[int, ...]] = []
    sizes: list[int] = []
    for level in range(degree + 1):
        rows += _level(features, level, kind if interactions else "single")
        sizes.append(len(rows))
        if len(rows) > MOST_TERMS:
            raise _too_many(features, degree)
    return np.array(rows, dtype=np.int64).reshape(len(rows), features), sizes


def _too_many(features: int, degree: int) -> UsageError:
    return UsageError(
        f"a polynomial of degree {degree} in {features} features has more than {MOST_TERMS} terms",
        "lower the degree, name fewer features, or leave out the interactions",
    )


def lower_closure(terms: Exponents) -> Exponents:
    """The smallest lower set that holds `terms`: all their divisors, by total degree. terms: (p, d); returns (q, d)."""
    closed: set[tuple[int, ...]] = set()
    stack = [tuple(int(a) for a in row) for row in terms]
    while stack:
        term = stack.pop()
        if term in closed:
            continue
        closed.add(term)
        if len(closed) > MOST_TERMS:
            raise UsageError(f"these powers have more than {MOST_TERMS} divisors", "ask for lower powers")
        stack += [(*term[:i], a - 1, *term[i + 1 :]) for i, a in enumerate(term) if a > 0]
    rows = sorted(closed, key=lambda t: (sum(t), tuple(-a for a in t)))
    return np.array(rows, dtype=np.int64).reshape(len(rows), terms.shape[1])


def _level(features: int, level: int, kind: str) -> list[tuple[int, ...]]:
    """Terms whose degree, in the sense of `kind`, is exactly `level`."""
    if level == 0:
        return [(0,) * features]
    if kind == "single":
        return [tuple(level if j == i else 0 for j in range(features)) for i in range(features)]
    if kind == "total":
        return list(_products(features, level))
    if (level + 1) ** features > 50 * MOST_TERMS:
        raise UsageError(
            f"degree {level} in each of {features} features makes more than {MOST_TERMS} terms",
            "use the total degree instead",
        )
    box = np.indices((level + 1,) * features).reshape(features, -1).T
    found = [tuple(int(a) for a in row) for row in box[box.max(axis=1) == level]]
    return sorted(found, key=lambda t: (sum(t), tuple(-a for a in t)))


def _products(features: int, degree: int) -> Iterator[tuple[int, ...]]:
    """Every term of that total degree, as which features are multiplied: (2, 0, ...), (1, 1, ...), ... first."""
    for factors in combinations_with_replacement(range(features), degree):
        term = [0] * features
        for i in factors:
            term[i] += 1
        yield tuple(term)

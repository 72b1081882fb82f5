"""Laws that are linear in monomials of the other columns, with functions of one column as coefficients.

    T(y) = m_1(x_others) g_1(x_j) + m_2(x_others) g_2(x_j)

Each g is a Chebyshev polynomial of x_j or log x_j by least squares; where so flexible a sum explains T almost exactly,
each g, known to a few digits, is a problem in one column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from fitx.search.atoms.separable import SMOOTH, least_squares, smooth
from fitx.search.targets import Target

Array = npt.NDArray[np.float64]
Exponents = tuple[float, ...]  # of all columns, 0 for x_j

_TARGETS = ("y", "1/y", "y^2", "log y", "1/y^2", "exp y", "sqrt y")
_ONE = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1.5, -1.5, 3.0, -3.0)
_ROWS = 240
_TRIPLES = ((0.0, 1.0, 2.0), (0.0, 1.0, -1.0), (0.0, 0.5, 1.0))


@dataclass(frozen=True, slots=True)
class Coefficients:
    """column: j; monomials, values (k, n) of their coefficients and mean squared errors (k,) of these; shares: size
    of each term; misfit: what is unexplained; both as parts of T's variance."""

    target: Target
    column: int
    monomials: tuple[Exponents, ...]
    values: Array
    errors: Array
    shares: Array
    misfit: float


def coefficient_functions(columns: Array, y: Array, targets: list[Target], noise: float) -> Iterator[Coefficients]:
    """Where T(y) is such a sum of two or three terms, fewest terms and best first. columns: (2 or 3, n)."""
    d, n = columns.shape
    some = np.unique(np.linspace(0, n - 1, min(n, _ROWS)).astype(int))
    usable = [t for t in targets if t.name in _TARGETS]
    with np.errstate(all="ignore"):
        wanted = [(t, t.forward(y)) for t in usable]
    wanted = [(t, z) for t, z in wanted if np.isfinite(z).all() and np.ptp(z) > 0]
    if not wanted:
        return
    Z = np.array([z[some] - z[some].mean() for _, z in wanted])
    scale = (Z * Z).sum(axis=1)
    Z = np.array([z[some] for _, z in wanted])
    limit = max(SMOOTH, 3 * noise)
    for terms in (2, 3):
        found: list[tuple[float, int, int, tuple[Exponents, ...]]] = []
        for j in range(d):
            C = np.concatenate([np.ones((1, n)), smooth(columns[[j]], 2 * n // terms)])[:, some]
            if terms * len(C) > len(some) // 2:
                continue
            size = np.sqrt((C * C).sum(axis=1, keepdims=True))
            for monomials in _choices(columns, j, terms):
                m = _values(columns[:, some], monomials)
                A = np.concatenate([(v / np.sqrt((v * v).mean())) * C / size for v in m])
                Q = np.linalg.qr(A.T)[0]
                R = Z.T - Q @ (Q.T @ Z.T)
                misfits = (R * R).sum(axis=0) / scale
                found += [(float(e), t, j, monomials) for t, e in enumerate(misfits) if e < limit]
        found.sort(key=lambda f: f[0])
        for misfit, t, j, monomials in found[:4]:
            if misfit > max(1e4 * found[0][0], 1e-22):
                break
            yield _fitted(columns, *wanted[t], j, monomials)
        if found:
            return


def _choices(columns: Array, j: int, terms: int) -> Iterator[tuple[Exponents, ...]]:
    """Sets of monomials of the other columns."""
    others = [k for k in range(len(columns)) if k != j]
    positive = [columns[k].min() > 0 for k in others]

    def full(e: tuple[float, ...]) -> Exponents:
        result = [0.0] * len(columns)
        for k, v in zip(others, e, strict=True):
            result[k] = v
        return tuple(result)

    def defined(e: tuple[float, ...]) -> bool:
        return all(p or v in (0.0, 1.0, 2.0) for p, v in zip(positive, e, strict=True))

    if len(others) == 1:
        one = [(e,) for e in _ONE if defined((e,))]
        sets = combinations(one, 2) if terms == 2 else [tuple((e,) for e in t) for t in _TRIPLES]
        for chosen in sets:
            if all(defined(e) for e in chosen):
                yield tuple(full(e) for e in chosen)
    elif terms == 2:
        many = [*product((0.0, 1.0, -1.0), repeat=len(others))]
        for k in range(len(others)):
            many += [tuple(v if i == k else 0.0 for i in range(len(others))) for v in (2.0, 0.5)]
        for pair in combinations([e for e in many if defined(e)], 2):
            yield tuple(full(e) for e in pair)


def _values(columns: Array, monomials: tuple[Exponents, ...]) -> Array:
    with np.errstate(all="ignore"):
        return np.array([
            np.prod([x**e for x, e in zip(columns, m, strict=True) if e], axis=0) * np.ones(columns.shape[1])
            for m in monomials
        ])  # fmt: skip


def _fitted(columns: Array, target: Target, z: Array, j: int, monomials: tuple[Exponents, ...]) -> Coefficients:
    n = columns.shape[1]
    C = np.concatenate([np.ones((1, n)), smooth(columns[[j]], n)])
    m = _values(columns, monomials)
    A = np.concatenate([v * C for v in m])
    beta, uncertain = (c.reshape(len(m), len(C)) @ C for c in least_squares(A, z))
    r = z - (m * beta).sum(axis=0)
    spread = z - z.mean()
    misfit = float(r @ r) / float(spread @ spread)
    shares = ((m * beta) ** 2).mean(axis=1) / float(np.mean(spread**2))
    return Coefficients(target, j, monomials, beta, (uncertain**2).mean(axis=1), shares, misfit)

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

from fitx.search.atoms.separable import SMOOTH
from fitx.search.atoms.smooth import independent, least_squares, log_too, smooth
from fitx.search.targets import Target

Array = npt.NDArray[np.float64]
Exponents = tuple[float, ...]  # of all columns, 0 for x_j

_TARGETS = ("y", "1/y", "y^2", "log y", "1/y^2", "exp y", "sqrt y")
_ONE = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1.5, -1.5, 3.0, -3.0)
_ROWS = 240
_COARSE, _TOTAL = 6, 3  # degrees in x_j and in the others of a polynomial that is then made sparse
_SEEN = 1e-6  # what it may leave of T's variance
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
    if not wanted or not independent(columns):
        return
    Z = np.array([z[some] - z[some].mean() for _, z in wanted])
    scale = (Z * Z).sum(axis=1)
    Z = np.array([z[some] for _, z in wanted])
    limit = max(SMOOTH, 3 * noise)
    for terms in (2, 3):
        found: list[tuple[float, int, int, tuple[Exponents, ...], bool]] = []
        for j, log in _scales(columns) if d <= 3 else ():
            C = np.concatenate([np.ones((1, n)), smooth(columns[[j]], 2 * n // terms, [log])])[:, some]
            if terms * len(C) > len(some) // 2:
                continue
            choices = list(_choices(columns, j, terms))
            if not choices:
                continue
            monomials = tuple(dict.fromkeys(m for chosen in choices for m in chosen))
            number = {m: i for i, m in enumerate(monomials)}
            which = np.array([[number[m] for m in chosen] for chosen in choices]).reshape(-1, terms)
            misfits = _misfits(_products(_values(columns[:, some], monomials), C), len(C), which, Z, scale)
            for i, t in zip(*np.nonzero(misfits < limit), strict=True):
                found.append((float(misfits[i, t]), int(t), j, choices[int(i)], log))
        found.sort(key=lambda f: f[0])
        for misfit, t, j, monomials, log in found[:4]:
            if misfit > max(1e4 * found[0][0], 1e-22):
                break
            fitted = _fitted(columns, *wanted[t], j, monomials, log)
            if fitted.misfit < limit:
                yield fitted
        if found:
            return
    if d > 2:
        yield from _sparse(columns, wanted, limit)


def _sparse(columns: Array, wanted: list[tuple[Target, Array]], limit: float) -> Iterator[Coefficients]:
    """Polynomials in the other columns, some of these inverted, of which few terms are left."""
    d, n = columns.shape
    for j, log in _scales(columns):
        others = [k for k in range(d) if k != j]
        C = np.concatenate([np.ones((1, n)), smooth(columns[[j]], 20 * _COARSE, [log])])
        powers = [e for e in product(range(_TOTAL + 1), repeat=d - 1) if sum(e) <= _TOTAL]
        if len(C) * len(powers) > n // 3:
            powers = [e for e in powers if sum(e) < _TOTAL]
        if len(C) * len(powers) > n // 3:
            continue
        Z = np.array([z for _, z in wanted])
        scale = ((Z - Z.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        for signs in product((1.0, -1.0), repeat=d - 1):
            if any(s < 0 and columns[k].min() <= 0 for s, k in zip(signs, others, strict=True)):
                continue
            monomials = []
            for e in powers:
                full = [0.0] * d
                for k, s, v in zip(others, signs, e, strict=True):
                    full[k] = s * v
                monomials.append(tuple(full))
            A = _products(_values(columns, tuple(monomials)), C)
            beta, misfits = _solved(A @ A.T, A @ Z.T, (Z * Z).sum(axis=1), scale)
            for t in np.flatnonzero(misfits < _SEEN):
                target, z = wanted[t]
                parts = (beta[:, t, None] * A).reshape(len(monomials), len(C), n).sum(axis=1)
                shares = (parts**2).sum(axis=1) / scale[t]
                misfit = float(misfits[t])
                some = tuple(monomials[k] for k in np.flatnonzero(shares > max(1e3 * misfit, 1e-12)))
                if not 1 < len(some) <= 4:
                    continue
                fitted = _fitted(columns, target, z, j, some, log)
                if fitted.misfit < limit:
                    yield fitted
                    return


def _scales(columns: Array) -> Iterator[tuple[int, bool]]:
    """Each column with each of its scales."""
    return ((j, log) for j, x in enumerate(columns) for log in log_too(x))


def _products(monomials: Array, C: Array) -> Array:
    """(monomials * columns, n), each of length 1."""
    A = (monomials[:, None] * C[None]).reshape(-1, C.shape[1])
    return np.asarray(A / np.maximum(np.sqrt((A * A).sum(axis=1, keepdims=True)), 1e-300))


def _misfits(A: Array, wide: int, which: npt.NDArray[np.intp], Z: Array, scale: Array) -> Array:
    """(choices, targets): what the blocks `which` (choices, terms) of `wide` rows of A leave of the rows of Z."""
    G, B = A @ A.T, A @ Z.T
    index = (which[:, :, None] * wide + np.arange(wide)).reshape(len(which), -1)
    return _solved(G[index[:, :, None], index[:, None, :]], B[index], (Z * Z).sum(axis=1), scale)[1]


def _solved(G: Array, B: Array, total: Array, scale: Array) -> tuple[Array, Array]:
    """Coefficients, and misfits to about ten digits, from the normal equations."""
    beta = np.linalg.solve(G + 1e-13 * np.eye(G.shape[-1]), B)
    left = total - (beta * (2 * B - G @ beta)).sum(axis=-2)
    return np.asarray(beta), np.asarray(np.maximum(left, 0.0) / scale)


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


def _fitted(
    columns: Array, target: Target, z: Array, j: int, monomials: tuple[Exponents, ...], log: bool
) -> Coefficients:
    n = columns.shape[1]
    C = np.concatenate([np.ones((1, n)), smooth(columns[[j]], n, [log])])
    m = _values(columns, monomials)
    A = np.concatenate([v * C for v in m])
    beta, uncertain = (c.reshape(len(m), len(C)) @ C for c in least_squares(A, z))
    r = z - (m * beta).sum(axis=0)
    spread = z - z.mean()
    misfit = float(r @ r) / float(spread @ spread)
    shares = ((m * beta) ** 2).mean(axis=1) / float(np.mean(spread**2))
    return Coefficients(target, j, monomials, beta, (uncertain**2).mean(axis=1), shares, misfit)

"""Separable laws: transforms of y, with a constant fitted along, that are sums of functions of one or two columns each.

    T(y; c) = g_1(x_1) + ... + g_d(x_d),    T = t(y), log|t(y) - c|, exp(c t(y))

Each g is a Chebyshev polynomial of x or log x by least squares: where so flexible a sum explains T almost exactly,
T separates the columns, and each g, known to a few digits, is a problem in one column. [Separability as in Udrescu and
Tegmark, Science Advances 6 (2020), here by smooth functions of each column and with a constant c]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula, call
from fitx.search.algebra import power
from fitx.search.atoms.smooth import APART, least_squares, scales_of, smooth
from fitx.search.targets import Target

Array = npt.NDArray[np.float64]

SMOOTH = 1e-7  # unexplained share of T's variance below which the columns separate
_SUMS = ("y", "1/y", "y^2", "1/y^2", "sqrt y", "1/sqrt y", "exp y", "sin y", "cos y", "tan y")
_PRODUCTS = ("y", "exp y", "log y", "sin y", "cos y", "tan y", "y^2-1", "1/y-1", "log(1+y)", "exp(y)-1")
_SHIFTS = (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.2, 3.5, 6.0, 12.0, 30.0)
_GROWTHS = (0.2, 0.35, 0.6, 1.0, 1.5, 2.2, 3.2, 4.6, 6.5, 9.0)


@dataclass(frozen=True, slots=True)
class Separation:
    """T(y) as a sum (or log|T(y) - c| as one, `product`: then T(y) - c = sign * product) over groups of columns.

    misfit: unexplained share of the variance; values: (groups, n), the parts on the rows, each with mean 0; errors:
    (groups,), their mean squared errors. signed: values are the factors themselves, not their logarithms.
    """

    product: bool
    constant: float  # c of a product
    sign: float
    misfit: float
    inverse: Callable[[Formula], Formula]  # of the sum, or of the product with c
    groups: tuple[tuple[int, ...], ...]
    values: Array
    errors: Array
    total: Array  # (n,), T itself, its logarithm in a product
    name: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class _Family:
    """forward(c): values of T on the rows, NaN where undefined."""

    name: str
    product: bool
    forward: Callable[[float], Array]
    inverse: Callable[[float], Callable[[Formula], Formula]]
    grid: tuple[float, ...]
    sign: float = 1.0
    least: float = 0.0  # of |t(y)|: a c far below counts as none


def separations(
    columns: Array, y: Array, targets: list[Target], noise: float, pairs: bool = False, constants: bool = True
) -> Iterator[Separation]:
    """Where T separates the columns (d, n), the best first; noise: relative variance of y that is noise. pairs: also
    into one group of two columns and the others alone. constants: T with a constant c, too."""
    d = len(columns)
    singles = tuple((k,) for k in range(d))
    partitions: list[tuple[tuple[int, ...], ...]] = [singles] if d > 1 else []
    if pairs and d > 2:
        partitions += [((i, j), *((k,) for k in range(d) if k not in (i, j))) for i in range(d) for j in range(i)]
    families = [f for f in _families(y, targets) if constants or len(f.grid) == 1]
    limit = max(SMOOTH, 3 * noise)
    for groups in partitions:
        found: list[tuple[float, int, float, list[Array]]] = []
        scales = list(scales_of(columns))
        for logs in scales if groups == singles and constants else dict.fromkeys((scales[0], scales[-1])):
            parts = [smooth(columns[list(g)], len(y), [logs[k] for k in g]) for g in groups]
            A = np.concatenate([np.ones((1, len(y))), *parts])
            if len(A) > len(y) // 3:
                continue
            Q, R = np.linalg.qr((A / np.sqrt((A * A).sum(axis=1, keepdims=True))).T)
            if np.abs(np.diag(R)).min() < APART:
                continue  # rows along a line: sums of functions explain anything
            Q = np.ascontiguousarray(Q)
            for number, family in enumerate(families):
                c, misfit = _best_constant(family, Q)
                if misfit < limit and not (c and abs(c) < 1e-6 * family.least):
                    # A constant is believed where it explains far more than none.
                    found.append((misfit * (30.0 if len(family.grid) > 1 else 1.0), number, c, parts))
        found.sort(key=lambda f: f[:3])
        shown: list[int] = []
        for misfit, number, c, _ in found:
            if misfit > max(1e4 * found[0][0], 1e-24) or len(shown) == 3:
                break
            if number not in shown:
                shown.append(number)
                # Of the scales that fit as well the one whose parts are known best.
                ways = [(c, parts) for m, k, c, parts in found if k == number and m < max(1e4 * misfit, 1e-24)]
                yield min(
                    (_separated(families[number], c, groups, parts, y) for c, parts in ways),
                    key=lambda s: float(np.max(s.errors / np.maximum(s.values.var(axis=1), 1e-300))),
                )
        if found:
            return


def _families(y: Array, targets: list[Target]) -> Iterator[_Family]:
    """Transforms, plain ones first. Those with a constant: of y, 1/y and 1/sqrt y, their logarithms."""
    values: list[tuple[Target, Array]] = []
    with np.errstate(all="ignore"):
        for t in targets:
            v = t.forward(y)
            if np.isfinite(v).all() and np.ptp(v) > 0:
                values.append((t, v))
    for t, v in values:
        if t.name in _SUMS:
            yield _plain(t, v)
        if t.name in _PRODUCTS and (v.min() > 0 or v.max() < 0):
            yield _log(t, v, 1.0 if v.min() > 0 else -1.0, (0.0,))
    for t, v in values:
        if t.name not in ("y", "1/y", "log y", "y^2", "1/sqrt y"):
            continue
        lo, hi, w = float(v.min()), float(v.max()), float(np.ptp(v))
        yield _log(t, v, 1.0, tuple(lo - w * s for s in _SHIFTS))
        yield _log(t, v, -1.0, tuple(hi + w * s for s in _SHIFTS))
        if t.name in ("y", "log y", "1/sqrt y"):
            yield _exp(t, v, tuple(g / w for g in _GROWTHS))
            yield _exp(t, v, tuple(-g / w for g in _GROWTHS))


def _plain(t: Target, v: Array) -> _Family:
    return _Family(t.name, False, lambda c: v, lambda c: t.inverse, (0.0,))


def _exp(t: Target, v: Array, grid: tuple[float, ...]) -> _Family:
    far = float(np.abs(v).max()) * abs(grid[-1])
    m = float(v.mean()) if far > 100 else 0.0
    return _Family("exp " + t.name, False, lambda c: np.exp(c * (v - m)), lambda c: _log_inverse(t, c, m), grid)


def _log(t: Target, v: Array, s: float, grid: tuple[float, ...]) -> _Family:
    return _Family(
        "log " + t.name, True, lambda c: np.log(s * (v - c)), lambda c: t.inverse, grid, s, float(np.abs(v).min())
    )


def _log_inverse(t: Target, c: float, m: float) -> Callable[[Formula], Formula]:
    if t.name == "log y":  # powers
        scale = float(np.exp(m))
        root: Callable[[Formula], Formula] = lambda f: power(f, 1 / c) if c > 0 else 1 / power(f, -1 / c)  # noqa: E731
        return root if m == 0 else lambda f: scale * root(f)
    return lambda f: t.inverse(call("log", f) * (1 / c) + m if m else call("log", f) * (1 / c))


def _misfit(z: Array, Q: Array) -> float:
    if not np.isfinite(z).all():
        return np.inf
    z = z - z.mean()
    total = float(z @ z)
    r = z - Q @ (Q.T @ z)
    return float(r @ r) / total if total > 0 else np.inf


def _best_constant(family: _Family, Q: Array) -> tuple[float, float]:
    """c and the misfit there: the grid, then golden sections between the neighbours of its best."""
    with np.errstate(all="ignore"):
        errors = [_misfit(family.forward(c), Q) for c in family.grid]
        k = int(np.argmin(errors))
        if len(errors) == 1 or not errors[k] < 1e-3:
            return family.grid[k], errors[k]
        a, b = (family.grid[i] for i in (max(k - 1, 0), min(k + 1, len(errors) - 1)))
        g = (np.sqrt(5) - 1) / 2
        c, d = b - g * (b - a), a + g * (b - a)
        fc, fd = (_misfit(family.forward(x), Q) for x in (c, d))
        for _ in range(50):
            if fc < fd:
                b, d, fd = d, c, fc
                c = b - g * (b - a)
                fc = _misfit(family.forward(c), Q)
            else:
                a, c, fc = c, d, fd
                d = a + g * (b - a)
                fd = _misfit(family.forward(d), Q)
            if abs(b - a) < 1e-11 * abs(a + b):
                break
    return (float(c), fc) if fc < fd else (float(d), fd)


def _separated(
    family: _Family, c: float, groups: tuple[tuple[int, ...], ...], parts: list[Array], y: Array
) -> Separation:
    z = family.forward(c)
    rows = [np.ones((1, len(z))), *parts]
    beta, uncertain = least_squares(np.concatenate(rows), z)
    edges = np.cumsum([len(r) for r in rows])
    values = np.array([beta[a:b] @ p for a, b, p in zip(edges, edges[1:], parts, strict=False)])
    off = np.array([uncertain[a:b] @ p for a, b, p in zip(edges, edges[1:], parts, strict=False)])
    values -= values.mean(axis=1, keepdims=True)
    r = z - z.mean() - values.sum(axis=0)
    misfit = float(r @ r) / float(((z - z.mean()) ** 2).sum())
    return Separation(
        family.product, c if family.product else 0.0, family.sign, misfit, family.inverse(c), groups, values,
        off.var(axis=1), z, family.name,
    )  # fmt: skip

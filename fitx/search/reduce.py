"""Symmetries: y depends on x_i and x_j through h(x_i) + c h(x_j) only, so that one column can replace the two.

Then f_i / h'(x_i) = f_j / (c h'(x_j)) for the partial derivatives f_i of y (or of log|y|). The derivatives come from a
polynomial surrogate; they need not be precise, because the search that follows is exact. After AI Feynman (Udrescu and
Tegmark 2020), whose tests compare values of a neural network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula
from fitx.search.algebra import power
from fitx.search.budget import Budget
from fitx.search.monomials import polynomial_exponents
from fitx.search.problem import Problem

Array = npt.NDArray[np.float64]

_ROWS = 1500
_TERMS = 260
_USABLE = 0.05  # relative error of the surrogate on rows of its own
CLEAR = 1e-3  # disagreement up to which a symmetry is hardly a chance
_CLOSE = 0.006  # disagreement of the two sides, relative to their size
_ROUGH = 0.7  # relative error of the surrogate under noise
_NOISY = 0.3  # the same under noise, where other tests follow


@dataclass(frozen=True, slots=True)
class _Family:
    """h and its derivative. product: the column is a product of powers instead of a sum."""

    name: str
    derivative: Callable[[Array], Array]
    column: Callable[[Array, Array, float], Array]
    formula: Callable[[Formula, Formula, Fraction], Formula]
    needs_nonzero: bool = False
    needs_positive: bool = False


def _add(a: Formula, b: Formula, c: Fraction) -> Formula:
    size = abs(c)
    term = b if size == 1 else Const(size) * b
    return a + term if c > 0 else a - term


def _multiply(a: Formula, b: Formula, c: Fraction) -> Formula:
    size = abs(c)
    factor = b if size == 1 else b ** (int(size) if size.denominator == 1 else size)
    return a * factor if c > 0 else a / factor


_FAMILIES = (
    _Family("sum", lambda x: np.ones_like(x), lambda a, b, c: a + c * b, _add),
    _Family("product", lambda x: 1 / x, lambda a, b, c: a * b**c, _multiply, needs_positive=True),
    _Family("squares", lambda x: 2 * x, lambda a, b, c: a * a + c * b * b, lambda a, b, c: _add(a**2, b**2, c)),
    _Family(
        "reciprocals", lambda x: -1 / (x * x), lambda a, b, c: 1 / a + c / b,
        lambda a, b, c: _add(1 / a, 1 / b, c), needs_nonzero=True,
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Symmetry:
    """Columns i and j enter through one new column, j as a power besides; misfit: disagreement of derivatives."""

    first: int
    second: int
    family: _Family
    factor: Fraction
    power: float
    misfit: float


def symmetries(problem: Problem, most: int = 3) -> list[Symmetry]:
    """The clearest symmetries of the problem's active columns, best first."""
    active = list(problem.active)
    if len(active) < 2 or problem.n < 24:
        return []
    rows = np.unique(np.linspace(0, problem.n - 1, min(problem.n, _ROWS)).astype(int))
    x, y = problem.columns[active][:, rows], problem.y[rows]
    found: list[Symmetry] = []
    for t in _targets(y):
        gradient = surrogate_gradient(x, t)
        if gradient is not None:
            # y = x_j^k F satisfies x_j f_j = c x_i f_i + k y; for log y the last term is k.
            found += _compare(problem, active, x, gradient, t if t is y else np.ones_like(t))
    found.sort(key=lambda s: s.misfit)
    unique: dict[tuple[int, int, str], Symmetry] = {}
    for s in found:
        unique.setdefault((s.first, s.second, s.family.name), s)
    return list(unique.values())[:most]


def symmetry_chain(problem: Problem, budget: Budget, limit: float = CLEAR) -> list[Problem]:
    """The problem without its clearest symmetry, then without that one's, and so on, while misfits are below limit."""
    chain: list[Problem] = []
    while not budget.expired():
        found = symmetries(problem, 1)
        if not found or found[0].misfit > limit:
            break
        problem = reduced(problem, found[0])
        chain.append(problem)
    return chain


def reduced(problem: Problem, s: Symmetry) -> Problem:
    """The problem in which one column replaces the two."""
    i, j, c = s.first, s.second, float(s.factor)
    if s.power:
        factor = power(problem.formulas[j], abs(s.power))
        factor = factor if s.power > 0 else 1 / factor
        problem = problem.divided(problem.columns[j] ** s.power, factor, problem.active, f" over {j + 1}^{s.power:g}")
    with np.errstate(all="ignore"):
        column = s.family.column(problem.columns[i], problem.columns[j], c)
    formula = s.family.formula(problem.formulas[i], problem.formulas[j], s.factor)
    rest = [k for k in range(problem.d) if k not in (i, j)]
    active = [position for position, k in enumerate(rest) if k in problem.active]
    columns = np.vstack([problem.columns[rest], column])
    formulas = [*(problem.formulas[k] for k in rest), formula]
    made = problem.with_columns(columns, formulas, f" {s.family.name} {i + 1},{j + 1}")
    return made.restricted((*active, len(rest)), "")


def _targets(y: Array) -> Iterator[Array]:
    if np.isfinite(y).all():
        yield y
        if (y > 0).all() or (y < 0).all():
            yield np.log(np.abs(y))


def surrogate_gradient(x: Array, t: Array, most: int = _TERMS, usable: float = _USABLE) -> Array | None:
    """Partial derivatives (d, n) of a Chebyshev polynomial of the highest total degree that the rows support.

    x: (d, n), t: (n,). None where it misses rows of its own by more than _USABLE of their spread.
    """
    d, n = x.shape
    u, span = _scaled(x, x)
    degree = _highest_degree(d, min(most, _TERMS, n // 3), 12)
    exponents = np.array(polynomial_exponents(d, degree))
    T, dT = _chebyshev(u, degree)
    A = np.prod([T[k][exponents[:, k]] for k in range(d)], axis=0)
    test = np.arange(n) % 5 == 4
    c = np.linalg.lstsq(A[:, ~test].T, t[~test], rcond=1e-10)[0]
    miss = t[test] - c @ A[:, test]
    if not float(miss.std()) < usable * float(t.std()):
        return None
    gradient = []
    for j in range(d):
        factors = [dT[k][exponents[:, k]] if k == j else T[k][exponents[:, k]] for k in range(d)]
        gradient.append(c @ np.prod(factors, axis=0) * 2 / span[j])
    return np.array(gradient)


def chebyshev_terms(x: Array, most: int, at: Array | None = None) -> Array | None:
    """Chebyshev polynomials (terms, n) of columns x (d, n), of the highest total degree with at most `most` terms.

    at: (d, m), other rows to evaluate the same polynomials on. None where not even degree 2 fits into these.
    """
    d = len(x)
    degree = _highest_degree(d, min(most, _TERMS // 2), 10)
    if degree < 2:
        return None
    exponents = np.array(polynomial_exponents(d, degree))
    T, _ = _chebyshev(_scaled(x, x if at is None else at)[0], degree)
    return np.asarray(np.prod([T[k][exponents[:, k]] for k in range(d)], axis=0))


def _scaled(x: Array, at: Array) -> tuple[Array, Array]:
    """The columns `at` as shares of x's ranges, these being [-1, 1], and the ranges (d, 1)."""
    low, span = x.min(axis=1)[:, None], np.maximum(np.ptp(x, axis=1), 1e-300)[:, None]
    return 2 * (at - low) / span - 1, span


def _highest_degree(d: int, most: int, top: int) -> int:
    """The highest total degree of d variables with at most `most` terms, from 1 to `top`."""
    degree = 1
    while degree < top and len(polynomial_exponents(d, degree + 1)) <= most:
        degree += 1
    return degree


def _chebyshev(u: Array, degree: int) -> tuple[Array, Array]:
    """T_0..T_degree and their derivatives: (d, degree + 1, n) each."""
    d, n = u.shape
    T, dT = np.ones((d, degree + 1, n)), np.zeros((d, degree + 1, n))
    if degree:
        T[:, 1], dT[:, 1] = u, 1.0
    for k in range(2, degree + 1):
        T[:, k] = 2 * u * T[:, k - 1] - T[:, k - 2]
        dT[:, k] = 2 * T[:, k - 1] + 2 * u * dT[:, k - 1] - dT[:, k - 2]
    return T, dT


def gradients(x: Array, y: Array) -> Iterator[Array]:
    """Rough partial derivatives (d, n) of noisy y (n,), from polynomials of several degrees in columns x (d, n) and in
    their logarithms."""
    n = len(y)
    positive = x.min(axis=1)[:, None] > 0
    with np.errstate(all="ignore"):
        logs = np.where(positive, np.log(np.maximum(x, 1e-300)), x)
    for terms in (n // 16, n // 8, n // 4):
        for z, chain in ((x, None), (logs, np.where(positive, 1 / x, 1.0)) if positive.any() else (x, None)):
            gradient = surrogate_gradient(z, y, terms, _ROUGH)
            if gradient is not None and (chain is not None or z is x):
                yield gradient if chain is None else gradient * chain


def proposals(problem: Problem, x: Array, y: Array, gradient: Array) -> Iterator[Symmetry]:
    """Symmetries that may hold where y is noisy, from rough derivatives."""
    yield from _compare(problem, list(problem.active), x, gradient, y, _NOISY)


def _compare(
    problem: Problem, active: list[int], x: Array, gradient: Array, unit: Array, close: float = _CLOSE
) -> Iterator[Symmetry]:
    size = np.sqrt((gradient**2).mean(axis=1)) * x.std(axis=1)
    relevant = size > 1e-3 * size.max()
    for p in range(len(active)):
        for q in range(p + 1, len(active)):
            if not (relevant[p] and relevant[q]):
                continue
            for family in _FAMILIES:
                if (family.needs_nonzero or family.needs_positive) and not (
                    problem.positive[[active[p], active[q]]]
                ).all():
                    continue
                for i, j in ((p, q), (q, p)):
                    with np.errstate(all="ignore"):
                        a = gradient[i] / family.derivative(x[i])
                        b = gradient[j] / family.derivative(x[j])
                    factor = _ratio(a, b, unit if family.name == "product" else None, close)
                    if factor is None or (abs(factor[0]) == 1 and i == q):
                        continue
                    yield Symmetry(active[i], active[j], family, *factor)


def _ratio(a: Array, b: Array, unit: Array | None, close: float) -> tuple[Fraction, float, float] | None:
    """c, k with b = c a + k unit for a whole c and k in halves (0 without `unit`), and the misfit.

    Rows where a derivative explodes are left out.
    """
    ok = np.isfinite(a) & np.isfinite(b)
    size = np.abs(a) + np.abs(b)
    ok &= size <= np.quantile(size[ok], 0.95) if ok.any() else ok
    a, b = a[ok], b[ok]
    if len(a) < 10 or not float(a @ a) > 0:
        return None
    u, v, k = a, b, 0.0
    if unit is not None:
        one = unit[ok] / np.sqrt(float(unit[ok] @ unit[ok]))
        u, v = a - (a @ one) * one, b - (b @ one) * one
    if float(v @ v) < 1e-3 * float(b @ b) or not float(u @ u) > 0:
        return None  # a pure power, divided out elsewhere
    c = float(u @ v) / float(u @ u)
    short = round(c)
    if abs(short) not in (1, 2, 3, 4) or abs(short - c) > (0.1 if close <= _CLOSE else _NOISY) * abs(c):
        return None
    r = b - short * a
    if unit is not None:
        k = float(np.round(2 * float(r @ unit[ok]) / float(unit[ok] @ unit[ok]))) / 2
        r = r - k * unit[ok]
    misfit = float(r @ r) / float(v @ v)
    return (Fraction(short), k, misfit) if misfit < close else None

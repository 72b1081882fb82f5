"""Polynomials behind a term of the library: T2(T(y) / A), T2(T(y) A) and T2(T(y) - c A) against all low monomials.

No feature is tried here: one projection onto the polynomials tests a residual, so that thousands take a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula
from fitx.search.algebra import number
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.fit import Structure, fit_structure
from fitx.search.library import EXPONENTIAL, SQRT
from fitx.search.monomials import monomial_values, polynomial_exponents
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.polynomial import monomial_formula
from fitx.search.stages.shift import FEW, shift_terms
from fitx.search.targets import TARGETS, Target, targets_for

Array = npt.NDArray[np.float64]

_TERMS = 28  # of the polynomial, well below the number of screening rows
_EXACT = 1e-14
_SECOND = ("y", "1/y", "y^2", "1/y^2", "log y", "exp y")
_CHUNK = 200  # terms at a time
_OTHERS, _MOST_OTHERS = 200, 5000  # functions of the library that polynomials should not explain
_FITS = 12  # where more residuals are polynomials than this, anything is one on these rows
_SHIFTED = 300  # terms that are subtracted; division is tried for all


@dataclass(frozen=True, slots=True)
class _Way:
    """How a term A is taken off: z = apply(T(y), A), and the formula of T(y) from that of z."""

    apply: Callable[[Array, Array], Array]
    undo: Callable[[Formula, Formula], Formula]
    shift: bool = False


def _shifted(c: float) -> _Way:
    def undo(f: Formula, a: Formula) -> Formula:
        return f + (a if c == 1 else Const(number(c)) * a)

    return _Way(lambda t, a: t - c * a, undo, shift=True)


_WAYS = (
    _Way(lambda t, a: t / a, lambda f, a: a * f),
    _Way(lambda t, a: t * a, lambda f, a: f / a),
    *map(_shifted, FEW),
)


class ResidualPolynomials(Stage):
    """What is left of y after one term, as a sparse polynomial of the active columns."""

    name = "residual polynomial"
    family = "library"
    rank = 10
    exact_only = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Terms in the order of the shift stage, most correlated first."""
        assert work.bench is not None
        assert work.effort is not None
        bench, problem = work.bench, work.problem
        y = problem.y[problem.rows.screen]
        if not np.isfinite(y).all():
            return
        targets = [t for t in targets_for(y, work.grammar.operators) if t.shift]
        powers, basis = _polynomials(bench)
        _, terms = shift_terms(bench, targets, 2 * work.effort.shifts)
        fits = 0
        for i in range(0, len(terms), _CHUNK):
            ids = terms[i : i + _CHUNK]
            a = bench.library.values.values(ids)
            for target in targets:
                t = target.forward(y)
                for way in _WAYS:
                    if way.shift and i >= _SHIFTED:
                        continue
                    if budget.expired():
                        return
                    with np.errstate(all="ignore"):
                        z = way.apply(t[None, :], a)
                        z[~(np.abs(z) > 1e-9 * (np.abs(t) if way.shift else 0.0)).all(axis=1)] = np.nan
                    for second, q in _explained(z, basis, problem.rows.weight, work):
                        fits += 1
                        if fits > _FITS:
                            return
                        yield from _fit(work, target, way, bench.library.formula(int(ids[q])), second, powers)


def _polynomials(bench: Workbench) -> tuple[tuple[tuple[int, ...], ...], Array]:
    """The highest degree that the rows can tell from other functions, as exponents, and an orthonormal basis.

    Along a trajectory the columns are smooth functions of one parameter, so that high polynomials explain anything.
    """
    problem = bench.problem
    d, rows = len(problem.active), int(problem.rows.weight.sum())
    degree = 1
    while degree < 4 and len(polynomial_exponents(d, degree + 1)) <= min(_TERMS, rows // 2):
        degree += 1
    lib = bench.library
    op = lib.op[: min(len(lib), _MOST_OTHERS)]
    others = np.flatnonzero((op == SQRT) | (op >= EXPONENTIAL))[:_OTHERS].astype(np.int32)
    values = lib.values.values(others) * problem.rows.weight
    while True:
        powers = polynomial_exponents(d, degree)
        basis = _basis(bench, powers)
        left = values - (values @ basis.T) @ basis
        explained = (left * left).sum(axis=1) < _EXACT * (values * values).sum(axis=1)
        if degree == 1 or explained.sum() < 0.1 * len(others):
            return powers, basis
        degree -= 1


def _basis(bench: Workbench, powers: tuple[tuple[int, ...], ...]) -> Array:
    problem = bench.problem
    values = monomial_values(problem.screen_columns[list(problem.active)], powers) * problem.rows.weight
    values = values / np.maximum(np.sqrt((values * values).sum(axis=1)), 1e-300)[:, None]
    q, r = np.linalg.qr(values.T)
    return np.asarray(q[:, np.abs(np.diag(r)) > 1e-10].T)


def _explained(z: Array, basis: Array, weight: Array, work: Work) -> Iterator[tuple[Target, int]]:
    """T2 and the number of each residual that the polynomials explain on the screening rows."""
    for second in TARGETS:
        if second.name not in _SECOND or not work.grammar.operators.issuperset(second.needs):
            continue
        with np.errstate(all="ignore"):
            # Where T2 needs one sign it is tried on |z|: the fit restores the sign or fails.
            v = second.forward(np.abs(z) if second.name in ("log y", "1/y^2") else z) * weight
            v = np.where(np.abs(v).max(axis=1, keepdims=True) < 1e100, v, np.nan)
            left = v - (v @ basis.T) @ basis
            mean = (v * weight).sum(axis=1, keepdims=True) / weight.sum()
            ratio = (left * left).sum(axis=1) / ((v - mean * weight) ** 2).sum(axis=1)
            good = ratio < _EXACT
        for q in np.flatnonzero(good)[:3]:
            yield second, int(q)


def _fit(
    work: Work, target: Target, way: _Way, term: Formula, second: Target, powers: tuple[tuple[int, ...], ...]
) -> Iterator[Formula]:
    problem, table = work.problem, work.table
    check = problem.rows.check
    with np.errstate(all="ignore"):
        z = way.apply(target.forward(problem.y[check]), table.on_check(term))
    if not np.isfinite(z).all():
        return
    sign = 1.0
    if second.needs or second.name == "y^2":
        sign = float(np.sign(np.median(z)))
        if not (z * sign > 0).all() and second.name != "exp y":
            return
    if second.name == "exp y":
        sign = 1.0
    y = problem.y.copy()
    y[check] = sign * z
    lift = problem.lift

    def lifted(f: Formula) -> Formula:
        return lift(target.inverse(way.undo(f if sign > 0 else -f, term)))

    inner = replace(problem, y=y, lift=lifted)
    values = monomial_values(problem.columns[list(problem.active)][:, check], powers)
    base = [monomial_formula(problem, e) for e in powers]
    yield from fit_structure(Structure(inner, second, base, values, (), log_target=False, log_terms=False), table)

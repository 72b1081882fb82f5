"""Sums and products of an expression and its mirror image, where y does not notice an exchange of columns.

a/sqrt(a^2 + R^2) + b/sqrt(b^2 + R^2) is one term here: g + g', with g' made of g by the exchange of a and b.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula
from fitx.search.algebra import product
from fitx.search.budget import Budget
from fitx.search.exchange import Exchange, exchanges
from fitx.search.fit import fit_structure, structure_of
from fitx.search.problem import Problem
from fitx.search.shapes import monomial_exponents
from fitx.search.spaces import PRODUCTS, SUMS, Space, make_space
from fitx.search.stages.base import Stage, Work

Array = npt.NDArray[np.float64]

_EXCHANGES = 2
_FACTORS = 60  # monomials of one side, cheapest first
_PARTS = 6  # of these with whole exponents, of whose sums h is made
_POWERS = (-1.0, 1.0, -0.5, 0.5, -2.0)
_SIMPLE = 80  # terms that are paired with all
_FITS = 4
_WIDE = 100  # efforts that try fewer pairs leave this out


@dataclass(frozen=True, slots=True)
class Terms:
    """Formulas of terms by number, made when asked for. ids: which of all terms these are."""

    make: Callable[[int], Formula]
    ids: npt.NDArray[np.intp]

    def __getitem__(self, i: int) -> Formula:
        return self.make(int(self.ids[i]))


class Symmetric(Stage):
    """T(y) = base + b1 s1 + b2 s2, and products of powers, of symmetric terms s = g + g' and g - g', g = m h^p."""

    name = "symmetric"
    family = "library"
    rank = 60
    exact_only = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """For each exchange that y does not notice: one symmetric term, then two."""
        assert work.bench is not None
        if work.effort is None or work.effort.wide < _WIDE:
            return
        for exchange in exchanges(work.problem)[:_EXCHANGES]:
            terms, values = symmetric_terms(work.problem, exchange)
            for kind in (PRODUCTS, SUMS):
                if budget.expired() or not len(values):
                    return
                space = make_space(kind, work.problem, work.grammar)
                with np.errstate(all="ignore"):
                    v = np.log(np.abs(values)) if kind.log_features else values
                units, some = space.project(v)
                ids = np.flatnonzero(some)
                yield from _singles_and_pairs(work, space, units[ids], terms, ids)


def symmetric_terms(problem: Problem, exchange: Exchange) -> tuple[Terms, Array]:
    """Formulas of m h^p +- their mirror images in the names of the table, and values (terms, screen)."""
    mirror = {**dict(exchange), **{j: i for i, j in exchange}}
    own = [k for k in problem.active if k not in [j for _, j in exchange]]
    exponents = _exponents(problem, own, [position for position, k in enumerate(own) if k in mirror])
    whole = [q for q, e in enumerate(exponents) if e.min() >= 0 and not (e % 2).any() and e.sum() <= 4][:_PARTS]
    m, m_ = (_powers(problem.screen_columns[ks], exponents) for ks in (own, [mirror.get(k, k) for k in own]))
    one = np.ones((1, m.shape[1]))
    part, part_ = np.vstack([one, m[whole]]), np.vstack([one, m_[whole]])
    m, m_ = np.vstack([one, m]), np.vstack([one, m_])
    sums = [(i, j, sign) for i, j in combinations(range(len(part)), 2) for sign in (1, -1)]
    h, h_ = (np.array([v[i] + sign * v[j] for i, j, sign in sums]) for v in (part, part_))
    with np.errstate(all="ignore"):
        powers = [np.vstack([one, *(v**p for p in _POWERS)]) for v in (h, h_)]
        g, g_ = ((a[:, None] * q[None]).reshape(-1, a.shape[1]) for a, q in ((m, powers[0]), (m_, powers[1])))
        values = np.concatenate([g + g_, g - g_])
    size = np.abs(values).max(axis=1)
    ok = np.isfinite(values).all(axis=1) & (size > 1e-9 * np.abs(np.tile(g, (2, 1))).max(axis=1))
    # Simple ones first: these are paired with all others.
    factor, shape = np.divmod(np.tile(np.arange(len(g)), 2), len(powers[0]))
    ids = np.flatnonzero(ok)[np.argsort((factor + 3 * shape)[ok], kind="stable")]

    def formula(term: int) -> Formula:
        minus, rest = divmod(term, len(g))
        factor, shape = divmod(rest, len(powers[0]))
        sides: list[Formula] = []
        for ks in (own, [mirror.get(k, k) for k in own]):
            columns = [problem.formulas[k] for k in ks]
            f = _monomial(columns, exponents[factor - 1]) if factor else Const(1)
            if shape:
                p, which = divmod(shape - 1, len(sums))
                i, j, sign = sums[which]
                a, b = (_monomial(columns, exponents[whole[q - 1]]) if q else Const(1) for q in (i, j))
                f = product(1.0, [(f, 1.0), (a + b if sign > 0 else a - b, _POWERS[p])])
            sides.append(f)
        return sides[0] - sides[1] if minus else sides[0] + sides[1]

    return Terms(formula, ids), values[ids]


def _exponents(problem: Problem, own: list[int], exchanged: list[int]) -> npt.NDArray[np.int8]:
    """Exponents in halves (m, own columns) of the cheapest monomials that hold an exchanged column."""
    exponents, cost = monomial_exponents(len(own), 4 * _FACTORS)
    odd_ones = (exponents % 2 != 0).any(axis=1)
    exponents = exponents[np.lexsort((odd_ones, np.abs(exponents).max(axis=1), cost))]
    exponents = np.vstack([2 * np.eye(len(own), dtype=np.int8), exponents[np.abs(exponents).max(axis=1) <= 6]])
    odd = (exponents % 2 != 0) & ~problem.positive[own]
    holds = (exponents[:, exchanged] != 0).any(axis=1)
    # Monomials of the other columns alone only matter inside sums.
    lone = (exponents >= 0).all(axis=1) & ~(exponents % 2).any(axis=1) & (exponents.sum(axis=1) <= 4)
    return np.asarray(exponents[~odd.any(axis=1) & (holds | lone)][:_FACTORS])


def _powers(columns: Array, exponents: npt.NDArray[np.int8]) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(
            np.prod(np.abs(columns)[None] ** (exponents[:, :, None] / 2) * _signs(columns, exponents), axis=1)
        )


def _signs(columns: Array, exponents: npt.NDArray[np.int8]) -> Array:
    return np.where((exponents[:, :, None] // 2) % 2 != 0, np.sign(columns)[None], 1.0)


def _monomial(columns: list[Formula], exponents: npt.NDArray[np.int8]) -> Formula:
    return product(1.0, [(f, float(e) / 2) for f, e in zip(columns, exponents, strict=True) if e])


def _singles_and_pairs(
    work: Work, space: Space, units: Array, terms: Terms, ids: npt.NDArray[np.intp]
) -> Iterator[Formula]:
    assert work.bench is not None
    if len(units) < 2:
        return
    tolerance = max(work.bench.tolerance, 1e-5)
    units = units.astype(np.float32)  # for a first look; the fit decides
    gram = units[:_SIMPLE] @ units.T
    with np.errstate(all="ignore"):
        left = 1 - gram**2
    left[~(left > 1e-4)] = np.inf
    for t, target in enumerate(space.targets):
        if not (target.raw_pairs or target.log_pairs):
            continue
        rho = units @ space.units[t].astype(np.float32)
        found = [[int(i)] for i in np.argsort(-(rho**2), kind="stable")[:_FITS] if 1 - rho[i] ** 2 < tolerance]
        if not found:
            a = rho[:_SIMPLE, None]
            pair = (a**2 + rho**2 - 2 * a * rho * gram) / left
            flat = np.argpartition(-pair.ravel(), _FITS)[:_FITS]
            near = [divmod(int(q), len(units)) for q in flat[np.argsort(-pair.ravel()[flat], kind="stable")]]
            found = [[i, j] for i, j in near if 1 - pair[i, j] < tolerance]
        for chosen in found:
            formulas = [terms[int(ids[i])] for i in chosen]
            yield from fit_structure(structure_of(space, target, formulas), work.bench.table)

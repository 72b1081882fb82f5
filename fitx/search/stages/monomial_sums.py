"""Sums of three monomials (with negative exponents too) times a monomial: y = m (a + b m1 + c m2 + d m3), and 1/y."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fitx._core.search import search_triples
from fitx.formula import Const, Formula
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.fit import fit_structure, structure_of
from fitx.search.spaces import SUMS, Space
from fitx.search.stages.base import Stage, Work
from fitx.search.targets import TARGETS, Target

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_FEATURES = 288
_KEEP = 8
_NEAR = 1e-9
_PIECE = 3e7  # triples times targets in one call of the kernel


class MonomialSums(Stage):
    """One Gram matrix of monomials serves every divisor; the kernel tries all triples for all of them."""

    name = "monomial sum"
    family = "library"
    rank = 20
    exact_only = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Triples of the cheapest monomials, for y and 1/y over each of the cheapest divisors."""
        bench = work.bench
        assert bench is not None
        y = work.problem.y[work.problem.rows.screen]
        if not np.isfinite(y).all() or len(work.problem.active) < 2:
            return
        space = bench.space(SUMS)
        assert work.effort is not None
        most = min(_FEATURES, work.effort.triples)
        ids = _whole_monomials(bench)[:most]
        values = bench.library.values.values(ids)
        features, some = space.project(values)
        ids, values, features = ids[some], values[some], features[some]
        if len(ids) < 4:
            return
        cases, units = _cases(bench, space, ids[: most // 5], y)
        if not cases:
            return
        score, index = _triples(bench, features, units, budget)
        for case, unit, r2s, triples in zip(cases, units, score, index, strict=True):
            for r2, triple in zip(r2s, triples, strict=True):
                if r2 < 1 - _NEAR or budget.expired():
                    break
                if bench.misfit(space, unit, ids[triple]) <= bench.tolerance:
                    yield from _fit(bench, space, *case, ids[triple])


def _whole_monomials(bench: Workbench) -> Ints:
    lib = bench.library
    found = [
        i
        for i in np.flatnonzero(lib.monomial[: len(lib)]).tolist()
        if (e := lib.exponents_of(i)) is None or all(p % 2 == 0 for p in e)
    ]
    ids = np.array(found, np.int32)
    squares = [sum(abs(p) > 2 for p in lib.exponents_of(i) or ()) for i in found]
    return ids[np.argsort(lib.cost[ids] + np.array(squares, np.int32), kind="stable")]


def _cases(bench: Workbench, space: Space, divisors: Ints, y: Array) -> tuple[list[tuple[Target, int]], Array]:
    """(T, divisor or -1) and the unit targets T(y / m), for T = y and 1/y."""
    ones = np.ones((1, len(y)))
    values = np.concatenate([ones, bench.library.values.values(divisors)])
    cases: list[tuple[Target, int]] = []
    rows: list[Array] = []
    for target in TARGETS[:2]:
        with np.errstate(all="ignore"):
            z = target.forward(y / values)
        finite = np.asarray(np.isfinite(z).all(axis=1))
        units, some = space.project(np.where(finite[:, None], z, 1.0))
        for q in np.flatnonzero(finite & some):
            cases.append((target, int(divisors[q - 1]) if q else -1))
            rows.append(units[q])
    return cases, np.array(rows)


def _triples(bench: Workbench, features: Array, units: Array, budget: Budget) -> tuple[Array, Ints]:
    n = len(features)
    padded = -(-n // 16) * 16
    gram, rho = np.zeros((n, padded)), np.zeros((len(units), padded))
    gram[:, :n], rho[:, :n] = features @ features.T, units @ features.T
    score = np.full((len(units), _KEEP), -1.0)
    index = np.full((len(units), _KEEP, 3), -1, np.int32)
    # Targets in groups, so that each call is short.
    group = max(1, int(_PIECE * bench.threads / (n**3 / 6)))
    for i in range(0, len(units), group):
        if budget.expired():
            break
        part = slice(i, i + group)
        threshold = np.full(len(units[part]), 1 - _NEAR)
        score[part], index[part] = search_triples(
            gram, np.ascontiguousarray(rho[part]), 0, n, _KEEP, threshold, bench.threads
        )
        bench.counted(len(units[part]) * n**3 // 6)
    return score, index


def _fit(bench: Workbench, space: Space, target: Target, divisor: int, ids: Ints) -> Iterator[Formula]:
    problem = bench.problem
    m = Const(1) if divisor < 0 else bench.library.formula(divisor)
    check = problem.rows.check
    y = problem.y.copy()
    with np.errstate(all="ignore"):
        y[check] = problem.y[check] / bench.table.on_check(m)
    lift = problem.lift
    inner = replace(problem, y=y, lift=lambda f: lift(f if divisor < 0 else m * f))
    terms = [bench.library.formula(int(i)) for i in ids]
    yield from fit_structure(structure_of(replace(space, problem=inner), target, terms), bench.table)

"""Sums of structured terms: T(y) - c A for terms A of the library, then a product for what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fitx._core.search import search_match
from fitx.formula import Const, Formula, call
from fitx.search.algebra import number
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.library import ADD, AFFINE, COSH, DIV, EXPONENTIAL, MUL, SQRT, SUB, TANH, ExpressionLibrary
from fitx.search.snap import simple_forms
from fitx.search.spaces import Kind, Space
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.pairs import best_pairs, near_limit
from fitx.search.targets import Target, targets_for

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

PI = float(np.pi)
FEW = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
MANY = (
    *FEW, 1 / PI, 0.5 / PI, 0.25 / PI, 0.125 / PI, -0.25 / PI, -0.125 / PI, PI, 2 * PI, 1 / 3, 3.0, 1.5, 0.25, 4.0,
    -1 / 3, -3.0, -4.0, -0.25, 0.75 / PI, 0.375 / PI,
)  # fmt: skip
_BATCH = 512  # residuals in one call of the kernel
_KEEP = 4
_MOST_TERMS = 60_000  # of the library, from which terms are chosen
_BLOCK = 1024  # expressions at a time
_NEAR = 1e-6  # float32's 1 - |correlation| at which a match is rechecked
_NEAR_PAIR = 1e-6  # the same for pairs, whose R2 loses digits when the two are alike
_PAIR_FEATURES = 2500
_PAIR_RESIDUALS = 50  # in one Gram product


# A residual T(y) - c A: numbers of T among the targets and of A in the library, and c.
Residual = tuple[int, int, float]


class Shift(Stage):
    """log|T(y) - c A| explained by one expression of the library, then by two."""

    name = "shift"
    family = "deep"
    rank = 50
    exact_only = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Terms most correlated with T(y) first, then short ones; many factors for the first, few for the others."""
        bench, kind, effort = work.scan
        if not (kind.log and kind.log_features and effort.shifts):
            return
        waves = kind.base == "waves"
        shifts = effort.shifts // 3 if waves else effort.shifts
        count = min(bench.features(kind).primary, effort.shift_features // 2 if waves else effort.shift_features)
        space = bench.space(kind)
        y = bench.problem.y[bench.problem.rows.screen]
        targets = [t for t in targets_for(y, bench.grammar.operators) if t.shift]
        if count < 2 or not targets:
            return
        first, terms = shift_terms(bench, targets, shifts)
        count_many = min(60, shifts // 4)
        seen: list[tuple[float, Residual]] = []
        batch: list[Residual] = []
        for position, term in enumerate(terms):
            factors = MANY if position < first + count_many else FEW
            batch += [(t, int(term), c) for t in range(len(targets)) for c in factors]
            if len(batch) >= _BATCH or position == len(terms) - 1:
                score, kept, exact = _match(bench, space, kind, targets, batch, count)
                seen += zip(score.tolist(), kept, strict=True)
                for residual, feature in exact:
                    yield from _fit(bench, space, targets, residual, [feature])
                batch = []
                if budget.expired():
                    return
        # The plainest differences in any case, then those that one feature explains best.
        cost = bench.library.cost
        plain = [r for _, r in seen if abs(r[2]) == 1 and cost[r[1]] <= 2][: 2 * effort.shift_pairs]
        seen.sort(key=lambda r: -r[0])
        chosen = dict.fromkeys((*plain, *(r for _, r in seen[: effort.shift_pairs])))
        yield from _second(bench, space, kind, targets, list(chosen), count, budget)


def shift_terms(bench: Workbench, targets: list[Target], count: int) -> tuple[int, Ints]:
    """Terms to subtract: those of largest correlation with a target (the number of these), then short ones, monomials
    and others in turn."""
    lib = bench.library
    n = min(len(lib), _MOST_TERMS)
    op, cost, mono = lib.op[:n], lib.cost[:n], lib.monomial[:n]
    product = mono | (op == MUL) | (op == DIV)
    simple = ~product & (cost <= 3) & ~np.isin(op, (ADD, SUB, AFFINE))
    chosen: dict[int, None] = {}
    for gain in _gains(bench, targets, n):
        gain = gain * np.where(mono, 1.0, 0.8)
        for kind, keep in ((product, min(60, count // 4)), (simple, min(15, count // 16))):
            ids = np.flatnonzero(kind)
            chosen.update(dict.fromkeys(ids[np.argsort(-gain[ids], kind="stable")[:keep]].tolist()))
    first = len(chosen)
    chosen.update(dict.fromkeys(_short_first(lib)[: count + first].tolist()))
    return first, np.array(list(chosen)[: count + first], np.int32)


def _gains(bench: Workbench, targets: list[Target], n: int) -> list[Array]:
    """What each of the first n expressions alone explains of each target, times a constant: (n,) each, without targets
    that are not finite."""
    weight = bench.problem.rows.weight
    y = bench.problem.y[bench.problem.rows.screen]
    with np.errstate(all="ignore"):
        goals = np.array([target.forward(y) for target in targets]).reshape(len(targets), -1)
        goals = goals[np.isfinite(goals).all(axis=1)]
    goals = (goals - np.average(goals, axis=1, weights=weight)[:, None]) * weight
    gains = np.empty((len(goals), n))
    for start in range(0, n, _BLOCK):
        ids = np.arange(start, min(start + _BLOCK, n), dtype=np.int32)
        values = bench.library.values.values(ids)
        values = (values - np.average(values, axis=1, weights=weight)[:, None]) * weight
        gains[:, ids] = (goals @ values.T) ** 2 / np.maximum((values * values).sum(axis=1), 1e-300)
    return list(gains)


def _short_first(lib: ExpressionLibrary) -> Ints:
    n = min(len(lib), _MOST_TERMS)
    op, unit = lib.op[:n], np.abs(lib.scale[:n]) == 1
    function = (op >= EXPONENTIAL) & (op <= TANH)
    key = 4 * lib.cost[:n] - 4 * lib.monomial[:n] + 2 * np.isin(op, (SQRT, TANH, COSH)) + 3 * (function & ~unit)
    order = np.argsort(key, kind="stable")
    mono = lib.monomial[order]
    # Monomials and others alternate: position 2 i and 2 i + 1.
    turn = np.empty(n)
    turn[mono] = 2 * np.arange(mono.sum())
    turn[~mono] = 2 * np.arange((~mono).sum()) + 1
    return np.asarray(order[np.argsort(turn, kind="stable")], np.int32)


def _match(
    bench: Workbench, space: Space, kind: Kind, targets: list[Target], batch: list[Residual], count: int
) -> tuple[Array, list[Residual], list[tuple[Residual, int]]]:
    """The residuals that exist with their best |correlation|, and the exact matches (residual, feature)."""
    features = bench.features(kind)
    units, kept = _residual_units(bench, space, targets, batch)
    if not kept:
        return np.empty(0), [], []
    padded = -(-len(kept) // 32) * 32
    panels = np.zeros((padded, units.shape[1]), np.float32)
    panels[: len(kept)] = units
    panels = np.ascontiguousarray(panels.reshape(-1, 32, units.shape[1]).transpose(0, 2, 1))
    score, index = search_match(features.panels, count, panels, _KEEP, bench.threads)
    bench.counted(len(kept) * count)
    q, j = np.nonzero((score[: len(kept)] > 1 - _NEAR) & (index[: len(kept)] >= 0))
    near = index[q, j]
    r = (bench.exact(space, features.ids[near]) * units[q]).sum(axis=1)
    found = np.flatnonzero(1 - r * r < bench.tolerance)
    return score[: len(kept), 0], kept, [(kept[q[i]], int(near[i])) for i in found]


def _residual_units(
    bench: Workbench, space: Space, targets: list[Target], batch: list[Residual]
) -> tuple[Array, list[Residual]]:
    """Unit vectors of log|T(y) - c A| without the base, where these exist."""
    y = bench.problem.y[bench.problem.rows.screen]
    terms = bench.library.values.values(np.array([b[1] for b in batch], np.int32))
    with np.errstate(all="ignore"):
        values = np.array([t.forward(y) for t in targets])[[b[0] for b in batch]]
        z = values - np.array([b[2] for b in batch])[:, None] * terms
        # A difference of rounding errors is not a residual: the term alone is the answer, found elsewhere.
        real = (np.abs(z) > 1e-9 * np.abs(values)).all(axis=1)
        z = np.log(np.abs(z))
        finite = np.isfinite(z).all(axis=1) & real
        units, some = space.project(np.where(finite[:, None], z, 1.0))
    good = finite & some
    return units[good], [b for b, g in zip(batch, good, strict=True) if g]


def _second(
    bench: Workbench,
    space: Space,
    kind: Kind,
    targets: list[Target],
    residuals: list[Residual],
    count: int,
    budget: Budget,
) -> Iterator[Formula]:
    """All pairs of the first features for the most promising residuals: one Gram product serves many of them."""
    count = min(count, _PAIR_FEATURES)
    for i in range(0, len(residuals), _PAIR_RESIDUALS):
        if budget.expired():
            return
        units, kept = _residual_units(bench, space, targets, residuals[i : i + _PAIR_RESIDUALS])
        if not kept:
            continue
        threshold = 1 - _NEAR_PAIR
        hits = best_pairs(
            bench, replace(space, units=units), kind, count, list(range(len(kept))), budget, 16, threshold
        )
        for residual, near in zip(kept, hits, strict=True):
            for r2, pair in zip(near.score, near.index, strict=True):
                if 1 - r2 > near_limit(bench) or budget.expired():
                    break
                unit = units[kept.index(residual)]
                if bench.misfit(space, unit, bench.features(kind).ids[pair]) > bench.tolerance:
                    continue
                yield from _fit(bench, space, targets, residual, [int(f) for f in pair])


def _fit(bench: Workbench, space: Space, targets: list[Target], r: Residual, features: list[int]) -> Iterator[Formula]:
    target, number_, c = r
    term = bench.library.formula(number_)
    forms = simple_forms(c, 1e-12)
    factor = forms[0][0] if forms else Const(number(c))
    shift = term if c == 1 else call("neg", term) if c == -1 else factor * term
    yield from bench.fit(space, targets[target], bench.features(space.kind).ids[features], shift)

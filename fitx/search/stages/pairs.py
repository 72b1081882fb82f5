"""Two expressions: all pairs of the first features of a space by a blocked Gram product."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx._core.search import search_pairs
from fitx.formula import Formula
from fitx.search.bench import Hit, Near, Workbench
from fitx.search.budget import Budget
from fitx.search.spaces import Kind, Space
from fitx.search.stages.base import Effort, Stage, Work
from fitx.search.stages.singles import NOISY_EACH, NOISY_FITS

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_KEEP = 1000  # pairs rechecked for each target
_PIECE = 2e7  # pairs in one call of the kernel
_BLOCK = 128  # features in one block of it
_PANELS = 32  # at a time


class Pairs(Stage):
    """T(y) = base + b1 g1 + b2 g2 and c * prod x^a * g1^b1 * g2^b2."""

    name = "pair"
    family = "scan"
    rank = 20

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Pairs that fit the screening rows, and the best one for each target."""
        bench, kind, effort = work.scan
        if bench.noisy:
            yield from _noisy(bench, kind, pair_count(kind, effort), budget)
            return
        yield from scan_pairs(bench, bench.space(kind), kind, pair_count(kind, effort), budget)


def near_limit(bench: Workbench) -> float:
    """1 - R2 from a Gram product up to which the misfit is computed again from the vectors."""
    return max(1e-8, bench.tolerance)


def pair_count(kind: Kind, effort: Effort) -> int:
    """Features whose pairs are tried in this space."""
    count = effort.log_pairs if kind.log else effort.raw_pairs
    return count // 2 if kind.base in ("quadratic", "waves") else count


def pair_targets(space: Space) -> list[int]:
    """Targets worth pairs."""
    if space.kind.log and not space.kind.log_features:
        return [t for t, target in enumerate(space.targets) if target.name == "y"]
    return [t for t, g in enumerate(space.targets) if (g.log_pairs if space.kind.log else g.raw_pairs)]


def scan_pairs(
    bench: Workbench, space: Space, kind: Kind, count: int, budget: Budget, keep: int = _KEEP
) -> Iterator[Formula]:
    """The best pairs of the first `count` features for the space's targets, kept in bench.near, fitted if exact."""
    features = bench.features(kind)
    count = min(count, features.primary)
    chosen = pair_targets(space)
    if count < 3 or not chosen:
        return
    for t, hits in zip(chosen, best_pairs(bench, space, kind, count, chosen, budget, keep), strict=True):
        target = space.targets[t]
        bench.near[kind.name, target.name] = hits
        for position, (r2, pair) in enumerate(zip(hits.score, hits.index, strict=True)):
            if 1 - r2 > near_limit(bench) and (position > 0 or not bench.improves(space, target, 2, float(r2))):
                break
            if position > 0 and bench.misfit(space, space.units[t], features.ids[pair]) > bench.tolerance:
                continue
            yield from bench.fit(space, target, features.ids[pair])
            if budget.expired():
                return


def _noisy(bench: Workbench, kind: Kind, count: int, budget: Budget) -> Iterator[Formula]:
    hits: list[Hit] = []
    for space in bench.spaces(kind):
        chosen = pair_targets(space)
        if not chosen or budget.expired():
            continue
        most = min(count, bench.features(kind, space).primary)
        if most < 3:
            continue
        found = best_pairs(bench, space, kind, most, chosen, budget, _KEEP)
        ids = bench.features(kind, space).ids
        for t, near in zip(chosen, found, strict=True):
            bench.near[kind.name, space.targets[t].name] = near
            if len(near.score):
                hits += bench.hits(space, t, near.score, ids[near.index], NOISY_EACH)
    yield from bench.best_fits(hits, NOISY_FITS)


def best_pairs(
    bench: Workbench,
    space: Space,
    kind: Kind,
    count: int,
    chosen: list[int],
    budget: Budget,
    keep: int,
    least: float = 0.3,
) -> list[Near]:
    """For each chosen unit vector of the space the `keep` best pairs among the first `count` features, with R2 above
    `least`; their R2 in float64."""
    features = bench.features(kind, space)
    panels = features.panels[: -(-count // 32)]
    rho = correlations64(space.units[chosen], panels)
    blocks = -(-count // _BLOCK)
    score = np.full((len(chosen), keep), -1.0)
    index = np.full((len(chosen), keep, 2), -1, np.int32)
    threshold = np.full(len(chosen), least)
    first = 0
    while first < blocks and not budget.expired():
        last = first + 1
        while last < blocks and _pairs(first, last + 1) < _PIECE * bench.threads:
            last += 1
        s, i = search_pairs(panels, count, rho, first, last, keep, threshold, bench.threads)
        bench.counted(_pairs(first, last))
        for t in range(len(chosen)):
            score[t], index[t] = merge(score[t], index[t], s[t], i[t])
            threshold[t] = max(threshold[t], score[t, -1])
        first = last
    return [_recheck(bench, space, features.ids, t, index[q]) for q, t in enumerate(chosen)]


def correlations64(units: Array, panels: npt.NDArray[np.float32]) -> Array:
    """(t, 32 p): correlation in float64 of units (t, screen) with the features of panels (p, screen, 32)."""
    rho = np.empty((len(units), len(panels), panels.shape[2]))
    for k in range(0, len(panels), _PANELS):  # all in float64 at once would take twice their memory, and twice again
        rho[:, k : k + _PANELS] = np.tensordot(units, panels[k : k + _PANELS].astype(np.float64), axes=(1, 1))
    return rho.reshape(len(units), -1)


def _pairs(first: int, last: int) -> int:
    return (last * last - first * first) * _BLOCK * _BLOCK // 2


def merge(
    score: npt.NDArray[np.float32], index: Ints, more_score: npt.NDArray[np.float32], more_index: Ints
) -> tuple[npt.NDArray[np.float32], Ints]:
    """The best of two lists of hits, as many as in one; ties by index, so that the pieces do not matter."""
    s, i = np.concatenate([score, more_score]), np.concatenate([index, more_index])
    order = np.lexsort((*reversed(i.T), -s))[: len(score)]
    return s[order], i[order]


def _recheck(bench: Workbench, space: Space, ids: Ints, t: int, index: Ints) -> Near:
    index = index[index[:, 0] >= 0]
    if not len(index):
        return Near(np.empty(0), index)
    used, position = np.unique(index, return_inverse=True)
    exact = bench.exact(space, ids[used])
    a, b = exact[position.reshape(index.shape)[:, 0]], exact[position.reshape(index.shape)[:, 1]]
    unit = space.units[t]
    ra, rb, g = a @ unit, b @ unit, (a * b).sum(axis=1)
    left = 1 - g * g
    r2 = np.where(left > 1e-9, (ra * ra + rb * rb - 2 * ra * rb * g) / np.maximum(left, 1e-9), 0.0)
    order = np.argsort(-r2, kind="stable")
    return Near(r2[order], index[order])

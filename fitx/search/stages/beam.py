"""A third expression for the best pairs, from the whole library."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx._core.search import search_additions
from fitx.formula import Formula
from fitx.search.bench import Hit, Workbench
from fitx.search.budget import Budget
from fitx.search.spaces import Kind, Space
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.singles import NOISY_EACH, NOISY_FITS

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_FEATURES = 40_000
_PIECE = 32  # bases in one call of the kernel
_FITS = 30


class Beam(Stage):
    """Pairs that came close, extended by the one feature that explains most of what they leave."""

    name = "beam"
    family = "scan"
    rank = 30

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Extended pairs that fit the screening rows."""
        bench, kind, effort = work.scan
        if not effort.beam or kind.base not in ("one", "powers"):
            return
        budget = budget.share(0.1)
        if bench.noisy:
            yield from _noisy(bench, kind, effort.beam, budget)
            return
        space, features = bench.space(kind), bench.features(kind)
        for t, target in enumerate(space.targets):
            near = bench.near.get((kind.name, target.name))
            if near is None or not len(near.score):
                continue
            pairs = near.index[: effort.beam]
            found = extend(bench, space, kind, pairs, space.units[t], budget)
            for r2, pair, third in found[:_FITS]:
                exact = 1 - r2 < bench.tolerance
                if not exact and not bench.improves(space, target, 3, r2):
                    break
                yield from bench.fit(space, target, features.ids[[*pair, third]])
                if budget.expired():
                    return


def _noisy(bench: Workbench, kind: Kind, beam: int, budget: Budget) -> Iterator[Formula]:
    hits: list[Hit] = []
    for space in bench.spaces(kind):
        for t, target in enumerate(space.targets):
            near = bench.near.get((kind.name, target.name))
            if near is None or not len(near.score) or budget.expired():
                continue
            found = extend(bench, space, kind, near.index[:beam], space.units[t], budget)
            if found:
                ids = bench.features(kind, space).ids[np.array([[*pair, third] for _, pair, third in found])]
                hits += bench.hits(space, t, np.array([r2 for r2, _, _ in found]), ids, NOISY_EACH)
    yield from bench.best_fits(hits, NOISY_FITS)


def extend(
    bench: Workbench, space: Space, kind: Kind, groups: Ints, unit: Array, budget: Budget
) -> list[tuple[float, tuple[int, ...], int]]:
    """For each group of features (m, q) the one that helps most: (R2 in float64, group, feature), best first."""
    features = bench.features(kind, space)
    count = min(len(features.ids), features.primary, _FEATURES)
    found: list[tuple[float, tuple[int, ...], int]] = []
    for i in range(0, len(groups), _PIECE):
        if budget.expired():
            break
        piece = groups[i : i + _PIECE]
        bases, residuals = _bases(bench, space, features.ids, piece, unit)
        _, index = search_additions(
            features.panels, count, bases.astype(np.float32), residuals.astype(np.float32), 1, bench.threads
        )
        bench.counted(len(piece) * count)
        thirds = np.maximum(index[:, 0], 0)
        v = bench.exact(space, features.ids[thirds])
        v = v - np.einsum("mq,mqs->ms", np.einsum("ms,mqs->mq", v, bases), bases)
        left = (v * v).sum(axis=1)
        gain = np.where(left > 1e-9, (v * residuals).sum(axis=1) ** 2 / np.maximum(left, 1e-9), 0.0)
        r2 = 1 - (residuals * residuals).sum(axis=1) + gain
        found += [
            (float(r), tuple(int(g) for g in group), int(third))
            for r, group, third in zip(r2, piece, thirds, strict=True)
        ]
    found.sort(key=lambda f: -f[0])
    return found


def _bases(bench: Workbench, space: Space, ids: Ints, groups: Ints, unit: Array) -> tuple[Array, Array]:
    """Orthonormal bases (m, q, screen) of the groups, and the residuals (m, screen) of the unit target."""
    m, q = groups.shape
    v = bench.exact(space, ids[groups.ravel()]).reshape(m, q, -1)
    bases = np.zeros_like(v)
    residuals = np.tile(unit, (m, 1))
    for j in range(q):
        w = v[:, j]
        for i in range(j):
            w = w - (w * bases[:, i]).sum(axis=1)[:, None] * bases[:, i]
        bases[:, j] = w / np.sqrt(np.maximum((w * w).sum(axis=1), 1e-18))[:, None]
        residuals = residuals - (residuals * bases[:, j]).sum(axis=1)[:, None] * bases[:, j]
    return bases, residuals

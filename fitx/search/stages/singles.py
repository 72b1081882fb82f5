"""One expression in every space: T(y) = base + b g, or c * prod x^a * g^b."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fitx.formula import Formula
from fitx.search.bench import Hit, Workbench
from fitx.search.budget import Budget
from fitx.search.spaces import Kind
from fitx.search.stages.base import Stage, Work

_KEEP = 200  # features rechecked for each target
NOISY_EACH = 30  # structures of each target that compete where y is noisy
NOISY_FITS = 60  # of them all, how many are fitted to more rows


class Singles(Stage):
    """Every feature of the library by one product with each target."""

    name = "single"
    family = "scan"
    rank = 10

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Best single terms; those that fit the screening rows, and the best one."""
        bench, kind, _ = work.scan
        if bench.noisy:
            yield from _noisy(bench, kind, budget)
            return
        space, features = bench.space(kind), bench.features(kind)
        if not space.targets or not len(features.ids):
            return
        rho = np.abs(bench.correlations(kind)[:, : len(features.ids)])
        bench.counted(rho.size)
        keep = min(_KEEP, rho.shape[1])
        for t, target in enumerate(space.targets):
            top = np.sort(np.argpartition(-rho[t], keep - 1)[:keep])
            r2 = (bench.exact(space, features.ids[top]) @ space.units[t]) ** 2
            order = np.argsort(-r2, kind="stable")
            for position, i in enumerate(order):
                exact = 1 - r2[i] < bench.tolerance
                if not exact and (position > 0 or not bench.improves(space, target, 1, float(r2[i]))):
                    break
                yield from bench.fit(space, target, features.ids[top[i]])
                if budget.expired():
                    return


def _noisy(bench: Workbench, kind: Kind, budget: Budget) -> Iterator[Formula]:
    hits: list[Hit] = []
    for space in bench.spaces(kind):
        known = bench.features(kind, space).ids  # not the features: there may be no room for those of two spaces
        if budget.expired() or not len(known):
            break
        rho = np.abs(bench.correlations(kind, space)[:, : len(known)])
        bench.counted(rho.size)
        keep = min(_KEEP, rho.shape[1])
        for t in range(len(space.targets)):
            ids = known[np.sort(np.argpartition(-rho[t], keep - 1)[:keep])]
            r2 = (bench.exact(space, ids) @ space.units[t]) ** 2
            hits += bench.hits(space, t, r2, ids[:, None], NOISY_EACH)
    yield from bench.best_fits(hits, NOISY_FITS)

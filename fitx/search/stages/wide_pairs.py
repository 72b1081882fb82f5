"""Two expressions, one of them simple: each of the first features with every feature of the space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fitx.formula import Formula
from fitx.search.budget import Budget
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.beam import extend
from fitx.search.stages.pairs import pair_count, pair_targets

_FITS = 5


class WidePairs(Stage):
    """T(y) = base + b1 g1 + b2 g2 for simple g1 and g2 beyond the features whose pairs are all tried."""

    name = "wide pair"
    family = "deep"
    rank = 20
    exact_only = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Pairs that fit the screening rows, for each target."""
        bench, kind, effort = work.scan
        if kind.base not in ("one", "powers") or kind.log != kind.log_features:
            return
        space, features = bench.space(kind), bench.features(kind)
        first = min(effort.wide, features.primary)
        if features.primary <= max(pair_count(kind, effort), 3):
            return
        simple = np.arange(first, dtype=np.int32)[:, None]
        for t in pair_targets(space):
            if budget.expired():
                return
            for r2, (a,), b in extend(bench, space, kind, simple, space.units[t], budget)[:_FITS]:
                if 1 - r2 > bench.tolerance:
                    break
                yield from bench.fit(space, space.targets[t], features.ids[[a, b]])

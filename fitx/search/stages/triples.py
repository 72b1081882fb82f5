"""Three expressions: every triple of the first few hundred features of a space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fitx._core.search import search_triples
from fitx.formula import Formula
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.spaces import Kind, Space
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.pairs import merge, pair_targets

_KEEP = 60
_PIECE = 3e7  # triples in one call of the kernel


class Triples(Stage):
    """T(y) = base + b1 g1 + b2 g2 + b3 g3, and the product of powers."""

    name = "triple"
    family = "scan"
    rank = 40

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Triples that fit the screening rows."""
        bench, kind, effort = work.scan
        if kind.base in ("one", "powers", "quadratic"):
            yield from scan_triples(bench, bench.space(kind), kind, effort.triples, budget)


def scan_triples(bench: Workbench, space: Space, kind: Kind, count: int, budget: Budget) -> Iterator[Formula]:
    """Exact triples of the first `count` features, from their Gram matrix in float64."""
    features = bench.features(kind)
    n = min(count, features.primary)
    chosen = pair_targets(space)
    if n < 4 or not chosen:
        return
    exact = bench.exact(space, features.ids[:n])
    padded = -(-n // 16) * 16
    gram = np.zeros((n, padded))
    gram[:, :n] = exact @ exact.T
    rho = np.zeros((len(chosen), padded))
    rho[:, :n] = space.units[chosen] @ exact.T
    score = np.full((len(chosen), _KEEP), -1.0)
    index = np.full((len(chosen), _KEEP, 3), -1, np.int32)
    least = max(bench.tolerance, 1e-9)
    threshold = np.full(len(chosen), 1 - least)
    first = 2
    while first < n and not budget.expired():
        last = first + 1
        while last < n and len(chosen) * (last**3 - first**3) / 6 < _PIECE * bench.threads:
            last += 1
        s, i = search_triples(gram, rho, first, last, _KEEP, threshold, bench.threads)
        bench.counted((last**3 - first**3) // 6)
        for q in range(len(chosen)):
            score[q], index[q] = merge(score[q], index[q], s[q], i[q])
        first = last
    for q, t in enumerate(chosen):
        for r2, triple in zip(score[q], index[q], strict=True):
            if r2 < 1 - least or budget.expired():
                break
            if bench.misfit(space, space.units[t], features.ids[triple]) > bench.tolerance:
                continue
            yield from bench.fit(space, space.targets[t], features.ids[triple])

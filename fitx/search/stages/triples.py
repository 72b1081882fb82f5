"""Three expressions: every triple of the first few hundred features of a space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx._core.search import search_triples
from fitx.formula import Formula
from fitx.search.bench import Hit, Workbench
from fitx.search.budget import Budget
from fitx.search.spaces import Kind, Space
from fitx.search.stages.base import Stage, Work
from fitx.search.stages.pairs import merge, pair_targets
from fitx.search.stages.singles import NOISY_EACH, NOISY_FITS

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

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
        if kind.base not in ("one", "powers", "quadratic"):
            return
        if not bench.noisy:
            yield from scan_triples(bench, bench.space(kind), kind, effort.triples, budget)
            return
        hits: list[Hit] = []
        for space in bench.spaces(kind):
            for t, score, index in best_triples(bench, space, kind, effort.triples, budget, 0.3):
                some = score > 0.3
                ids = bench.features(kind, space).ids[index[some]]
                hits += bench.hits(space, t, score[some], ids, NOISY_EACH)
        yield from bench.best_fits(hits, NOISY_FITS)


def scan_triples(bench: Workbench, space: Space, kind: Kind, count: int, budget: Budget) -> Iterator[Formula]:
    """Exact triples of the first `count` features, from their Gram matrix in float64."""
    features = bench.features(kind)
    least = 1 - max(bench.tolerance, 1e-9)
    for t, score, index in best_triples(bench, space, kind, count, budget, least):
        for r2, triple in zip(score, index, strict=True):
            if r2 < least or budget.expired():
                break
            if bench.misfit(space, space.units[t], features.ids[triple]) > bench.tolerance:
                continue
            yield from bench.fit(space, space.targets[t], features.ids[triple])


def best_triples(
    bench: Workbench, space: Space, kind: Kind, count: int, budget: Budget, least: float
) -> Iterator[tuple[int, Array, Ints]]:
    """(target, R2, features) of the best triples with R2 above `least`, -1 where there are fewer."""
    features = bench.features(kind, space)
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
    threshold = np.full(len(chosen), least)
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
    yield from zip(chosen, score, index, strict=True)

"""An exact genome made as small as it can be: parts are left out as long as refitted constants make up for them."""

from __future__ import annotations

import numpy as np

from fitx.search.evolve.batch import Rows, fit_batch
from fitx.search.evolve.genome import Genome, arity, folded, start_of

_ROUNDS = 12
_ITERATIONS = 40


def pruned(genome: Genome, rows: Rows, exact: float) -> tuple[Genome, float, float]:
    """The smallest genome found by leaving out operators whose error stays below `exact`, and its a and b."""
    best, fitted = genome, fit_batch([genome], rows, 0, _ITERATIONS)
    best = fitted.genome(0, genome)
    offset, factor = float(fitted.linear[0, 0]), float(fitted.linear[0, 1])
    for _ in range(_ROUNDS):
        shorter = _shorter(best)
        if not shorter:
            break
        fitted = fit_batch(shorter, rows, 0, _ITERATIONS)
        good = np.flatnonzero(fitted.error < exact)
        if not len(good):
            break
        k = min((int(i) for i in good), key=lambda i: (len(shorter[i]), float(fitted.error[i])))
        best = fitted.genome(k, shorter[k])
        offset, factor = float(fitted.linear[k, 0]), float(fitted.linear[k, 1])
    return best, offset, factor


def _shorter(genome: Genome) -> list[Genome]:
    """Each operator replaced by each of its arguments, and each larger subtree by a constant."""
    found: dict[Genome, None] = {}
    for i, t in enumerate(genome):
        k = arity(t)
        if not k:
            continue
        start = start_of(genome, i)
        parts: list[Genome] = [genome[start:i]] if k == 1 else []
        if k == 2:
            middle = start_of(genome, i - 1)
            parts = [genome[start:middle], genome[middle:i]]
        if i < len(genome) - 1:
            parts.append((1.0,))
        for part in parts:
            g = folded((*genome[:start], *part, *genome[i + 1 :]))
            if any(type(t) is int and t >= 0 for t in g):
                found[g] = None
    return list(found)

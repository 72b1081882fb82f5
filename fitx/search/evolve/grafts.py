"""Subtrees replaced by what the residuals ask for.

A change s + delta of a subtree's value changes the fit by g delta, g being the derivative by that value, so that the
residuals r ask for s + r/g there, with weights g^2. All of a vocabulary is screened at once for alpha + beta h near
that: a Newton step whose direction is an expression. [After semantic backpropagation, Pawlak, Wieloch and Krawiec 2015]
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import numpy.typing as npt

from fitx.search.evolve.batch import Rows
from fitx.search.evolve.calculus import adjoints, node_values
from fitx.search.evolve.genome import ADD, MUL, Genome, folded, start_of
from fitx.search.evolve.vocabulary import Vocabulary

Array = npt.NDArray[np.float64]

_NODES = 3  # subtrees of a parent that are tried
_BEST = 6  # expressions, the best of which is taken and one of the others


def grafts(parents: Sequence[Genome], rows: Rows, vocabulary: Vocabulary, rng: Random) -> list[Genome]:
    """Offspring of the parents: two for each subtree that was tried."""
    places: list[tuple[Genome, int, int]] = []
    weights: list[Array] = []
    wanted: list[Array] = []
    with np.errstate(all="ignore"):
        for genome in parents:
            if len(genome) < 2 or (found := node_values(genome, rows.columns)) is None:
                continue
            values, below = found
            f = values[-1]
            factor = float(np.cov(f, rows.y)[0, 1] / max(float(f.var(ddof=1)), 1e-300))
            r = rows.y - rows.y.mean() - factor * (f - f.mean())
            slopes = adjoints(genome, values, below)
            for _ in range(_NODES):
                i = int(rng.random() * (len(genome) - 1))
                g = factor * slopes[i]
                w = g * g if rows.weights is None else g * g * rows.weights
                t = values[i] + r / g
                w = np.where(np.isfinite(t), w, 0.0)
                if np.isfinite(w).all() and float(w.max()) > 0:
                    places.append((genome, start_of(genome, i), i))
                    weights.append(w / w.max())
                    wanted.append(np.where(w > 0, t, 0.0))
    if not places or not vocabulary.genomes:
        return []
    ranked = screened(np.array(weights), np.array(wanted), vocabulary, _BEST)
    chosen = [[c[0], *([c[1 + int(rng.random() * (len(c) - 1))]] if len(c) > 1 else [])] for c in ranked]
    return [child for place, choice in zip(places, chosen, strict=True)
            for child in _children(place, choice, vocabulary, rng)]  # fmt: skip


def screened(weights: Array, wanted: Array, vocabulary: Vocabulary, best: int) -> list[list[tuple[int, float, float]]]:
    """For each weighted target (m, n) so many expressions with alpha and beta, the best first."""
    h = vocabulary.unit
    total = weights.sum(axis=1)
    mean = (weights * wanted).sum(axis=1) / total
    w = weights.astype(np.float32)
    z = weights * (wanted - mean[:, None])
    size = np.maximum(np.abs(z).max(axis=1), 1e-300)
    first = h @ w.T
    cross = h @ (z / size[:, None]).astype(np.float32).T
    with np.errstate(all="ignore"):
        variance = (h * h) @ w.T - first * first / total.astype(np.float32)
        score = np.where(variance > 1e-5 * total.astype(np.float32), cross * cross / variance, 0.0)
    score[~np.isfinite(score)] = 0.0
    keep = min(best, len(h))
    top = np.argpartition(-score, keep - 1, axis=0)[:keep]
    found = []
    for m in range(len(weights)):
        ranked = sorted((-float(score[i, m]), int(i)) for i in top[:, m])
        line = []
        for _, i in ranked:
            beta = float(cross[i, m] * size[m] / variance[i, m]) if score[i, m] > 0 else 0.0
            # alpha + beta (h - mean) / spread, in terms of h itself
            alpha = float(mean[m]) - beta * float(first[i, m]) / float(total[m])
            beta /= float(vocabulary.spread[i])
            alpha -= beta * float(vocabulary.mean[i])
            line.append((i, alpha, beta))
        found.append(line)
    return found


def _children(
    place: tuple[Genome, int, int], choice: list[tuple[int, float, float]], vocabulary: Vocabulary, rng: Random
) -> list[Genome]:
    genome, start, end = place
    out = []
    for i, alpha, beta in choice:
        h = vocabulary.genomes[i]
        if not (abs(alpha) < 1e6 and 1e-6 < abs(beta) < 1e6):
            continue
        r = rng.random()
        if r < 0.4:
            new: Genome = (*h, beta, MUL, alpha, ADD)
        elif r < 0.6:
            new = (*h, beta, MUL)
        elif r < 0.8:
            new = (*h, alpha / beta, ADD)
        else:
            new = h
        out.append(folded((*genome[:start], *new, *genome[end + 1 :])))
    return out

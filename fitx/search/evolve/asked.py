"""Grafts at every part of one genome: what the residuals ask for there, in the part's place or as a term beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.search.evolve.batch import Rows
from fitx.search.evolve.calculus import adjoints, node_values
from fitx.search.evolve.genome import ADD, MUL, Genome, constants, folded, start_of
from fitx.search.evolve.grafts import screened
from fitx.search.evolve.variation import Alphabet
from fitx.search.evolve.vocabulary import Vocabulary, make_vocabulary

Array = npt.NDArray[np.float64]

_BEST = 6  # expressions of the vocabulary for each part
_CONSTANTS = 9  # of a genome, or a few more than before
_LARGEST, _LEAST = 1e6, 1e-6  # constants


@dataclass(slots=True)
class Asked:
    """rows: what genomes are to fit."""

    rows: Rows
    alphabet: Alphabet
    vocabulary: Vocabulary = field(init=False)

    def __post_init__(self) -> None:
        self.vocabulary = make_vocabulary(self.alphabet, self.rows.columns)

    def grafts(self, genome: Genome) -> list[Genome]:
        """The genome with one part exchanged for, or joined with, alpha + beta h, for the expressions h that come
        nearest to what makes up for the residuals (see `grafts`)."""
        if len(genome) < 2 or not self.vocabulary.genomes:
            return []
        found = self._places(genome)
        if not found:
            return []
        weights, wanted = np.array([f[2] for f in found]), np.array([f[3] for f in found])
        choices = screened(weights, wanted, self.vocabulary, _BEST)
        out: list[Genome] = []
        for (i, joined, _, _), choice in zip(found, choices, strict=True):
            start = start_of(genome, i)
            for k, alpha, beta in choice:
                if not (abs(alpha) < _LARGEST and _LEAST < abs(beta) < _LARGEST):
                    continue
                h: Genome = (*self.vocabulary.genomes[k], beta, MUL)
                for new in (h, (*h, alpha, ADD)):
                    part: Genome = (*genome[start : i + 1], *new, ADD) if joined else new
                    g = folded((*genome[:start], *part, *genome[i + 1 :]))
                    if constants(g) <= max(_CONSTANTS, constants(genome) + 2):
                        out.append(g)
        return out

    def _places(self, genome: Genome) -> list[tuple[int, bool, Array, Array]]:
        """Last position of a part, whether it stays, the weights of the rows, and the values that are asked for."""
        if (values := node_values(genome, self.rows.columns)) is None:
            return []
        y, f = self.rows.y, values[0][-1]
        slopes = adjoints(genome, *values)
        factor = float(np.cov(f, y)[0, 1] / max(float(f.var(ddof=1)), 1e-300))
        r = y - y.mean() - factor * (f - f.mean())
        found: list[tuple[int, bool, Array, Array]] = []
        for i in range(len(genome)):
            g = factor * slopes[i]
            w = g * g if self.rows.weights is None else g * g * self.rows.weights
            for joined in (False, True):
                if i == len(genome) - 1 and not joined:
                    continue  # that would be another search altogether
                t = r / g if joined else values[0][i] + r / g
                v = np.where(np.isfinite(t), w, 0.0)
                if np.isfinite(v).all() and float(v.max()) > 0:
                    found.append((i, joined, v / v.max(), np.where(v > 0, t, 0.0)))
        return found

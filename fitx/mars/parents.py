"""Which terms are tried as parents in the next step: all of them, or the promising ones (Fast MARS).

[J. H. Friedman, Fast MARS, Technical Report 110, Stanford 1993]
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]


class Parents(Protocol):
    """Which parents are tried."""

    def enter(self, term: int, variables: list[int]) -> None:
        """A new term, and the variables it may be multiplied with."""

    def take(self) -> list[tuple[int, list[int]]]:
        """What to try now: parents, each with variables."""

    def learn(self, parent: Ints, variable: Ints, score: npt.NDArray[np.float64]) -> None:
        """What came of it, in the order asked; less is better."""

    def chosen(self, term: int) -> None:
        """The parent that was taken."""


@dataclass(slots=True)
class Everyone:
    """All terms, in order."""

    terms: list[tuple[int, list[int]]] = field(default_factory=list)

    def enter(self, term: int, variables: list[int]) -> None:
        """A new term, and the variables it may be multiplied with."""
        if variables:
            self.terms.append((term, variables))

    def take(self) -> list[tuple[int, list[int]]]:
        """What to try now: parents, each with variables."""
        return self.terms

    def learn(self, parent: Ints, variable: Ints, score: npt.NDArray[np.float64]) -> None:
        """What came of it, in the order asked; less is better."""

    def chosen(self, term: int) -> None:
        """The parent that was taken."""


@dataclass(slots=True, eq=False)
class Entry:
    """A term: the score at its last trial, when all its variables were tried, and the best of them."""

    term: int
    variables: list[int]
    score: float = -math.inf
    searched: float = -math.inf
    best: int | None = None

    def __lt__(self, other: Entry) -> bool:
        return self.score < other.score


@dataclass(slots=True)
class Heap:
    """py-earth's: the `most` terms of the lowest error at their last trial; between the passes over all variables,
    every `again` steps, only the variable that was best."""

    most: int
    again: int
    heap: list[Entry] = field(default_factory=list)
    taken: list[Entry] = field(default_factory=list)
    time: int = 0

    def enter(self, term: int, variables: list[int]) -> None:
        """A new term, and the variables it may be multiplied with."""
        if variables:
            heapq.heappush(self.heap, Entry(term, variables))

    def take(self) -> list[tuple[int, list[int]]]:
        """What to try now: parents, each with variables."""
        self.taken = [heapq.heappop(self.heap) for _ in range(min(self.most, len(self.heap)))]
        asked = []
        for entry in self.taken:
            if self.time - entry.searched >= self.again:
                entry.searched = self.time
                asked.append((entry.term, entry.variables))
            else:
                asked.append((entry.term, entry.variables if entry.best is None else [entry.best]))
        self.time += 1
        return asked

    def learn(self, parent: Ints, variable: Ints, score: npt.NDArray[np.float64]) -> None:
        """What came of it, in the order asked; less is better."""
        for entry in self.taken:
            own = np.flatnonzero(parent == entry.term)
            if len(own) and np.isfinite(score[own]).any():
                at = own[np.argmin(score[own])]
                entry.score, entry.best = float(score[at]), int(variable[at])
            heapq.heappush(self.heap, entry)

    def chosen(self, term: int) -> None:
        """The parent that was taken."""
        for entry in self.heap:
            if entry.term == term:
                entry.searched = -math.inf


@dataclass(slots=True)
class Ageing:
    """The `most` terms that rank highest by the gain at their last trial, a rank being gained with every step without
    trial [Friedman 1993, section 3.1, beta = 1]. New terms come first."""

    most: int
    beta: float = 1.0
    terms: list[tuple[int, list[int]]] = field(default_factory=list)
    score: dict[int, float] = field(default_factory=dict)
    tried: dict[int, int] = field(default_factory=dict)
    time: int = 0

    def enter(self, term: int, variables: list[int]) -> None:
        """A new term, and the variables it may be multiplied with."""
        if variables:
            self.terms.append((term, variables))
            self.score[term], self.tried[term] = -math.inf, self.time

    def take(self) -> list[tuple[int, list[int]]]:
        """What to try now: parents, each with variables."""
        self.time += 1
        if len(self.terms) <= self.most:
            chosen = {term for term, _ in self.terms}
        else:
            ranked = sorted((term for term, _ in self.terms), key=lambda t: (self.score[t], t))
            aged = {t: rank - self.beta * (self.time - self.tried[t]) for rank, t in enumerate(ranked)}
            chosen = set(sorted(ranked, key=lambda t: (self.score[t] > -math.inf, aged[t], t))[: self.most])
        for term in chosen:
            self.tried[term] = self.time
        return [entry for entry in self.terms if entry[0] in chosen]

    def learn(self, parent: Ints, variable: Ints, score: npt.NDArray[np.float64]) -> None:
        """What came of it, in the order asked; less is better."""
        if not len(parent):
            return
        starts = np.flatnonzero(np.r_[True, parent[1:] != parent[:-1]])
        for term, least in zip(parent[starts], np.minimum.reduceat(score, starts), strict=True):
            self.score[int(term)] = float(least)

    def chosen(self, term: int) -> None:
        """The parent that was taken."""

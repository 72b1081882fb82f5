"""The archive of an island: the best genomes of each kind, a kind being a size and the functions that it uses."""

from __future__ import annotations

from bisect import bisect_left
from random import Random

from fitx.search.evolve.genome import ARITY, Genome

_FUNCTIONS = frozenset(code for code, k in ARITY.items() if k == 1)

Kind = tuple[int, frozenset[int]]
Elite = tuple[float, int, Genome]  # error, size, genome

_CELL = 3  # genomes of one kind
_DISTINCT = 1e-6  # relative difference of errors below which two genomes are the same function


class Archive:
    """At most `most` genomes; the ones of largest error leave first, but those on the front never do."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._cells: dict[Kind, list[Elite]] = {}
        self._worst = 1.0
        self.elites: list[Elite] = []
        self.front: list[Elite] = []

    def admits(self, error: float, kind: Kind) -> bool:
        """Whether a genome of this error and kind would be among the best of its kind, and is not there yet."""
        if error > self._worst:
            return False
        cell = self._cells.get(kind, [])
        if len(cell) >= _CELL and error >= cell[-1][0]:
            return False
        return all(abs(e - error) > _DISTINCT * error for e, _, _ in cell)

    def add(self, error: float, kind: Kind, genome: Genome) -> None:
        """Enter a genome that is admitted."""
        cell = self._cells.setdefault(kind, [])
        cell.insert(bisect_left([e for e, _, _ in cell], error), (error, kind[0], genome))
        del cell[_CELL:]

    def settle(self) -> None:
        """After a generation: the lists that parents are drawn from, sorted; the worst are dropped."""
        every = sorted(e for cell in self._cells.values() for e in cell)
        self.front, size = [], 10**9
        for e in every:
            if e[1] < size:
                self.front.append(e)
                size = e[1]
        if len(every) > 1.25 * self.most:
            self._worst = every[self.most - 1][0]
            every = sorted({*every[: self.most], *self.front})
            self._cells = {}
            for e in every:
                self._cells.setdefault(kind_of(e[2]), []).append(e)
        self.elites = every

    def parent(self, rng: Random) -> Genome:
        """A parent: from the front, by a tournament, or any."""
        r, n = rng.random(), len(self.elites)
        if r < 0.25:
            return self.front[int(rng.random() * len(self.front))][2]
        if r < 0.75:  # the elites are sorted: this is the rank that wins a tournament of four
            return self.elites[int(n * (1 - rng.random() ** 0.25))][2]
        return self.elites[int(rng.random() * n)][2]

    @property
    def best(self) -> float:
        """The least error."""
        return self.elites[0][0] if self.elites else 1.0


def kind_of(genome: Genome) -> Kind:
    """Its size and functions."""
    return len(genome), _FUNCTIONS.intersection(genome)

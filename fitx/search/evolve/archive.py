"""The archive of an island: the best genomes of each kind, a kind being a size and the functions that it uses."""

from __future__ import annotations

from bisect import bisect_left
from random import Random

from fitx.search.evolve.genome import ARITY, Genome

Kind = tuple[int, frozenset[int]]
Elite = tuple[float, int, Genome]  # error, size, genome

_CELL = 3  # genomes of one kind
_DISTINCT = 1e-6  # relative difference of errors below which two genomes are the same function


class Archive:
    """At most `most` genomes; the ones of largest error leave first, but those on the front never do."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._cells: dict[Kind, list[Elite]] = {}
        self.elites: list[Elite] = []
        self.front: list[Elite] = []

    def add(self, error: float, genome: Genome) -> bool:
        """Whether the genome is among the best of its kind, and now in the archive."""
        size = len(genome)
        key = _kind(genome)
        cell = self._cells.setdefault(key, [])
        if len(cell) >= _CELL and error >= cell[-1][0]:
            return False
        if any(abs(e - error) <= _DISTINCT * error for e, _, _ in cell):
            return False
        errors = [e for e, _, _ in cell]
        cell.insert(bisect_left(errors, error), (error, size, genome))
        del cell[_CELL:]
        return True

    def settle(self) -> None:
        """After a generation: the lists that parents are drawn from, sorted; the worst are dropped."""
        every = sorted(e for cell in self._cells.values() for e in cell)
        self.front, size = [], 10**9
        for e in every:
            if e[1] < size:
                self.front.append(e)
                size = e[1]
        if len(every) > 1.25 * self.most:
            every = sorted({*every[: self.most], *self.front})
            self._cells = {}
            for e in every:
                self._cells.setdefault(_kind(e[2]), []).append(e)
        self.elites = every

    def parent(self, rng: Random) -> Genome:
        """A parent: from the front, by a tournament, or any."""
        r = rng.random()
        if r < 0.25:
            return rng.choice(self.front)[2]
        n = len(self.elites)
        if r < 0.75:  # the elites are sorted: the least of some ranks wins a tournament of these
            return self.elites[min(rng.randrange(n) for _ in range(4))][2]
        return self.elites[rng.randrange(n)][2]

    @property
    def best(self) -> float:
        """The least error."""
        return self.elites[0][0] if self.elites else 1.0


def _kind(genome: Genome) -> Kind:
    return len(genome), frozenset(t for t in genome if isinstance(t, int) and ARITY.get(t, 0) == 1)

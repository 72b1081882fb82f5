"""The generations: islands that differ in the target they explain, all offspring of a generation fitted in one call.

Each island has a generator of its own, so that the outcome depends on the seed alone, not on the number of threads. An
island that makes no progress starts again. [Operon's recipe: linear scaling and Levenberg-Marquardt, Burlacu et al.
2020; quality-diversity archives: Mouret and Clune 2015]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np

from fitx.search.evolve.archive import Archive, kind_of
from fitx.search.evolve.batch import Rows, fit_batch
from fitx.search.evolve.genome import Genome, Token, constants
from fitx.search.evolve.grafts import grafts
from fitx.search.evolve.variation import Alphabet, offspring, random_tree
from fitx.search.evolve.vocabulary import Vocabulary, make_vocabulary

OFFSPRING = 300  # of the first island in a generation; of the others half as many
ELITES = 800  # that an island keeps
COARSE, FINE = 6, 25  # iterations for every offspring, and for those on the front
PATIENCE = 40  # generations without progress after which an island starts again
PROGRESS = 0.5  # of the least error, that counts as progress
GRAFTED = 10  # parents of as many offspring whose subtrees are replaced by what the residuals ask for
SMALL = 11  # nodes of near misses that join an archive
MOST_CONSTANTS = 20  # of a near miss
TRIES = 3  # times that one structure is fitted, from other starting constants


@dataclass(frozen=True, slots=True)
class Found:
    """A genome on some island's front: y = a + b f there, with its error on the sample."""

    island: int
    genome: Genome
    offset: float
    factor: float
    error: float


@dataclass(slots=True)
class Island:
    """rows: the sample with the island's target; tried: structures and how often they were fitted; idle: generations
    since the error fell to `mark`."""

    rows: Rows
    rng: Random
    archive: Archive = field(default_factory=lambda: Archive(ELITES))
    tried: dict[tuple[Token | None, ...], int] = field(default_factory=dict)
    mark: float = 1.0
    idle: int = 0

    def restarts(self) -> bool:
        """Whether the island starts again from nothing: another start finds what this one keeps missing."""
        self.idle += 1
        if self.archive.best < PROGRESS * self.mark:
            self.mark, self.idle = self.archive.best, 0
        if self.idle < PATIENCE:
            return False
        self.archive, self.tried, self.mark, self.idle = Archive(ELITES), {}, 1.0, 0
        return True


@dataclass(slots=True)
class Evolution:
    """An island for each of `targets`, which share their columns. evaluated: genomes fitted so far."""

    alphabet: Alphabet
    targets: Sequence[Rows]
    threads: int = 1
    seed: int = 0
    coarse: int = COARSE
    evaluated: int = 0
    islands: list[Island] = field(init=False)
    vocabulary: Vocabulary = field(init=False)
    immigrants: list[list[Genome]] = field(init=False)

    def __post_init__(self) -> None:
        self.vocabulary = make_vocabulary(self.alphabet, self.targets[0].columns)
        self.immigrants = [[] for _ in self.targets]
        self.islands = [Island(rows, Random(f"{self.seed} {i}")) for i, rows in enumerate(self.targets)]

    def generations(self) -> Iterator[list[Found]]:
        """For ever: what came onto the front of an island, generation by generation. Genomes put into `immigrants`
        (for each island), near misses of other stages, are fitted in the next one."""
        while True:
            children = [
                self._random(i) if not i.archive.elites or i.restarts() else self._children(i) for i in self.islands
            ]
            found: list[Found] = []
            for k, (arrived, own) in enumerate(zip(self.immigrants, children, strict=True)):
                own[:0] = [g for g in arrived if len(g) <= SMALL]
                found += self._near(k, arrived)
                arrived.clear()
            yield found + list(self._fitted(children))

    def _near(self, k: int, genomes: list[Genome]) -> Iterator[Found]:
        """Near misses fitted to the end. Long ones stay outside the archive: all would soon descend from them."""
        rows = self.islands[k].rows
        for start in range(0, len(genomes), OFFSPRING):
            part = [g for g in genomes[start : start + OFFSPRING] if constants(g) <= MOST_CONSTANTS]
            if not part:
                continue
            self.evaluated += len(part)
            error = fit_batch(part, rows, 2 * COARSE, 0, self.threads).error
            best = [part[i] for i in np.argsort(error, kind="stable")[:30].tolist() if error[i] < 1]
            fitted = fit_batch(best, rows, 0, FINE, self.threads)
            for i in np.argsort(fitted.error, kind="stable")[:3].tolist():
                linear = fitted.linear[i]
                yield Found(k, fitted.genome(i, best[i]), float(linear[0]), float(linear[1]), float(fitted.error[i]))

    def _random(self, island: Island) -> list[Genome]:
        rng = island.rng
        return [random_tree(self.alphabet, rng, 1 + int(4 * rng.random())) for _ in range(2 * self._share(island))]

    def _children(self, island: Island) -> list[Genome]:
        rng, archive = island.rng, island.archive
        children = []
        for _ in range(self._share(island)):
            child = offspring(archive.parent(rng), archive.parent(rng), self.alphabet, rng)
            if child is not None:
                children.append(child)
        if archive.elites and GRAFTED:
            parents = [archive.parent(rng) for _ in range(self._share(island) * GRAFTED // OFFSPRING)]
            children += grafts(parents, island.rows, self.vocabulary, rng)
        return children

    def _share(self, island: Island) -> int:
        return OFFSPRING if island is self.islands[0] else OFFSPRING // 2

    def _fitted(self, children: list[list[Genome]]) -> Iterator[Found]:
        for k, island in enumerate(self.islands):
            fresh = []
            for g in children[k]:
                structure = tuple(None if type(t) is float else t for t in g)
                count = island.tried.get(structure, 0)
                if count < TRIES and self.alphabet.fits(g):
                    island.tried[structure] = TRIES if len(structure) == len(g) and None not in structure else count + 1
                    fresh.append(g)
            if fresh:
                yield from self._entered(k, fresh)

    def _entered(self, k: int, fresh: list[Genome]) -> Iterator[Found]:
        """Fit, enter the archive, and fit what may belong on the front to the end."""
        island = self.islands[k]
        fitted = fit_batch(fresh, island.rows, self.coarse, 0, self.threads)
        self.evaluated += len(fresh)
        limits = _limits(island.archive)
        promising: list[Genome] = []
        for i in np.argsort(fitted.error, kind="stable").tolist():
            error = float(fitted.error[i])
            if not error < 1:
                break
            kind = kind_of(fresh[i])
            if not island.archive.admits(error, kind):
                continue
            g = fitted.genome(i, fresh[i])
            island.archive.add(error, kind, g)
            if len(promising) < 30 and error < 1.5 * limits.get(len(g), 1.0):
                promising.append(g)
        if promising:
            fitted = fit_batch(promising, island.rows, 0, FINE, self.threads)
            for i in np.argsort(fitted.error, kind="stable").tolist():
                error, kind = float(fitted.error[i]), kind_of(promising[i])
                if not (error < 1 and island.archive.admits(error, kind)):
                    continue
                g = fitted.genome(i, promising[i])
                island.archive.add(error, kind, g)
                if error < 0.999 * limits.get(len(g), 1.0):
                    yield Found(k, g, float(fitted.linear[i, 0]), float(fitted.linear[i, 1]), error)
        island.archive.settle()


def _limits(archive: Archive) -> dict[int, float]:
    """Least error of genomes up to each size."""
    limits: dict[int, float] = {}
    least = 1.0
    by_size = {size: error for error, size, _ in reversed(archive.front)}
    for size in range(1, 200):
        least = min(least, by_size.get(size, 1.0))
        limits[size] = least
    return limits

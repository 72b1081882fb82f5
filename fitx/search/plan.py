"""The order of the systematic stages: which round, on which variant of the problem, which stages, in which spaces.

Cheap before dear: the first variant as a whole, a few further columns, the cheap stages on the other variants, and
only then the dear stages. The order is by counts of work, so that it is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from fitx.search.rounds import FIRST_SPACES, ROUNDS, SECOND_SPACES
from fitx.search.spaces import Kind
from fitx.search.stages.base import Effort


@dataclass(frozen=True, slots=True)
class Step:
    """One variant of the problem, by its number, at one size. families: of stages, in this order in each space."""

    effort: Effort
    variant: int
    families: tuple[str, ...]
    spaces: tuple[Kind, ...]

    @property
    def work(self) -> float:
        """About as many seconds as it takes on 1,000 rows: so that two plans take turns on every machine alike."""
        return _SECONDS[self.effort is not ROUNDS[0], "deep" in self.families or "last" in self.families]


@dataclass(frozen=True, slots=True)
class Further:
    """So many of the problems with a further column."""

    count: int

    @property
    def work(self) -> float:
        """As for a step."""
        return 0.4 * self.count


@dataclass(frozen=True, slots=True)
class Peeled:
    """The first variant, or the whole problem, with terms and factors taken off that hold a column alone."""

    whole: bool = False
    work: ClassVar[float] = 2.0


@dataclass(frozen=True, slots=True)
class Evolve:
    """So many offspring more of the evolution on the first variant, or on the problem as a whole."""

    offspring: int
    whole: bool = False

    @property
    def work(self) -> float:
        """As for a step."""
        return self.offspring / 20_000


@dataclass(frozen=True, slots=True)
class Doubt:
    """Exact laws of this size would have been found: from here on y counts as noisy, and all begins again."""

    work: ClassVar[float] = 0.0


@dataclass(frozen=True, slots=True)
class Suppose:
    """A look at the first variant as if y were noisy: where a formula then leaves nothing but noise, y is. early: only
    where y may well be noisy, and from then on as if it were exact and as if it were noisy in turn."""

    early: bool = False
    work: ClassVar[float] = 0.0


AnyStep = Step | Further | Peeled | Evolve | Suppose | Doubt

_SECONDS = {(False, False): 0.7, (False, True): 1.5, (True, False): 5.0, (True, True): 15.0}

ALL = ("library", "scan", "deep")
CHEAP = ("library", "scan")
DEEP = ("deep",)
REST = ("scan", "deep", "last")
LATE = ("late",)
NESTED = ("nested",)


def steps(variants: int, lone: bool = False, noisy: bool = False) -> Iterator[AnyStep]:
    """The order for so many variants of the problem. lone: the first has one column left, which is often a mistake.
    noisy: waves come earlier, and so does the second variant."""
    small, *larger = ROUNDS
    others = range(1, variants)
    yield Step(small, 0, ALL, FIRST_SPACES)
    yield Suppose(early=True)
    if noisy:
        if variants > 1 and not lone:
            yield Step(small, 1, ALL, FIRST_SPACES)  # the first may owe to the noise that it has few columns
        yield Step(small, 0, REST, SECOND_SPACES)
    if lone:
        for i in others:
            yield Step(small, i, ALL, FIRST_SPACES)
    elif others and not (noisy and variants == 2):
        yield Step(small, others[-1], CHEAP, FIRST_SPACES)  # the problem as it is
    if not noisy:  # noise hides what remains of a law, and local search finds its terms
        yield Further(4)
        yield Peeled()
        yield Step(small, 0, REST, SECOND_SPACES)
    yield Step(small, 0, NESTED, ())
    yield Suppose()
    yield Evolve(20_000)
    yield Step(small, 0, LATE, ())
    if not lone:
        for i in others[:-1]:
            yield Step(small, i, CHEAP, FIRST_SPACES)
    yield Evolve(20_000, whole=True)
    if not noisy:
        yield Peeled(whole=True)
        yield Further(10)
    yield Evolve(25_000)
    for i in others:
        yield Step(small, i, REST if lone else DEEP, SECOND_SPACES if lone else FIRST_SPACES)
    yield Evolve(25_000, whole=True)
    medium = larger[0]
    ends = sorted({0, variants - 1})
    for i in ends:
        yield Step(medium, i, ALL, FIRST_SPACES)
        yield Evolve(30_000, whole=i > 0)
    yield Doubt()
    for i in others:
        if not lone:
            yield Step(small, i, REST, SECOND_SPACES)
        yield Step(small, i, LATE, ())
    for effort in larger:
        yield Evolve(30_000)
        for i in range(variants):
            if effort is not medium or i not in ends:
                yield Step(effort, i, ALL, FIRST_SPACES)
                yield Evolve(30_000, whole=i % 2 == 1)
        yield Further(30)
        for i in range(variants):
            yield Step(effort, i, (*REST, *LATE), SECOND_SPACES)

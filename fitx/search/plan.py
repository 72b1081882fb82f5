"""The order of the systematic stages: which round, on which variant of the problem, which stages, in which spaces.

Cheap before dear: the first variant as a whole, a few further columns, the cheap stages on the other variants, and
only then the dear stages. The order is by counts of work, so that it is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Further:
    """So many of the problems with a further column."""

    count: int


@dataclass(frozen=True, slots=True)
class Peeled:
    """The first variant, or the whole problem, with terms and factors taken off that hold a column alone."""

    whole: bool = False


@dataclass(frozen=True, slots=True)
class Evolve:
    """So many offspring more of the evolution on the first variant, or on the problem as a whole."""

    offspring: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """Exact laws of this size would have been found: from here on y counts as noisy, and all begins again."""


@dataclass(frozen=True, slots=True)
class Suppose:
    """A look at the first variant as if y were noisy: where a formula then leaves nothing but noise, y is."""


ALL = ("library", "scan", "deep")
CHEAP = ("library", "scan")
DEEP = ("deep",)
REST = ("scan", "deep", "last")
LATE = ("late",)
NESTED = ("nested",)


def steps(variants: int, lone: bool = False) -> Iterator[Step | Further | Peeled | Evolve | Suppose | Doubt]:
    """The order for so many variants of the problem. lone: the first has one column left, which is often a mistake."""
    small, *larger = ROUNDS
    others = range(1, variants)
    yield Step(small, 0, ALL, FIRST_SPACES)
    if lone:
        for i in others:
            yield Step(small, i, ALL, FIRST_SPACES)
    elif others:
        yield Step(small, others[-1], CHEAP, FIRST_SPACES)  # the problem as it is
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

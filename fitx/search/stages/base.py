"""What a stage is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from fitx.formula import Formula
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.grammar import Grammar
from fitx.search.growth import Size
from fitx.search.problem import Problem
from fitx.search.spaces import Kind
from fitx.search.table import Table


@dataclass(frozen=True, slots=True)
class Effort:
    """How far a round goes. size: its library; raw_pairs, log_pairs, triples: features whose combinations are tried;
    shifts: terms that are subtracted, shift_features: tried on what is left, shift_pairs: of the best, a second one;
    beam: pairs extended by a third; monomials: divided out, with monomial_pairs and monomial_triples features each;
    wide: simple features that are paired with all others."""

    name: str
    size: Size
    raw_pairs: int
    log_pairs: int
    triples: int
    shifts: int
    shift_features: int
    shift_pairs: int
    beam: int
    monomials: int
    monomial_pairs: int
    monomial_triples: int
    wide: int


@dataclass(frozen=True, slots=True)
class Work:
    """What a stage works on. bench, kind and effort are set for the families that scan a library."""

    problem: Problem
    table: Table
    grammar: Grammar
    bench: Workbench | None = None
    kind: Kind | None = None
    effort: Effort | None = None

    @property
    def scan(self) -> tuple[Workbench, Kind, Effort]:
        """bench, kind and effort of a scanning stage."""
        assert self.bench is not None
        assert self.kind is not None
        assert self.effort is not None
        return self.bench, self.kind, self.effort


class Stage(ABC):
    """One way to find formulas. family: "instant" (on a problem alone), "library" (once a workbench, first), "scan" (in
    each of its spaces), "deep" (the same, but dear), "last" (once, after these),
    "nested" (the same) or "late" (the same, but dear). rank: order within the family. exact_only: finds exact laws
    only, so that it would be a waste of time where y is noisy; dear: not worth its time beside a short formula that
    leaves nothing but noise."""

    name: ClassVar[str]
    family: ClassVar[str]
    rank: ClassVar[int]
    exact_only: ClassVar[bool] = False
    dear: ClassVar[bool] = False

    @abstractmethod
    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Yield formulas in the names of the table. Stop at the budget's end: each piece of work is short."""

"""The terms while they grow: which variables each may be multiplied with, and what the core says of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt

from fitx._core.mars import MarsSearch

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]

KINDS = {"linear": 1, "hinge": 2, "missing": 3, "present": 4}


@dataclass(frozen=True, slots=True)
class Answers:
    """Of each (parent, variable) asked: what the linear term takes off the sum of squares, what the best hinge beyond
    it; the row of that knot; how many knots were tried; whether the linear term is nothing new; whether missing rows
    need two terms of their own."""

    parent: Ints
    variable: Ints
    cover: Flags
    linear: Array
    hinge: Array
    row: npt.NDArray[np.int64]
    count: Ints
    dependent: Flags


@dataclass(slots=True)
class Growth:
    """State beside the core's. linear: variables without knots; holes: variables with missing rows; once: a variable
    may stand only once in a term."""

    search: MarsSearch
    X: Array
    total: float
    linear: Flags
    holes: Flags
    max_degree: int
    allowed: Callable[[int, int], bool] | Set[tuple[int, int]] | None
    endspan: int
    interaction_endspan: int
    minspan: int
    once: bool
    rss: float = 0.0
    factors: list[tuple[tuple[int, str], ...]] = field(default_factory=lambda: [()])
    lines: set[tuple[int, int]] = field(default_factory=set)
    present: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rss = self.search.rss()

    @property
    def rows(self) -> int:
        """Rows of the data."""
        return int(self.X.shape[0])

    def mse(self) -> float:
        """Weighted mean squared error of the model so far."""
        return self.rss / self.total

    def add(self, parent: int, variable: int, kinds: Sequence[str], row: int, backs: Sequence[bool]) -> None:
        """Add terms of one parent and variable to the model."""
        for kind in kinds:
            self.factors.append((*self.factors[parent], (variable, kind)))
            if kind == "linear":
                self.lines.add((parent, variable))
            elif kind == "present":
                self.present[parent, variable] = len(self.factors) - 1
        keep = self._degree(len(self.factors) - 1) < self.max_degree or kinds[0] == "present"
        self.search.add(parent, variable, [KINDS[kind] for kind in kinds], row, list(backs), keep)
        self.rss = self.search.rss()

    def variables(self, parent: int) -> list[int]:
        """The variables that a term may be multiplied with."""
        factors = self.factors[parent]
        if self._degree(parent) >= self.max_degree:
            return []
        barred = {j for j, kind in factors if kind == "missing" or (self.once and kind != "present")}
        inside = {j for j, _ in factors}
        return [
            j for j in range(len(self.linear)) if j not in barred and all(k == j or self._may(k, j) for k in inside)
        ]  # fmt: skip

    def ask(self, pairs: Sequence[tuple[int, Sequence[int]]], line: float = 0.0, hinge: float = 0.0) -> Answers:
        """What each parent would gain with each of its variables. line, hinge: shares that must be new, as the core has
        them."""
        counts = [len(js) for _, js in pairs]
        parent = np.repeat(np.array([p for p, _ in pairs], np.int32), counts)
        variable = np.fromiter(chain.from_iterable(js for _, js in pairs), np.int32, len(parent))
        inner = np.array([bool(self.factors[p]) for p, _ in pairs], bool)
        endspan = np.where(np.repeat(inner, counts), self.endspan * self.interaction_endspan, self.endspan)
        cover = self.holes[variable]
        if cover.any():
            cover = cover & np.array(
                [(int(j), "present") not in self.factors[p] for p, j in zip(parent, variable, strict=True)], bool
            )
        spans = endspan.astype(np.int32)
        found = self.search.ask(parent, variable, spans, self.minspan, cover.view(np.uint8), line, hinge)
        return Answers(parent, variable, cover, *found)

    def _degree(self, term: int) -> int:
        """Factors; an indicator of presence counts only where no factor of its variable follows."""
        data = [j for j, kind in self.factors[term] if kind in ("linear", "hinge")]
        holes = [j for j, kind in self.factors[term] if kind in ("missing", "present")]
        return len(data) + len(holes) - len(set(holes) & set(data))

    def _may(self, a: int, b: int) -> bool:
        if self.allowed is None:
            return True
        if callable(self.allowed):
            return bool(self.allowed(a, b))
        return (a, b) in self.allowed or (b, a) in self.allowed

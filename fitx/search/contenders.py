"""Formulas that compete where y is noisy: none is right or wrong, the shortest description is the best.

A stage's formulas are ranked by their description as they are; the constants of the best of these are refined, made
simple or dropped, and they are ranked again. The search has settled when what the best formula leaves of y looks like
noise: then it goes on for about as much work as it took, for a shorter description, and stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.description import description
from fitx.search.prior import structure_cost
from fitx.search.refine import float_constants
from fitx.search.smooth import Design
from fitx.search.stages.base import Stage
from fitx.search.table import Table

if TYPE_CHECKING:
    from fitx.search.neighbours import Neighbours

Array = npt.NDArray[np.float64]

_ABOUT = 1.4  # the noise is estimated that much too low at worst
_MUCH = 3.0  # nats shorter, from which on a better formula makes the search go on for longer
_CHEAP = 30.0  # nats of a formula beside which those of dear stages, with their constants, have no chance
_BEST = 8  # formulas of a stage that are polished
_MARGIN = 25.0  # nats behind the best ever within which that is worth it
_FEW = 8  # constants
_LAW = 12  # constants of a formula that may be the law, so that the search has settled
_SIMPLE = 15  # nodes of formulas that are polished for their simplicity
_SIMPLER = 3  # of these in a stage
_CLEARLY = 0.9  # times the error of a simpler one
_EXCESS = 3.3  # standard deviations of a sum of squares that noise may exceed
_LEADERS = 12  # formulas that local search may start from
_ALIKE = 1e-4  # nats by which these differ
_PATIENCE = 10  # stages after settling, besides as many as before and one for each nat of the formula


@dataclass(slots=True)
class Contenders:
    """best: the shortest description so far; stages: run so far; settled: at which of them, None before; last: after
    which of them nothing better is to be expected; cost: nats of the best formula alone. supposed: there is no
    evidence of noise but that a formula leaves something like it, which then has to be like noise in every way.
    leaders: the shortest descriptions; around, around_more: the best when `neighbours` changed the first of these
    last, and more of them."""

    table: Table
    best: float = np.inf
    stages: int = 0
    settled: int | None = None
    last: float = np.inf
    cost: float = np.inf
    supposed: bool = False
    leaders: list[tuple[float, int, Formula]] = field(default_factory=list)
    neighbours: Neighbours | None = None
    around: float = np.inf
    around_more: float = np.inf
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _design: Design | None = None

    def chosen(self, formulas: Iterable[Formula], admits: Callable[[int, float], bool]) -> list[Formula]:
        """The formulas worth polishing, best first; then some that the front admits at simpler places."""
        n = len(self.table.check_y)
        found: list[tuple[float, int, float, Formula]] = []
        for f in formulas:
            error = self.table.error_on_check(f)
            if not np.isfinite(error) or error >= 1 or len(float_constants(f)) > n // 5:
                continue
            key = f.complexity, round(-1e7 * float(np.log(max(error, 1e-300))))
            if key not in self._seen:
                self._seen.add(key)
                found.append((description(f, error, n), len(found), error, f))
        self.stages += 1
        found.sort()
        best = [f for d, _, _, f in found[:_BEST] if d < self.best + self._margin(f)]
        simpler: list[Formula] = []
        least = 1.0
        for _, _, error, f in sorted(found, key=lambda c: (c[3].complexity, c[2])):
            if f not in best and error < least and f.complexity < _SIMPLE and admits(f.complexity, error):
                simpler.append(f)
                least = _CLEARLY * error
        return [*best, *simpler[:_SIMPLER]]

    @staticmethod
    def _margin(f: Formula) -> float:
        """Nats that polishing may save: less where many constants make it dear."""
        return _MARGIN if len(float_constants(f)) <= _FEW else 0.0

    def note(self, f: Formula, error: float, local: bool = False) -> bool:
        """Take note of a polished formula and its error on the check rows; whether it is the best so far. local: made
        of the best ones, so that it is no sign that further stages would find more."""
        n = len(self.table.check_y)
        length = description(f, error, n)
        self._lead(length, f)
        better = length < self.best
        gain = self.best - length
        if better:
            self.best, self.cost = length, structure_cost(f, n)
            t = self.table
            if len(float_constants(f)) < n // 10:  # the noise is no more than what a short formula leaves
                t.noise = min(t.noise, error * n / (n - len(float_constants(f))))
            white = self._white(f, error)
            if not white:
                self.settled, self.last = None, np.inf
            elif self.settled is None or (gain > _MUCH and not local):
                self.settled = self.stages
                self.last = 2 * self.settled + _PATIENCE + self.cost
        return better

    def _lead(self, length: float, f: Formula) -> None:
        if np.isfinite(length) and all(abs(length - other) > _ALIKE for other, _, _ in self.leaders):
            self.leaders = sorted([*self.leaders, (length, f.complexity, f)], key=lambda c: c[:2])[:_LEADERS]

    def worth(self, stage: Stage) -> bool:
        """Whether a stage may find something better."""
        return not (stage.exact_only or (stage.dear and not self.dear))

    @property
    def dear(self) -> bool:
        """Whether dear stages may."""
        return self.settled is None or self.cost >= _CHEAP

    @property
    def done(self) -> bool:
        """Whether nothing better is to be expected."""
        return self.stages > self.last

    def _white(self, f: Formula, error: float) -> bool:
        """Whether the residuals are as small as the noise, and polynomials of each degree explain none of them."""
        t = self.table
        free = len(float_constants(f))
        if free > _LAW:
            return False  # what such a formula leaves of an exact law looks like noise, too
        freedom = len(t.check_y) - free
        if error * len(t.check_y) / freedom > _ABOUT * t.noise * (1 + _EXCESS * np.sqrt(2 / freedom)):
            return False
        if self._design is None:
            varying = np.ptp(t.check_columns, axis=1) > 0
            root = np.ones_like(t.check_y) if t.check_weights is None else np.sqrt(t.check_weights)
            self._design = Design(t.check_columns[varying], root)
        r = t.check_y - t.on_check(f)
        if not self._design.excess(r) < _EXCESS:
            return False
        return not self.supposed or self._like_noise(r, self._design)

    @staticmethod
    def _like_noise(r: Array, design: Design) -> bool:
        """Whether the residuals are as large everywhere and have no heavy tails: those of a formula that is wrong are
        large here and small there."""
        z = r * design.root
        size = np.abs(z) / max(float(np.sqrt(np.mean(z * z))), 1e-300)
        tails = float(np.mean(size**4)) - 3  # 0 +- sqrt(24/n) for a normal distribution
        varying = np.divide(size - size.mean(), design.root, out=np.zeros_like(z), where=design.root > 0)
        return tails < _EXCESS * np.sqrt(24 / len(z)) and design.excess(varying) < _EXCESS

"""Constants fitted to all rows, as far as the time will do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from fitx.errors import FitxError
from fitx.fitters.base import Data, Proposal
from fitx.judgement import refitted

PROBE = 50_000  # rows that tell how long all of them take
SLOWER = 2.0  # times as long for each row of a table that no cache holds, up to


@dataclass(slots=True)
class Refits:
    """Refits to all rows of `data` until `deadline`, a time.perf_counter() value. longest: seconds that one took."""

    data: Data
    deadline: float
    longest: float = 0.0

    def chosen(self, p: Proposal, way: Callable[[Proposal, Data], Proposal] = refitted) -> Proposal:
        """`p` refitted, by `way`; where a part of a large table shows that the time will not do, to that part, with a
        note. Errors: FitxError where the rows do not suffice."""
        part, q, short = self._probed(p, way)
        if q is None or not short:
            return self._timed(p, way)
        self.longest = np.inf
        note = f"the time limit left constants that are fitted to {part.n:,} of the {self.data.n:,} rows"
        return q if q is p else replace(q, notes=(*q.notes, note))

    def other(self, p: Proposal) -> Proposal:
        """`p` refitted, where the rows and the time will do."""
        if time.perf_counter() + self.longest >= self.deadline:
            return p
        try:
            return p if self._probed(p, refitted)[2] else self._timed(p, refitted)
        except FitxError:
            return p

    def _probed(self, p: Proposal, way: Callable[[Proposal, Data], Proposal]) -> tuple[Data, Proposal | None, bool]:
        """A part of a large table, `p` refitted to it, None where it is not or cannot be, and whether all of the table
        would take longer than there is time."""
        step = -(-self.data.n // PROBE)
        if step == 1 or not np.isfinite(self.deadline) or p.refit is None:
            return self.data, None, False
        part = self.data.every(step)
        began = time.perf_counter()
        try:
            q = way(p, part)
        except FitxError:
            return part, None, False
        now = time.perf_counter()
        return part, q, now + SLOWER * step * (now - began) > self.deadline

    def _timed(self, p: Proposal, way: Callable[[Proposal, Data], Proposal]) -> Proposal:
        began = time.perf_counter()
        try:
            return way(p, self.data)
        finally:
            self.longest = max(self.longest, time.perf_counter() - began)

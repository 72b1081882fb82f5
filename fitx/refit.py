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


@dataclass(slots=True)
class Refits:
    """Refits to all rows of `data` until `deadline`, a time.perf_counter() value. longest: seconds that one took."""

    data: Data
    deadline: float
    longest: float = 0.0

    def chosen(self, p: Proposal, way: Callable[[Proposal, Data], Proposal] = refitted) -> Proposal:
        """`p` refitted, by `way`; where a part of a large table shows that the time will not do, to that part, with a
        note. Errors: FitxError where the rows do not suffice."""
        step = -(-self.data.n // PROBE)
        if step > 1 and np.isfinite(self.deadline) and p.refit is not None:
            part = self.data.every(step)
            began = time.perf_counter()
            try:
                q = way(p, part)
            except FitxError:
                return self._timed(p, way)
            now = time.perf_counter()
            if now + step * (now - began) > self.deadline:
                self.longest = np.inf
                note = f"the time limit left constants that are fitted to {part.n:,} of the {self.data.n:,} rows"
                return q if q is p else replace(q, notes=(*q.notes, note))
        return self._timed(p, way)

    def other(self, p: Proposal) -> Proposal:
        """`p` refitted, where the rows and the time will do."""
        if time.perf_counter() + self.longest >= self.deadline:
            return p
        try:
            return self._timed(p, refitted)
        except FitxError:
            return p

    def _timed(self, p: Proposal, way: Callable[[Proposal, Data], Proposal]) -> Proposal:
        began = time.perf_counter()
        try:
            return way(p, self.data)
        finally:
            self.longest = max(self.longest, time.perf_counter() - began)

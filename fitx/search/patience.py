"""When a search that finds nothing better comes to its end: by the work that it has done, not by the clock.

    D(f) = n/2 log(error) + length of f    in nats (`description`), 0 for the mean

falls where a formula explains more of y than it takes to write it down. The more a formula has explained, the more
there is to be found in the rows, and the longer it is worth searching on: hardly at all where nothing beats the mean,
which is what noise looks like. Counts of work are the same on every machine, so that the search ends at the same step
everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fitx.search.description import description
from fitx.search.front import Entry

_LITTLE = 3.0  # nats by which a formula is clearly better: odds of 20 to 1
_WAIT = 2.0  # work without anything better after which nothing more is to be expected, where nothing beats the mean
_NATS = 60.0  # explained, for each of which so many the search waits for one unit of work more
_MOST = 10.0  # work of waiting
_CLOSE = -2.0  # nats a row; a formula that explains more, where there is no sign of noise, may be close to an exact law


@dataclass(slots=True)
class Patience:
    """best: the shortest description so far; work: done when it was found."""

    best: float = 0.0
    work: float = 0.0

    def note(self, length: float, work: float) -> None:
        """Take note of the shortest description after so much work."""
        if length < self.best - _LITTLE:
            self.best, self.work = length, work

    def spent(self, work: float) -> bool:
        """Whether nothing better is to be expected."""
        return work - self.work >= min(_WAIT - self.best / _NATS, _MOST)

    def close(self, n: int) -> bool:
        """Whether the best explains so much of n rows that it may be an approximation of an exact law."""
        return self.best < _CLOSE * n


def shortest(entries: Iterable[Entry], n: int) -> float:
    """The shortest description of n rows; 0, that of the mean, where none is shorter."""
    return min((description(e.formula, e.error, n) for e in entries), default=0.0)

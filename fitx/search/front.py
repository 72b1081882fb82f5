"""The Pareto front of a search: the best formula of each complexity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fitx.formula import Formula


@dataclass(frozen=True, slots=True)
class Entry:
    """A formula with its relative error on all fit rows (1 - R2), and the stage that found it."""

    formula: Formula
    complexity: int
    error: float
    stage: str


class Front:
    """Entries of which no other is at most as complex and at most as wrong. `floor`: errors below it count as equal,
    so that among formulas that are exact but for rounding the simplest wins."""

    def __init__(self, floor: float) -> None:
        self.floor = floor
        self._entries: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def rank(self, error: float) -> float:
        """The error as it is compared."""
        return max(error, self.floor)

    def admits(self, complexity: int, error: float) -> bool:
        """Whether a formula of this complexity and error would enter."""
        e = self.rank(error)
        return not any(o.complexity <= complexity and self.rank(o.error) <= e * 1.000001 for o in self._entries)

    def add(self, entry: Entry) -> bool:
        """Enter the formula if it belongs on the front; those that it beats leave."""
        if not self.admits(entry.complexity, entry.error):
            return False
        e = self.rank(entry.error)
        self._entries = [o for o in self._entries if o.complexity < entry.complexity or self.rank(o.error) < e]
        self._entries.append(entry)
        self._entries.sort(key=lambda o: o.complexity)
        return True

    @property
    def best(self) -> Entry | None:
        """The entry of least error."""
        return self._entries[-1] if self._entries else None

"""Time: a deadline, shares of what is left of it, and a clock that tests can replace."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Budget:
    """Time until `deadline` on `clock`."""

    deadline: float
    clock: Clock = time.perf_counter

    @property
    def left(self) -> float:
        """Seconds left, 0 when spent."""
        return max(0.0, self.deadline - self.clock())

    def expired(self) -> bool:
        """Whether the time is up."""
        return self.clock() >= self.deadline

    def share(self, part: float, at_most: float = float("inf")) -> Budget:
        """A budget of a part of what is left."""
        return Budget(min(self.deadline, self.clock() + min(part * self.left, at_most)), self.clock)

"""Which families are worth proposing beside others: parameters and nodes have to gain something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_WORSE = 2.0  # times the loss of a curve as simple, from which on one is hopeless
_WHICH = 8.0  # of the length of a description, for the choice of a nonlinear family among some sixty: 2 log(60)
_NODE = 0.4  # of the length of a description, for each node of the formula


@dataclass(frozen=True, slots=True)
class Place:
    """Where a family stands: its number of parameters, its size in nodes, what it leaves of n values y; whether it has
    nonlinear parameters."""

    parameters: int
    size: int
    n: int
    loss: float
    nonlinear: bool

    def is_beaten(self, other: Place) -> bool:
        """Whether one that is as simple describes y better."""
        return (other.parameters, other.size) <= (self.parameters, self.size) and other.length < self.length

    def is_hopeless(self, other: Place) -> bool:
        """Whether one that is as simple leaves much less."""
        return other.size <= self.size and other.parameters <= self.parameters and self.loss > _WORSE * other.loss

    @property
    def length(self) -> float:
        """BIC, n log(loss) + p log(n) n/(n - p - 1), and something for the family and its nodes; inf with too few rows.

        [Schwarz 1978, doi:10.1214/aos/1176344136; corrected for few rows, McQuarrie 1999]
        """
        left = self.n - self.parameters - 1
        bic = self.n * float(np.log(self.loss)) + self.parameters * float(np.log(self.n)) * self.n / max(left, 1)
        bic += _NODE * self.size + _WHICH * self.nonlinear
        return bic if left > 0 or self.parameters == 1 else np.inf

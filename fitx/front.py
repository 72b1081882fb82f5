"""The Pareto front of complexity against error, and the choice on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.fitters.base import Proposal
from fitx.score import Score

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal that was judged. losses: (m,) weighted squared residuals on the rows that choose, for paired tests.

    searched: its structure was found among very many, which is an advantage that it has to pay for (`choose`).
    """

    proposal: Proposal
    method: str
    complexity: int
    validation: Score
    train: Score
    losses: Array
    searched: bool = False

    @property
    def error(self) -> float:
        """Mean loss on the rows that choose; infinite where the formula is undefined on one of them."""
        return float(self.losses.mean()) if len(self.losses) and not self.validation.undefined else np.inf


def pareto(candidates: list[Candidate]) -> list[Candidate]:
    """Those that no other beats in complexity and error, simplest first; undefined ones only when there is no other."""
    front: list[Candidate] = []
    for c in sorted(candidates, key=lambda c: (c.complexity, c.error)):
        if not front or c.error < front[-1].error:
            front.append(c)
    return front


def choose(front: list[Candidate], floor: float) -> Candidate:
    """The simplest whose error is within one standard error of the best's, by paired differences of row losses.

    The best is the one of the shortest description: m/2 log(error) for m rows, and for structures that were searched
    for NODE nats a node, since among millions of formulas some fit a few noisy rows by chance. On many rows, or
    where a formula is exact, the errors alone decide.
    floor: mean loss below which formulas are equal (rounding). [Breiman et al. 1984, the one-standard-error rule;
    Rissanen 1978, minimum description length]
    """
    best = min(front, key=lambda c: (_description(c, floor), c.complexity))
    for c in front:
        if c is best or c.error <= floor:
            return c
        if not np.isfinite(c.error):
            continue
        difference = c.losses - best.losses
        m = len(difference)
        spread = float(difference.std(ddof=1)) / np.sqrt(m) if m > 1 else 0.0
        if float(difference.mean()) <= spread:
            return c
    return best


NODE = 1.5  # nats: a search over 1e9 formulas of about 14 nodes


def _description(c: Candidate, floor: float) -> float:
    if not np.isfinite(c.error):
        return np.inf
    tiny = float(np.finfo(float).tiny)
    return len(c.losses) / 2 * float(np.log(max(c.error, floor, tiny))) + NODE * c.complexity * c.searched

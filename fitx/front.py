"""The Pareto front of complexity against error, and the choice on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.fitters.base import Proposal
from fitx.score import Score
from fitx.search.prior import structure_cost

Array = npt.NDArray[np.float64]

_HARDLY = 3.0  # nats: odds of 20 to 1 at most
_SAME = 0.02  # difference of losses, relative to these, of the same formula in another form


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal that was judged. losses: (m,) weighted squared residuals on the rows that choose, for paired tests.

    searched: its structure was found among very many, which is an advantage that it has to pay for (`choose`).
    fitted_error, fitted_rows: mean loss on the rows that it was fitted to where these are others, and how many.
    """

    proposal: Proposal
    method: str
    complexity: int
    validation: Score
    train: Score
    losses: Array
    searched: bool = False
    fitted_error: float = 0.0
    fitted_rows: int = 0

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


def choose(candidates: list[Candidate], floor: float) -> Candidate:
    """The best, or a simpler one whose structure was not searched for and whose error is within one standard error of
    the best's, by paired differences of row losses; the simplest of those that are exact.

    The best is the one of the shortest description, among those of the front and all that were searched for:

        sum over rows that fitted and rows that chose of log(error) / 2 + length of the formula (`fitx.search.prior`)

    where the last counts for searched structures only: among millions of formulas some fit a few noisy rows by
    chance, and the rows that they were searched on tell them apart, too.
    floor: mean loss below which formulas are equal (rounding). [Breiman et al. 1984, the one-standard-error rule;
    Rissanen 1978, minimum description length]
    """
    front = pareto(candidates)
    some = [c for c in candidates if c.searched or any(c is o for o in front)]
    best = min(some, key=lambda c: (description(c, floor), c.complexity))
    for c in front:
        if c is best or c.error <= floor:
            return c
        if c.searched or not np.isfinite(c.error):
            continue
        difference = c.losses - best.losses
        m = len(difference)
        spread = float(difference.std(ddof=1)) / np.sqrt(m) if m > 1 else 0.0
        if float(difference.mean()) <= spread:
            return c
    return best


def description(c: Candidate, floor: float) -> float:
    """Length of the description of a candidate and of y given it, in nats up to what is the same for all."""
    if not np.isfinite(c.error):
        return np.inf
    least = max(floor, float(np.finfo(float).tiny))
    if not c.searched:
        return (len(c.losses) + c.fitted_rows) / 2 * float(np.log(max(c.error, least)))
    length = len(c.losses) / 2 * float(np.log(max(c.error, least)))
    length += c.fitted_rows / 2 * float(np.log(max(c.fitted_error, least)))
    return length + structure_cost(c.proposal.formula, len(c.losses) + c.fitted_rows)


def not_told_apart(candidates: list[Candidate], chosen: Candidate, floor: float, most: int = 2) -> list[Candidate]:
    """Candidates of other values whose description is hardly longer than that of the chosen one, best first."""
    if not chosen.searched or chosen.error <= floor:
        return []
    near = [
        c
        for c in candidates
        if c is not chosen and c.searched and description(c, floor) < description(chosen, floor) + _HARDLY
    ]
    found: list[Candidate] = []
    for c in sorted(near, key=lambda c: (description(c, floor), c.complexity)):
        if all(_differ(c, other) for other in (chosen, *found)):
            found.append(c)
    return found[:most]


def _differ(a: Candidate, b: Candidate) -> bool:
    difference = float(np.abs(a.losses - b.losses).mean())
    return difference > _SAME * min(a.error, b.error)

"""The Pareto front of complexity against error, and the choice on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.fitters.base import Proposal
from fitx.numerics.paired import positive_signs, standard_error
from fitx.score import Score
from fitx.search.prior import structure_cost

Array = npt.NDArray[np.float64]

_LITTLE = 0.2  # nats a node, where the search is repeated in folds and only large formulas vary more
_BY_CHANCE = 1.5  # standard errors that the best of many may be ahead of the mean
_CLEARLY = 2.0  # nats by which errors alone decide against a structure that was searched for
_HALF = 0.5  # of the nats of a formula, since errors in folds charge for the constants, too
_FLATTERY, _MOST_FLATTERY = 0.5, 6.0  # nats a node, and at most, that folds see a searched structure too well
_HARDLY = 3.0  # nats: odds of 20 to 1 at most
_ONE_SIDED = 1.96  # standard deviations by which more than half of the rows are worse [sign test, 2.5 percent]
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
    """The better of two: the choice among formulas whose structure stands fixed, and that among those whose search was
    repeated in every fold."""
    fixed = [c for c in candidates if not c.proposal.repeated]
    repeated = [c for c in candidates if c.proposal.repeated and np.isfinite(c.error)]
    if not fixed or not repeated:
        return _choose_repeated(repeated, floor) if repeated else _choose_fixed(fixed or candidates, floor)
    one, other = _choose_fixed(fixed, floor), _choose_repeated(repeated, floor)
    return other if _beats(other, one, floor) else one


def _beats(r: Candidate, c: Candidate, floor: float) -> bool:
    """Whether r, whose error owes nothing to the search, is better than c: simpler and hardly worse, or by its error
    alone; by one standard error where that of c owes nothing to it either."""
    if not np.isfinite(c.error) or c.error <= floor:
        return not np.isfinite(c.error)
    if not c.searched:
        difference = c.losses - r.losses
        return float(difference.mean()) > standard_error(difference) * (1 if r.complexity >= c.complexity else -1)
    gain = len(r.losses) / 2 * float(np.log(c.error / max(r.error, floor, 1e-300)))
    share = _HALF if r.proposal.formula.variables else 1.0  # the mean stands until there is evidence against it
    if gain + share * (_cost(c) - _cost(r)) > 0 and r.complexity < c.complexity:
        return True
    # Rows that the structure was searched on flatter it; those that it never saw do not.
    flattery = 0.0 if c.fitted_rows else min(_FLATTERY * c.complexity, _MOST_FLATTERY)
    return gain + flattery > _CLEARLY


def _choose_repeated(candidates: list[Candidate], floor: float) -> Candidate:
    """The least error, with a small price for nodes; the mean where that is within 1.5 standard errors."""
    least = max(floor, float(np.finfo(float).tiny))

    def price(c: Candidate) -> tuple[float, int]:
        return len(c.losses) / 2 * float(np.log(max(c.error, least))) + _LITTLE * c.complexity, c.complexity

    best = min(candidates, key=price)
    simplest = min(candidates, key=lambda c: c.complexity)
    difference = simplest.losses - best.losses
    return simplest if float(difference.mean()) <= _BY_CHANCE * standard_error(difference) else best


def _choose_fixed(candidates: list[Candidate], floor: float) -> Candidate:
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
        # Where a few rows outweigh all others, the standard error hides that most are worse.
        if float(difference.mean()) <= standard_error(difference) and positive_signs(difference) <= _ONE_SIDED:
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
    return length + _cost(c)


def _cost(c: Candidate) -> float:
    """Nats for the formula alone."""
    return structure_cost(c.proposal.formula, len(c.losses) + c.fitted_rows)


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

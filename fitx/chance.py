"""Whether a formula beats simpler ones, the mean above all, by more than chance: what was tried may fit noise, too.

A formula of k constants more than a simpler one lowers the sum of squares of noise by chance, as an F statistic tells:

    F = ((SS_simpler - SS) / k) / (SS / (n - p)),   P = P(F_{k, n-p} > F),   p constants in all

and the best of N formulas by N times that (Bonferroni). N is the number of formulas that were tried; for a structure
that was searched for, which is one of millions, it is exp(what its description is longer by, in nats), as in coding.

That is strict where a hundred formulas were tried, most of them longer. Where the search for a structure was repeated
in every fold, which no fixed structure's was, rows that were not fitted may speak against a simpler formula other than
the mean, if there are 40 or more: losses that are lower there by a paired t test, and an F that stands alone. Where the
search for the simpler one was repeated, too, the losses suffice: what it earned by luck on the rows that it was fitted
to is no argument for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitx.fitters.base import Data
from fitx.front import Candidate
from fitx.numerics.paired import by_chance
from fitx.numerics.students import log_f_tail
from fitx.search.prior import structure_cost
from fitx.search.refine import float_constants

LEVEL = 0.02  # chance that noise alone is taken for a longer formula, at most
UNSEEN = 0.05  # chance by which losses on rows that were not fitted are lower, at most, from that many rows on
_UNSEEN_ROWS = 40
_ABOUT = 1.5  # times the size of the chosen formula
_TRIED = 3.0  # formulas, at least, that were tried: a line and curves that fitters have dismissed themselves


def chance_over(c: Candidate, simpler: Candidate, data: Data, tried: int) -> float:
    """Bound on the probability that noise alone makes one of `tried` formulas fit the rows of `data`, those that both
    were fitted to, so much better than `simpler` as `c` does."""
    if c.train.rmse is None or simpler.train.rmse is None or not np.isfinite(c.train.rmse):
        return 1.0
    scale = float(np.abs(data.y).max()) or 1.0
    ss, ss_simpler = (c.train.rmse / scale) ** 2, (simpler.train.rmse / scale) ** 2
    p, n = max(1, _constants(c)), data.n
    k = max(1, p - _constants(simpler))
    if n - p < 1 or not ss < ss_simpler:
        return 1.0
    if not ss > 0 or not np.isfinite(ss_simpler):
        return 0.0
    log_tried = float(np.log(max(tried, _TRIED)))
    if c.searched:
        log_tried = max(log_tried, _length(c, n) - _length(simpler, n))
    return float(np.exp(min(0.0, log_f_tail((ss_simpler - ss) / k / (ss / (n - p)), k, n - p) + log_tried)))


def _constants(c: Candidate) -> int:
    return len(c.proposal.parameters) or len(float_constants(c.proposal.formula))


def _length(c: Candidate, n: int) -> float:
    """Nats for the structure; what its fitted constants gain is in F."""
    f = c.proposal.formula
    return structure_cost(f, n) - 0.5 * float(np.log(max(n, 2))) * len(float_constants(f))


def no_better_by_chance(candidates: Sequence[Candidate], chosen: Candidate, data: Data, floor: float) -> Candidate:
    """`chosen`, or the simplest candidate that none up to it beats by more than chance would: the mean, a line, ..."""
    f = chosen.proposal.formula
    if not f.variables or chosen.proposal.loss != "linear" or chosen.error <= floor:
        return chosen
    tried = sum(not c.searched for c in candidates)
    linear = [c for c in candidates if np.isfinite(c.error) and c.proposal.loss == "linear"]
    others = [c for c in linear if c.complexity <= _ABOUT * chosen.complexity and not c.searched]
    simpler = [c for c in others if c.complexity < chosen.complexity]
    for c in sorted(simpler, key=lambda c: (c.complexity, c.error)):
        # Another of about its size may beat it clearly where `chosen` proves nothing, as it has many constants for its
        # rows, or was found among millions.
        longer = [chosen, *(m for m in others if m.complexity > c.complexity and m.error < c.error)]
        if not any(_better(m, c, data, tried) for m in longer):
            return c
    return chosen


def _better(c: Candidate, simpler: Candidate, data: Data, tried: int) -> bool:
    """Whether `c` beats `simpler` by more than chance."""
    if chance_over(c, simpler, data, tried) <= LEVEL:
        return True
    if not c.proposal.repeated or not simpler.proposal.formula.variables or data.n < _UNSEEN_ROWS:
        return False
    if by_chance(simpler.losses - c.losses) > UNSEEN:
        return False
    return simpler.proposal.repeated or chance_over(c, simpler, data, 1) <= LEVEL

"""Whether a formula beats the mean by more than chance: what was tried may fit noise, too.

A formula of k constants beside the mean lowers the sum of squares of pure noise by chance, as an F statistic tells:

    F = ((SS_mean - SS) / k) / (SS / (n - k - 1)),   p = P(F_{k, n-k-1} > F)

and the best of N formulas by N times that (Bonferroni). N is the number of formulas that were tried; for a structure
that was searched for, which is one of millions, it is exp(length of its description in nats), as in coding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitx.fitters.base import Data
from fitx.front import Candidate
from fitx.numerics.students import log_f_tail
from fitx.score import spread
from fitx.search.prior import structure_cost
from fitx.search.refine import float_constants

LEVEL = 0.02  # chance that pure noise is taken for a formula, at most
_TRIED = 3.0  # formulas, at least, that were tried: a line and curves that fitters have dismissed themselves


def chance_of(c: Candidate, data: Data, tried: int) -> float:
    """Bound on the probability that noise alone makes one of `tried` formulas fit the rows of `data`, those that it was
    fitted to, as well as this one."""
    rmse = c.train.rmse
    if rmse is None or not np.isfinite(rmse) or not c.proposal.formula.variables:
        return 1.0
    scale = float(np.abs(data.y).max()) or 1.0
    ss, ss_mean = (rmse / scale) ** 2, spread(data.y / scale, data.weights)
    constants = len(c.proposal.parameters) or len(float_constants(c.proposal.formula))
    k, n = max(1, constants - 1), data.n
    if n - k - 1 < 1 or not ss < ss_mean:
        return 1.0
    if not ss > 0:
        return 0.0
    log_p = log_f_tail((ss_mean - ss) / k / (ss / (n - k - 1)), k, n - k - 1)
    log_tried = _length(c, n) if c.searched else float(np.log(max(tried, _TRIED)))
    return float(np.exp(min(0.0, log_p + log_tried)))


def _length(c: Candidate, n: int) -> float:
    """Nats for the structure; what its fitted constants gain is in F."""
    f = c.proposal.formula
    return structure_cost(f, n) - 0.5 * float(np.log(max(n, 2))) * len(float_constants(f))


def better_than_the_mean(candidates: Sequence[Candidate], chosen: Candidate, data: Data) -> Candidate:
    """`chosen`, or the mean where that is a candidate and the choice beats it by no more than chance would."""
    means = [c for c in candidates if not c.proposal.formula.variables and np.isfinite(c.error)]
    if not means or not chosen.proposal.formula.variables or chosen.proposal.loss != "linear":
        return chosen
    tried = sum(not c.searched for c in candidates)
    if chance_of(chosen, data, tried) <= LEVEL:
        return chosen
    return min(means, key=lambda c: (c.complexity, c.error))

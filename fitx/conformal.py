"""Prediction intervals that hold for any method: from absolute residuals on rows that were held out.

For a new row, [p - q, p + q] with q the k-th smallest of n held-out |y - p|, k = ceil((n + 1) level), holds y with
probability of at least `level` where rows are exchangeable and the formula is the one that left them out [Lei et al.
2018, doi:10.1080/01621459.2017.1307116]. The saved formula has its constants from all rows, which makes it no worse;
residuals of folds belong to formulas that were chosen and fitted without the row. [Barber et al. 2021,
doi:10.1214/20-AOS1965]
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError, UsageError

Array = npt.NDArray[np.float64]

KEPT = 400  # order statistics that are kept of more residuals: the largest half of them all, below that evenly
MOST_ROWS = 200_000  # that residuals are taken from


@dataclass(frozen=True, slots=True)
class Residuals:
    """Sorted |y - p| of n held-out rows, from each of which there may be several. values: some of them, ascending;
    ranks: their places in all of them, from 1 up, the last one among them; how: which rows these are."""

    values: tuple[float, ...]
    ranks: tuple[int, ...]
    n: int
    how: str = ""

    def half_width(self, level: float) -> float:
        """q. Errors: UsageError unless 0 < level < 1; FitxError where there is no finite q for the level."""
        check_level(level)
        if not self.n:
            raise FitxError(
                f"there is nothing to take an interval from: {self.how or 'no rows were held out'}",
                "fit again with more rows, or with `--holdout 0.25`",
            )
        k = math.ceil((self.n + 1) * level - 1e-9)
        if k > self.n:
            most = math.floor(1000 * self.n / (self.n + 1)) / 1000
            raise FitxError(
                f"{self.n} held-out rows are too few for an interval at level {level:g}: that takes "
                f"{math.ceil(level / (1 - level) - 1e-9)}",
                f"ask for a level of {most:g} or less, or fit with more rows",
            )
        q = self.values[int(np.searchsorted(self.ranks, math.ceil(k * self.ranks[-1] / self.n - 1e-9)))]
        if not math.isfinite(q):
            raise FitxError(
                f"the formula was undefined on so many held-out rows that no interval holds at level {level:g}",
                "ask for a lower level, or use another method",
            )
        return q


NOTHING = Residuals((), (), 0)


def check_level(level: float) -> None:
    """Errors: UsageError unless 0 < level < 1."""
    if isinstance(level, bool) or not isinstance(level, int | float | np.floating) or not 0 < level < 1:
        raise UsageError(f"the level of an interval is between 0 and 1, for example 0.95. Got {level} instead")


def held_out(y: Array, p: Array, rows: npt.NDArray[np.intp], how: str, weights: Array | None = None) -> Residuals:
    """Of predictions p (m,) for y (m,) of `rows` (m,), which may stand more than once; infinite where p is undefined.

    weights: (m,) or None; rows of weight 0 count for nothing.
    """
    every = -(-len(y) // MOST_ROWS)
    y, p, rows = y[::every], p[::every], rows[::every]
    if weights is not None:
        used = weights[::every] > 0
        y, p, rows = y[used], p[used], rows[used]
    with np.errstate(over="ignore", invalid="ignore"):
        r = np.abs(y - p)
    r = np.sort(np.where(np.isfinite(r), r, np.inf))
    ranks = np.arange(1, len(r) + 1)
    if len(r) > KEPT:
        below = np.linspace(1, len(r) - KEPT // 2, KEPT - KEPT // 2).astype(np.intp)
        ranks = np.unique(np.concatenate([below, ranks[-(KEPT // 2) :]]))
    return Residuals(tuple(r[ranks - 1].tolist()), tuple(ranks.tolist()), len(np.unique(rows)), how)

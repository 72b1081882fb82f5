"""Prediction intervals: a model of the residual's spread, scaled so that it covered the rows it was made of.

spread(v) = max(least, a + b*v), a straight line in the prediction v, fitted to the absolute residuals; the half-width
at level p is spread(v) times the p-quantile, with the finite-sample correction ceil((n + 1)*p)/n of conformal
prediction, of |residual| / spread. Residuals are out-of-sample ones: leave-one-out by the leverages of the chosen
basis and widened to the GCV, which pays for the search of terms ("spread"), or from refits of the whole model without
each fold ("cv"). [Milborrow, variance models in MARS; Lei et al. 2018, doi:10.1080/01621459.2017.1307116, locally
weighted conformal prediction]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.errors import UsageError
from fitx.mars.linear import least_squares

Array = npt.NDArray[np.float64]

LEAST_SHARE = 0.25  # of the mean absolute residual: the spread is at least that


@dataclass(frozen=True, slots=True)
class Spread:
    """The spread of one response. scores: |residual| / spread of the rows of the fit, sorted; weights: theirs."""

    start: float
    slope: float
    least: float
    scores: Array

    def at(self, predicted: Array) -> Array:
        """The spread where the model predicts `predicted`."""
        return np.asarray(np.maximum(self.least, self.start + self.slope * predicted))

    def half_width(self, predicted: Array, level: float) -> Array:
        """Half of the interval of the given level; infinite where the rows are too few for the level."""
        n = len(self.scores)
        rank = int(np.ceil((n + 1) * level))
        return self.at(predicted) * (float(self.scores[rank - 1]) if rank <= n else np.inf)


def spread_of(residuals: Array, predicted: Array, weights: Array) -> Spread:
    """The model of the spread of out-of-sample residuals (n,), of rows with positive weights."""
    size = np.abs(residuals)
    mean = float(np.average(size, weights=weights))
    if mean == 0.0:
        return Spread(0.0, 0.0, 0.0, np.zeros(len(size)))
    line, _ = least_squares(np.column_stack([np.ones(len(size)), predicted]), size[:, None], weights)
    model = Spread(float(line[0, 0]), float(line[0, 1]), LEAST_SHARE * mean, np.empty(0))
    return Spread(model.start, model.slope, model.least, np.sort(size / model.at(predicted)))


def left_out(B: Array, Y: Array, predicted: Array, weights: Array, mean_squares: Array) -> Array:
    """(n, p) leave-one-out residuals of a linear fit on B, widened to the given mean squares (p,).

    r / (1 - h), h being the leverages: the diagonal of the projection on the weighted basis.
    """
    root = np.sqrt(weights)[:, None]
    U, s, _ = np.linalg.svd(B * root / np.maximum(np.linalg.norm(B * root, axis=0), 1e-300), full_matrices=False)
    h = np.sum(U[:, s > 1e-10 * s[0]] ** 2, axis=1)
    rest = (Y - predicted) / np.maximum(1.0 - h, 1.0 / len(Y))[:, None]
    squares = np.average(rest**2, axis=0, weights=weights)
    factor = np.sqrt(np.maximum(mean_squares / np.where(squares > 0, squares, 1.0), 1.0))
    return np.asarray(rest * factor)


def check_level(level: float) -> None:
    """Errors: UsageError for a level outside (0, 1)."""
    if not 0 < level < 1:
        raise UsageError(f"level is a probability between 0 and 1, such as 0.95; got {level}")

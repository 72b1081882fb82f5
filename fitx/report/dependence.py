"""Partial dependence: how the formula moves with one feature, averaged over the rows' values of the others.

PD_j(v) = mean over rows x of f(x with x_j = v) [Friedman 2001, doi:10.1214/aos/1013203451]; importance of j: the root
mean square of f(x) - f(x with x_j taken from another row), a permutation importance that needs no target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fitx.formula.evaluate import predict

if TYPE_CHECKING:
    from fitx.result import Found

Array = npt.NDArray[np.float64]

PANELS = 12  # features that are shown, the most important ones
GRID = 60
SAMPLE = 300  # rows that are averaged over


@dataclass(frozen=True, slots=True)
class Dependence:
    """at: (k,) values of the feature; mean, low, high: (k,), the latter hold the middle 80 percent of the rows. NaN
    where the formula is undefined for more than half of the rows."""

    feature: str
    at: Array
    mean: Array
    low: Array
    high: Array


def dependences(found: Found, X: Array) -> tuple[list[Dependence], list[str]]:
    """(those of the most important features, most important first; names of used features that are left out)."""
    rng = np.random.default_rng(0)
    rows = X[rng.choice(len(X), min(SAMPLE, len(X)), replace=False)]
    used = [n for n in found.features if n in found.formula.variables]
    order = sorted(used, key=lambda n: -_importance(found, rows, found.features.index(n), rng))
    shown = [_dependence(found, rows, X, found.features.index(n)) for n in order[:PANELS]]
    return shown, order[PANELS:]


def _importance(found: Found, rows: Array, j: int, rng: np.random.Generator) -> float:
    other = rows.copy()
    other[:, j] = rng.permutation(rows[:, j])
    with np.errstate(all="ignore"):
        change = predict(found.formula, rows, found.features) - predict(found.formula, other, found.features)
        change = change[np.isfinite(change)]
        scale = float(np.abs(change).max(initial=0.0))
        return scale * float(np.sqrt(np.mean((change / scale) ** 2))) if scale > 0 and np.isfinite(scale) else 0.0


def _dependence(found: Found, rows: Array, X: Array, j: int) -> Dependence:
    column = X[:, j]
    even, as_rows = np.linspace(column.min(), column.max(), GRID), np.quantile(column, np.linspace(0, 1, GRID))
    at = np.unique(np.concatenate([even, as_rows]))
    values = np.empty((len(at), len(rows)))
    moved = rows.copy()
    for i, v in enumerate(at):
        moved[:, j] = v
        values[i] = predict(found.formula, moved, found.features)
    fine = np.isfinite(values)
    enough = fine.mean(axis=1) > 0.5
    mean, low, high = (np.full(len(at), np.nan) for _ in range(3))
    with np.errstate(over="ignore", invalid="ignore"):  # values near the largest number: no mean, a gap
        for k in np.flatnonzero(enough):
            v = values[k, fine[k]]
            mean[k] = v.mean()
            low[k], high[k] = np.quantile(v, [0.1, 0.9])
    mean[~np.isfinite(mean)] = np.nan
    return Dependence(found.features[j], at, mean, low, high)

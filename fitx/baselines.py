"""What a formula must beat to be worth having: the mean, and a straight line in all features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx.fitters.base import Data
from fitx.numerics.paired import by_chance
from fitx.score import Score, score

Array = npt.NDArray[np.float64]

ROWS = 100_000  # to which baselines are fitted, at most
CONVINCED = 0.05  # chance up to which a formula counts as better


@dataclass(frozen=True, slots=True)
class Baseline:
    """One baseline on the held-out rows. name: "mean" or "line"; score: its errors there. chance: probability that a
    formula which is no better would be as far ahead (paired differences of squared residuals, one-sided)."""

    name: str
    score: Score
    chance: float

    @property
    def beaten(self) -> bool:
        """Whether the formula is better by more than chance."""
        return self.chance <= CONVINCED

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"name": self.name, **self.score.as_dict(), "chance": self.chance}


def baseline_values(work: Data, X: Array) -> dict[str, Array]:
    """Values of the baselines, fitted to `work`, at the rows X (m, d); the line only where the rows suffice for it."""
    work = work.every(-(-work.n // ROWS))
    w = np.ones(work.n) if work.weights is None else work.weights
    if not w.sum() > 0:
        return {}
    values = {"mean": np.full(len(X), float(np.average(work.y, weights=w)))}
    if work.n > work.d + 2:
        size = np.abs(work.X).max(axis=0)
        size[~(size > 0)] = 1.0
        root = np.sqrt(w / w.max())
        A = np.c_[np.ones(work.n), work.X / size]
        c = np.linalg.lstsq(A * root[:, None], work.y * root, rcond=None)[0]
        whole = (size > 1e-100).all() and (size < 1e100).all()  # where no slope leaves the numbers there are
        values["line"] = c[0] + X @ (c[1:] / size) if whole else np.c_[np.ones(len(X)), X / size] @ c
    return values


def compare(y: Array, p: Array, values: dict[str, Array], weights: Array | None, how: str) -> tuple[Baseline, ...]:
    """The baselines' values beside the predictions p (m,) of a formula, for y (m,)."""
    return tuple(Baseline(name, score(y, q, weights, how), chance(y, p, q, weights)) for name, q in values.items())


def chance(y: Array, p: Array, q: Array, weights: Array | None = None) -> float:
    """One-sided P that differences (y - q)**2 - (y - p)**2 of mean 0 average as much as they do."""
    scale = float(np.abs(y).max()) or 1.0
    with np.errstate(all="ignore"):
        d = ((y - q) / scale) ** 2 - ((y - p) / scale) ** 2
    return by_chance(d if weights is None else d * weights)


def words(baselines: tuple[Baseline, ...]) -> str:
    """What the comparison says, for the user; "" where nothing was compared."""
    names = {"mean": "the mean", "line": "a straight line"}
    shown = [(b.beaten, f"{names[b.name]} (rmse {b.score.rmse:.4g})") for b in baselines if b.score.rmse is not None]
    won = [text for beaten, text in shown if beaten]
    lost = [text for beaten, text in shown if not beaten]
    parts = [f"better than {' and '.join(won)}"] if won else []
    parts += [f"not better than {' or '.join(lost)} by more than chance"] if lost else []
    return "; ".join(parts)

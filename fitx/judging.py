"""The judgement of a proposal: its losses on rows that it was not fitted to, by a part kept apart or by folds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError
from fitx.fitters.base import Data, Proposal
from fitx.formula.evaluate import predict
from fitx.front import Candidate
from fitx.score import score

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

PAIRED_ROWS = 200_000  # at most this many rows for the paired differences of the choice


def losses_of(data: Data, p: Array, metric: str, scale: float) -> Array:
    """Weighted squared (rmse) or absolute (mae) residuals, in units of `scale`: no square over- or underflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        r = (data.y - p) / scale
        loss = r * r if metric == "rmse" else np.abs(r)
        return loss if data.weights is None else data.weights * loss


def judge(p: Proposal, method: str, fit: Data, chooser: Data, jobs: int, metric: str) -> Candidate:
    """Its errors on the rows `fit`, to which it was fitted, and on the others, `chooser`, which choose."""
    predicted = predict(p.formula, chooser.X, chooser.names, jobs)
    validation = score(chooser.y, predicted, chooser.weights, threads=jobs)
    train = score(fit.y, predict(p.formula, fit.X, fit.names, jobs), fit.weights, threads=jobs)
    every = -(-chooser.n // PAIRED_ROWS)
    scale = float(np.abs(chooser.y).max()) or 1.0
    losses = losses_of(chooser.every(every), predicted[::every], metric, scale)
    if chooser is fit or train.rmse is None or not np.isfinite(train.rmse):
        return Candidate(p, method, p.formula.complexity, validation, train, losses)
    weight = 1.0 if chooser.weights is None else float(chooser.weights.mean())
    fitted = weight * ((train.rmse / scale) ** 2 if metric == "rmse" else (train.mae or 0.0) / scale)
    return Candidate(p, method, p.formula.complexity, validation, train, losses, False, fitted, fit.n)


def judge_in_folds(
    p: Proposal, method: str, data: Data, folds: tuple[tuple[Rows, Rows], ...], metric: str
) -> Candidate:
    """Each row's prediction by the structure refitted without its fold, averaged losses over the repeats."""
    total = np.zeros(data.n)
    last = np.zeros(data.n)
    repeats = 0
    scale = float(np.abs(data.y).max()) or 1.0
    for work, held in folds:
        try:
            last[held] = _without_fold(p, data.take(work), data.X[held])
        except FitxError:
            # A structure that needs nearly every row cannot be judged in folds; it is judged by its own rows alone
            # when nothing else is there, so it enters with an infinite error.
            total[:] = np.inf
            repeats = 1
            last = predict(p.formula, data.X, data.names)
            break
        total[held] += losses_of(data.take(held), last[held], metric, scale)
        repeats += 0 in held
    validation = score(data.y, last, data.weights, how="folds")
    train = score(data.y, predict(p.formula, data.X, data.names), data.weights)
    return Candidate(p, method, p.formula.complexity, validation, train, total / max(1, repeats))


def _without_fold(p: Proposal, work: Data, X: Array) -> Array:
    """Values at X of the structure of `p` fitted to `work`."""
    if p.judge is not None:
        return p.judge(work, X)
    return predict(p.formula if p.refit is None else p.refit(work).formula, X, work.names)

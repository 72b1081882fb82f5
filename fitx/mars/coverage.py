"""Prediction intervals of an Earth: which residuals its spreads are made of, and what they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fitx.errors import UsageError
from fitx.mars import intervals
from fitx.mars.fitting import Training, fold_numbers, penalty_of
from fitx.mars.summary import gcv_factor

if TYPE_CHECKING:
    from fitx.mars.earth import Earth
    from fitx.mars.intervals import Array


def model_intervals(model: Earth, data: Training) -> None:
    """Fit what `predict_interval` needs, where `intervals` asks for it."""
    model.__dict__.pop("_spreads", None)
    if model.intervals is None:
        return
    if model.intervals not in ("spread", "cv"):
        raise UsageError(f'intervals is "spread", "cv" or None; got {model.intervals!r}')
    B = model._terms(data.X, data.missing)
    predicted = B @ model.coef_.T
    if model.intervals == "spread":
        squares = np.average((data.Y - predicted) ** 2, axis=0, weights=data.weights)
        widened = squares * gcv_factor(B.shape[1], len(B), penalty_of(model))
        rest = intervals.left_out(B, data.Y, predicted, data.weights, np.where(np.isfinite(widened), widened, squares))
    else:
        rest, predicted = _without_folds(model, data)
    model._spreads = [
        intervals.spread_of(rest[:, k], predicted[:, k], data.weights) for k in range(predicted.shape[1])
    ]  # fmt: skip


def _without_folds(model: Earth, data: Training) -> tuple[Array, Array]:
    from sklearn.base import clone

    numbers = fold_numbers(len(data.X), model.folds)
    predicted = np.empty_like(data.Y)
    for k in range(int(numbers.max()) + 1):
        held = np.flatnonzero(numbers == k)
        part = data.take(np.flatnonzero(numbers != k))
        inner = clone(model).set_params(intervals=None, verbose=0, feature_importance_type=None)
        inner.xlabels_, inner.linvars_ = model.xlabels_, model.linvars_
        inner._forward(part)
        if inner.enable_pruning:
            inner._prune(part, [])
        if inner.smooth:
            inner.basis_ = inner.basis_.smooth(part.X, part.missing)
        inner._solve(part)
        predicted[held] = inner._terms(data.X[held], data.missing[held]) @ inner.coef_.T
    return data.Y - predicted, predicted


def interval(model: Earth, predicted: Array, level: float) -> tuple[Array, Array]:
    """Lower and upper ends about predictions (n, p)."""
    intervals.check_level(level)
    spreads = getattr(model, "_spreads", None)
    if spreads is None:
        raise UsageError('prediction intervals need Earth(intervals="spread") or Earth(intervals="cv") before fit')
    half = np.column_stack([s.half_width(predicted[:, k], level) for k, s in enumerate(spreads)])
    lower, upper = predicted - half, predicted + half
    return (lower[:, 0], upper[:, 0]) if predicted.shape[1] == 1 else (lower, upper)

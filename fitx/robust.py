"""Losses other than the square for methods that fit by weighted least squares: their refits, reweighted.

The rows' weights are multiplied by psi(r) / r of the residuals of the last fit (`fitx.numerics.reweight`) until the
predictions settle: iteratively reweighted least squares. The method knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from fitx.errors import FitxError, UsageError, did_you_mean
from fitx.fitters.base import Array, Context, Data, Fitter, Pause, Proposal
from fitx.formula.evaluate import predict
from fitx.numerics.losses import LOSSES, TUNING, spread_of
from fitx.numerics.reweight import row_weights, variance_factor

T = TypeVar("T")
Propose = Callable[[Data, Context], Iterator[Proposal | Pause]]

METRICS = ("rmse", "mae")
ROUNDS = 300
SETTLED = 1e-9  # change of predictions, relative to their scale, at which the rounds end
LITTLE = 1e-8  # relative gain of a round of lad, which comes near its minimum slowly, at which its rounds end


def check_losses(losses: Sequence[str], metric: str) -> None:
    """Errors: UsageError for names that are not known."""
    if not losses:
        raise UsageError("the loss needs a name", f"the losses are {', '.join(LOSSES)}")
    for name in losses:
        if name not in LOSSES:
            hint = f"{did_you_mean(name, list(LOSSES))}the losses are {', '.join(LOSSES)}"
            raise UsageError(f"no loss named `{name}`", hint)
    if metric not in METRICS:
        hint = did_you_mean(metric, list(METRICS)).strip()
        raise UsageError(f"the metric is one of {', '.join(METRICS)}; got `{metric}`", hint)


def with_loss(fitter: Fitter, propose: Propose, loss: str, between: bool) -> Propose | None:
    """`propose` such that its proposals are optimal for `loss`; None where the fitter fits by least squares only.

    between: whether the formula is kept in a range, where residuals are not those that the fitter sees.
    """
    if loss == "linear":
        return propose
    if loss in fitter.losses and not between:
        return lambda data, context: (
            p if isinstance(p, Pause) else replace(p, loss=loss) for p in propose(data, replace(context, loss=loss))
        )
    if not fitter.reweights:
        return None
    return lambda data, context: (
        p if isinstance(p, Pause) else robust(p, data, loss)
        for p in propose(data, context)
        if isinstance(p, Pause) or p.refit is not None
    )


def robust(p: Proposal, data: Data, loss: str) -> Proposal:
    """The structure of `p` at its optimum for `loss`, and so in its refits. Errors: FitxError, those of the refits."""
    refit = p.refit
    assert refit is not None
    best, c = _settled(p, refit, lambda q: predict(q.formula, data.X, data.names), data, loss)

    def judged(rows: Data, X: Array) -> Array:
        fit = p.values_beside(rows, X)
        return _settled(fit(rows), fit, lambda values: values[: rows.n], rows, loss)[0][rows.n :]

    return replace(
        _with_errors(best, data, loss, c),
        label=f"{p.label}, loss {loss}" if p.label else f"loss {loss}",
        refit=lambda rows: robust(refit(rows), rows, loss),
        judge=None if p.judge is None else judged,
        loss=loss,
    )


def _settled(
    found: T, fit: Callable[[Data], T], values: Callable[[T], Array], data: Data, loss: str
) -> tuple[T, float]:
    """The fit whose weights are those of its own residuals, and the loss's scale; values: its predictions (n,).

    First for lad, from whose residuals the scale of the loss comes: so it is the same for all methods, and a loss with
    more than one minimum (cauchy) begins near the right one.
    """
    c = used = 0.0
    size = float(np.abs(data.y).max()) or 1.0
    for name in dict.fromkeys(("lad", loss)):
        p = values(found)
        for _ in range(ROUNDS):
            u = _weights(name, data, p, c)
            found = fit(replace(data, weights=u if data.weights is None else data.weights * u))
            last, p = p, values(found)
            if not np.isfinite(p).all():
                raise FitxError("the formula is undefined on some row that the loss gives more weight")
            if float(np.abs(p / size - last / size).max()) <= SETTLED:
                break
            before, now = (float(np.abs(_residuals(data, v)).sum()) for v in (last, p))
            if name == "lad" and 0 <= before - now <= LITTLE * now:
                break
        used, c = c, scale_of(loss, data, p)
    return found, used or c  # the scale of the last weights


def scale_of(loss: str, data: Data, p: Array) -> float:
    """The scale c of the loss for predictions p (n,), in units of the largest |y|; not below rounding."""
    return TUNING[loss] * max(spread_of(_residuals(data, p)), 1e-14)


def _weights(loss: str, data: Data, p: Array, c: float) -> Array:
    return row_weights(loss, _residuals(data, p), scale_of("lad", data, p) if loss == "lad" else c)


def _residuals(data: Data, p: Array) -> Array:
    """Weighted residuals in units of the largest |y|."""
    r = (data.y - p) / (float(np.abs(data.y).max()) or 1.0)
    return np.asarray(r if data.weights is None else np.sqrt(data.weights / data.weights.max()) * r)


def _with_errors(p: Proposal, data: Data, loss: str, c: float) -> Proposal:
    """Standard errors of the loss instead of those of the last weighted fit, by

        cov = cov_last * V mean(u) / s_u**2,   s_u**2 = sum u r**2 / dof,   u: the last weights

    since (J'UJ)^-1 is about (J'J)^-1 / mean(u) where outliers are anywhere. V: `numerics.reweight.variance_factor`.
    """
    if p.covariance is None or not p.parameters:
        return replace(p, noise=None)
    predicted = predict(p.formula, data.X, data.names)
    r = _residuals(data, predicted)
    if data.weights is not None:
        r = r[data.weights > 0]
    u = row_weights(loss, r, c)
    dof = len(r) - len(p.parameters)
    last = float(u @ (r * r)) / max(dof, 1)
    if data.absolute:  # the last fit did not scale its errors by the residuals
        last = 1.0 / (float(np.abs(data.y).max()) or 1.0) ** 2
        last /= 1.0 if data.weights is None else float(data.weights.max())
    ratio = variance_factor(loss, r, c, dof) * float(u.mean()) / last if last > 0 else 1.0
    if not np.isfinite(ratio):
        return replace(p, covariance=None, parameters=tuple(replace(q, stderr=None) for q in p.parameters), noise=None)
    root = float(np.sqrt(ratio))
    parameters = tuple(replace(q, stderr=None if q.stderr is None else q.stderr * root) for q in p.parameters)
    return replace(p, covariance=p.covariance * ratio, parameters=parameters, noise=None)

"""Confidence and prediction bands of a fit by the delta method: pointwise, from the covariance of its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fitx.arrays import as_rows, as_vector
from fitx.errors import FitxError, UsageError
from fitx.formula.evaluate import predict
from fitx.numerics.students import t_quantile

if TYPE_CHECKING:
    from fitx.result import Fit

Array = npt.NDArray[np.float64]

KINDS = ("confidence", "prediction")


def band(fit: Fit, X: Any, level: float, kind: str, sigma: Any) -> Array:
    """(n, 3): value, lower, upper; see `Fit.band`."""
    if kind not in KINDS:
        raise UsageError(f"the kind of a band is {' or '.join(KINDS)}, got `{kind}`")
    if not 0 < level < 1:
        raise UsageError(f"the level of a band is between 0 and 1, got {level:g}", "0.95 is usual")
    if fit.structure is None or fit.covariance is None:
        raise FitxError(
            f"this fit by `{fit.method}` has no covariance of its parameters, which a band needs",
            "predict(X, interval=0.95) holds for any method",
        )
    rows = as_rows(X, fit.features)
    value = predict(fit.formula, rows, fit.features)
    spread = np.sqrt(_of_curve(fit, rows))
    if kind == "prediction":
        spread = np.hypot(spread, _noise(fit, sigma, len(value)))
    dof = min((p.dof for p in fit.parameters), default=np.inf)
    with np.errstate(invalid="ignore"):
        half = t_quantile(0.5 + level / 2, dof) * spread
        return np.column_stack([value, value - half, value + half])


def _of_curve(fit: Fit, rows: Array) -> Array:
    """(n,) variance of the curve: g' C g with g its derivatives by the parameters."""
    assert fit.structure is not None
    assert fit.covariance is not None
    numbers = {p.name: p.value for p in fit.parameters}
    gradient = [fit.structure.derivative(name).substitute(numbers) for name in numbers]
    with np.errstate(all="ignore"):
        G = np.column_stack([predict(g, rows, fit.features) for g in gradient])
        size = np.abs(fit.covariance).max(axis=0, initial=0.0) ** 0.5
        unit = np.where(size > 0, size, 1.0)
        G = G * unit
        most = np.abs(G).max(initial=0.0, where=np.isfinite(G)) or 1.0
        inner = np.einsum("ij,jk,ik->i", G / most, fit.covariance / unit[:, None] / unit, G / most)
        return np.asarray(np.maximum(inner, 0.0) * most * most)


def _noise(fit: Fit, sigma: Any, n: int) -> Array:
    """(n,) standard deviation of a measurement. Errors: UsageError where it is not known."""
    if sigma is not None:
        given = np.asarray(sigma, float)
        found = np.full(n, float(given)) if given.ndim == 0 else as_vector(sigma, "sigma")
        if len(found) != n or (found < 0).any():
            raise UsageError(f"sigma is one number, or {n}, none below 0")
        return found
    if fit.noise is None:
        raise UsageError(
            "the errors of y were given to the fit: those of new measurements are not known", "pass sigma=..."
        )
    return np.full(n, fit.noise)

"""Losses of residuals: squares, and those that outliers move less.

A loss is sum_i c^2 rho(z_i), z_i = (r_i / c)^2, with residuals r_i in units of their standard deviation where it is
known and c a scale beyond which a residual counts as large:

    linear    rho = z                            least squares
    soft_l1   rho = 2 (sqrt(1 + z) - 1)          a smooth absolute value
    huber     rho = z, or 2 sqrt(z) - 1 > 1      squares, then absolute values
    cauchy    rho = log(1 + z)                   far outliers hardly count
    lad       sum |r_i|                          least absolute deviations (no scale): `fitx.numerics.absolute`

[Huber & Ronchetti, Robust Statistics, 2009; Triggs et al. 2000, doi:10.1007/3-540-44480-7_21, on the Hessian]
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LOSSES = ("linear", "soft_l1", "huber", "cauchy", "lad")
# Scales, in standard deviations, at which the loss keeps 95 percent of the efficiency of least squares on normal noise.
TUNING = {"linear": 1.0, "soft_l1": 1.345, "huber": 1.345, "cauchy": 2.385, "lad": 1.0}
_LEAST = 0.1  # of the first derivative, that the curvature of a loss counts at least: steps stay defined


def spread_of(r: Array) -> float:
    """The standard deviation of normal noise by the median of |r|, which half of the rows may not move; 0 if exact."""
    return float(np.median(np.abs(r))) * 1.482602218505602 if len(r) else 0.0


def total(loss: str, r: Array, c: float) -> float:
    """The loss summed over rows; for "linear" sum r^2, for "lad" sum |r|."""
    if loss == "linear":
        return float(r @ r)
    if loss == "lad":
        return float(np.abs(r).sum())
    return float(c * c * _rho(loss, np.square(r / c))[0].sum())


def reweighted(loss: str, r: Array, c: float) -> tuple[Array, Array]:
    """(e, s), (n,) each: with residuals e and a Jacobian whose rows are times s, a step of least squares is one of the
    loss: the gradient s J'e is exact, s^2 J'J its curvature."""
    if loss == "linear":
        return r, np.ones_like(r)
    z = np.square(r / c)
    _, first, second = _rho(loss, z)
    s = np.sqrt(np.maximum(first + 2 * second * z, _LEAST * first))
    return r * first / s, s


def influence(loss: str, r: Array, c: float) -> tuple[Array, Array]:
    """psi(r) and psi'(r), (n,) each: half the derivative of the loss by the residual, and its derivative."""
    if loss == "linear":
        return r, np.ones_like(r)
    z = np.square(r / c)
    _, first, second = _rho(loss, z)
    return r * first, first + 2 * second * z


def _rho(loss: str, z: Array) -> tuple[Array, Array, Array]:
    """rho(z) and its first two derivatives."""
    if loss == "soft_l1":
        root = np.sqrt(1 + z)
        return 2 * (z / (root + 1)), 1 / root, -0.5 / root**3
    if loss == "cauchy":
        return np.log1p(z), 1 / (1 + z), -1 / np.square(1 + z)
    if loss == "huber":
        far = z > 1
        root = np.sqrt(np.where(far, z, 1.0))
        return np.where(far, 2 * root - 1, z), 1 / root, np.where(far, -0.5 / root**3, 0.0)
    raise ValueError(f"no loss `{loss}`")

"""Losses other than the square by weights for least squares, and the variance of what they give.

    weights u = psi(r) / r,      cov = V (J'J)^-1,  V = [sum psi**2 / dof] / [mean psi']**2

psi: half the derivative of the loss (`fitx.numerics.losses`). Weighted fits whose weights are those of the last one
end where the loss has its minimum. [Huber 1981, 7.6 and 7.8; Holland & Welsch 1977, doi:10.1080/03610927708827533]
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.numerics.losses import influence

Array = npt.NDArray[np.float64]

_FLAT = 1e-6  # of the scale: residuals of lad below count as equal


def row_weights(loss: str, r: Array, c: float) -> Array:
    """u (n,), at most 1, for residuals r (n,) and the loss's scale c > 0.

    Those of lad are 1 / |r|, relative to the largest: residuals below 1e-6 c count as equal.
    """
    if loss == "lad":
        return np.asarray(_FLAT * c / np.maximum(np.abs(r), _FLAT * c))
    r = np.clip(r, -1e50 * c, 1e50 * c)
    psi = influence(loss, r, c)[0]
    return np.asarray(np.divide(psi, r, out=np.ones_like(r), where=r != 0))


def variance_factor(loss: str, r: Array, c: float, dof: int) -> float:
    """V for residuals r (n,); for lad 1 / (4 f(0)**2), f(0) the residuals' density at 0 from a difference of quantiles
    [Bofinger 1975]. NaN without degrees of freedom, or where most residuals are beyond the scale."""
    n = len(r)
    if dof <= 0:
        return np.nan
    if loss == "lad":
        half = min(0.45, 0.648 * n**-0.2)
        low, high = np.quantile(r, (0.5 - half, 0.5 + half))
        return float(((high - low) / (2 * half)) ** 2 / 4 * n / dof)
    psi, slope = influence(loss, r, c)
    mean = float(slope.mean())
    return float(psi @ psi) / dof / mean**2 if mean > 0 else np.nan

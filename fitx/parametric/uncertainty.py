"""How well data fix parameters: covariance, and which of them the data cannot tell apart, by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fitx.numerics.losses import influence, spread_of
from fitx.numerics.trust_region import lengths
from fitx.parametric.rows import Solution

Array = npt.NDArray[np.float64]

_ALIKE = 1e-11  # relative singular value of the scaled Jacobian below which parameters are not told apart
_LEAST = 1e-290  # variance below which digits are lost
_PART = 0.05  # of the largest share, that a parameter has in what cannot be told apart


def covariance(s: Solution, n: int, absolute: bool) -> tuple[Array | None, float]:
    """(p, p) covariance of the parameters, and the degrees of freedom n - rank; None without any.

    The product of `factor` with itself, which over- and underflows where y is beyond 1e154: None then, too.
    """
    half, dof = factor(s, n, absolute)
    if half is None:
        return None, dof
    with np.errstate(all="ignore"):
        full = half @ half.T
    lost = ~np.isfinite(full).all() or (np.diag(full) < _LEAST)[half.any(axis=1)].any()
    return None if lost else full, dof


def factor(s: Solution, n: int, absolute: bool) -> tuple[Array | None, float]:
    """(p, rank) matrix H with covariance H H', and the degrees of freedom n - rank; None without any. The lengths of
    its rows are the standard errors.

    s^2 (J'J)^-1 with s^2 the residual variance, or 1 where the errors of y are known (`absolute`). For a robust loss
    the sandwich of M-estimators [Huber & Ronchetti 2009, section 7.6]; for absolute deviations that with the density of
    residuals at their median [Koenker 2005, section 3.2]. A parameter at a bound is taken for fixed: its row is zero.
    Where parameters are not told apart the inverse is Moore and Penrose's, which is right for the curve.
    """
    p = s.jacobian.shape[1]
    free = np.array([name not in s.at_bound for name in s.values][:p], bool)
    J = s.jacobian[:, free]
    size = lengths(J)
    if not np.isfinite(J).all() or not np.isfinite(size).all():
        return None, n - int(free.sum())
    size[size == 0] = 1.0
    _, sv, V = np.linalg.svd(J / size, full_matrices=False)
    good = sv > _ALIKE * sv[0] if len(sv) else np.zeros(0, bool)
    dof = n - int(good.sum())
    if dof <= 0 and not (absolute and dof == 0):
        return None, dof
    spread = _spread(s, dof, absolute)
    with np.errstate(all="ignore"):
        half = np.zeros((p, int(good.sum())))
        half[free] = (V[good].T / sv[good]) * spread / size[:, None]
    return half, dof


def _spread(s: Solution, dof: int, absolute: bool) -> float:
    """What (J'J)^-1/2 is times, in the units of s.jacobian."""
    loss, c = s.robust
    if loss == "linear":
        return 1 / s.scale if absolute else float(np.sqrt(s.loss / max(dof, 1)))
    n = len(s.residual)
    if loss == "lad":
        h = 0.5 * n ** (-1 / 5)  # the quantiles whose distance tells the density
        low, high = np.quantile(s.residual, (max(0.5 - h, 0.05), min(0.5 + h, 0.95)))
        return float((high - low) / (2 * min(h, 0.45)) / 2)
    psi, slope = influence(loss, s.residual, c)
    mean = float(slope.mean())
    return float(np.sqrt(np.square(psi).sum() / max(dof, 1)) / mean) if mean > 0 else np.inf


def noise(s: Solution, dof: float) -> float | None:
    """The standard deviation of y in a row of weight 1: of the residuals, or by their median for a robust loss."""
    if dof <= 0:
        return None
    if s.robust[0] != "linear":
        return spread_of(s.residual) * s.scale
    return float(np.sqrt(s.loss / dof)) * s.scale


def not_told_apart(jacobian: Array, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The parameters without influence, one each, and the groups that can change together and give the same values.

    By the null vectors of the Jacobian (n, p), its columns scaled to length 1, sparse ones first.
    """
    size = lengths(jacobian)
    found: list[tuple[str, ...]] = [(name,) for name, length in zip(names, size, strict=True) if not length > 0]
    used = np.flatnonzero((size > 0) & np.isfinite(size))
    if not len(used):
        return found
    triangle = np.linalg.qr(jacobian[:, used] / size[used], mode="r")  # as many rows as columns, whatever n is
    _, sv, V = np.linalg.svd(triangle, full_matrices=True)
    sv = np.concatenate([sv, np.zeros(len(used) - len(sv))])
    null = V[sv <= _ALIKE * sv[0]]
    for row in _reduced(null):
        share = np.abs(row) / np.abs(row).max()
        found.append(tuple(names[int(j)] for j, s in zip(used, share, strict=True) if s > _PART))
    return found


def _reduced(null: Array) -> Array:
    """The row echelon form of the null vectors: each names as few parameters as it can."""
    rows = null.copy()
    for i in range(len(rows)):
        column = int(np.argmax(np.abs(rows[i])))
        rows[i] /= rows[i, column]
        for k in range(len(rows)):
            if k != i:
                rows[k] -= rows[k, column] * rows[i]
    return rows

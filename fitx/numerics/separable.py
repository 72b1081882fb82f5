"""Many starts of one separable least-squares problem at once: linear parameters eliminated, Levenberg-Marquardt for
the others.

    minimise || y - rest(theta) - sum_k c_k column_k(theta) ||^2    over c in closed form and theta by steps

[Golub and Pereyra 1973, doi:10.1137/0710036; the Jacobian by Kaufman 1975, doi:10.1007/BF01932995; Marquardt 1963]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Values = Callable[[Array], Array]

_LEAST_DAMPED, _TOO_DAMPED = 1e-10, 1e9
_EXACT = 1e-30
_RIDGE = 1e-13
_TINY = 1e-140
_DEPENDENT = 1e-13
_BY_QR = 16  # starts up to which columns are made orthogonal by QR, not by their Gram matrix


@dataclass(frozen=True, slots=True)
class Separable:
    """y: (n,), times the roots of the weights as are all values. Parameters are (s, p), one row a start.

    columns: parameters -> (s, 1 + l, n), the rest and the columns of the linear parameters.
    slopes: parameters -> (s, q, n), derivatives by the nonlinear ones. linear: (l,), nonlinear: (q,) their places.
    """

    y: Array
    columns: Values
    slopes: Values
    linear: npt.NDArray[np.intp]
    nonlinear: npt.NDArray[np.intp]


def screen(problem: Separable, starts: Array) -> tuple[Array, Array]:
    """The starts (s, p) with their linear parameters at the optimum, and their losses (s,), inf where undefined."""
    s = _eliminate(problem, starts)
    return s.parameters, s.loss


def improve(problem: Separable, starts: Array, steps: int, tolerance: float = 1e-13) -> tuple[Array, Array]:
    """Parameters (s, p) after at most so many steps from each start, and losses (s,).

    A start is done when a step takes less than `tolerance` of its loss off, or when no short step helps.
    """
    at = _eliminate(problem, starts)
    if not len(problem.nonlinear):
        return at.parameters, at.loss
    damping = np.full(len(starts), 1e-3)
    done = ~np.isfinite(at.loss)
    least = _EXACT * float(problem.y @ problem.y)
    size, H, g = _directions(problem, at)
    eye = np.eye(len(problem.nonlinear))
    for _ in range(steps):
        if done.all():
            break
        step = np.linalg.solve(H + damping[:, None, None] * eye, g[:, :, None])[:, :, 0] / size
        trial = at.parameters.copy()
        with np.errstate(all="ignore"):  # losses may be infinite
            trial[:, problem.nonlinear] += step
            there = _eliminate(problem, trial)
            better = (there.loss < at.loss) & ~done
            settled = better & (at.loss - there.loss <= tolerance * at.loss)
        damping = np.where(better, np.maximum(damping / 6, _LEAST_DAMPED), damping * 5)
        at.take(there, better)
        done |= settled | (damping > _TOO_DAMPED) | (at.loss <= least)
        if better.any():
            size, H, g = _directions(problem, at)
    return at.parameters, at.loss


@dataclass(slots=True)
class _State:
    """residual: (s, n); basis: (s, n, l) orthonormal, of the columns."""

    parameters: Array
    loss: Array
    residual: Array
    basis: Array

    def take(self, other: _State, where: npt.NDArray[np.bool_]) -> None:
        for name in ("parameters", "loss", "residual", "basis"):
            getattr(self, name)[where] = getattr(other, name)[where]


def _eliminate(problem: Separable, parameters: Array) -> _State:
    parameters = parameters.copy()
    with np.errstate(all="ignore"):
        values = problem.columns(parameters)
        r = problem.y - values[:, 0]
        A, size = _unit(values[:, 1:])
        bad = ~(np.isfinite(r).all(axis=1) & np.isfinite(size).all(axis=1))
        r[bad], A[bad] = 0.0, 0.0
        basis: Array = np.empty((len(r), r.shape[1], 0))
        if len(problem.linear):
            if len(problem.linear) == 1:
                basis = A.transpose(0, 2, 1)
                c = (A @ r[:, :, None])[:, :, 0]
            elif len(r) <= _BY_QR:
                basis, R = _orthogonal(A.transpose(0, 2, 1))
                c = _solve(R, basis.transpose(0, 2, 1) @ r[:, :, None])
            else:
                gram = A @ A.transpose(0, 2, 1) + _RIDGE * np.eye(A.shape[1])
                c = np.asarray(np.linalg.solve(gram, A @ r[:, :, None]), np.float64)[:, :, 0]
            r = r - (c[:, None, :] @ A)[:, 0]
            parameters[:, problem.linear] = c / size
        loss = np.where(bad, np.inf, np.einsum("sn,sn->s", r, r))
        loss[~np.isfinite(parameters).all(axis=1) | ~np.isfinite(loss)] = np.inf
    return _State(parameters, loss, r, basis)


def _orthogonal(A: Array) -> tuple[Array, Array]:
    Q, R = np.linalg.qr(A)
    return np.asarray(Q, np.float64), np.asarray(R, np.float64)


def _solve(R: Array, h: Array) -> Array:
    """R c = h for triangles R (s, l, l); of least norm where columns depend on each other."""
    least = np.abs(np.diagonal(R, axis1=1, axis2=2)).min()
    return np.asarray(np.linalg.solve(R, h) if least > _DEPENDENT else np.linalg.pinv(R, rcond=_DEPENDENT) @ h)[:, :, 0]


def _directions(problem: Separable, at: _State) -> tuple[Array, Array, Array]:
    """Of the slopes orthogonal to the columns: sizes, and of unit ones Gram matrix and products with the residual."""
    with np.errstate(all="ignore"):
        D = problem.slopes(at.parameters)
        if not np.isfinite(D).all():
            D = np.where(np.isfinite(D), D, 0.0)
        D, size = _unit(D)
        if at.basis.shape[2]:
            D = D - (D @ at.basis) @ at.basis.transpose(0, 2, 1)
            D, again = _unit(D)
            size = size * again
    return size, D @ D.transpose(0, 2, 1), (D @ at.residual[:, :, None])[:, :, 0]


def _unit(rows: Array) -> tuple[Array, Array]:
    """Rows of length 1 and their lengths, 1 for rows of zeros, without overflow."""
    length = np.sqrt(np.einsum("sln,sln->sl", rows, rows))
    if np.isfinite(length).all() and (length > _TINY).all():
        return rows / length[:, :, None], length
    most = np.abs(rows).max(axis=2, initial=0.0)
    most[most == 0] = 1.0
    scaled = rows / most[:, :, None]
    length = np.sqrt(np.einsum("sln,sln->sl", scaled, scaled))
    length[length == 0] = 1.0
    return scaled / length[:, :, None], most * length

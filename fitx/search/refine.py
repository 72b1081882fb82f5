"""All constants of a formula at their joint optimum: Levenberg-Marquardt with exact derivatives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.formula.evaluate import evaluate_columns
from fitx.formula.tangent import tangent

Array = npt.NDArray[np.float64]

MOST = 24  # constants of a formula that is refined


def float_constants(f: Formula) -> list[int]:
    """Positions of the constants that are floats; whole numbers and fractions belong to the structure."""
    return [i for i, v in enumerate(f.constants) if isinstance(v, float)]


def refine(
    f: Formula, columns: Array, y: Array, names: tuple[str, ...], weights: Array | None = None, rounds: int = 8
) -> Formula:
    """`f` with its float constants at a (local) minimum of sum w (y - f)^2; columns: (d, n), y: (n,).

    `f` itself where it has no float constants, too many, or where nothing is gained.
    """
    with np.errstate(all="ignore"):  # what overflows is not finite, and that ends it
        return _refine(f, columns, y, names, weights, rounds)


def refit(f: Formula, columns: Array, y: Array, names: tuple[str, ...], weights: Array | None = None) -> Formula:
    """`refine`, but `f` as it is where these rows cannot tell its constants, some of them simple, from the optimum:

    where sum w r^2 is within 1 + 4/n of the smallest, or down to rounding.
    """
    g = refine(f, columns, y, names, weights)
    with np.errstate(all="ignore"):
        w = np.ones_like(y) if weights is None else weights
        loss_f, loss_g = (float(w @ (y - evaluate_columns(h, columns, names)) ** 2) for h in (f, g))
        rounding = 1e-26 * float(w @ (y - y.mean()) ** 2)
    return f if loss_f <= max(loss_g * (1 + 4 / len(y)), rounding) else g


def _refine(
    f: Formula, columns: Array, y: Array, names: tuple[str, ...], weights: Array | None, rounds: int
) -> Formula:
    free = float_constants(f)
    if not free or len(free) > MOST or len(y) <= len(free):
        return f
    shape = tangent(f, names)
    root = None if weights is None else np.sqrt(weights)

    def residual(c: Array) -> Array:
        r = y - shape.values(c, columns)
        return r if root is None else r * root

    begin = c = np.array([float(f.constants[i]) for i in free])
    r = residual(c)
    best = float(r @ r)
    damping = 1e-6
    for _ in range(rounds):
        if not np.isfinite(best) or best == 0:
            break
        J = shape.derivatives(c, columns).T
        if root is not None:
            J = J * root[:, None]
        if not np.isfinite(J).all():
            break
        scale = np.sqrt((J * J).sum(axis=0))
        scale[scale == 0] = 1.0
        improved = False
        for _ in range(4):
            A = np.vstack([J / scale, np.sqrt(damping) * np.eye(len(free))])
            trial = c + np.linalg.lstsq(A, np.concatenate([r, np.zeros(len(free))]), rcond=None)[0] / scale
            if not np.isfinite(trial).all():
                break
            q = residual(trial)
            error = float(q @ q)
            if error < best:
                gain = 1 - error / best
                c, r, best, improved = trial, q, error, True
                damping = max(damping / 10, 1e-15)
                break
            damping *= 30
        if not improved or gain < 1e-8:
            break
    if c is begin:
        return f
    values = list(f.constants)
    for i, v in zip(free, c, strict=True):
        values[i] = float(v)
    return f.with_constants(values)

"""Least squares on a basis, in blocks of rows: memory for one block, the digits of a QR decomposition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

BLOCK = 32_768  # rows
DEPENDENT = 1e-13  # singular values below this share of the largest count as zero
LIKE = 1e4  # lengths of columns within this ratio are left as they are


def triangle(n: int, block: Callable[[slice], Array]) -> Array:
    """(k, k) or fewer rows: R of the QR decomposition of the matrix whose rows `block(rows)` gives."""
    R: Array | None = None
    for start in range(0, n, BLOCK):
        part = block(slice(start, min(start + BLOCK, n)))
        R = np.asarray(np.linalg.qr(part if R is None else np.vstack([R, part]), mode="r"))
    assert R is not None
    return R


def solve(R: Array, responses: int) -> tuple[Array, Array]:
    """Coefficients (p, m) and residual sums of squares (p,), from R of [B, Y] with `responses` columns of Y.

    Among dependent columns the shortest solution is taken. Columns of very different lengths are scaled before.
    """
    m = R.shape[1] - responses
    B, Y = R[:, :m], R[:, m:]
    scale = np.linalg.norm(B, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    if scale.max() < LIKE * scale.min():
        scale = np.ones(m)
    c = np.linalg.lstsq(B / scale, Y, rcond=DEPENDENT)[0]
    rest = Y - (B / scale) @ c
    return (c / scale[:, None]).T, np.sum(rest * rest, axis=0)


def least_squares(B: Array, Y: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Coefficients (p, m) and weighted residual sums of squares (p,) of Y (n, p) on B (n, m)."""
    root = None if weights is None else np.sqrt(weights)

    def block(rows: slice) -> Array:
        part = np.hstack([B[rows], Y[rows]])
        return part if root is None else part * root[rows, None]

    return solve(triangle(len(B), block), Y.shape[1])

"""Linear relations among columns of numbers: sparse c with sum c_i rows_i = 0 to rounding."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_EXACT = 1e-12  # singular value relative to the largest that counts as zero


def sparse_relation(rows: Array) -> Array | None:
    """A relation with few terms, or None where there is none. rows: (k, m), m > k, scaled inside.

    Of a null space of several dimensions the row with the fewest entries of its reduced echelon form is taken; its
    coefficients are computed again from the rows that it holds.
    """
    norms = np.maximum(np.sqrt((rows * rows).sum(axis=1)), 1e-300)
    if not np.isfinite(norms).all():
        return None
    # The triangular factor has the same singular vectors at a fraction of the cost.
    R: Array = np.asarray(np.linalg.qr((rows / norms[:, None]).T, mode="r"))
    _, singular, vectors = np.linalg.svd(R)
    null = singular <= _EXACT * singular[0]
    if not null.any():
        return None
    echelon = _reduced_echelon(vectors[null])
    best: Array | None = None
    for c in echelon:
        support = np.flatnonzero(np.abs(c) > 1e-7 * np.abs(c).max())
        _, values, v = np.linalg.svd(R[:, support])
        if len(support) < 2 or values[-1] > 10 * _EXACT * singular[0]:
            continue
        if best is None or len(support) < np.count_nonzero(best):
            best = np.zeros(len(rows))
            best[support] = v[-1] / norms[support]
    return best


def _reduced_echelon(basis: Array) -> Array:
    """Gauss-Jordan elimination with full pivoting of the rows of `basis` (r, k)."""
    B = basis.copy()
    used: list[int] = []
    for i in range(len(B)):
        free = np.abs(B[i:])
        free[:, used] = 0.0
        p, q = divmod(int(free.argmax()), free.shape[1])
        B[[i, i + p]] = B[[i + p, i]]
        B[i] /= B[i, q]
        others = np.arange(len(B)) != i
        B[others] -= B[others, q][:, None] * B[i]
        used.append(q)
    return B

"""Linear least squares by QR: rank detection that names the columns, and refinement in double-double.

The problem is min_c sum_i w_i (y_i - sum_j A_ij c_j)^2; weights multiply the squared residual, so a weight of two is
the same as the row given twice. [Golub & Van Loan, Matrix Computations, 2013, chapter 5; Bjorck, Numerical Methods for
Least Squares Problems, 1996, chapter 2.9]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fitx.numerics import doubledouble as dd
from fitx.numerics.doubledouble import Array, Pair

# A column whose part outside the span of the earlier columns is smaller than this, relative to it, is no new column.
RANK_TOLERANCE = 1e-13


@dataclass(frozen=True, slots=True)
class Triangle:
    """R and Q'y of A = QR after the columns that depend on earlier ones are left out.

    r: (p, p) upper triangular; qty: (p,); kept: (p,) indices of columns of A; residual: ||y - A c|| with
    all kept columns; dependent: column left out -> the earlier columns that make it up.
    """

    r: Array
    qty: Array
    residual: float
    kept: tuple[int, ...]
    dependent: dict[int, tuple[int, ...]]

    def solve(self, size: int) -> Array:
        """Coefficients of the best fit by the first `size` kept columns."""
        return np.asarray(np.linalg.solve(self.r[:size, :size], self.qty[:size]), dtype=np.float64)

    def residual_norm(self, size: int) -> float:
        """||y - A c|| for that fit: what Q'y has beyond `size`, and the rest."""
        return float(np.hypot(np.linalg.norm(self.qty[size:]), self.residual))


def triangularise(a: Array, y: Array) -> Triangle:
    """Householder QR of [A y] without forming Q. a: (n, p) already weighted by sqrt(w); y: (n,)."""
    return reduce_triangle(qr_triangle(np.column_stack([a, y])))


def qr_triangle(a: Array) -> Array:
    """R of a = QR. a: (n, p); returns (min(n, p), p)."""
    return np.asarray(np.linalg.qr(a, mode="r"), dtype=np.float64)


def reduce_triangle(both: Array) -> Triangle:
    """Rank detection on R of [A y], or on any matrix with the same Gram matrix. both: (k, p + 1)."""
    p = both.shape[1] - 1
    a = both[:, :p]
    dependent = _dependent_columns(a)
    kept = tuple(j for j in range(p) if j not in dependent)
    if dependent:
        both = qr_triangle(both[:, [*kept, p]])
    size = len(kept)
    rest = float(np.linalg.norm(both[size:, size]))
    return Triangle(both[:size, :size], both[:size, size], rest, kept, dependent)


def condition(r: Array) -> float:
    """2-norm condition number of R after its columns are scaled to length one (such scaling is free)."""
    if not r.size:
        return 1.0
    s = np.linalg.svd(r / np.linalg.norm(r, axis=0), compute_uv=False)
    return float(s[0] / s[-1]) if s[-1] > 0 else float("inf")


def refine(a: Pair, y: Array, w: Array | None, r: Array, c: Array, rounds: int = 6) -> Pair:
    """The coefficients to about 32 digits: c + dc, (R'R) dc = A'W(y - Ac), residual and product in double-double.

    a: (n, p) twice, *not* weighted; r: (p, p) of the weighted problem. Converges by a factor of cond(R)^2 * 1e-16
    a round; stops when it no longer gains, so that the result is never worse than c. Returns (hi, lo), (p,) each.
    """
    best: Pair = (c, np.zeros_like(c))
    last = np.inf
    rows = np.ascontiguousarray(a[0].T), np.ascontiguousarray(a[1].T)
    columns = np.ascontiguousarray(a[0]), np.ascontiguousarray(a[1])
    for _ in range(rounds):
        product = dd.total(dd.multiply(rows, (best[0][:, None], best[1][:, None])))
        residual = dd.add((y, np.zeros_like(y)), dd.negate(product))
        if w is not None:
            residual = dd.multiply(residual, (w, np.zeros_like(w)))
        gradient = dd.total(dd.multiply(columns, (residual[0][:, None], residual[1][:, None])))[0]
        step = np.linalg.solve(r, np.linalg.solve(r.T, gradient))
        size = float(np.linalg.norm(step))
        if not np.isfinite(size) or size >= 0.5 * last:
            break
        best = dd.add(best, (step, np.zeros_like(step)))
        if size <= 1e-30 * float(np.linalg.norm(c)):
            break
        last = size
    return best


def _dependent_columns(a: Array) -> dict[int, tuple[int, ...]]:
    """Columns within RANK_TOLERANCE of the span of the earlier kept ones: twice modified Gram-Schmidt on a (k, p)."""
    basis = np.empty((a.shape[0], min(a.shape)))
    kept: list[int] = []
    dependent: dict[int, tuple[int, ...]] = {}
    for j in range(a.shape[1]):
        v = a[:, j]
        norm = float(np.linalg.norm(v))
        if len(kept) < basis.shape[1]:
            q = basis[:, : len(kept)]
            rest = v - q @ (q.T @ v)
            rest = rest - q @ (q.T @ rest)
            size = float(np.linalg.norm(rest))
            if size > RANK_TOLERANCE * norm:
                basis[:, len(kept)] = rest / size
                kept.append(j)
                continue
        makers = a[:, kept]
        share = np.linalg.lstsq(makers, v, rcond=None)[0] if kept else np.empty(0)
        weight = np.abs(share) * (np.linalg.norm(makers, axis=0) if kept else 1.0)
        dependent[j] = tuple(k for k, s in zip(kept, weight, strict=True) if s > 1e-8 * max(norm, 1e-300))
    return dependent

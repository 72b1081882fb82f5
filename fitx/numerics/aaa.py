"""Rational interpolation at chosen rows, least squares at the others: the AAA algorithm, for data free of noise.

r(x) = sum_j w_j f_j / (x - z_j)  /  sum_j w_j / (x - z_j)

The next support point z_j is the row with the largest error, and the weights are the smallest right singular vector of
the Loewner matrix of the other rows. [Nakatsukasa, Sete & Trefethen 2018, doi:10.1137/16M1106122]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitx.numerics import barycentric
from fitx.numerics.doubledouble import Array

Complex = NDArray[np.complex128]

_SPURIOUS = 1e-13  # of max |y|: a pole with a smaller residue, relative to its distance from the rows, is rounding

_STALLED = 30  # points that must halve the error: on smooth data far fewer do


@dataclass(frozen=True, slots=True)
class Barycentric:
    """r(x) above. nodes, values, weights: (k,); error: max |y - r| on the rows it was made from."""

    nodes: Array
    values: Array
    weights: Array
    error: float

    def evaluate(self, x: Array) -> Array:
        """r(x), (n,); exactly f_j at z_j."""
        return barycentric.evaluate(self.nodes, self.values, self.weights, x)

    def poles(self) -> Complex:
        """Zeros of sum_j w_j / (x - z_j), (k - 1,): with v_j = 1 / (x - z_j), (z - x) v is constant and w . v = 0."""
        k = len(self.nodes)
        if k < 2:
            return np.zeros(0, dtype=np.complex128)
        right = np.linalg.qr(np.c_[self.weights, np.eye(k)])[0][:, 1:k]
        left = np.linalg.qr(np.c_[np.ones(k), np.eye(k)])[0][:, 1:k]
        middle, half = float(self.nodes.mean()), float(np.ptp(self.nodes)) or 1.0
        z = (self.nodes - middle) / half
        try:
            found = np.linalg.eigvals(np.linalg.solve(left.T @ right, left.T @ (z[:, None] * right)))
        except np.linalg.LinAlgError:  # the weights sum to zero: a pole at infinity
            return np.zeros(0, dtype=np.complex128)
        return self._polished(np.asarray(found * half + middle, dtype=np.complex128))

    def _polished(self, poles: Complex) -> Complex:
        """Newton's steps, as far as they are short: a pole near infinity costs the eigenvalues digits."""
        for _ in range(3):
            with np.errstate(all="ignore"):
                c = 1.0 / (poles[:, None] - self.nodes[None, :])
                step = (c @ self.weights) / (c**2 @ self.weights)
                near = np.abs(step) <= 1e-3 * np.min(1.0 / np.abs(c), axis=1)
            poles = np.where(near, poles + np.where(near, step, 0.0), poles)
        return poles

    def residues(self, poles: Complex) -> Complex:
        """Residues at simple poles: numerator over derivative of the denominator."""
        with np.errstate(all="ignore"):
            c = 1.0 / (poles[:, None] - self.nodes[None, :])
            return np.asarray((c @ (self.weights * self.values)) / -(c**2 @ self.weights))

    def real_poles(self, lo: float, hi: float) -> Array:
        """Poles in [lo, hi]; those next to the real line are, within rounding, on it."""
        z = self.poles()
        real = (z.real >= lo) & (z.real <= hi) & (np.abs(z.imag) <= 1e-9 * (hi - lo))
        return np.asarray(np.unique(z.real[real]))


def aaa(
    x: Array,
    y: Array,
    most: int,
    tolerance: float = 1e-13,
    *,
    poles: bool = True,
    stop: Callable[[], bool] = lambda: False,
) -> Barycentric | None:
    """The approximation of fewest support points with max |y - r| <= tolerance * max |y|, else the best up to `most`.

    x: (n,), distinct; y: (n,). poles: poles between the smallest and largest x are allowed; else such approximations
    are passed over. It ends early where many points have hardly gained, as on noise, and on `stop`. None: there is
    none.
    """
    top = float(np.abs(y).max()) or 1.0
    chosen: list[int] = []
    values = np.full_like(y, y.mean())
    best: Barycentric | None = None
    errors: list[float] = []
    for _ in range(min(most, len(x) - 1)):
        if stop() or (len(errors) > _STALLED and min(errors[-_STALLED:]) > min(errors[:-_STALLED]) / 2):
            break
        gap = np.abs(y - values)
        gap[chosen] = -1.0
        chosen.append(int(np.argmax(gap)))
        found = _clean(x, y, chosen)
        values = found.evaluate(x)
        errors.append(found.error)
        if (best is None or found.error < best.error) and (poles or not len(found.real_poles(x.min(), x.max()))):
            best = found
            if best.error <= tolerance * top:
                break
    return best


def _clean(x: Array, y: Array, chosen: list[int]) -> Barycentric:
    """The approximation with these support points, less those nearest to spurious poles."""
    found = _weighted(x, y, chosen)
    if found.error > 1e-9 * float(np.abs(y).max()):  # doublets arise from rounding
        return found
    z = found.poles()
    with np.errstate(all="ignore"):
        part = np.abs(found.residues(z)) / np.min(np.abs(z[:, None] - x[None, :]), axis=1, initial=np.inf)
    bad = z[part < _SPURIOUS * float(np.abs(y).max())]
    if not len(bad):
        return found
    drop = {int(np.argmin(np.abs(x[chosen] - pole))) for pole in bad}
    kept = [i for k, i in enumerate(chosen) if k not in drop]
    if not kept:
        return found
    fewer = _weighted(x, y, kept)
    return fewer if fewer.error <= 10 * found.error else found


def _weighted(x: Array, y: Array, chosen: list[int]) -> Barycentric:
    """Weights by least squares at the rows that are no support points."""
    nodes, values = x[chosen], y[chosen]
    rest = np.ones(len(x), dtype=bool)
    rest[chosen] = False
    loewner = (y[rest, None] - values[None, :]) / (x[rest, None] - nodes[None, :])
    w = np.linalg.svd(loewner, full_matrices=loewner.shape[0] < len(nodes))[2][-1]
    kept = w != 0
    nodes, values, w = nodes[kept], values[kept], w[kept]
    with np.errstate(all="ignore"):
        error = np.abs(y - barycentric.evaluate(nodes, values, w, x))
    return Barycentric(nodes, values, w, float(np.where(np.isfinite(error), error, np.inf).max()))

"""Polynomials of all columns by total degree: how much of a target, or of residuals, each degree explains."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.search.monomials import polynomial_exponents

Array = npt.NDArray[np.float64]

FLAT = 0.75  # s2 of the highest degree over s2 two degrees before, from which on it has stopped falling
_TERMS = 190
_DEGREE = 14
_MORE = 3  # degrees of single columns beyond: even and odd functions pause for a degree
_DEPENDENT = 1e-4  # pivot from which on Chebyshev polynomials are independent enough for their Gram matrix


class Design:
    """Chebyshev polynomials of columns x (d, n) up to the highest total degree that n rows support, times `root` (n,),
    the square roots of the rows' weights. sizes: terms up to each degree."""

    def __init__(self, x: Array, root: Array) -> None:
        d, n = x.shape
        self.root = root
        degree = 0
        most = min(_TERMS, n // 3)
        while d and degree < _DEGREE and len(polynomial_exponents(d, degree + 1)) <= most:
            degree += 1
        self.sizes = [len(polynomial_exponents(d, k)) if d else 1 for k in range(degree + 1)]
        powers = list(polynomial_exponents(d, degree)) if d else [()]
        for k in range(d if len(powers) + _MORE * d <= n // 2 else 0):
            powers += [tuple(e if i == k else 0 for i in range(d)) for e in range(degree + 1, degree + 1 + _MORE)]
        self.sizes.append(len(powers))
        exponents = np.array(powers, int).reshape(len(powers), d)
        self._rows: Array = _chebyshev(x, exponents) * root
        self._rows /= np.maximum(np.sqrt((self._rows**2).sum(axis=1)), 1e-300)[:, None]
        self._factor: Array | None = None
        self._q: Array | None = None
        try:
            factor: Array = np.asarray(np.linalg.cholesky(self._rows @ self._rows.T), np.float64)
            self._factor = factor if np.diag(factor).min() > _DEPENDENT else None
        except np.linalg.LinAlgError:
            pass
        self.rank = np.arange(1, len(powers) + 1)  # of the first terms
        if self._factor is None:
            q, r = np.linalg.qr(self._rows.T)
            independent = np.abs(np.diag(r)) > 1e-9
            self._q = np.where(independent, q, 0.0)
            self.rank = np.cumsum(independent)

    def coordinates(self, z: Array) -> Array:
        """(m, terms): weighted targets z (m, n) in the orthonormal basis that has the polynomials in their order."""
        if self._q is not None:
            return np.asarray(z @ self._q)
        assert self._factor is not None
        return np.asarray(np.linalg.solve(self._factor, self._rows @ z.T).T)

    def variances(self, t: Array) -> list[tuple[float, bool]]:
        """For each target t (m, n): s2 = RSS / (n - terms) of the highest degree, and whether it stopped falling."""
        z = t * self.root
        c = self.coordinates(z)
        at = np.array(self.sizes) - 1
        rss = (z * z).sum(axis=1)[:, None] - np.cumsum(c * c, axis=1)[:, at]
        rss[:, -1] = (self._residuals(z, c) ** 2).sum(axis=1)  # no cancellation: exact targets are told from noisy ones
        s2 = np.maximum(rss, 0.0) / np.maximum(len(self.root) - self.rank[at], 1)
        return [(float(v[-1]), len(v) > 2 and bool(v[-1] > FLAT * v[-3])) for v in s2]

    def left(self, t: Array) -> tuple[float, Array]:
        """s2 of the highest degree for t (n,), and the weighted residuals (n,)."""
        z = (t * self.root)[None]
        r = self._residuals(z, self.coordinates(z))[0]
        return float(r @ r) / max(len(r) - int(self.rank[-1]), 1), r

    def _residuals(self, z: Array, c: Array) -> Array:
        if self._q is not None:
            return np.asarray(z - c @ self._q.T)
        assert self._factor is not None
        return np.asarray(z - np.linalg.solve(self._factor.T, c.T).T @ self._rows)

    def excess(self, r: Array) -> float:
        """By how many standard deviations the polynomials up to any degree explain more of the residuals r (n,) of a
        formula than they would of noise: the largest normal score of F. [Paulson 1942]"""
        z = r * self.root
        explained = np.cumsum(self.coordinates(z[None])[0] ** 2)
        freedom = max(len(z) - int(self.rank[-1]), 1)
        s2 = max(float(z @ z) - float(explained[-1]), 1e-300) / freedom
        terms = self.rank[np.array(self.sizes) - 1]
        cube_root = np.cbrt(explained[np.array(self.sizes) - 1] / s2 / terms)
        v, w = 2 / (9 * terms), 2 / (9 * freedom)
        return float((((1 - w) * cube_root - (1 - v)) / np.sqrt(w * cube_root**2 + v)).max())


def _chebyshev(x: Array, exponents: npt.NDArray[np.intp]) -> Array:
    """Products of Chebyshev polynomials of the columns scaled to [-1, 1]: (terms, n)."""
    if not len(x):
        return np.ones((len(exponents), x.shape[1]))
    low, span = x.min(axis=1)[:, None], np.maximum(np.ptp(x, axis=1), 1e-300)[:, None]
    angles = np.arccos(np.clip(2 * (x - low) / span - 1, -1.0, 1.0))
    values = [np.cos(np.arange(int(e.max()) + 1)[:, None] * a) for e, a in zip(exponents.T, angles, strict=True)]
    product = values[0][exponents[:, 0]]
    for v, e in zip(values[1:], exponents.T[1:], strict=True):
        product = product * v[e]
    return np.asarray(product)

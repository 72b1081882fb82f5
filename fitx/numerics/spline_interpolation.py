"""Piecewise cubics through every point: natural or periodic spline, monotone (PCHIP), Akima.

All take x: (n,), ascending, y: (n,), and return the slopes (n,) at the points; `hermite` makes the pieces of them.
"""

from __future__ import annotations

import numpy as np

from fitx.numerics.doubledouble import Array
from fitx.numerics.spline import Pieces


def hermite(x: Array, y: Array, slopes: Array) -> Pieces:
    """The cubics with these values and slopes at both ends of each piece."""
    h, m = np.diff(x), np.diff(y) / np.diff(x)
    a, b = slopes[:-1], slopes[1:]
    return Pieces(x, np.column_stack([y[:-1], a, (3 * m - 2 * a - b) / h, (a + b - 2 * m) / h**2]))


def natural(x: Array, y: Array) -> Array:
    """Slopes of the spline with continuous curvature that is zero at the ends. [de Boor 2001, chapter 4]"""
    n = len(x)
    if n == 2:
        return np.full(2, (y[1] - y[0]) / (x[1] - x[0]))
    h, m = np.diff(x), np.diff(y) / np.diff(x)
    a, rhs = np.zeros((n, n)), np.zeros(n)
    inner = np.arange(1, n - 1)
    a[inner, inner - 1], a[inner, inner], a[inner, inner + 1] = h[1:], 2 * (h[:-1] + h[1:]), h[:-1]
    rhs[inner] = 3 * (h[1:] * m[:-1] + h[:-1] * m[1:])
    a[0, :2], a[-1, -2:], rhs[0], rhs[-1] = (2, 1), (1, 2), 3 * m[0], 3 * m[-1]
    return np.asarray(np.linalg.solve(a, rhs))


def periodic(x: Array, y: Array) -> Array:
    """Slopes of the spline with continuous curvature that goes on from the last point to the first; y_0 = y_n-1."""
    n = len(x) - 1
    if n < 3:
        return np.zeros(n + 1) if n == 1 else np.full(3, 0.0)
    h, m = np.diff(x), np.diff(y) / np.diff(x)
    before, slope_before = np.roll(h, 1), np.roll(m, 1)
    a, i = np.zeros((n, n)), np.arange(n)
    a[i, i] = 2 * (before + h)
    a[i, i - 1] += h
    a[i, (i + 1) % n] += before
    slopes = np.linalg.solve(a, 3 * (h * slope_before + before * m))
    return np.append(slopes, slopes[0])


def pchip(x: Array, y: Array) -> Array:
    """Slopes that keep each piece monotone where the points are: weighted harmonic means of the neighbouring chords'
    slopes, zero at a turn. [Fritsch & Butland 1984, doi:10.1137/0905021]"""
    h, m = np.diff(x), np.diff(y) / np.diff(x)
    if len(x) == 2:
        return np.full(2, m[0])
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    slopes = np.zeros(len(x))
    same = m[:-1] * m[1:] > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (w1 + w2) / (w1 / m[:-1] + w2 / m[1:])
    slopes[1:-1] = np.where(same, mean, 0.0)
    slopes[0] = _end(h[0], h[1], m[0], m[1])
    slopes[-1] = _end(h[-1], h[-2], m[-1], m[-2])
    return slopes


def akima(x: Array, y: Array) -> Array:
    """Slopes from five neighbouring points, which keep a step from swinging. [Akima 1970, doi:10.1145/321607.321609]"""
    m = np.diff(y) / np.diff(x)
    if len(x) == 2:
        return np.full(2, m[0])
    before, after = 2 * m[0] - m[1], 2 * m[-1] - m[-2]
    m = np.r_[2 * before - m[0], before, m, after, 2 * after - m[-1]]
    left, right = np.abs(m[1:-2] - m[:-3])[: len(x)], np.abs(m[3:] - m[2:-1])
    total = left + right
    flat = total <= 1e-9 * total.max(initial=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (right * m[1:-2] + left * m[2:-1]) / total
    return np.asarray(np.where(flat, (m[1:-2] + m[2:-1]) / 2, mean))


def _end(h0: float, h1: float, m0: float, m1: float) -> float:
    """Slope at an end from three points, kept monotone."""
    d = ((2 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    if np.sign(d) != np.sign(m0):
        return 0.0
    return float(3 * m0 if np.sign(m0) != np.sign(m1) and abs(d) > 3 * abs(m0) else d)

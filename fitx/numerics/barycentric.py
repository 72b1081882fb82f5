"""Barycentric interpolation, stable for thousands of points, and how far an interpolant can swing between them.

p(x) = sum_j w_j y_j / (x - x_j)  /  sum_j w_j / (x - x_j),   w_j = 1 / prod_{i != j} (x_j - x_i)

[Berrut & Trefethen 2004, doi:10.1137/S0036144502417715]
"""

from __future__ import annotations

import numpy as np

from fitx.numerics.doubledouble import Array

_BLOCK = 512  # rows of the n x n table of differences held at a time
_LARGEST = 300  # binary exponent up to which weights are let grow when their range would else underflow


def weights(x: Array) -> Array:
    """The weights w_j up to one common factor. x: (n,), distinct; returns (n,).

    Products are kept as mantissa and exponent, so nothing overflows on the way. The common factor puts the largest
    weight at one, or higher where the smallest would else fall below 1e-300: a range of 1e390 is kept, which is about
    1,300 equispaced points; beyond that the smallest weights are zero, but there the interpolant swings by 1e300.
    """
    mantissa, exponent = _products(np.ldexp(x, -int(np.frexp(np.max(np.abs(x), initial=0.0))[1])))
    exponent = -exponent
    top = int(exponent.max())
    room = min(_LARGEST, max(0, top - int(exponent.min()) - 990))
    return np.asarray(np.ldexp(1.0 / mantissa, exponent - top + room), dtype=np.float64)


def evaluate(x: Array, y: Array, w: Array, at: Array) -> Array:
    """p(at) by the second (true) barycentric formula; exactly y_j at x_j. x, y, w: (n,); at: (m,); returns (m,)."""
    out = np.empty(len(at))
    for start in range(0, len(at), _BLOCK):
        part = at[start : start + _BLOCK]
        gap = part[:, None] - x[None, :]
        hit = gap == 0
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            share = w / gap
            value = (share @ y) / share.sum(axis=1)
        rows, nodes = np.nonzero(hit)
        value[rows] = y[nodes]
        out[start : start + _BLOCK] = value
    return out


def lebesgue_constant(x: Array, points: int = 1000) -> float:
    """Estimate of max_t sum_j |l_j(t)| over [min x, max x]: by how much noise in y can grow between the points.

    sum_j |l_j(t)| = |l(t)| sum_j |w_j| / |t - x_j|, l(t) = prod_j (t - x_j), in logarithms, so that nothing cancels.
    Tried at up to about `points` places between neighbouring nodes, the outer gaps first, where it is largest.
    x: (n,), distinct. About log(n) for Chebyshev points, 2^n / (e n log n) for equispaced ones.
    """
    n = len(x)
    if n < 2:
        return 1.0
    nodes = np.ldexp(np.sort(x), -int(np.frexp(np.max(np.abs(x)))[1]))
    nodes = (nodes - nodes[0]) / (nodes[-1] - nodes[0])
    mantissa, exponent = _products(nodes)
    log_w = -(np.log(np.abs(mantissa)) + exponent * np.log(2.0))
    gaps = np.arange(n - 1)
    if n - 1 > points:
        outer = points // 4
        gaps = np.unique(np.r_[gaps[:outer], gaps[-outer:], np.linspace(0, n - 2, points - 2 * outer).astype(int)])
    each = max(1, min(9, points // len(gaps)))
    share = (np.arange(each) + 0.5) / each
    at = (nodes[gaps, None] + share * (nodes[gaps + 1] - nodes[gaps])[:, None]).ravel()
    largest = 0.0
    for start in range(0, len(at), _BLOCK):
        with np.errstate(divide="ignore"):
            log_gap = np.log(np.abs(at[start : start + _BLOCK, None] - nodes[None, :]))
        log_gap = log_gap[np.isfinite(log_gap).all(axis=1)]
        if not len(log_gap):
            continue
        exponents = log_w[None, :] - log_gap
        peak = exponents.max(axis=1)
        total = log_gap.sum(axis=1) + peak + np.log(np.exp(exponents - peak[:, None]).sum(axis=1))
        largest = max(largest, float(total.max()))
    return float(np.exp(min(largest, 709.0)))


def _products(x: Array) -> tuple[Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """prod_{i != j} (x_j - x_i), |x| <= 1, as mantissa * 2^exponent. 512 mantissas at a time fit."""
    n = len(x)
    mantissa, exponent = np.ones(n), np.zeros(n, dtype=np.int64)
    for start in range(0, n, _BLOCK):
        gap = x[start : start + _BLOCK, None] - x[None, :]
        gap[np.arange(len(gap)), start + np.arange(len(gap))] = 1.0
        m, e = np.frexp(gap)
        product = np.ones(len(gap))
        power = e.sum(axis=1, dtype=np.int64)
        for first in range(0, n, 512):
            product, shift = np.frexp(product * np.multiply.reduce(m[:, first : first + 512], axis=1))
            power += shift
        mantissa[start : start + _BLOCK], exponent[start : start + _BLOCK] = product, power
    return mantissa, exponent

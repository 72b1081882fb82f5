"""How much of y is noise: repeats of a row, neighbours along a line, and polynomials that stop getting better.

A polynomial of growing degree explains an exact law better and better, while under noise the unexplained variance

    s2_k = RSS_k / (n - p_k),    p_k terms up to degree k,

stops falling at the variance of the noise. Where s2 still falls at the highest degree that the rows support, it is no
more than an upper bound, and the data may be exact. [After the variance estimators of Gasser, Sroka and
Jennen-Steinmetz 1986 (differences of neighbours); Rice 1984]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.search.smooth import FLAT, Design

Array = npt.NDArray[np.float64]

_ROWS = 1500
_LEAST = 1e-11  # relative variance below which there is no noise, only rounding
_LEFT = 0.02  # the same for what a formula leaves, which may be as wild as the formula is wrong
_MOST = 0.3  # relative variance above which a polynomial that stops getting better may just be the wrong tool
_AGREE = 1.5  # a level may be this much above the smallest s2 of all
_REACH = 3.5  # standard deviations that noise may move the ends of y's range
_REPEATS = 8  # degrees of freedom of repeated rows from which on these tell


@dataclass(frozen=True, slots=True)
class Noise:
    """level: relative variance of the noise (of y's spread, as errors of a `Table` are), 0 where there is no evidence
    of noise; bound: it is hardly more than this."""

    level: float
    bound: float


def estimate_noise(
    columns: Array, y: Array, weights: Array | None = None, approximations: tuple[Array, ...] = ()
) -> Noise:
    """The noise in y (n,) as a function of columns (d, n). approximations: values (n,) of formulas near y.

    Exact data have level 0. Noise that is small beside what a polynomial leaves of the law is not seen (level 0) until
    a formula explains more of y: then its residuals and ratios are tried in the place of y.
    """
    n = len(y)
    rows = np.unique(np.linspace(0, n - 1, min(n, _ROWS)).astype(int))
    x, t = columns[:, rows], y[rows]
    w = np.ones(len(rows)) if weights is None else weights[rows] / max(float(weights[rows].mean()), 1e-300)
    total = float(w @ (t - np.average(t, weights=w)) ** 2) / len(t)
    if not total > 0 or len(t) < 12:
        return Noise(0.0, 1.0)
    repeats = _repeats(x, t, w)
    if repeats is not None:
        level = repeats / total
        return Noise(level if level > _LEAST else 0.0, level)
    found: list[float] = []
    bound = 1.0
    views = [(s2, flat, _MOST) for s2, flat in (*_along_a_line(x, t), *_polynomials(x, t, w, []))]
    if approximations:
        views += [(s2, flat, _LEFT) for s2, flat in _polynomials(x, t, w, [f[rows] for f in approximations])]
    for s2, flat, most in views:
        bound = min(bound, s2 / total)
        if flat and s2 < most * total:
            found.append(s2 / total)
    level = min(found, default=0.0)
    if not _LEAST < level < _AGREE * bound:
        level = 0.0  # what one view calls noise another explains
    return Noise(level, bound)


def _repeats(x: Array, t: Array, w: Array) -> float | None:
    """Variance within rows that share all columns; None where these are few."""
    _, group = np.unique(x, axis=1, return_inverse=True)
    group = group.ravel()
    count = np.bincount(group)
    freedom = len(t) - len(count)
    if freedom < _REPEATS:
        return None
    mean = np.bincount(group, w * t) / np.maximum(np.bincount(group, w), 1e-300)
    return float(w @ (t - mean[group]) ** 2) / freedom


def _along_a_line(x: Array, t: Array) -> Iterator[tuple[float, bool]]:
    """Noise from divided differences of neighbours along the path that rows sorted by the one column, or rows in
    their order, take; flat where differences of third, fourth and fifth order agree."""
    d, n = x.shape
    if n < 24:
        return
    if d == 1:
        order = np.argsort(x[0], kind="stable")
        s, t = x[0][order], t[order]
    else:
        steps = np.diff(x / np.maximum(x.std(axis=1), 1e-300)[:, None], axis=1)
        length = np.sqrt((steps**2).sum(axis=0))
        if float(np.median(length)) > 0.15 * np.sqrt(d):
            return  # rows in no order
        s = np.concatenate([[0.0], np.cumsum(length)])
    levels = []
    for degree in (1, 2, 3, 4):
        k = degree + 2
        nodes = np.array([s[i : n - k + 1 + i] for i in range(k)])
        values = np.array([t[i : n - k + 1 + i] for i in range(k)])
        ok = (np.diff(nodes, axis=0) > 0).all(axis=0)
        if ok.sum() < 12:
            return
        nodes, values = nodes[:, ok], values[:, ok]
        gaps = nodes[:, None, :] - nodes[None, :, :]
        gaps[np.arange(k), np.arange(k)] = 1.0
        with np.errstate(all="ignore"):
            c = 1 / np.prod(gaps, axis=1)
            r = (c * values).sum(axis=0) / np.sqrt((c * c).sum(axis=0))
        r = r[np.isfinite(r)]
        if len(r) < 12:
            return
        levels.append(float(np.mean(r * r)))
    yield min(levels), levels[3] > FLAT * max(levels[1:3])


def _polynomials(x: Array, t: Array, w: Array, approximations: list[Array]) -> Iterator[tuple[float, bool]]:
    """(s2 of the highest degree, whether it has stopped falling) for y, log|y| and y^2, or for what formulas leave."""
    varying = np.ptp(x, axis=1) > 0
    left = np.array([t - f for f in approximations if np.isfinite(f).all()]).reshape(-1, len(t))
    if len(left) or not approximations:
        yield from Design(x[varying], np.sqrt(w)).variances(left if approximations else t[None])
    for f in approximations or [np.ones_like(t)]:
        with np.errstate(all="ignore"):
            z = t / f
        good = np.isfinite(z)
        if good.mean() < 0.95:
            continue
        sign = np.sign(np.median(z[good]))
        good &= sign * z > 0
        if good.mean() < 0.9:
            continue
        logs, z, size = x[varying][:, good], np.abs(z[good]), np.abs(t[good]) * np.sqrt(w[good])
        logs = np.where(logs.min(axis=1)[:, None] > 0, np.log(np.maximum(logs, 1e-300)), logs)
        # Noise of variance s2 in y is noise of s2 / y^2 in log|y|.
        yield from Design(logs, size).variances(np.log(z)[None])
    good = np.sign(np.median(t)) * t > 0
    if not approximations and good.mean() > 0.9:  # roots of sums
        yield from Design(x[varying][:, good], np.sqrt(w[good]) / (2 * np.abs(t[good]))).variances(t[None, good] ** 2)


def within(y: Array, sigma: Array | None) -> Array:
    """y without what noise may have added to its range at either end: what a target has to be defined for."""
    if sigma is None:
        return y
    low, high = float((y + _REACH * sigma).min()), float((y - _REACH * sigma).max())
    return np.clip(y, low, high) if low < high else y


def row_weights(target: Callable[[Array], Array], y: Array, sigma: Array, log: bool) -> Array:
    """1 / standard deviation of T(y), or of log|T(y)|, for noise of standard deviation sigma in y: by the delta method
    sigma |T'(y)|, here from T(y + sigma) and T(y - sigma). 0 where T is undefined or (log) changes sign between these.

    Residuals times these weights have variance 1 for the law.
    """
    with np.errstate(all="ignore"):
        low, middle, high = (target(v) for v in (y - sigma, y, y + sigma))
        if log:
            one_sign = np.sign(low) * np.sign(high) > 0
            low, middle, high = (np.where(one_sign, np.log(np.abs(v)), np.nan) for v in (low, middle, high))
        w = 1 / np.sqrt(((high - middle) ** 2 + (low - middle) ** 2) / 2)
    return np.where(np.isfinite(w) & np.isfinite(middle), w, 0.0)

"""Starts of waves: angular frequencies by the periodogram of Lomb and Scargle, with a floating mean.

[Lomb 1976, doi:10.1007/BF00648343; Scargle 1982, doi:10.1086/160554; Zechmeister and Kuerster 2009,
doi:10.1051/0004-6361:200811296, for the floating mean]
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fitx.curves.starts import Array, Numbers, Shape, Start

_FINE = 6  # frequencies for each cycle over the span
_MOST = 2400
_TOP = 3


def frequency(s: Shape) -> Numbers:
    """The angular frequencies of the highest peaks of the periodogram."""
    if "frequency" not in s.kept:
        s.kept["frequency"] = _peaks(s, s.y)
    return s.kept["frequency"]  # type: ignore[return-value]


def sine(s: Shape) -> Iterable[Start]:
    """w and p of one wave, a*sin(w*x + p)."""
    return [{"w": w, "p": _phases(s, (w,))[0]} for w in frequency(s)]


def two_sines(s: Shape) -> Iterable[Start]:
    """w, p and v, q of two: the second from what the first leaves."""
    starts = []
    for w in frequency(s):
        for v in _peaks(s, _rest(s, (w,))):
            p, q = _phases(s, (w, v))
            starts.append({"w": w, "p": p, "v": v, "q": q})
    return starts


def harmonics(s: Shape) -> Iterable[Start]:
    """w, p and q of a*sin(w*x + p) + b*sin(2*w*x + q), the first or the second of which may be the stronger."""
    starts = []
    for w in (f for v in frequency(s) for f in (v, v / 2)):
        p, q = _phases(s, (w, 2 * w))
        starts.append({"w": w, "p": p, "q": q})
    return starts


def _grid(s: Shape) -> Array:
    """From half a cycle over the span to half a cycle for each row."""
    cycles = max(2.0, min(len(np.unique(s.x)) / 2, _MOST / _FINE))
    with np.errstate(over="ignore"):
        grid = 2 * np.pi / s.span * np.arange(0.5, cycles, 1 / _FINE)
        return np.asarray(grid[np.isfinite(2 * grid)])  # harmonics, too


def _columns(s: Shape, frequencies: tuple[float, ...]) -> Array:
    x = s.x - s.x.min()
    waves = [f(w * x) for w in frequencies for f in (np.sin, np.cos)]
    return np.stack([*waves, np.ones_like(x)], axis=1)


def _rest(s: Shape, frequencies: tuple[float, ...]) -> Array:
    A = _columns(s, frequencies)
    return np.asarray(s.y - A @ np.linalg.lstsq(A, s.y, rcond=None)[0])


def _phases(s: Shape, frequencies: tuple[float, ...]) -> list[float]:
    c = np.linalg.lstsq(_columns(s, frequencies), s.y, rcond=None)[0]
    low = float(s.x.min())
    return [float(np.arctan2(c[2 * k + 1], c[2 * k]) - w * low) for k, w in enumerate(frequencies)]


def _peaks(s: Shape, y: Array) -> Numbers:
    grid = _grid(s)
    x = s.x - s.x.mean()
    y = y - y.mean()
    angle = grid[:, None] * x
    C, S = np.cos(angle), np.sin(angle)
    C -= C.mean(axis=1, keepdims=True)
    S -= S.mean(axis=1, keepdims=True)
    cc, ss, cs = (np.einsum("fn,fn->f", a, b) for a, b in ((C, C), (S, S), (C, S)))
    c, d = C @ y, S @ y
    with np.errstate(all="ignore"):
        power = (ss * c * c + cc * d * d - 2 * cs * c * d) / (cc * ss - cs * cs)
    power[~np.isfinite(power) | (cc * ss - cs * cs < 1e-6 * cc * ss)] = -1.0
    padded = np.concatenate([[-np.inf], power, [-np.inf]])
    tops = np.flatnonzero((power >= padded[:-2]) & (power >= padded[2:]))
    return tuple(float(grid[k]) for k in tops[np.argsort(-power[tops], kind="stable")][:_TOP])

"""A cheap look at the rows, by which the methods decide whether and when they take part in a contest."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fitx.search.noise import estimate_noise

Array = npt.NDArray[np.float64]

_ROWS = 2000  # looked at
_EXACT = 1e-9  # share of y's variance below which what polynomials leave is no noise
_PERIODS = 3  # of a wave, from which on y is called periodic
_PEAK = 0.5  # share of the variance that the strongest wave of a periodic y explains


@dataclass(frozen=True, slots=True)
class Look:
    """n, d: rows and features. distinct: different values of the target. positive: X and y are all above 0.

    noise: share of y's variance that is noise, by repeated rows, neighbours and polynomials; 0 without evidence of it.
    exact: whether y may be free of noise. monotone: y rises or falls throughout with the one feature; periodic: a wave
    of three periods or more explains most of y over the one feature; turns: how often y turns there.
    """

    n: int
    d: int
    distinct: int
    noise: float
    exact: bool
    positive: bool
    monotone: bool = False
    periodic: bool = False
    turns: int = 0


def look_at(X: Array, y: Array, weights: Array | None = None) -> Look:
    """The look at X (n, d) and y (n,): at most 2,000 rows of it, in a few milliseconds."""
    n, d = X.shape
    step = -(-n // _ROWS)
    x, t = np.ascontiguousarray(X[::step].T), y[::step]
    w = None if weights is None else weights[::step]
    with np.errstate(all="ignore"):
        noise = estimate_noise(x, t, w)
        look = Look(
            n=n,
            d=d,
            distinct=len(np.unique(t)),
            noise=min(noise.level, 1.0),
            exact=noise.level == 0.0,
            positive=bool((x > 0).all() and (t > 0).all()),
        )
        return look if d != 1 or len(t) < 3 else _along(look, x[0], t)


def _along(look: Look, x: Array, y: Array) -> Look:
    """What the one feature's order tells."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    steps = np.sign(np.diff(y))
    steps = steps[steps != 0]
    turns = int((np.diff(steps) != 0).sum())
    return replace(look, monotone=turns == 0, turns=turns, periodic=_periodic(x, y))


def _periodic(x: Array, y: Array) -> bool:
    """Whether one sine wave of three periods or more, beside a line, explains most of y."""
    if len(x) < 12 or not x[-1] > x[0]:
        return False
    u = (x - x[0]) / (x[-1] - x[0])
    line = np.polynomial.polynomial.polyvander(u, 1)
    r = y - line @ np.linalg.lstsq(line, y, rcond=None)[0]
    total = float(r @ r)
    if not total > 0:
        return False
    most = min(len(x) / 4, 64.0)
    frequencies = np.arange(_PERIODS, most + 0.25, 0.25)
    if not len(frequencies):
        return False
    waves = np.exp(2j * np.pi * np.outer(frequencies, u)) @ r
    explained = 2 * np.abs(waves) ** 2 / (len(x) * total)
    return bool(explained.max() > _PEAK)

"""Features that hold the target itself, or all of it in other units: a formula of them is right and worth nothing,
where they are not known before the target is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.fitters.base import Data

Array = npt.NDArray[np.float64]

ROWS = 2000  # looked at, spread over the table; what is the same there is then looked at everywhere
LEFT = 1e-9  # share of the target's variance that a straight line in one feature leaves, up to which it holds it all
DISTINCT, MANY = 5, 20  # targets, at least, for the two: a line through few points is soon had


def leaks(data: Data) -> list[str]:
    """Warnings, in words, of the features that are the target; where there are others beside it, also of one that alone
    gives it by a straight line."""
    some = data.every(-(-data.n // ROWS))
    distinct = len(np.unique(some.y))
    if distinct < DISTINCT:
        return []
    told = []
    for name, x, whole in zip(data.names, some.X.T, data.X.T, strict=True):
        if np.array_equal(x, some.y) and np.array_equal(whole, data.y):
            told.append(f"column `{name}` holds the target itself; {_AWAY}")
        elif data.d > 1 and distinct >= MANY and _line_leaves(x, some.y) <= LEFT:
            told.append(
                f"column `{name}` alone gives the target by a straight line, as it would in other units; {_AWAY}"
            )
    return told


_AWAY = "leave it out (`--features`) if it is not known beforehand"


def _line_leaves(x: Array, y: Array) -> float:
    """Share of y's variance that a straight line in x leaves."""
    u, v = _centred(x), _centred(y)
    uu, vv = float(u @ u), float(v @ v)
    if not uu > 0 or not vv > 0:
        return 1.0
    rest = v - float(u @ v) / uu * u
    return float(rest @ rest) / vv


def _centred(v: Array) -> Array:
    """v less its mean, in units of its largest magnitude: no square over- or underflows."""
    scale = float(np.abs(v).max()) or 1.0
    with np.errstate(over="ignore"):
        u = v / scale
    u = u - u.mean()
    return np.asarray(u / (float(np.abs(u).max()) or 1.0))

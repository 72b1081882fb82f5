"""Paired differences of losses on the same rows: whether one formula is better there by more than chance."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fitx.numerics.students import t_tail

Array = npt.NDArray[np.float64]

_FLIPPED = 14  # differences up to which all flips of their signs are counted


def standard_error(d: Array) -> float:
    """That of the mean of the differences d (m,); 0 for a single one."""
    m = len(d)
    return float(d.std(ddof=1)) / math.sqrt(m) if m > 1 else 0.0


def positive_signs(d: Array) -> float:
    """By how many standard deviations more than half of the differences d (m,) are positive, corrected for counting."""
    return (float(np.sign(d).sum()) - 1) / math.sqrt(max(1, len(d)))


def by_chance(d: Array) -> float:
    """One-sided P that differences d (m,) of mean 0 average as much as they do; 1 where one is not finite.

    Student's t or, where few rows outweigh the others by far, how many differences are positive (sign test, normal
    approximation, P doubled), the smaller of the two. For few rows the share of all flips of signs (Fisher's test).
    """
    m = len(d)
    if m < 2 or not np.isfinite(d).all():
        return 1.0
    if m <= _FLIPPED:
        flips = 1 - 2 * ((np.arange(1 << m)[:, None] >> np.arange(m)) & 1)
        return float(np.mean(flips @ d >= d.sum() - 1e-12 * np.abs(d).sum()))
    mean, error = float(d.mean()), standard_error(d)
    if not mean > 0 or not error > 0:
        return 1.0 if not mean > 0 else 0.0
    return min(t_tail(mean / error, m - 1), math.erfc(positive_signs(d) / math.sqrt(2)))

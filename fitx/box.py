"""The box of the rows that were fitted: what its columns range over, and which new rows lie outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError
from fitx.fitters.base import Data

Array = npt.NDArray[np.float64]
Box = Mapping[str, tuple[float, float]]

WIDER = 0.1  # of a column's range, on both sides
TOWARDS_ZERO = 0.1  # of the value of a column of one sign that is nearest to zero
LARGEST = 1e306  # of what is fitted: differences, and ranges widened, must not overflow
LISTED = 3  # columns that are named


def box_of(data: Data) -> dict[str, tuple[float, float]]:
    """The smallest and the largest value of every column."""
    return {name: (float(data.X[:, j].min()), float(data.X[:, j].max())) for j, name in enumerate(data.names)}


def refuse_overflow(data: Data, box: Box) -> None:
    """Errors: FitxError for a column whose values are so large that sums of two of them overflow."""
    ends = {**box, data.target: (float(data.y.min()), float(data.y.max()))}
    for name, (lo, hi) in ends.items():
        if max(abs(lo), abs(hi)) > LARGEST:
            raise FitxError(
                f"column `{name}` reaches {hi if hi > -lo else lo:.3g}, where the numbers of a computer end (1.8e308)",
                "divide the column by a power of ten, such as 1e10",
            )


def around(box: Box, other: Box) -> dict[str, tuple[float, float]]:
    """The smallest box that holds both."""
    return {k: (min(lo, other[k][0]), max(hi, other[k][1])) for k, (lo, hi) in box.items()}


def widened(lo: float, hi: float) -> tuple[float, float]:
    """A column's range, a tenth wider on both sides; towards zero down to a tenth of the value nearest to it."""
    margin = WIDER * (hi - lo)
    a, b = lo - margin, hi + margin
    if lo >= 0:
        a = max(a, TOWARDS_ZERO * lo)
    if hi <= 0:
        b = min(b, TOWARDS_ZERO * hi)
    return a, b


def beside(lo: float, hi: float) -> tuple[float, float]:
    """As `widened`, but towards zero by no more than a tenth of the value nearest to it: where 1/x is no other yet."""
    a, b = widened(lo, hi)
    return max(a, (1 - WIDER) * lo) if lo >= 0 else a, min(b, (1 - WIDER) * hi) if hi <= 0 else b


def outside(box: Box, used: Iterable[str], X: Array, names: tuple[str, ...], dates: Mapping[str, str]) -> str:
    """A warning that counts the rows of X (n, d) outside the box in one of the columns that are used, or "".

    dates: column -> the time that is day 0, for columns that were dates.
    """
    beyond = np.zeros(len(X), bool)
    ranges: list[str] = []
    needed = frozenset(used)
    for name, x in zip(names, X.T, strict=True):
        if name not in needed or name not in box:
            continue
        lo, hi = box[name]
        there = (x < lo) | (x > hi)
        if there.any():
            beyond |= there
            ranges.append(f"`{name}` {_shown(lo, dates.get(name))} to {_shown(hi, dates.get(name))}")
    if not ranges:
        return ""
    count = int(beyond.sum())
    lie = "1 row lies" if count == len(X) == 1 else f"{count} of {len(X)} rows {'lies' if count == 1 else 'lie'}"
    listed = ", ".join(ranges[:LISTED]) + (", ..." if len(ranges) > LISTED else "")
    return f"{lie} outside the range of the rows that were fitted ({listed}): the formula extrapolates there"


def _shown(value: float, day_0: str | None) -> str:
    if day_0 is None:
        return f"{value:.6g}"
    try:
        time = np.datetime64(day_0.replace(" ", "T"), "s") + np.timedelta64(round(value * 86400), "s")
    except (ValueError, OverflowError):
        return f"{value:.6g}"
    text = str(time).replace("T", " ")
    return text.removesuffix(" 00:00:00")

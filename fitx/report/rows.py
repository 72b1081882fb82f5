"""What is shown of the rows: predictions, which were held out, which are drawn; where an axis is logarithmic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fitx.arrays import as_rows, as_vector
from fitx.errors import FitxError, UsageError
from fitx.formula.evaluate import predict
from fitx.given import mark
from fitx.split import split_rows

if TYPE_CHECKING:
    from fitx.result import Fit, Found

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

MOST = 4000  # rows that are drawn of larger tables
FARTHEST = 100  # of them, the rows with the largest residuals: an outlier is never thinned out
WIDE = 100.0  # largest over smallest value from which on an axis may be logarithmic


@dataclass(frozen=True, slots=True)
class Shown:
    """X: (n, d), y: (n,), p: (n,) predictions, NaN where undefined. held: (n,) True where held out, None where that is
    not known or is every row; which: in words. drawn: numbers of the rows that are drawn."""

    X: Array
    y: Array
    p: Array
    held: npt.NDArray[np.bool_] | None
    which: str
    drawn: Rows

    @property
    def thinned(self) -> str:
        """In words, where not every row is drawn."""
        n = len(self.y)
        return "" if len(self.drawn) == n else f"{len(self.drawn):,} of {n:,} rows drawn, the {FARTHEST} farthest too"


def shown_rows(fit: Fit, X: Any = None, y: Any = None) -> Shown:
    """The rows to show: X and y, or those that the fit was made from.

    Errors: UsageError where there are none, or only one of the two is given; FitxError where they do not fit together.
    """
    if (X is None) != (y is None):
        raise UsageError("give X and y, or neither", "without them the rows that were fitted are shown")
    own = X is None
    X, y = (fit.given.X, fit.given.y) if own else (X, y)
    if X is None:
        raise UsageError(
            "a fit that was loaded from a file holds no rows to show",
            "give them: X and y, or the table on the command line",
        )
    rows, target = as_rows(X, fit.features), as_vector(y, "y")
    if len(rows) != len(target):
        raise FitxError(f"X has {len(rows)} rows and y has {len(target)}", "they must belong together, row by row")
    if not len(target):
        raise FitxError("there are no rows to show")
    held, which = held_rows(fit, target, own)
    p = predict(fit.formula, rows, fit.features)
    return Shown(rows, target, p, held, which, drawn_rows(target, p))


def of_candidate(s: Shown, found: Found) -> Shown:
    """The same rows with another formula's predictions."""
    return replace(s, p=predict(found.formula, s.X, found.features))


def held_rows(fit: Fit, y: Array, own: bool) -> tuple[npt.NDArray[np.bool_] | None, str]:
    """(mask of the rows that were held out, in words): drawn again from the seed, where these are the rows of the fit.

    own: they are known to be; else the checksum of their targets tells.
    """
    how, words = fit.how, fit.holdout.how
    if not fit.holdout.n:
        return None, words or "no rows were held out"
    if "validation" in words:  # folds
        return None, f"each row was held out once a round: {words}"
    same = own or (how.get("y_crc32") == mark(y) and how.get("rows") == len(y))
    kind = str(how.get("split", ""))
    groups = fit.given.groups
    if not same:
        return None, "these are not the rows of the fit, or not in its order: none is marked as held out"
    if kind == "group" and (groups is None or len(groups) != len(y)):
        return None, f"held out were {words}: which is not known here"
    try:
        split = split_rows(len(y), float(how["holdout"]), kind, np.random.default_rng(fit.seed), groups)
    except (FitxError, KeyError, TypeError, ValueError):
        return None, "which rows were held out is not known"
    if len(split.parts) != 1 or split.how != words:
        return None, "which rows were held out is not known"
    mask = np.zeros(len(y), bool)
    mask[split.parts[0][1]] = True
    return mask, words


def drawn_rows(y: Array, p: Array, most: int = MOST) -> Rows:
    """All rows, or of more than `most` some that are drawn by chance and those with the largest residuals."""
    n = len(y)
    if n <= most:
        return np.arange(n)
    with np.errstate(all="ignore"):
        r = np.nan_to_num(np.abs(y - p), nan=0.0, posinf=0.0)
    far = np.argpartition(r, n - FARTHEST)[n - FARTHEST :]
    some = np.random.default_rng(0).choice(n, most - FARTHEST, replace=False)
    return np.unique(np.concatenate([far, some]))


def wants_log(*values: Array) -> bool:
    """Whether an axis for these values is logarithmic: all above 0, the largest at least 100 times the smallest, and
    their median nearer to the middle of a logarithmic axis than to that of a linear one. Undefined values are left out.
    """
    v = np.concatenate([a.ravel() for a in values]) if values else np.empty(0)
    v = v[np.isfinite(v)]
    if len(v) < 3 or v.min() <= 0 or v.max() < WIDE * v.min():
        return False
    lo, mid, hi = float(v.min()), float(np.median(v)), float(v.max())
    linear = abs((mid - lo) / (hi - lo) - 0.5)
    log = abs(np.log(mid / lo) / np.log(hi / lo) - 0.5)
    return bool(log < linear)

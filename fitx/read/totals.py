"""A row of sums or means at the end of a table, as spreadsheets have it: it is no row to fit."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from fitx.read.columns import shown

_WORDS = re.compile(
    r"(?:grand |sub-?|all |col(?:umn)? )?(?:totals?|totale?|totaal|sums?|averages?|avg|means?|summe|gesamt|somme|suma"
    r"|moyenne|mittel(?:wert)?|promedio|media|Σ)\b",
    re.IGNORECASE,
)
_MOST = 100_000  # rows; nobody puts totals under more
_LEAST = 4


def total_row(columns: list[NDArray[np.float64]], labels: list[str], row: int) -> tuple[bool, str]:
    """Whether to leave out the last row, and a warning about it, "" where there is nothing to say.

    columns: the numbers of each column that is used, (n,) each; labels: the last row's cells in columns of text.
    It is left out where every number is the sum, or the mean, of those above it, and the row is called so or has no
    name where others have one. With one of the two alone it stays.
    """
    if not _LEAST <= len(columns[0]) <= _MOST or any(column[-1] == 0 for column in columns):
        return False, ""
    called = next((label.strip() for label in labels if _WORDS.match(label.strip())), "")
    nameless = bool(labels) and not any(label.strip() for label in labels)
    close = 1e-3 if called else 1e-12
    with np.errstate(all="ignore"):
        sums = all(np.isclose(c[-1], c[:-1].sum(), rtol=close, atol=0) for c in columns)
        means = all(np.isclose(c[-1], c[:-1].mean(), rtol=close, atol=0) for c in columns)
    what = "sums" if sums else "means" if means else ""
    if what and (called or nameless):
        name = f"called `{shown(called)}`" if called else "without a name"
        return True, f"row {row} is left out: it is {name} and holds the {what} of the rows above it"
    if called:
        return False, f"row {row} is called `{shown(called)}` and is fitted: leave it out if it is no row"
    if sums and not nameless:
        return False, f"row {row} holds the sums of the rows above it and is fitted: leave it out if it is no row"
    return False, ""

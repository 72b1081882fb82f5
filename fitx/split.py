"""Which rows judge: a part kept back for the report, or folds where the table is small.

The rows that choose among formulas are taken from what is left, by the same rules (`pipeline.contest`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError, UsageError, did_you_mean

Rows = npt.NDArray[np.intp]

SMALL = 40  # below this many rows one held-out part says little: folds instead
TINY = 5  # below this nothing can be held back
LARGE = 100_000  # above this each row draws its part for itself: no permutation of the table


@dataclass(frozen=True, slots=True)
class Split:
    """Pairs (work, held): disjoint row numbers, ascending. `how` says in words which rows were held out."""

    parts: tuple[tuple[Rows, Rows], ...]
    how: str

    @property
    def folds(self) -> bool:
        """True for cross-validation, False for one held-out part (or none)."""
        return len(self.parts) > 1


def split_rows(
    n: int,
    share: float,
    how: str,
    rng: np.random.Generator,
    groups: Sequence[Any] | npt.NDArray[Any] | None = None,
    repeats: int = 2,
    small: int = SMALL,
) -> Split:
    """The split of n rows. share: of the rows to hold back; how: "random", "last", or "group" (with `groups`).

    Below `small` rows: 5 folds, repeated (leave-one-out under 10 rows). Too small, or share 0: no parts.
    Errors: UsageError for an unknown `how` or a share outside [0, 0.9]; FitxError for a single group.
    """
    check_split(how, share)
    if share == 0:
        return Split((), "no rows were held out")
    if n < TINY:
        return Split((), f"{n} rows are too few to hold any out")
    if how == "last":
        held = max(1, round(share * n))
        return Split(((np.arange(n - held), np.arange(n - held, n)),), f"the last {held} of {n} rows")
    if how == "group":
        return _split_groups(np.asarray(groups), share, rng)
    if n < small:
        return _folds(np.arange(n), n, rng, repeats)
    if n >= LARGE:
        return _draw(n, share, rng)
    held = max(1, round(share * n))
    order = rng.permutation(n)
    return Split(((np.sort(order[held:]), np.sort(order[:held])),), f"{held} of {n} rows, drawn at random")


def check_split(how: str, share: float) -> None:
    """Errors: UsageError for an unknown `how` or a share outside [0, 0.9]."""
    if not 0 <= share <= 0.9:
        raise UsageError(f"the share of rows held out is between 0 and 0.9, got {share:g}")
    if how not in ("random", "last", "group"):
        meant = did_you_mean(how, ["random", "last", "group"])
        raise UsageError(f"no split named `{how}`", f"{meant}it is `random`, `last` or `group:COLUMN`")


def _draw(n: int, share: float, rng: np.random.Generator) -> Split:
    mask = np.empty(n, bool)
    for start in range(0, n, 1 << 20):  # in blocks: no temporary of the table's length
        stop = min(n, start + (1 << 20))
        mask[start:stop] = rng.integers(0, 1 << 16, stop - start, dtype=np.uint16) < round(share * (1 << 16))
    held = np.flatnonzero(mask)
    np.logical_not(mask, out=mask)
    return Split(((np.flatnonzero(mask), held),), f"{len(held)} of {n} rows, drawn at random")


def _folds(codes: npt.NDArray[np.intp], units: int, rng: np.random.Generator, repeats: int) -> Split:
    """Folds over `units` (rows or groups); codes: (n,) each row's unit."""
    k = units if units < 10 else 5
    repeats = 1 if k == units else repeats
    parts = []
    for _ in range(repeats):
        fold = np.empty(units, np.intp)
        fold[rng.permutation(units)] = np.arange(units) % k
        of_row = fold[codes]
        parts += [(np.flatnonzero(of_row != i), np.flatnonzero(of_row == i)) for i in range(k)]
    kind = "leave-one-out cross-validation" if k == units else f"{k}-fold cross-validation"
    return Split(tuple(parts), kind + (f", repeated {repeats} times" if repeats > 1 else ""))


def _split_groups(groups: npt.NDArray[Any], share: float, rng: np.random.Generator) -> Split:
    names, codes = np.unique(groups.astype(str), return_inverse=True)
    g = len(names)
    if g < 2:
        raise FitxError("the group column has only one group, so none can be held out", "use `--split random`")
    if len(groups) < SMALL or g < 4:
        split = _folds(codes.ravel(), g, rng, 1)
        return Split(split.parts, split.how + f" over {g} groups")
    # Groups in random order until the share is reached; at least one is held out and one left.
    order = rng.permutation(g)
    sizes = np.cumsum(np.bincount(codes.ravel())[order])
    held = int(np.clip(np.searchsorted(sizes, share * len(groups)) + 1, 1, g - 1))
    out = np.isin(codes.ravel(), order[:held])
    return Split(((np.flatnonzero(~out), np.flatnonzero(out)),), f"{held} of {g} groups, drawn at random")

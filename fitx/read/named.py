"""The columns a model needs, row for row as the file has them: what `predict` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitx.errors import FitxError
from fitx.read.cells import date
from fitx.read.columns import Column
from fitx.read.frame import Frame
from fitx.read.select import Request, fill, positions, row_numbers
from fitx.read.store import allocate


@dataclass(frozen=True, slots=True)
class Columns:
    """X: (n, d) float64 in Fortran order, NaN where a cell is missing. complete: (n,) bool, no cell is missing.

    rows: (n,) int64, the line of each row in the file. warnings, source: as in Table.
    """

    X: NDArray[np.float64]
    complete: NDArray[np.bool_]
    names: tuple[str, ...]
    rows: NDArray[np.int64]
    warnings: tuple[str, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.complete)


def to_columns(frame: Frame, request: Request, dates: Mapping[str, str] | None) -> Columns:
    """The requested features of `frame`, in the request's order."""
    names = request.features or ()
    places = positions(names, frame.names, frame.header, frame.source)
    rows = row_numbers(frame, None, frame.length)
    x = allocate((frame.length, len(places)))
    complete = np.ones(frame.length, dtype=bool)
    warnings = list(frame.warnings)
    filled: dict[int, int] = {}
    for i, (name, j) in enumerate(zip(names, places, strict=True)):
        column = frame.columns[j]
        if j in filled:  # asked for twice, or x and x1
            x[:, i] = x[:, filled[j]]
            continue
        if column.role != "empty":
            column.check(frame.source)
            _agree(column, name, dates, frame.source)
        fill(frame, column, None, x[:, i])
        filled[j] = i
        gaps = np.isnan(x[:, i])
        if gaps.any():
            if request.missing == "error":
                raise FitxError(
                    f"column `{name}` in `{frame.source}` has a missing cell in row {rows[np.argmax(gaps)]}",
                    "pass `--missing drop` to predict the other rows",
                )
            complete &= ~gaps
        warnings += column.notes()
    missing = int(np.count_nonzero(~complete))
    if missing:
        what = "has a missing cell: its prediction is" if missing == 1 else "have missing cells: their predictions are"
        warnings.append(f"{missing} of {frame.length} rows {what} NaN")
    return Columns(x, complete, tuple(names), rows, tuple(warnings), frame.source)


def _agree(column: Column, name: str, dates: Mapping[str, str] | None, source: str) -> None:
    """Dates count from the model's day 0; a column of dates where the model had numbers, or the reverse, is refused."""
    if dates is None:
        return
    if name in dates:
        if column.role != "date":
            raise FitxError(f"column `{name}` in `{source}` holds no dates", "the model was fitted to dates in it")
        column.origin = date(dates[name])
    elif column.role == "date":
        raise FitxError(f"column `{name}` in `{source}` holds dates", "the model was fitted to numbers in it")

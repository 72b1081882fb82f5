"""Reading: a file becomes a Table of numbers; whatever cannot be read as meant is refused with its row and column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from fitx.errors import UsageError
from fitx.read import source as limits
from fitx.read.frame import Frame
from fitx.read.named import Columns, to_columns
from fitx.read.select import Request, to_table
from fitx.read.source import Source, looks_like_json, open_source
from fitx.table import Table

#: The first bytes of .xlsx, .xlsb and .ods (zip archives) and of .xls (a compound file).
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

__all__ = ["Columns", "read", "read_columns"]


def read(
    source: str | Path | BinaryIO,
    *,
    target: str | None = None,
    features: Sequence[str] | None = None,
    weights: str | None = None,
    sigma: str | None = None,
    group: str | None = None,
    missing: Literal["drop", "error"] = "drop",
    sheet: str | int | None = None,
) -> Table:
    """The table in `source`: a path, "-" for standard input (bytes), or a binary stream.

    target: the column to explain; the last numeric column if None. features: the columns to explain it by; every other
    numeric column if None. weights, sigma, group: columns with those parts, which are then no features.
    missing: "drop" leaves out rows with a missing cell in a used column, with a warning that counts them; "error"
    refuses. sheet: of a workbook, by name or by number from 1; the first that is not empty if None.

    Raises FitxError for what the file holds and UsageError for a name that is not there.
    """
    request = Request(target, None if features is None else tuple(features), weights, sigma, group, missing)
    return to_table(_frame(source, request, sheet), request)


def read_columns(
    source: str | Path | BinaryIO,
    names: Sequence[str],
    *,
    missing: Literal["drop", "error"] = "drop",
    dates: Mapping[str, str] | None = None,
    sheet: str | int | None = None,
) -> Columns:
    """The named columns of `source`, every row in its order, to predict from; other columns may hold anything.

    A row with a missing cell stays, with NaN ("error" refuses it, naming row and column). One row is enough.
    dates: the model's day 0 of each column that held dates (Table.dates); without it dates count from the first here.
    In a file without a header `x` and `x1` mean the first column, `x2` the second, and so on.

    Raises FitxError for a column that is not there or is not numeric.
    """
    request = Request(features=tuple(names), missing=missing, by_position=True)
    return to_columns(_frame(source, request, sheet), request, dates)


def _frame(source: str | Path | BinaryIO, request: Request, sheet: str | int | None) -> Frame:
    if request.missing not in ("drop", "error"):
        raise UsageError(f"missing must be drop or error, got `{request.missing}`", "")
    with open_source(source) as found:
        return _by_form(found, request, sheet)


def _by_form(found: Source, request: Request, sheet: str | int | None) -> Frame:
    """Read by what the first bytes say, whatever the file's name ends in."""
    if found.head.startswith(b"PAR1"):
        from fitx.read.typed import read_parquet

        return read_parquet(found, request)
    if found.head.startswith(_WORKBOOKS):
        from fitx.read.excel import read_excel

        return read_excel(found, request, sheet)
    if sheet is not None:
        raise UsageError(f"`{found.name}` has no sheets: it is not a workbook", "leave out the sheet")
    if looks_like_json(found):
        if found.size > limits.BIG:
            from fitx.read.typed import read_big_json

            if (frame := read_big_json(found, request)) is not None:
                return frame
        from fitx.read.objects import read_objects

        return read_objects(found, request)
    from fitx.read.delimited import read_delimited

    return read_delimited(found, request)

"""Big delimited text: duckdb converts what the careful path would have converted to the same numbers, only sooner.

The careful path has looked at the first rows. If everything there is plain, duckdb reads the rest with the dialect that
was found. Whatever it cannot convert, or what it might read otherwise than the careful path, sends the file back there,
where the fault is named with its row.
"""

from __future__ import annotations

import re
from contextlib import ExitStack

import numpy as np

from fitx.read.cells import MISSING_WORDS, Kind
from fitx.read.columns import Column
from fitx.read.dialect import SPACES, Dialect
from fitx.read.frame import Frame
from fitx.read.source import Source

_CELL_WITH_UNDERSCORE = re.compile(rb"[0-9]_[0-9]")
_EXACT = 2.0**53


def read_big(source: Source, frame: Frame, dialect: Dialect, codec: str) -> Frame | None:
    """The whole table, or None if it takes the careful path.

    frame: the table's first rows as the careful path read them; the columns' roles are settled there.
    """
    if not frame.rows or not _plain(frame, dialect, codec) or _oddities(source):
        return None
    first = frame.rows[0]
    skip = int(first[0]) - 1
    if first[-1] - first[0] + 1 != len(first) or (skip == 0 and codec != "utf-8"):
        return None
    whole = Frame(frame.source, frame.names, frame.header, frame.units, warnings=frame.warnings)
    whole.columns = frame.columns
    wanted = [column for column in whole.columns.values() if column.stored]
    with ExitStack() as cleanup:
        length = _fetch(source, dialect, len(frame.names), skip, wanted, whole, cleanup)
    if length is None or skip + length != source.survey().lines:
        return None
    whole.rows = [np.arange(at, min(at + 2**20, length)) + skip + 1 for at in range(0, length, 2**20)]
    return whole


def _plain(frame: Frame, dialect: Dialect, codec: str) -> bool:
    if dialect.delimiter == SPACES or dialect.comments or dialect.edged:
        return False
    if codec not in ("utf-8", "utf-8-sig") or frame.codes:
        return False
    return all(_plain_column(column) for column in frame.columns.values())


def _plain_column(column: Column) -> bool:
    if column.role == "text":
        return True
    return (
        column.role == "number"
        and set(column.counts) <= {Kind.NUMBER, Kind.MISSING}
        and column.infinite is None
        and column.large is None
    )


def _oddities(source: Source) -> bool:
    """duckdb takes 1_000 for a number: does the file hold such a cell?"""
    if not source.survey().underscore:
        return False
    last = b""
    with source.open() as stream:
        while chunk := stream.read(2**20):
            if _CELL_WITH_UNDERSCORE.search(last + chunk):
                return True
            last = chunk[-2:]
    return False


def _fetch(
    source: Source, dialect: Dialect, width: int, skip: int, wanted: list[Column], frame: Frame, cleanup: ExitStack
) -> int | None:
    """Convert the wanted columns into the frame's store; the number of rows, or None where a cell is not plain."""
    import duckdb

    from fitx.read.arrow import StreamError, blocks
    from fitx.read.engine import connect, plain_path

    numbers = {column.index for column in wanted}
    kinds = {f"c{j}": "DOUBLE" if j in numbers else "VARCHAR" for j in range(width)}
    connection = cleanup.enter_context(connect())
    length = 0
    try:
        # names and types of the columns are ours, the path and the texts are parameters: no text of the file is SQL
        relation = connection.sql(
            f"SELECT {', '.join(f'c{column.index}' for column in wanted) or 'NULL::DOUBLE'} FROM read_csv($path, "
            f"columns = {kinds!r}, auto_detect = false, header = false, skip = {skip}, delim = $delim, "
            "quote = $quote, escape = $quote, nullstr = $missing, decimal_separator = $decimal, compression = 'none')",
            params={
                "path": plain_path(source.on_disk(), cleanup),
                "delim": dialect.delimiter,
                "quote": dialect.quote,
                "decimal": dialect.decimal,
                "missing": sorted({form(word) for word in MISSING_WORDS for form in (str.lower, str.upper, str.title)}),
            },
        )
        for columns in blocks(relation):
            for column, values in zip(wanted, columns, strict=bool(wanted)):  # with none, one that holds nothing
                with np.errstate(invalid="ignore"):
                    if np.any(np.abs(values) >= _EXACT):
                        return None
                frame.store.append(column.index, values)
            length += len(columns[0])
    except (duckdb.Error, StreamError, RuntimeError):
        return None
    return length

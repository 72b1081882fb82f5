"""Parquet, and JSON too big for the careful path: duckdb reads them with the types they declare.

Nothing is allocated from what a file claims about itself, only from the rows that arrive.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any, Literal

import numpy as np

from fitx.errors import FitxError
from fitx.read.cells import Kind
from fitx.read.columns import DECIDING_ROWS, Column
from fitx.read.frame import Frame
from fitx.read.select import Request
from fitx.read.source import Source
from fitx.read.store import Store

_READ = {
    "parquet": "read_parquet($path)",
    "json": f"read_json($path, maximum_depth = 2, sample_size = {DECIDING_ROWS}, compression = 'uncompressed')",
}
_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_WHOLE = (*_SIGNED, *(f"U{kind}" for kind in _SIGNED))
_EXACT = 2.0**53


def read_parquet(source: Source, request: Request) -> Frame:
    """Read a file whose columns have types: numbers as they are, dates as dates, the rest is text."""
    try:
        return _read(source, request, "parquet")
    except _Failed as error:
        raise FitxError(f"`{source.name}` cannot be read as Parquet: {error}", "the file may be damaged") from None


def read_big_json(source: Source, request: Request) -> Frame | None:
    """Read JSON lines or an array of objects, or None if duckdb might read it otherwise than the careful path."""
    try:
        frame = _read(source, request, "json")
    except _Failed:
        return None
    columns = frame.columns.values()
    if any(column.infinite or column.large or column.role == "date" for column in columns):
        return None
    array = source.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    return frame if array or frame.length == source.survey().lines else None


class _Failed(Exception):
    """duckdb's reason, without the path."""


def _read(source: Source, request: Request, form: Literal["parquet", "json"]) -> Frame:
    import duckdb

    from fitx.read.arrow import StreamError
    from fitx.read.engine import connect, plain_path

    with ExitStack() as cleanup:
        connection = cleanup.enter_context(connect())
        path = plain_path(source.on_disk(), cleanup)
        try:
            table = _Typed(connection, _READ[form], path, source.name)
            frame = table.read(request)
            if form == "json":
                table.check_texts(frame)
            return frame
        except (duckdb.Error, StreamError, RuntimeError) as error:
            said = str(error).replace(path, source.name).splitlines()[0][:300]
            raise _Failed(re.sub(r"^(?:[A-Z][A-Za-z]* ?)+: ", "", said)) from None


class _Typed:
    """One open file. Its columns are called c0, c1, ... in SQL, so that no name in the file can be taken for SQL."""

    def __init__(self, connection: Any, reader: str, path: str, name: str) -> None:
        self.connection, self.parameters, self.name = connection, {"path": path}, name
        described = connection.sql(f"SELECT * FROM {reader}", params=self.parameters)
        self.names = [" ".join(str(column).split()) or f"column{i}" for i, column in enumerate(described.columns, 1)]
        self.types = [str(kind).upper() for kind in described.types]
        self.table = f"{reader} AS t({', '.join(f'c{j}' for j in range(len(self.names)))})"

    def read(self, request: Request) -> Frame:
        frame = Frame(self.name, self.names)
        frame.begin(*request.wanted(self.names, True, self.name))
        chosen = []
        for column in frame.columns.values():
            role, expression = _expression(self.types[column.index], f"c{column.index}")
            column.role = role
            if expression:
                chosen.append((column, expression))
        length = self._numbers(chosen, frame)
        if length == 0:
            raise FitxError(f"`{self.name}` has no rows", "a table needs rows of numbers")
        for column in frame.columns.values():
            if column.role == "text":
                self._first_text(column)
            elif column.large is not None:
                self._rounded(column)
        for index, codes in frame.codes.items():
            cursor = self.connection.execute(f"SELECT CAST(c{index} AS VARCHAR) FROM {self.table}", self.parameters)
            while rows := cursor.fetchmany(100_000):
                codes.add([row[0] or "" for row in rows])
        frame.rows = [np.arange(at, min(at + 2**20, length)) + 1 for at in range(0, length, 2**20)]
        return frame

    def _numbers(self, chosen: list[tuple[Column, str]], frame: Frame) -> int:
        from fitx.read.arrow import blocks

        columns = ", ".join(expression for _, expression in chosen) or "CAST(0 AS DOUBLE)"
        length = 0
        found: set[int] = set()
        for arrays in blocks(self.connection.sql(f"SELECT {columns} FROM {self.table}", params=self.parameters)):
            for (column, _), values in zip(chosen, arrays, strict=False):
                _watch(column, values, length, self.types[column.index].startswith(_WHOLE))
                if column.index not in found and not np.all(np.isnan(values)):
                    found.add(column.index)
                frame.store.append(column.index, values)
            length += len(arrays[0])
        for column, _ in chosen:
            if column.index not in found:
                column.role = "empty"
        return length

    def check_texts(self, frame: Frame) -> None:
        """A column of strings may hold numbers, missing words or dates: those are for the careful path."""
        for column in frame.columns.values():
            if column.role == "text":
                if self.types[column.index] != "VARCHAR":
                    raise _Failed("nested or mixed values")
                query = f"SELECT c{column.index} FROM {self.table} LIMIT {DECIDING_ROWS}"
                cells = [row[0] or "" for row in self.connection.execute(query, self.parameters).fetchall()]
                trial = Column(column.name, column.index)
                trial.add(cells, np.arange(len(cells)), Store())
                if trial.role != "text":
                    raise _Failed("strings that are no text")

    def _rounded(self, column: Column) -> None:
        """Find the first whole number that float64 cannot hold."""
        c = f"c{column.index}"
        query = (
            f"SELECT n, v FROM (SELECT row_number() OVER () AS n, CAST({c} AS VARCHAR) AS v, "
            f"TRY_CAST(CAST({c} AS DOUBLE) AS HUGEINT) IS DISTINCT FROM TRY_CAST({c} AS HUGEINT) AS differs "
            f"FROM {self.table}) WHERE differs ORDER BY n LIMIT 1"
        )
        column.large = self.connection.execute(query, self.parameters).fetchone()

    def _first_text(self, column: Column) -> None:
        query = f"SELECT CAST(c{column.index} AS VARCHAR) FROM {self.table} WHERE c{column.index} IS NOT NULL LIMIT 1"
        row = self.connection.execute(query, self.parameters).fetchone()
        if row is None:
            column.role = "empty"
        else:
            column.first[Kind.TEXT] = (1, str(row[0]))


def _expression(kind: str, column: str) -> tuple[Any, str]:
    """The role of a column by its type, and the SQL that makes it DOUBLE (dates in microseconds since 1970)."""
    if kind in (*_WHOLE, "FLOAT", "DOUBLE") or kind.startswith("DECIMAL"):
        return "number", f"CAST({column} AS DOUBLE)"
    if kind == "BOOLEAN":
        return "bool", f"CAST({column} AS DOUBLE)"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return "date", f"CAST(epoch_us({column}) AS DOUBLE)"
    return "text", ""


def _watch(column: Column, values: np.ndarray[Any, np.dtype[np.float64]], before: int, whole: bool) -> None:
    """Note the first infinity, and the first whole number that float64 may not hold."""
    if column.role != "number":
        return
    with np.errstate(invalid="ignore"):
        big = np.flatnonzero(np.abs(values) >= _EXACT)
    for i in big[:1] if whole else big[np.isinf(values[big])][:1]:
        at = (before + int(i) + 1, f"{values[i]:.17g}")
        if whole and column.large is None:
            column.large = at
        elif not whole and column.infinite is None:
            column.infinite = at

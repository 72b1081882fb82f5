"""Delimited text, record by record: the careful path, which can name the line of every fault."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice

from fitx.errors import FitxError
from fitx.read import source as limits
from fitx.read.columns import DECIDING_ROWS
from fitx.read.dialect import COMMENT, SPACES, Dialect, detect_dialect
from fitx.read.encoding import detect_encoding, open_text
from fitx.read.frame import Frame
from fitx.read.header import Header, read_header
from fitx.read.select import Request
from fitx.read.source import Source

_SAMPLE_LINES = 400
_BLOCK = 32_768
#: A line that begins otherwise is neither blank nor a comment.
_SUSPECT = frozenset("#%/ \t\r\n\f\v\x1c\x1d\x1e\x85\xa0")


class _Lines:
    """The lines that are not blank and no comment; `numbers` are theirs, from 1, since `take` was called last."""

    def __init__(self, text: Iterable[str]) -> None:
        self.numbers: list[int] = []
        self._text = text

    def take(self, records: list[list[str]]) -> list[int]:
        """The number of each record's last line."""
        numbers = self.numbers[:]
        self.numbers.clear()
        if len(numbers) == len(records):
            return numbers
        ends = accumulate(1 + _line_ends(record) for record in records)
        return [numbers[min(end, len(numbers)) - 1] for end in ends]

    def __iter__(self) -> Iterator[str]:
        append = self.numbers.append
        for number, line in enumerate(self._text, 1):
            if line[0] in _SUSPECT and (line.isspace() or COMMENT.match(line)):
                continue
            append(number)
            yield line


def _line_ends(record: list[str]) -> int:
    """Line ends inside the record's quoted cells."""
    text = "".join(record).replace("\r\n", "\n")
    return text.count("\n") + text.count("\r")


def read_delimited(source: Source, request: Request) -> Frame:
    """Read a text table: find its dialect and header, convert the wanted columns block by block."""
    codec = detect_encoding(source)
    name = source.name
    try:
        with open_text(source, codec) as text:
            sample = list(islice(_Lines(text), _SAMPLE_LINES))
        if not sample:
            raise FitxError(f"`{name}` has no rows: only comments or blank lines", "is this the right file?")
        dialect = detect_dialect(sample)
        with open_text(source, codec) as text:
            return _read(_Lines(text), dialect, codec, source, request)
    except UnicodeDecodeError as error:
        raise FitxError(f"`{name}` is damaged: {error.reason} ({codec})", "save it as UTF-8") from None


def _read(lines: _Lines, dialect: Dialect, codec: str, source: Source, request: Request) -> Frame:
    name = source.name
    blocks = _blocks(lines, dialect, name)
    records, numbers = next(blocks)
    raw_widths = {len(record) for record in records}
    header = _header(records, numbers, _width(records, dialect), dialect, name)
    width = len(header.names)
    frame = Frame(name, header.names, header.found, header.units, warnings=header.warnings)
    frame.begin(*request.wanted(header.names, header.found, name), dialect.decimal)
    records, numbers = records[header.skip :], numbers[header.skip :]
    fit(records, numbers, width, name)
    frame.add(records, numbers)
    if source.size > limits.BIG and raw_widths == {width} and len(records) >= DECIDING_ROWS:
        from fitx.read.big import read_big

        whole = read_big(source, frame, dialect, codec)
        if whole is not None:
            return whole
    for records, numbers in blocks:
        fit(records, numbers, width, name)
        frame.add(records, numbers)
    frame.end()
    if frame.length == 0:
        raise FitxError(
            f"`{name}` has a header and no rows",
            "a table needs rows of numbers under the names: " + ", ".join(header.names[:8]),
        )
    return frame


def _header(records: list[list[str]], numbers: list[int], width: int, dialect: Dialect, name: str) -> Header:
    first = records[0]
    if len(first) == width - 1 and len(records) > 1 and all(len(record) == width for record in records[1:]):
        records[0] = ["", *first]  # as R's write.table does: row names without a name
    head = [record[:width] for record in records[:1000] if _trimmed(record, width) == width]
    if len(first) != width and not (head and head[0] == records[0][:width]):
        fit(records[:1], numbers, width, name)
    return read_header(head, width, dialect.decimal)


def _blocks(lines: _Lines, dialect: Dialect, name: str) -> Iterator[tuple[list[list[str]], list[int]]]:
    """Records and their line numbers, first as many as decide the columns' kinds (and a header and units)."""
    reader = dialect.records(lines)
    size = DECIDING_ROWS + 2
    try:
        while True:
            records = list(islice(reader, size))
            if not records:
                return
            yield records, lines.take(records)
            size = _BLOCK
    except csv.Error as error:
        what = str(error)
        raise FitxError(
            f"line {lines.numbers[-1] if lines.numbers else 1} of `{name}` cannot be split into cells: {what}",
            f"a quote ({dialect.quote}) that opens a cell must close it"
            if "expected after" in what or "unexpected end" in what or "field larger" in what
            else "is this a text table?",
        ) from None


def _width(records: list[list[str]], dialect: Dialect) -> int:
    """The number of columns: the first record's, less what trailing delimiters add."""
    first = len(records[0])
    sample = records[1:1000]
    if dialect.delimiter != SPACES:
        while (
            first > 1
            and not records[0][first - 1].strip()
            and all(len(record) < first or not "".join(record[first - 1 :]).strip() for record in sample)
        ):
            first -= 1
    body = {_trimmed(record, first) for record in sample}
    return first + 1 if body == {first + 1} else first


def _trimmed(record: list[str], width: int) -> int:
    """The record's length without the empty cells beyond `width`."""
    length = len(record)
    while length > width and not record[length - 1].strip():
        length -= 1
    return length


def fit(records: list[list[str]], numbers: list[int], width: int, name: str) -> None:
    """Make every record `width` cells wide by dropping empty cells at its end, or raise FitxError for a ragged row."""
    for i, record in enumerate(records):
        if len(record) != width:
            if _trimmed(record, width) != width:
                raise FitxError(
                    f"line {numbers[i]} of `{name}` has {len(record)} cells where {width} are expected",
                    "every row needs as many cells as the first; start lines that are no rows with #",
                )
            records[i] = record[:width]

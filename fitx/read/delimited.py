"""Delimited text, record by record: the careful path, which can name the line of every fault."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice

from fitx.errors import FitxError
from fitx.read import source as limits
from fitx.read.around import above, begin, footer, listed, names_in
from fitx.read.columns import DECIDING_ROWS, shown
from fitx.read.dialect import COMMENT, RULE, SPACES, Dialect, detect_dialect
from fitx.read.encoding import detect_encoding, foreign, open_text
from fitx.read.frame import Frame
from fitx.read.header import Header, read_header
from fitx.read.select import Request
from fitx.read.source import Source

_SAMPLE_LINES = 400
_BLOCK = 32_768
_LONGEST = 2**24  # characters of a cell; the csv module would stop at 128 Ki
#: A line that begins otherwise is neither blank nor a comment nor a line under a header.
_SUSPECT = frozenset("#%/-=+| \t\r\n\f\v\x1a\x1c\x1d\x1e\x85\xa0")


class _Lines:
    """The lines that are not blank and no comment; `numbers` are theirs, from 1, since `take` was called last.

    comment: the last comment above the first of them.
    """

    def __init__(self, text: Iterable[str], dialect: Dialect | None = None) -> None:
        self.numbers: list[int] = []
        self.comment = ""
        self._text = text
        self._bare = dialect.bare if dialect is not None and (dialect.comments or dialect.edged) else None

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
        bare, begun = self._bare, False
        for number, line in enumerate(self._text, 1):
            if line[0] in _SUSPECT:
                if not line.strip(" \t\r\n\x1a") or line.isspace() or RULE.match(line):
                    continue
                if COMMENT.match(line):
                    self.comment = self.comment if begun else line
                    continue
            begun = True
            append(number)
            yield line if bare is None else bare(line)


def _line_ends(record: list[str]) -> int:
    """Line ends inside the record's quoted cells."""
    text = "".join(record).replace("\r\n", "\n")
    return text.count("\n") + text.count("\r")


def read_delimited(source: Source, request: Request) -> Frame:
    """Read a text table: find its dialect and header, convert the wanted columns block by block."""
    codec = detect_encoding(source)
    name = source.name
    limit = csv.field_size_limit(max(_LONGEST, csv.field_size_limit()))
    try:
        with open_text(source, codec) as text:
            sample = list(islice(_Lines(text), _SAMPLE_LINES))
        if not sample:
            raise FitxError(f"`{name}` has no rows: only comments or blank lines", "is this the right file?")
        dialect = detect_dialect(sample)
        with open_text(source, codec) as text:
            return _read(_Lines(text, dialect), dialect, codec, source, request)
    except UnicodeDecodeError as error:
        raise FitxError(f"`{name}` is damaged: {error.reason} ({codec})", "save it as UTF-8") from None
    finally:
        csv.field_size_limit(limit)


def _read(lines: _Lines, dialect: Dialect, codec: str, source: Source, request: Request) -> Frame:
    name = source.name
    blocks = _blocks(lines, dialect, name)
    records, numbers = next(blocks)
    others = begin(records, numbers, dialect.decimal)
    for i in reversed(others):
        del records[i], numbers[i]
    raw_widths = {len(record) for record in records}
    header = _header(records, numbers, _width(records, dialect), dialect, name)
    if others:
        header.warnings.append(above(numbers, header))
    elif not header.found and lines.comment:
        _name(header, lines.comment, dialect)
    if foreign(codec, header.names):
        header.warnings.append(
            f"`{name}` is not in UTF-8 and is read as Windows-1252: save it as UTF-8 if names such as "
            f"`{shown(next(n for n in header.names if foreign(codec, [n])))}` look wrong"
        )
    width = len(header.names)
    frame = Frame(name, header.names, header.found, header.units, warnings=header.warnings)
    frame.begin(*request.wanted(header.names, header.found, name), dialect.decimal)
    last = _add(frame, records[header.skip :], numbers[header.skip :], dialect)
    if source.size > limits.BIG and raw_widths == {width} and len(records) >= DECIDING_ROWS and not last:
        from fitx.read.big import read_big

        whole = read_big(source, frame, dialect, codec)
        if whole is not None:
            return whole
    for records, numbers in blocks:
        if last:  # the words were not below the table, but inside it
            fit(*last, width, name)
        last = _add(frame, records, numbers, dialect)
    if last:
        frame.warnings.append(f"the lines from line {last[1][0]} on are left out: they are words below the table")
    frame.end()
    if frame.length == 0:
        raise FitxError(
            f"`{name}` has a header and no rows",
            "a table needs rows of numbers under the names: " + ", ".join(header.names[:8]),
        )
    return frame


def _add(
    frame: Frame, records: list[list[str]], numbers: list[int], dialect: Dialect
) -> tuple[list[list[str]], list[int]] | None:
    """Add rows to the frame; what may be words below the table, with line numbers, is left."""
    end = len(records) - (footer(records, len(frame.names), dialect.decimal) if records else 0)
    left = (records[end:], numbers[end:]) if end < len(records) else None
    records, numbers = records[:end], numbers[:end]
    fit(records, numbers, len(frame.names), frame.source)
    frame.add(records, numbers)
    return left


def _name(header: Header, comment: str, dialect: Dialect) -> None:
    """Call the columns of a table without a header as the comment right above its rows does."""
    text = comment.strip().lstrip("#%/")
    try:
        cells = next(dialect.records([text]), [])
    except csv.Error:
        return
    names = names_in(cells, len(header.names))
    if names:
        header.names, header.found = names, True
        header.warnings.append(f"the columns are called as the comment above the rows says: {listed(names)}")


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

"""JSON: a line an object, one array of objects, or one object of columns. A missing key is a missing cell."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from fitx.errors import FitxError
from fitx.read.columns import DECIDING_ROWS, shown
from fitx.read.encoding import detect_encoding, open_text
from fitx.read.frame import Frame
from fitx.read.select import Request
from fitx.read.source import Source

_BLOCK = 32_768


def read_objects(source: Source, request: Request) -> Frame:
    """Read JSON lines or an array of objects, naming the line (or item) of every fault."""
    codec = detect_encoding(source)
    try:
        with open_text(source, codec) as text:
            if source.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
                pairs: Iterable[tuple[int, dict[str, Any]]] = _array(text.read(), source.name)
            else:
                pairs = _lines(text, source.name)
            return _frame(iter(pairs), source.name, request)
    except UnicodeDecodeError as error:
        raise FitxError(f"`{source.name}` is damaged: {error.reason} ({codec})", "save it as UTF-8") from None
    except RecursionError:
        raise FitxError(
            f"`{source.name}` is nested too deeply", "each row is one flat object of names and numbers"
        ) from None


def _lines(text: Iterable[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    numbered = ((number, line) for number, line in enumerate(text, 1) if not line.isspace())
    first = list(islice(numbered, 2))
    if len(first) == 1 or (first and not _is_json(first[0][1])):  # one object, perhaps over many lines
        first += numbered
        columns = _columns("".join(line for _, line in first), name)
        if columns is not None:
            yield from enumerate(columns, 1)
            return
    for number, line in chain(first, numbered):
        try:
            item = json.loads(line)
        except ValueError as error:
            raise FitxError(
                f"line {number} of `{name}` is not JSON: {error}",
                'JSON lines hold one object a line, such as {"x": 1, "y": 2}',
            ) from None
        yield number, _object(item, f"line {number}", name)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _columns(text: str, name: str) -> list[dict[str, Any]] | None:
    """The rows of an object of columns: lists, or objects with the rows' names as pandas writes them; else None."""
    try:
        item = json.loads(text)
    except ValueError:
        return None
    columns = list(item.items()) if isinstance(item, dict) else []
    if columns and all(isinstance(values, dict) for _, values in columns):
        rows = dict.fromkeys(row for _, values in columns for row in values)
        return [{key: values.get(row) for key, values in columns} for row in rows]
    if not columns or not all(isinstance(values, list) for _, values in columns):
        return None
    (key, values), *others = columns
    for other, more in others:
        if len(more) != len(values):
            raise FitxError(
                f"the columns of `{name}` differ in length: `{shown(key)}` has {len(values)} cells, "
                f"`{shown(other)}` has {len(more)}",
                "write null where a value is missing",
            )
    return [dict(zip(item, cells, strict=True)) for cells in zip(*item.values(), strict=True)]


def _array(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        items = json.loads(text)
    except ValueError as error:
        raise FitxError(f"`{name}` is not JSON: {error}", "the file may be cut off") from None
    if not isinstance(items, list):
        items = [items]
    for number, item in enumerate(items, 1):
        yield number, _object(item, f"item {number}", name)


def _object(item: Any, where: str, name: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise FitxError(f"{where} of `{name}` is no object: `{shown(json.dumps(item))}`", 'write {"x": 1, "y": 2}')
    return item


def _frame(pairs: Iterator[tuple[int, dict[str, Any]]], name: str, request: Request) -> Frame:
    block = list(islice(pairs, DECIDING_ROWS))
    names = list(dict.fromkeys(key for _, item in block for key in item))
    if not names:
        raise FitxError(f"`{name}` has no rows", 'a row is an object such as {"x": 1, "y": 2}')
    frame = Frame(name, names)
    frame.begin(*request.wanted(names, True, name))
    late: dict[str, int] = {}
    while block:
        frame.add([[_cell(item.get(key)) for key in names] for _, item in block], [number for number, _ in block])
        block = list(islice(pairs, _BLOCK))
        for number, item in block:
            if len(item) > len(names) or not all(key in names for key in item):
                late.update((key, number) for key in item if key not in names and key not in late)
    for key, number in late.items():
        frame.warnings.append(f"column `{shown(key)}` first appears in row {number} and is left out")
    frame.end()
    return frame


def _cell(value: Any) -> str:
    """A JSON value as the text that a delimited table would hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return value if isinstance(value, str) else json.dumps(value)

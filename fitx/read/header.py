"""The rows above the numbers: is there a header, is there a row of units, what are the columns called."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fitx.read.cells import Kind, classify
from fitx.sheet_names import from_sheet

_DEFAULT_NAME = re.compile(r"x(\d*)")
MOST_WARNINGS = 20
_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}


@dataclass
class Header:
    """names: unique, one a column. units: by name. skip: how many records stand above the data."""

    names: list[str]
    units: dict[str, str] = field(default_factory=dict)
    skip: int = 0
    found: bool = False
    warnings: list[str] = field(default_factory=list)


def read_header(records: list[list[str]], width: int, decimal: str = ".") -> Header:
    """Header and units of the first records (at most 1,000 are looked at), each of `width` cells.

    The first record is a header when it has no number, or when one of its texts stands over a column of numbers.
    The record below is a row of units when none of its cells is a number, at least one is text, and every column that
    has text there goes on with numbers.
    """
    kinds = [[classify(cell, decimal)[0] for cell in record] for record in records[:1000]]
    for j in range(width) if kinds else ():  # `10 m` is a name, unless the cells below are such, too
        below = [row[j] for row in kinds[1:] if j < len(row)]
        if j < len(kinds[0]) and kinds[0][j] == Kind.MARKED and below.count(Kind.MARKED) <= len(below) / 2:
            kinds[0][j] = Kind.TEXT
    if not kinds or not _is_header(kinds):
        return Header(default_names(width))
    header = _names(records[0])
    if len(records) > 2 and _is_units(kinds):
        header.skip = 2
        units = {name: _unit(cell) for name, cell in zip(header.names, records[1], strict=True)}
        header.units = {name: unit for name, unit in units.items() if unit}
    return header


def default_names(width: int) -> list[str]:
    """Names for a table without a header: x, y; or x1 to xk, y."""
    if width <= 2:
        return ["x", "y"][2 - width :]
    return [f"x{i}" for i in range(1, width)] + ["y"]


def default_position(name: str) -> int | None:
    """The column that `x`, `x1`, `x2`, ... means in a table without a header, or None."""
    match = _DEFAULT_NAME.fullmatch(name)
    return None if match is None else int(match[1] or 1) - 1


def _is_header(kinds: list[list[Kind]]) -> bool:
    first = kinds[0]
    if Kind.TEXT not in first:
        return False
    if all(kind in (Kind.TEXT, Kind.MISSING, Kind.BOOL) for kind in first):
        return True
    return any(kind == Kind.TEXT and _goes_on_with_numbers(kinds, j, 1) for j, kind in enumerate(first))


def _is_units(kinds: list[list[Kind]]) -> bool:
    second = kinds[1]
    texts = [j for j, kind in enumerate(second) if kind == Kind.TEXT]
    if not texts or any(kind not in (Kind.TEXT, Kind.MISSING) for kind in second):
        return False
    numeric = [j for j in range(len(second)) if _goes_on_with_numbers(kinds, j, 2)]
    return any(j in numeric for j in texts)


def _goes_on_with_numbers(kinds: list[list[Kind]], column: int, start: int) -> bool:
    below = [row[column] for row in kinds[start:] if column < len(row) and row[column] != Kind.MISSING]
    return bool(below) and sum(kind != Kind.TEXT for kind in below) > len(below) / 2


def _unit(cell: str) -> str:
    text = cell.strip()
    if text[:1] in _BRACKETS and text.endswith(_BRACKETS[text[0]]):
        text = text[1:-1].strip()
    return "" if text in ("-", "--", "?", ".") else text


def _names(record: list[str]) -> Header:
    header = Header([], skip=1, found=True)
    cells = [from_sheet(" ".join(cell.replace("\ufeff", "").split())) for cell in record]  # no byte-order marks
    free = _Free(set(cells))
    used: set[str] = set()
    for position, name in enumerate(cells, 1):
        if not name:
            name = free(f"column{position}") if f"column{position}" in used else f"column{position}"
            header.warnings.append(f"column {position} has no name and is called `{name}`")
        elif name in used:
            new = free(name)
            header.warnings.append(f"the name `{name}` stands twice: column {position} is called `{new}`")
            name = new
        header.names.append(name)
        used.add(name)
    if len(header.warnings) > MOST_WARNINGS:
        left = len(header.warnings) - MOST_WARNINGS
        header.warnings[MOST_WARNINGS:] = [f"{left} more columns have no name, or one that stands twice"]
    return header


class _Free:
    """Names that are not taken: name_2, name_3, ...; each is given once."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.last: dict[str, int] = {}

    def __call__(self, name: str) -> str:
        number = self.last.get(name, 1)
        new = name
        while new in self.taken or new == name:
            number += 1
            new = f"{name}_{number}"
        self.last[name] = number
        self.taken.add(new)
        return new

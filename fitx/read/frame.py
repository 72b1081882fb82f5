"""What every format is read into before the columns get their parts as target, features, weights and so on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fitx.read.columns import Column
from fitx.read.store import Store

#: Which columns to convert, by position, given the names and whether the file has a header.
Wanted = Callable[[list[str], bool], set[int]]


@dataclass
class Codes:
    """A column of group labels as codes 0, 1, ... by first appearance; -1 where the cell is missing."""

    known: dict[str, int] = field(default_factory=dict)
    blocks: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, cells: list[str]) -> None:
        """Code the labels of the next rows."""
        from fitx.read.cells import MISSING_WORDS

        known = self.known
        for label in dict.fromkeys(cells):
            if label.strip().lower() not in MISSING_WORDS:
                known.setdefault(label.strip(), len(known))
        self.blocks.append(np.array([known.get(label.strip(), -1) for label in cells], dtype=np.int64))


@dataclass
class Frame:
    """columns: those that were converted, by position; a position that was not wanted is absent.

    rows: the line numbers of all n rows, in blocks that fit the store's. warnings: what was odd about names.
    """

    source: str
    names: list[str]
    header: bool = True
    units: dict[str, str] = field(default_factory=dict)
    columns: dict[int, Column] = field(default_factory=dict)
    codes: dict[int, Codes] = field(default_factory=dict)
    store: Store = field(default_factory=Store)
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Number of rows."""
        return sum(len(block) for block in self.rows)

    def begin(self, wanted: set[int], groups: set[int], decimal: str = ".") -> None:
        """Make room for the wanted columns."""
        for index in sorted(wanted):
            name = self.names[index]
            self.columns[index] = Column(name, index, self.units.get(name, ""), decimal)
        for index in groups:
            self.codes[index] = Codes()

    def add(self, records: list[list[str]], rows: list[int]) -> None:
        """Convert a block of records, each as wide as `names`."""
        if not records:
            return
        numbers = np.array(rows, dtype=np.int64)
        cells = list(zip(*records, strict=True))
        for index, column in self.columns.items():
            column.add(list(cells[index]), numbers, self.store)
        for index, codes in self.codes.items():
            codes.add(list(cells[index]))
        self.rows.append(numbers)

    def end(self) -> None:
        """All rows are in: a column without a single value is empty."""
        for column in self.columns.values():
            if column.role == "undecided":
                column.role = "empty"

"""Cells become numbers, column by column and block by block; each column decides what it holds.

A column is numeric when, among the non-missing cells of the first 10,000 rows, the cells that are not numbers are at
most one in ten (one is always allowed) and fewer than the numbers. Then any text, there or below, is an error for
whoever uses the column. The same rule makes a column of dates, of true and false, or of numbers that all stand with the
same unit or currency. What passes no rule is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fitx.errors import FitxError
from fitx.read.cells import NUMERIC, Kind, classify, date_text, marked
from fitx.read.store import Store

#: Rows that decide what a column holds; the first block has as many.
DECIDING_ROWS = 10_000

#: What to do about a column that holds no numbers.
NUMBERS = "name a column of numbers, dates, or true and false"

Role = Literal["undecided", "number", "date", "bool", "marked", "text", "empty"]
_FAMILY: dict[str, tuple[Kind, ...]] = {
    "number": NUMERIC,
    "date": (Kind.DATE,),
    "bool": (Kind.BOOL,),
    "marked": (Kind.MARKED,),
}
#: Roles of columns that can be used.
USABLE = tuple(_FAMILY)
_TWO_WAYS = re.compile(r"\d\d?[/.-]\d\d?[/.-](?:\d\d){1,2}(?:[ T]\d.*)?")
_EXACT = 2.0**53
_WHOLE = re.compile(r"\s*[+-]?\d{16,}\s*")


@dataclass
class Column:
    """One column while it is read: what its cells were, and where the first of each kind stood."""

    name: str
    index: int
    unit: str = ""
    decimal: str = "."
    role: Role = "undecided"
    counts: dict[Kind, int] = field(default_factory=dict)
    first: dict[Kind, tuple[int, str]] = field(default_factory=dict)
    infinite: tuple[int, str] | None = None
    large: tuple[int, str] | None = None
    origin: float | None = None
    mark: str | None = None  # what stands with the numbers: mm, $
    last: str = ""  # the last cell of a column of text, where cells are read one by one

    def add(self, cells: list[str], rows: NDArray[np.int64], store: Store) -> None:
        """Convert the cells of the next rows (rows: their line numbers) into `store`."""
        if not self.stored:
            self.last = cells[-1] if cells else self.last
            return
        values = self._fast(cells, rows)
        if values is None:
            values = self._careful(cells, rows)
        self._watch(values, cells, rows)
        if self.role == "undecided":
            self.decide()
        if self.stored:
            store.append(self.index, values)
        else:
            self.last = cells[-1] if cells else self.last
            store.drop(self.index)

    @property
    def stored(self) -> bool:
        """Whether the values are kept; those of text are not."""
        return self.role != "text"

    def decide(self) -> None:
        """Settle the role from what was counted so far; nothing but missing cells leaves it open."""
        count = self.counts
        total = sum(number for kind, number in count.items() if kind != Kind.MISSING)
        if total == 0:
            return
        self.role = "text"
        for role, kinds in _FAMILY.items():
            inside = sum(count.get(kind, 0) for kind in kinds)
            outside = total - inside
            if inside > outside and outside <= max(1, total // 10):
                self.role = role  # type: ignore[assignment]
        if self.role == "marked":
            self.unit = self.unit or self.mark or ""

    def check(self, source: str, part: str = "column") -> None:
        """Raise FitxError for the first cell that keeps the column from being used, naming its row."""
        if self.role == "text":
            raise FitxError(f"{part} `{self.name}` in `{source}` holds {self.what}", NUMBERS)
        if self.role == "empty":
            raise FitxError(f"{part} `{self.name}` in `{source}` is empty", NUMBERS)
        wrong = [at for kind, at in self.first.items() if kind != Kind.MISSING and kind not in _FAMILY[self.role]]
        if self.role == "number" and Kind.GROUPED not in self.counts and Kind.UNSURE in self.first:
            row, text = self.first[Kind.UNSURE]
            if all(row < at[0] for at in wrong):
                plain = text.replace(",", "").replace(".", "")
                raise FitxError(
                    f"column `{self.name}` in `{source}` has `{text}` in row {row}: "
                    f"is it {plain} or {text.replace(',', '.')}?",
                    "write the numbers without thousands separators, and with a decimal point",
                )
        if wrong:
            row, text = min(wrong)
            what = {
                "number": "numbers", "date": "dates", "bool": "true and false", "marked": f"numbers with `{self.mark}`",
            }[self.role]  # fmt: skip
            raise FitxError(
                f"column `{self.name}` in `{source}` has {'text' if self.role != 'marked' else 'another kind of cell'} "
                f"in row {row}: `{shown(text)}`",
                f"the column holds {what}; leave the cell empty if the value is missing"
                if self.role != "number" or not text.count(",")
                else "a decimal comma is read where another delimiter, such as `;`, stands between the cells",
            )
        if self.infinite is not None:
            row, text = self.infinite
            raise FitxError(
                f"column `{self.name}` in `{source}` has an infinite value in row {row}: `{shown(text)}`",
                "leave the cell empty if the value is missing",
            )

    @property
    def what(self) -> str:
        """What a column of text holds, with its first cell that is no number."""
        row, text = self.first.get(Kind.TEXT) or min(self.first.values(), default=(0, ""))
        if _TWO_WAYS.fullmatch(text.strip()):
            return f"dates that can be read in two ways, in row {row}: `{shown(text)}` (2020-02-01 can be read in one)"
        return f"text, in row {row}: `{shown(text)}`"

    def notes(self) -> list[str]:
        """What the user should know about how a used column was read."""
        notes = []
        if self.role == "date" and self.origin is not None:
            notes.append(f"column `{self.name}` holds dates: read as days since {date_text(self.origin)}")
        if Kind.PERCENT in self.counts:
            notes.append(f"column `{self.name}` has percent signs: 12.5% is read as 12.5")
        if Kind.GROUPED in self.counts:
            text = self.first[Kind.GROUPED][1]
            notes.append(f"column `{self.name}` has thousands separators, as in `{shown(text)}`: they were removed")
        if self.role == "marked":
            row, text = self.first[Kind.MARKED]
            place = "after" if shown(text).endswith(str(self.mark)) else "before"
            notes.append(f"column `{self.name}` has `{self.mark}` {place} its numbers, as in `{shown(text)}`")
        if self.role == "bool":
            notes.append(f"column `{self.name}` holds true and false: read as 1 and 0")
        if self.large is not None:
            row, text = self.large
            notes.append(
                f"column `{self.name}` has whole numbers beyond 2^53, which are rounded: row {row}, `{shown(text)}`"
            )
        return notes

    def _fast(self, cells: list[str], rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """All cells at once when each is a plain number, else None."""
        joined = "".join(cells)
        if self.decimal == ",":
            if "." in joined:
                return None
            cells = [cell.replace(",", ".") for cell in cells]
        if "_" in joined:
            return None
        try:
            values = np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
        except ValueError:
            return None
        missing = int(np.count_nonzero(np.isnan(values)))
        if Kind.NUMBER not in self.first and missing < len(cells):
            i = int(np.argmin(np.isnan(values)))
            self.first[Kind.NUMBER] = (int(rows[i]), cells[i])
        self._count(Kind.NUMBER, len(cells) - missing)
        self._count(Kind.MISSING, missing)
        return values

    def _careful(self, cells: list[str], rows: NDArray[np.int64]) -> NDArray[np.float64]:
        values = np.empty(len(cells))
        for i, cell in enumerate(cells):
            kind, values[i] = classify(cell, self.decimal)
            if kind == Kind.MARKED and not self._same_mark(cell):
                kind, values[i] = Kind.TEXT, np.nan
            self._count(kind, 1)
            if kind not in self.first:
                self.first[kind] = (int(rows[i]), cell)
        return values

    def _same_mark(self, cell: str) -> bool:
        """Whether the cell's unit is that of those above it."""
        found = marked(cell, self.decimal)
        if self.mark is None and found is not None:
            self.mark = found[0]
        return found is not None and found[0] == self.mark

    def _watch(self, values: NDArray[np.float64], cells: list[str], rows: NDArray[np.int64]) -> None:
        """Note the first infinity and the first whole number that float64 cannot hold."""
        if values.size == 0 or self.role == "date" or Kind.DATE in self.counts:
            return
        with np.errstate(invalid="ignore"):
            big = np.flatnonzero(np.abs(values) >= _EXACT)
        for i in big:
            if np.isinf(values[i]):
                if self.infinite is None:
                    self.infinite = (int(rows[i]), cells[i])
            elif self.large is None and _WHOLE.fullmatch(cells[i]) and int(cells[i]) != int(values[i]):
                self.large = (int(rows[i]), cells[i])

    def _count(self, kind: Kind, number: int) -> None:
        if number:
            self.counts[kind] = self.counts.get(kind, 0) + number


def shown(text: str) -> str:
    """A cell as messages show it: one line, at most 40 characters, nothing that could move a terminal's cursor."""
    text = "".join(character if character.isprintable() else "\ufffd" for character in text.strip())
    return text if len(text) <= 40 else text[:37] + "..."

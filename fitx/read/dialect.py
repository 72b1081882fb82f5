"""How a text table is written: delimiter, quote, decimal mark, comment lines. Found from a sample of its lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fitx.read.cells import Kind, classify

#: "white space": any run of blanks and tabs.
SPACES = " "
#: A comment line; `#,x,y` is a row whose first name is `#`.
COMMENT = re.compile(r"\s*(?:#|%|//)(?![,;\t|])")
_SPACED_CELL = re.compile(r'"([^"]*)"(?=\s|$)|(\S+)')
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])\s*'[^']*'\s*(?=[,;\t|]|$)")


@dataclass(frozen=True, slots=True)
class Dialect:
    """delimiter: one of `,` `;` tab `|`, or SPACES. quote: `"` or `'`. decimal: `.` or `,`."""

    delimiter: str
    quote: str = '"'
    decimal: str = "."

    def records(self, lines: Iterable[str], strict: bool = True) -> Iterator[list[str]]:
        """The cells of each record; csv.Error where a quote does not close, unless not strict."""
        if self.delimiter == SPACES:
            return (split_spaces(line) for line in lines)
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, skipinitialspace=True, strict=strict)


def split_spaces(line: str) -> list[str]:
    """The cells of a line whose delimiter is white space; a quoted cell may hold blanks."""
    if '"' not in line:
        return line.split()
    return [quoted or plain for quoted, plain in _SPACED_CELL.findall(line)]


def detect_dialect(lines: list[str]) -> Dialect:
    """The dialect that splits the sample's lines into the most regular table of numbers.

    lines: the sample without comment and blank lines. Each delimiter is tried; the score is the share of lines with
    the usual number of cells, plus the share of cells that are numbers, dates or missing; ties go to the earlier of
    tab, semicolon, comma, pipe, white space.
    """
    sample = lines[:400]
    single = any(map(_SINGLE_QUOTED.search, sample)) and not any('"' in line for line in sample)
    quote = "'" if single else '"'
    best, best_score = Dialect(","), -1.0
    for delimiter in "\t;,|" + SPACES:
        dialect = Dialect(delimiter, quote)
        try:
            rows = list(dialect.records(sample, strict=False))
        except csv.Error:
            continue
        for decimal in (".",) if delimiter == "," else (".", ","):
            score = _score(rows, decimal)
            if score > best_score + 1e-9:
                best, best_score = Dialect(delimiter, quote, decimal), score
    if best.decimal == "," and best.delimiter != ";" and _may_be_thousands(list(best.records(sample, strict=False))):
        best = Dialect(best.delimiter, best.quote)
    return best


def _may_be_thousands(rows: list[list[str]]) -> bool:
    """Every comma may as well separate thousands: 1,234. (A `;` between the cells says that it is a decimal comma.)"""
    kinds = [classify(cell)[0] for row in rows for cell in row if "," in cell and classify(cell, ",")[0] == Kind.NUMBER]
    return all(kind == Kind.UNSURE for kind in kinds)


def _score(rows: list[list[str]], decimal: str) -> float:
    widths = Counter(len(row[:-1] if len(row) > 1 and not row[-1].strip() else row) for row in rows)
    width, regular = widths.most_common(1)[0]
    if width < 2:
        regular = 0  # one column is what remains when nothing splits
    good = cells = 0
    for row in rows[1:] or rows:
        for cell in row:
            if cell := cell.strip():
                cells += 1
                kind = classify(cell, decimal)[0]
                good += kind not in (Kind.TEXT, Kind.UNSURE)
    return regular / len(rows) + (good / cells if cells else 0.0)

"""How a text table is written: delimiter, quote, decimal mark, comments. Found from a sample of its lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fitx.read.cells import Kind, classify

#: "white space": any run of blanks and tabs.
SPACES = " "
#: A comment line; `#,x,y` is a row whose first name is `#`, and `#N/A,3` one whose first cell is missing.
COMMENT = re.compile(
    r"\s*(?:#(?!(?:N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)(?:[,;\t| ]|\s*\Z)|NA\s*(?:[,;\t|]|\Z))|%|//)(?![,;\t|])",
    re.IGNORECASE,
)
#: A comment at the end of a line.
_TRAILING = re.compile(r"\s+(?:#|//|%\s).*", re.DOTALL)
#: A line drawn under a header.
RULE = re.compile(r"[\s|+:=-]*(?:---|===)[\s|+:=-]*\Z")
_SPACED_CELL = re.compile(r'"([^"]*)"(?=\s|$)|(\S+)')
_SINGLE_QUOTED = re.compile(r"(?:^|[,;\t|])\s*'[^']*'\s*(?=[,;\t|]|$)")


@dataclass(frozen=True, slots=True)
class Dialect:
    """delimiter: one of `,` `;` tab `|`, or SPACES. quote: `"` or `'`. decimal: `.` or `,`.

    comments: a comment may stand at the end of a line. edged: a `|` stands at both ends of every line.
    """

    delimiter: str
    quote: str = '"'
    decimal: str = "."
    comments: bool = False
    edged: bool = False

    def bare(self, line: str) -> str:
        """A line without its comment and its edges."""
        if self.comments:
            line = without_comment(line)
        return line.strip().removeprefix("|").removesuffix("|") + "\n" if self.edged else line

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


def without_comment(line: str) -> str:
    """A line without the comment at its end, if it has one."""
    return _TRAILING.sub("\n", line) if "#" in line or "//" in line or "%" in line else line


def detect_dialect(lines: list[str]) -> Dialect:
    """The dialect that splits the sample's lines into the most regular table of numbers.

    lines: the sample without comment and blank lines. Each delimiter is tried; the score is the share of lines with
    the usual number of cells, plus the share of cells that are numbers, dates or missing; ties go to the earlier of
    tab, semicolon, comma, pipe, white space. Where no delimiter makes the lines regular, the score is that of the
    longest run of rows with numbers: lines above or below the table do not count. Comments are taken off the ends of
    lines where the score is higher without them.
    """
    sample = lines[:400]
    best, score = _best(sample)
    short = [without_comment(line) for line in sample]
    if short != sample:
        other, higher = _best(short)
        if higher > score + 1e-9:
            best, sample = replace(other, comments=True), short
    if best.delimiter == "|" and all(line.strip()[:1] == line.strip()[-1:] == "|" for line in sample):
        best = replace(best, edged=True)
    if best.decimal == "," and best.delimiter != ";" and _may_be_thousands(list(best.records(sample, strict=False))):
        best = replace(best, decimal=".")
    return best


def _best(sample: list[str]) -> tuple[Dialect, float]:
    single = any(map(_SINGLE_QUOTED.search, sample)) and not any('"' in line for line in sample)
    quote = "'" if single else '"'
    tried: list[tuple[Dialect, list[list[str]]]] = []
    for delimiter in "\t;,|" + SPACES:
        dialect = Dialect(delimiter, quote)
        try:
            rows = list(dialect.records(sample, strict=False))
        except csv.Error:
            continue
        tried += [(replace(dialect, decimal=d), rows) for d in ((".",) if delimiter == "," else (".", ","))]
    for score in (_score, _run_score):
        best, highest = Dialect(","), -1.0
        for dialect, rows in tried:
            value, regular = score(rows, dialect.decimal)
            if value > highest + 1e-9:
                best, highest, irregular = dialect, value, regular < _REGULAR
        if highest >= 0 and not irregular:
            break
    return best, highest


def _may_be_thousands(rows: list[list[str]]) -> bool:
    """Every comma may as well separate thousands: 1,234. (A `;` between the cells says that it is a decimal comma.)"""
    kinds = [classify(cell)[0] for row in rows for cell in row if "," in cell and classify(cell, ",")[0] == Kind.NUMBER]
    return all(kind == Kind.UNSURE for kind in kinds)


_REGULAR = 0.9  # share of lines with the usual number of cells, below which something stands around the table


def _score(rows: list[list[str]], decimal: str) -> tuple[float, float]:
    """The score of a dialect, and the share of regular lines."""
    widths = Counter(len(row[:-1] if len(row) > 1 and not row[-1].strip() else row) for row in rows)
    width, regular = widths.most_common(1)[0]
    if width < 2:
        regular = 0  # one column is what remains when nothing splits
    good, cells = _good(rows[1:] or rows, decimal)
    return regular / len(rows) + (good / cells if cells else 0.0), regular / len(rows)


def _good(rows: list[list[str]], decimal: str) -> tuple[int, int]:
    """How many cells are numbers, dates or the like; how many there are."""
    kinds = [classify(cell, decimal)[0] for row in rows for cell in row if cell.strip()]
    return sum(kind not in (Kind.TEXT, Kind.UNSURE) for kind in kinds), len(kinds)


def _run_score(rows: list[list[str]], decimal: str) -> tuple[float, float]:
    """The share of lines in the longest run of rows of one width with numbers in half of their cells, with the share of
    their cells that are numbers."""
    best, run = 0.0, 0
    total = [0, 0]
    width = 0
    for row in rows:
        good, cells = _good([row], decimal)
        fits = len(row) > 1 and good and good >= cells / 2
        if not fits or len(row) != width:
            width, run, total = len(row), 0, [0, 0]
        if fits:
            run += 1
            total = [total[0] + good, total[1] + cells]
            best = max(best, run / len(rows) * (1 + total[0] / total[1]))
    return best, 1.0

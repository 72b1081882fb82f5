"""What stands around a table: a preamble of an instrument, a title, words below it, and names in a comment.

Lines are left out only where it is plain that they are no rows, and a warning says which. What might be a broken row
stays, and is an error that names it.
"""

from __future__ import annotations

from collections import Counter

from fitx.errors import UsageError
from fitx.read.cells import Kind, classify
from fitx.read.columns import shown
from fitx.read.header import Header

_LOOKED_AT = 1000
_FOOTER = 20  # lines below a table


def begin(records: list[list[str]], numbers: list[int], decimal: str) -> list[int]:
    """Which of the first records to leave out: what stands above the header, or below it beside the units.

    The table begins with the first two rows that have numbers where most rows have them. Rows of words right above it,
    as wide as it is, are the header and the units; where there is none, single cells of several words are a title.
    """
    kinds = [[classify(cell, decimal)[0] for cell in record] for record in records[:_LOOKED_AT]]
    with_numbers = [row for row in kinds if len(row) > 1 and 2 * sum(map(_numeric, row)) >= sum(map(bool, row))]
    if not with_numbers:
        return []
    width = Counter(map(len, with_numbers)).most_common(1)[0][0]
    columns = _number_columns([row for row in with_numbers if len(row) == width])
    rows = [len(row) == width and _is_row(row, columns) for row in kinds]
    first = next((i for i, ok in enumerate(rows) if ok and all(rows[i + 1 : i + 2])), 0)
    words = first
    while (
        words > 0 and _words(kinds[words - 1], width) and words - first in (0, numbers[words - 1] - numbers[first - 1])
    ):
        words -= 1
    if words == first:  # no header: R's names of columns without one for the rows' names are single words
        titles = [record[0].strip() for record in records[:first] if len(record) == 1]
        return list(range(first)) if len(titles) == first and any(" " in title for title in titles) else []
    header = words
    if first - words > 1 and not _complete(records[words]) and not _units(records[words + 1]):
        header = next((i for i in range(words, first) if _complete(records[i])), words)
    others = [*range(header), *range(header + 2, first)]
    return [] if any(_half_a_row(kinds[i], width, columns) for i in others) else others


def above(numbers: list[int], header: Header, unit: str = "line") -> str:
    """The warning about lines (or rows of a sheet) that `begin` left out."""
    row = f"its header {listed(header.names)}" if header.found else "its first row"
    return f"the table begins in {unit} {numbers[0]} with {row}: other {unit}s above its rows are left out"


def listed(names: list[str]) -> str:
    """The first names of a table."""
    return ", ".join(f"`{shown(name)}`" for name in names[:3]) + (", ..." if len(names) > 3 else "")


def _half_a_row(row: list[Kind], width: int, columns: list[int]) -> bool:
    """Whether a record may be a row with a fault, which is no line to leave out."""
    return len(row) == width and 2 * sum(_numeric(row[j]) for j in columns) > len(columns)


def _numeric(kind: Kind) -> bool:
    return kind not in (Kind.TEXT, Kind.MISSING)


def _number_columns(rows: list[list[Kind]]) -> list[int]:
    """Columns that have numbers in most rows."""
    return [j for j in range(len(rows[0])) if 2 * sum(_numeric(row[j]) for row in rows) > len(rows)]


def _is_row(row: list[Kind], columns: list[int]) -> bool:
    return any(_numeric(row[j]) for j in columns) and all(row[j] != Kind.TEXT for j in columns)


def _words(row: list[Kind], width: int) -> bool:
    """Whether a record may be a header or units: as wide as the table, text and no number."""
    return len(row) == width and Kind.TEXT in row and not any(map(_numeric, row))


def _complete(record: list[str]) -> bool:
    """Whether every cell has a text of its own."""
    return all(cell.strip() for cell in record) and len(set(record)) == len(record)


def _units(record: list[str]) -> bool:
    from fitx.units import parse_unit

    try:
        for cell in record:
            parse_unit(cell.strip().strip("()[]{}<>"))
    except UsageError:
        return False
    return True


def footer(records: list[list[str]], width: int, decimal: str) -> int:
    """How many records at the end are words below the table: no number, and another number of cells than rows have."""
    count = 0
    for record in reversed(records[-_FOOTER - 1 :]):
        kinds = [classify(cell, decimal)[0] for cell in record]
        if len(record) == width or Kind.TEXT not in kinds or any(map(_numeric, kinds)):
            break
        count += 1
    return count if count <= _FOOTER else 0


def names_in(split: list[str], width: int) -> list[str]:
    """The names that a comment right above the rows gives to their columns, [] where it is no list of names.

    split: the comment as the table's dialect splits it. `np.savetxt` writes headers so.
    """
    cells = [cell.strip() for cell in split]
    if len(cells) != width or len(set(cells)) != width or not all(cells):
        return []
    for cell in cells:
        if classify(cell)[0] != Kind.TEXT or len(cell.split()) > 2 or cell[-1] in ",;:." or ";" in cell:
            return []
    return cells

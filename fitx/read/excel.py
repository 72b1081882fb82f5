"""Workbooks (.xlsx, .xls, .ods) by python-calamine, an optional extra. Nothing in a workbook is run or calculated."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

from fitx.errors import FitxError, UsageError, did_you_mean
from fitx.read.around import above, begin
from fitx.read.delimited import fit
from fitx.read.frame import Frame
from fitx.read.header import read_header
from fitx.read.select import Request
from fitx.read.source import Source


def read_excel(source: Source, request: Request, sheet: str | int | None) -> Frame:
    """Read one sheet: by name, by number from 1, or the first that is not empty."""
    try:
        from python_calamine import CalamineWorkbook
    except ImportError:
        raise FitxError(
            f"`{source.name}` is a workbook, and the package that reads workbooks is not installed",
            'pip install "fitx[excel]"',
        ) from None
    try:
        with source.open() as stream:
            book = CalamineWorkbook.from_filelike(io.BytesIO(stream.read()))
        chosen, others = _sheet(book, sheet, source.name)
        top = (chosen.start or (0, 0))[0]
        rows = chosen.to_python(skip_empty_area=True)
    except FitxError:
        raise
    except BaseException as error:  # calamine's own errors, and the panics of a damaged file
        if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
            raise
        raise FitxError(f"`{source.name}` cannot be read as a workbook: {error}", "save it again, or as CSV") from None
    frame = _frame([[_cell(value) for value in row] for row in rows], top, source.name, request)
    if others:
        frame.warnings.insert(0, f"read sheet `{chosen.name}`; the others are " + ", ".join(f"`{o}`" for o in others))
    return frame


def _sheet(book: Any, wanted: str | int | None, name: str) -> tuple[Any, list[str]]:
    names = list(book.sheet_names)
    listed = ", ".join(f"`{sheet}`" for sheet in names)
    if wanted is None:
        for candidate in names:
            chosen = book.get_sheet_by_name(candidate)
            if chosen.total_height > 0:
                return chosen, [other for other in names if other != candidate]
        raise FitxError(f"`{name}` is empty", f"its sheets are {listed}")
    if isinstance(wanted, str) and wanted in names:
        return book.get_sheet_by_name(wanted), []
    number = int(wanted) if str(wanted).isdecimal() else 0
    if 1 <= number <= len(names):
        return book.get_sheet_by_index(number - 1), []
    raise UsageError(
        f"there is no sheet `{wanted}` in `{name}`", f"{did_you_mean(str(wanted), names)}its sheets are {listed}"
    )


def _frame(rows: list[list[str]], top: int, name: str, request: Request) -> Frame:
    pairs = [(number, row) for number, row in enumerate(rows, top + 1) if any(row)]
    while pairs and pairs[0][1][0].startswith(("#", "//")) and not any(pairs[0][1][1:]):
        del pairs[0]
    if not pairs:
        raise FitxError(f"`{name}` has no rows on this sheet", "save the sheet that holds the table as CSV")
    numbers, records = [number for number, _ in pairs], [row for _, row in pairs]
    width = max(len(row) for row in records)
    others = begin(records, numbers, ".")
    for i in reversed(others):
        del records[i], numbers[i]
    header = read_header(records, width)
    if others:
        header.warnings.append(above(numbers, header, "row"))
    frame = Frame(name, header.names, header.found, header.units, warnings=header.warnings)
    frame.begin(*request.wanted(header.names, header.found, name))
    fit(records, numbers, width, name)
    frame.add(records[header.skip :], numbers[header.skip :])
    frame.end()
    if frame.length == 0:
        raise FitxError(f"`{name}` has a header and no rows", "a table needs rows of numbers under the names")
    return frame


def _cell(value: Any) -> str:
    """A cell as the text that a delimited table would hold; a number keeps every digit."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return repr(value / timedelta(days=1))
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)

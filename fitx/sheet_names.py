"""Names in CSV files, which spreadsheets open: none of them may be a formula there.

A cell that begins with =, +, -, @, a tab or a line end is a formula for a spreadsheet, and a formula can start
programs (`=cmd|' /C calc'!A0`) or send what stands beside it elsewhere. An apostrophe before it makes it text. Reading
takes that apostrophe off again, so that a name comes back as it was; other programs read it with the apostrophe.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*(?:\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")


def to_sheet(name: str) -> str:
    """A name as a cell of a CSV file."""
    return f"'{name}" if _FORMULA.match(name) else name


def from_sheet(cell: str) -> str:
    """The name that a cell of a header means."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell

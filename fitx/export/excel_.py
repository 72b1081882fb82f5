"""A formula for row 2 of a sheet whose columns, from A on, are the features; for LibreOffice, too.

The first line is the formula, without LET or LAMBDA. A formula too long or too deep for Excel (8192 characters, 64
functions in each other) is spread over cells to the right, divided by tabs: pasted as it is, it fills them. No text
from a table stands at the beginning of a line, where it could be a formula itself. Excel keeps 15 digits of a constant.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from fitx.errors import UsageError
from fitx.export.base import Format, about, float_text, rounded
from fitx.export.code import Language, code

if TYPE_CHECKING:
    from fitx.formula.tree import Number
    from fitx.result import Found

_COLUMNS = 16384  # of a sheet
_UNDEFINED = "SQRT(-1)"  # #NUM!: there is neither NaN nor infinity


def _power(exponent: Number | None) -> str:
    """LibreOffice has (-8)^(1/3) = -2, and 0^0 is an error in Excel."""
    if exponent is None:
        return f"IF({{1}}=0,1,IF(AND({{0}}<0,{{1}}<>INT({{1}})),{_UNDEFINED},{{0}}^{{1}}))"
    return "({0}^{1})" if float(exponent).is_integer() else f"IF({{0}}<0,{_UNDEFINED},{{0}}^{{1}})"


_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "="}
_LANGUAGE = Language(
    {
        "sqrt": "SQRT", "exp": "EXP", "log": "LN", "log10": "LOG10", "sin": "SIN", "cos": "COS", "tan": "TAN",
        "asin": "ASIN", "acos": "ACOS", "atan": "ATAN", "sinh": "SINH", "cosh": "COSH", "tanh": "TANH", "abs": "ABS",
        "sign": "SIGN", "floor": "INT", "ceil": "(-INT(-{0}))", "min": "MIN({0},{1})", "max": "MAX({0},{1})",
        "hinge": "MAX(0,{0})", "square": "({0}^2)", "cube": "({0}^3)", "cbrt": "(SIGN({0})*ABS({0})^(1/3))",
        "logistic": "(1/(1+EXP(MIN(700,-{0}))))",
        **{op: f"IFERROR({{0}}{sign}{{1}},FALSE)" for op, sign in _COMPARISONS.items()},
    },
    "IF({0},{1},{2})",
    number=lambda value: float_text(value).replace("e", "E"),
    infinite=(_UNDEFINED, _UNDEFINED, _UNDEFINED),
    power=_power,
    longest=2000,
    deepest=20,
    twice=100,
)  # fmt: skip


def cell(column: int) -> str:
    """The cell of row 2 in that column, counted from 0: A2, B2, ..., AA2."""
    if column >= _COLUMNS:
        raise UsageError("the formula needs more cells than a row of a sheet has", "`fitx predict` writes its values")
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}2"


def _bare(text: str, cells: Collection[str]) -> str:
    """Without IFERROR around comparisons of sums and products of features, which are always numbers."""
    return re.sub(
        r"IFERROR\(((?:[^()/^,]|(?<![A-Z])\([^()/^,]*\))*),FALSE\)",
        lambda m: m[1] if set(re.findall(r"[A-Z]+2\b", m[1])) <= set(cells) else m[0],
        text,
    )


def _write(found: Found, digits: int | None) -> str:
    d = len(found.features)
    names = {name: cell(k) for k, name in enumerate(found.features)}
    parts = code(rounded(found.formula, digits), _LANGUAGE, names, lambda k: cell(d + 1 + k))
    texts = [_bare(text, names.values()) for text in (parts.result, *(text for _, text in parts.steps))]
    lines = ["\t".join(f"={text}" for text in texts)]
    lines += [f"# {line}" for line in about(found, digits, names, "Cells of row 2, which may be filled down:")]
    if parts.steps:
        last = cell(d + len(parts.steps))
        lines.append(f"# Paste the first line into {cell(d)}: it fills the cells to {last}, on which {cell(d)} rests.")
    return "\n".join([*lines, "# An error value where the formula is undefined or infinite."])


FORMAT = Format("excel", "a formula for row 2 of a sheet with the features in A, B, ...", _write, code=True)

"""The interface of a format, and what formats share.

Write one file `NAME_.py` here with `FORMAT = Format("NAME", "...", write)`; the tests meet it by being there.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from fitx.formula import Formula
from fitx.formula.printing import round_to
from fitx.formula.tree import Number

if TYPE_CHECKING:
    from fitx.result import Found


@dataclass(frozen=True, slots=True)
class Format:
    """write(found, digits) -> text. code: True where the text is a program that defines the function `formula`."""

    name: str
    summary: str
    write: Callable[[Found, int | None], str]
    code: bool = False


def rounded(f: Formula, digits: int | None) -> Formula:
    """`f` with float constants rounded to `digits` significant digits; None: as it is."""
    if digits is None:
        return f
    return f.with_constants([round_to(c, digits) if isinstance(c, float) else c for c in f.constants])


def for_reading(found: Found, digits: int | None) -> Formula:
    """The formula for text and LaTeX: the digits asked for, else as many as the data support."""
    return found.shown if digits is None else rounded(found.formula, digits)


def identifiers(names: tuple[str, ...], taken: Collection[str]) -> dict[str, str]:
    """Feature name -> identifier: ASCII letters, digits and _, different from each other and from `taken` words."""
    out: dict[str, str] = {}
    used = {t.lower() for t in taken}
    for name in names:
        base = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "x"
        base = name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) else base
        base = f"x{base}" if base[0].isdigit() else base
        candidate, k = base, 1
        while candidate.lower() in used or keyword.iskeyword(candidate):
            k += 1
            candidate = f"{base}_" if k == 2 else f"{base}_{k - 1}"
        used.add(candidate.lower())
        out[name] = candidate
    return out


def mapping_lines(names: dict[str, str]) -> list[str]:
    """One line for each name that had to be changed: `identifier: the column "name"`."""
    return [f"{new}: the column {quoted(old)}" for old, new in names.items() if new != old]


def quoted(name: str) -> str:
    """A name in double quotes on one line of printable ASCII, safe inside any comment or docstring."""
    shown = "".join(c if c.isprintable() and c not in '"\\' else f"\\x{ord(c):02x}" for c in name)
    return '"' + shown.replace("*/", "*\\x2f").replace("?", "\\x3f") + '"'


def float_text(value: Number) -> str:
    """A constant as a float literal that most languages read: 3.0, 0.1, 1e-05; fractions as (1.0/3.0)."""
    if isinstance(value, Fraction):
        return f"({float_text(value.numerator)}/{float_text(value.denominator)})"
    return repr(float(value))

"""The interface of a format, and what formats share.

Write one file `NAME_.py` here with `FORMAT = Format("NAME", "...", write)`; the tests meet it by being there.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Collection, Mapping
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


def identifiers(names: tuple[str, ...], taken: Collection[str], longest: int = 50) -> dict[str, str]:
    """Feature name -> identifier: ASCII letters, digits and _, different from each other and from `taken` words.

    Different in more than their case, for languages that do not tell it; at most some `longest` characters.
    """
    out: dict[str, str] = {}
    used = {t.lower() for t in taken}
    for name in names:
        base = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_") or "x"
        base = name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) else base
        base = f"x{base}" if base[0].isdigit() else base
        base = base[:longest]
        candidate, k = base, 1
        while candidate.lower() in used or keyword.iskeyword(candidate):
            k += 1
            candidate = f"{base}_" if k == 2 else f"{base}_{k - 1}"
        used.add(candidate.lower())
        out[name] = candidate
    return out


def about(
    found: Found, digits: int | None, arguments: Mapping[str, str] | None, heading: str = "Arguments, in order:"
) -> list[str]:
    """What a comment says: version, target, formula, held-out error, and which column is which argument.

    arguments: column -> what stands for it; None: columns go by their own names. No comment or docstring of any
    language can take these lines for its end (`plain`).
    """
    from fitx import __version__
    from fitx.result import CandidateFit, Fit

    width = 110
    target = quoted(found.target) if isinstance(found, Fit) else "the target"
    version = (found.version if isinstance(found, Fit) else "") or __version__
    units = found.units if isinstance(found, Fit) else {}
    shown = for_reading(found, digits).text() if found.complexity < 2000 else f"{found.complexity} nodes"
    lines = [f"The formula that fitx {plain(version)} found for {target}:"]
    lines += [f"    {part}" for part in broken(plain(shown), width - 4)[:12]]
    score = found.holdout if isinstance(found, Fit) else found.validation if isinstance(found, CandidateFit) else None
    if score is not None and score.r2 is not None:
        word = "Held-out" if isinstance(found, Fit) else "Validation"
        lines += broken(plain(f"{word} rmse {score.rmse:.4g}, r2 {score.r2:.6g} ({score.how})"), width)
    if arguments:
        lines.append(heading)
    for name, argument in (arguments or {}).items():
        unit = f" [{plain(units[name])}]" if units.get(name) else ""
        lines += broken(f"{argument}: the column {quoted(name)}{unit}", width, "    ")
    return lines


def plain(text: str) -> str:
    """Text on one line of printable characters that ends no comment, docstring or script and begins none inside it."""
    shown = "".join(c if c.isprintable() and c not in '"\\?' else f"\\x{ord(c):02x}" for c in text)
    shown = re.sub(r"\*(?=/)", r"\\x2a", shown)
    shown = re.sub(r"/(?=\*)", r"\\x2f", shown)
    return re.sub(r"-(?=->)|-(?=-!)|<(?=[!/])", lambda m: f"\\x{ord(m[0]):02x}", shown)


def broken(text: str, width: int, rest: str = "") -> list[str]:
    """`plain` text in lines of at most `width`, broken at spaces, long words anywhere but within a \\x escape.

    rest: begins every line but the first.
    """
    lines, line = [], ""
    for word in text.split():
        if line.strip() and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = rest
        line += f" {word}" if line.strip() else word
        while len(line) > width:
            cut = 0
            for part in _PARTS.finditer(line):
                if part.end() > width:
                    break
                cut = part.end()
            lines.append(line[:cut])
            line = rest + line[cut:]
    return [*lines, line] if line.strip() else lines


_PARTS = re.compile(r"\\x[0-9a-f]{2,6}|.")


def quoted(name: str) -> str:
    """A name in double quotes, safe inside any comment or docstring."""
    return f'"{plain(name)}"'


def float_text(value: Number) -> str:
    """A constant as a float literal that most languages read: 3.0, 0.1, 1e-05; short fractions as (1.0/3.0)."""
    if isinstance(value, Fraction) and max(abs(value.numerator), value.denominator) < 2**53:
        return f"({float_text(value.numerator)}/{float_text(value.denominator)})"
    return repr(float(value))

"""A C99 function of doubles, with <math.h> alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format
from fitx.export.code import Language, function, wrapped
from fitx.export.words import C

if TYPE_CHECKING:
    from fitx.result import Found

# fmin and fmax drop NaN; predict keeps it. The sign of 0.0 and of -0.0 is 0.0.
SPELLINGS = {
    "square": "({0} * {0})", "cube": "({0} * {0} * {0})", "abs": "fabs",
    "sign": "({0} > 0.0 ? 1.0 : {0} < 0.0 ? -1.0 : {0} + 0.0)", "hinge": "({0} <= 0.0 ? 0.0 : {0})",
    "min": "({0} < {1} || {0} != {0} ? {0} : {1})", "max": "({0} > {1} || {0} != {0} ? {0} : {1})",
    "logistic": "(1.0 / (1.0 + exp(-{0})))",
}  # fmt: skip
SELECT = "({0} ? {1} : {2})"
_LANGUAGE = Language(SPELLINGS, SELECT)


def _write(found: Found, digits: int | None) -> str:
    parts = function(found, digits, _LANGUAGE, C)
    lines = ["#include <math.h>", "", "/*", *(f" * {line}" for line in parts.about), " */"]
    lines += wrapped(", ".join(f"double {a}" for a in parts.arguments) or "void", "double formula(", " " * 15)
    lines[-1] += ")"
    lines += ["{", *(f"    (void){a};" for a in parts.unused)]
    for name, text in parts.steps:
        lines += wrapped(f"{text};", f"    const double {name} = ", " " * 8)
    return "\n".join([*lines, *wrapped(f"{parts.result};", "    return ", " " * 8), "}"])


FORMAT = Format("c", "a C99 function of doubles, with math.h alone", _write, code=True)

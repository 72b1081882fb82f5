"""A C++ function of doubles, with <cmath> alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export import c_
from fitx.export.base import Format
from fitx.export.code import Language, function, wrapped
from fitx.export.words import CPP

if TYPE_CHECKING:
    from fitx.result import Found

_FUNCTIONS = (
    "sqrt", "cbrt", "exp", "log", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs",
    "floor", "ceil", "pow",
)  # fmt: skip
_LANGUAGE = Language(
    {
        **{name: spelling.replace("exp(", "std::exp(") for name, spelling in c_.SPELLINGS.items()},
        **{name: f"std::{name}" for name in _FUNCTIONS},
    },
    c_.SELECT,
)


def _write(found: Found, digits: int | None) -> str:
    parts = function(found, digits, _LANGUAGE, CPP)
    lines = ["#include <cmath>", "", "/*", *(f" * {line}" for line in parts.about), " */"]
    arguments = ", ".join(
        f"[[maybe_unused]] double {a}" if a in parts.unused else f"double {a}" for a in parts.arguments
    )
    lines += wrapped(arguments, "double formula(", " " * 15)
    lines[-1] += ") {"
    for name, text in parts.steps:
        lines += wrapped(f"{text};", f"    const double {name} = ", " " * 8)
    return "\n".join([*lines, *wrapped(f"{parts.result};", "    return ", " " * 8), "}"])


FORMAT = Format("cpp", "a C++17 function of doubles, with the standard library alone", _write, code=True)

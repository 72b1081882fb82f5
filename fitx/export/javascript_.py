"""A JavaScript function of numbers, with Math alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format
from fitx.export.code import Language, function, wrapped
from fitx.export.words import JAVASCRIPT

if TYPE_CHECKING:
    from fitx.formula.tree import Number
    from fitx.result import Found

_FUNCTIONS = (
    "sqrt", "cbrt", "exp", "log", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs",
    "floor", "ceil",
)  # fmt: skip


def _power(exponent: Number | None) -> str:
    """In JavaScript 1 to the power of Infinity is NaN; elsewhere, and in predict, 1."""
    return "({0} === 1.0 ? 1.0 : Math.pow({0}, {1}))" if exponent is None else "Math.pow({0}, {1})"


_LANGUAGE = Language(
    {
        **{name: f"Math.{name}" for name in _FUNCTIONS},
        "square": "({0} * {0})", "cube": "({0} * {0} * {0})", "eq": "{0} === {1}",
        "sign": "(Math.sign({0}) + 0.0)",
        "min": "({0} < {1} || {0} != {0} ? {0} : {1})", "max": "({0} > {1} || {0} != {0} ? {0} : {1})",
        "hinge": "({0} <= 0.0 ? 0.0 : {0})", "logistic": "(1.0 / (1.0 + Math.exp(-{0})))",
    },
    "({0} ? {1} : {2})",
    infinite=("NaN", "Infinity", "(-Infinity)"),
    power=_power,
)  # fmt: skip


def _write(found: Found, digits: int | None) -> str:
    parts = function(found, digits, _LANGUAGE, JAVASCRIPT)
    lines = ["/**", *(" * " + line.replace("@", "\\x40") for line in parts.about), " */"]  # @ begins a tag of JSDoc
    lines += wrapped(", ".join(parts.arguments), "function formula(", " " * 17)
    lines[-1] += ") {"
    for name, text in parts.steps:
        lines += wrapped(f"{text};", f"  const {name} = ", " " * 4)
    # parentheses: a line's end after `return` would end the statement
    return "\n".join([*lines, *wrapped(f"({parts.result});", "  return ", " " * 4), "}"])


FORMAT = Format("javascript", "a JavaScript function of numbers", _write, code=True)

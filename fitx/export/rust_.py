"""A Rust function of f64, with the standard library alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format
from fitx.export.code import Language, function, wrapped
from fitx.export.words import RUST

if TYPE_CHECKING:
    from fitx.result import Found

_NAMES = {"log": "ln", "pow": "powf"}
_FUNCTIONS = (
    "sqrt", "cbrt", "exp", "log", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs",
    "floor", "ceil", "pow",
)  # fmt: skip
_LANGUAGE = Language(
    {
        **{name: f"f64::{_NAMES.get(name, name)}" for name in _FUNCTIONS},
        "square": "({0} * {0})", "cube": "({0} * {0} * {0})",
        "sign": "(if {0} > 0.0 {{ 1.0 }} else if {0} < 0.0 {{ -1.0 }} else {{ {0} + 0.0 }})",
        "hinge": "(if {0} <= 0.0 {{ 0.0 }} else {{ {0} }})",
        "min": "(if {0} < {1} || f64::is_nan({0}) {{ {0} }} else {{ {1} }})",
        "max": "(if {0} > {1} || f64::is_nan({0}) {{ {0} }} else {{ {1} }})",
        "logistic": "(1.0 / (1.0 + f64::exp(-{0})))",
    },
    "(if {0} {{ {1} }} else {{ {2} }})",
    infinite=("f64::NAN", "f64::INFINITY", "f64::NEG_INFINITY"),
)  # fmt: skip


def _write(found: Found, digits: int | None) -> str:
    parts = function(found, digits, _LANGUAGE, RUST)
    lines = [f"// {line}" for line in parts.about]
    lines.append("#[allow(unknown_lints, invalid_nan_comparisons, non_snake_case, unused_parens, unused_variables)]")
    lines += wrapped(", ".join(f"{a}: f64" for a in parts.arguments), "pub fn formula(", " " * 15)
    lines[-1] += ") -> f64 {"
    for name, text in parts.steps:
        lines += wrapped(f"{text};", f"    let {name}: f64 = ", " " * 8)
    return "\n".join([*lines, *wrapped(parts.result, "    ", " " * 8), "}"])


FORMAT = Format("rust", "a Rust function of f64, with the standard library alone", _write, code=True)

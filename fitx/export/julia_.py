"""A Julia function of numbers, with Base alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format
from fitx.export.code import Language, function, wrapped
from fitx.export.words import JULIA

if TYPE_CHECKING:
    from fitx.formula.tree import Number
    from fitx.result import Found


def _power(exponent: Number | None) -> str:
    """A fractional power of a negative number raises in Julia; of -Inf, and to the power of Inf, it does not."""
    if exponent is None:
        return "(isfinite({0}) && {0} < 0.0 && isfinite({1}) && {1} != floor({1}) ? NaN : {0} ^ {1})"
    return "({0} ^ {1})" if float(exponent).is_integer() else "(isfinite({0}) && {0} < 0.0 ? NaN : {0} ^ {1})"


def _outside(condition: str, name: str) -> str:
    return f"({condition} ? NaN : {name}({{0}}))"


# Julia raises where a function is undefined; predict says NaN.
_LANGUAGE = Language(
    {
        **{name: _outside("isinf({0})", name) for name in ("sin", "cos", "tan")},
        **{name: _outside("abs({0}) > 1.0", name) for name in ("asin", "acos")},
        **{name: _outside("{0} < 0.0", name) for name in ("sqrt", "log", "log10")},
        "square": "({0} * {0})", "cube": "({0} * {0} * {0})", "sign": "(sign({0}) + 0.0)",
        "min": "({0} < {1} || {0} != {0} ? {0} : {1})", "max": "({0} > {1} || {0} != {0} ? {0} : {1})",
        "hinge": "({0} <= 0.0 ? 0.0 : {0})",
        "logistic": "(1.0 / (1.0 + exp(-{0})))",
    },
    "({0} ? {1} : {2})",
    infinite=("NaN", "Inf", "(-Inf)"),
    power=_power,
)  # fmt: skip


def _write(found: Found, digits: int | None) -> str:
    parts = function(found, digits, _LANGUAGE, JULIA)
    lines = [f"# {line}" for line in parts.about]
    lines += wrapped(", ".join(parts.arguments), "function formula(", " " * 17)
    lines[-1] += ")"
    lines += [f"    {a} = Float64({a})" for a in parts.arguments]
    for name, text in parts.steps:
        lines += wrapped(f"({text})", f"    {name} = ", " " * 8)
    return "\n".join([*lines, *wrapped(f"({parts.result})", "    return ", " " * 8), "end"])


FORMAT = Format("julia", "a Julia function of numbers", _write, code=True)

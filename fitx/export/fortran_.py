"""A Fortran 2008 function of double precision, in free form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format, float_text
from fitx.export.code import Language, function, wrapped
from fitx.export.words import FORTRAN

if TYPE_CHECKING:
    from fitx.formula.tree import Number
    from fitx.result import Found


def _number(value: Number) -> str:
    shown = float_text(float(value))
    return shown.replace("e", "d") if "e" in shown else f"{shown}d0"


def _power(exponent: Number | None) -> str:
    """A whole exponent is an integer in Fortran: the base may be negative."""
    if exponent is not None and float(exponent).is_integer() and -(2**31) < exponent < 2**31:
        return f"({{0}}**{int(exponent)})" if exponent >= 0 else f"({{0}}**({int(exponent)}))"
    return "({0}**{1})"


# min, max and floor are not for NaN in Fortran, and floor gives an integer; a cube root there is none.
_LANGUAGE = Language(
    {
        "square": "({0}**2)", "cube": "({0}**3)", "cbrt": "sign(abs({0})**(1d0/3d0), {0})",
        "sign": "merge(sign(1d0, {0}), {0} + 0d0, {0} > 0d0 .or. {0} < 0d0)", "hinge": "merge(0d0, {0}, {0} <= 0d0)",
        "min": "merge({0}, {1}, {0} < {1} .or. {0} /= {0})", "max": "merge({0}, {1}, {0} > {1} .or. {0} /= {0})",
        "floor": "(aint({0}) - merge(1d0, 0d0, aint({0}) > {0}))",
        "ceil": "(aint({0}) + merge(1d0, 0d0, aint({0}) < {0}))", "logistic": "(1d0/(1d0 + exp(-{0})))",
    },
    "merge({1}, {2}, {0})",
    number=_number,
    infinite=(
        "ieee_value(1d0, ieee_quiet_nan)", "ieee_value(1d0, ieee_positive_inf)", "ieee_value(1d0, ieee_negative_inf)",
    ),
    power=_power,
    fold_constants=True,  # a compiler refuses sqrt(-1d0) and exp(800d0)
)  # fmt: skip


def _write(found: Found, digits: int | None) -> str:
    parts = function(found, digits, _LANGUAGE, FORTRAN)
    lines = [f"! {line}" for line in parts.about]
    lines += wrapped(", ".join(parts.arguments), "elemental function formula(", " " * 8, " &")
    lines[-1] += ") result(value_)"
    if any("ieee_" in text for text in (parts.result, *(text for _, text in parts.steps))):
        lines.append("    use, intrinsic :: ieee_arithmetic")
    lines.append("    implicit none")
    if parts.arguments:
        lines += wrapped(", ".join(parts.arguments), "    double precision, intent(in) :: ", " " * 8, " &")
    lines.append("    double precision :: value_")
    for name, _ in parts.steps:
        lines.append(f"    double precision :: {name}")
    for name, text in (*parts.steps, ("value_", parts.result)):
        lines += wrapped(text, f"    {name} = ", " " * 8, " &")
    return "\n".join([*lines, "end function formula"])


FORMAT = Format("fortran", "a Fortran 2008 function of double precision", _write, code=True)

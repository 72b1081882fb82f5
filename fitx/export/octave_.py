"""A function of numbers or arrays for GNU Octave and MATLAB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format
from fitx.export.code import Language, function, wrapped
from fitx.export.words import OCTAVE

if TYPE_CHECKING:
    from fitx.formula.tree import Number
    from fitx.result import Found


def _power(exponent: Number | None) -> str:
    whole = exponent is not None and float(exponent).is_integer()
    return "({0} .^ {1})" if whole else "raise({0}, {1})"


# Octave goes on in complex numbers where a function is undefined; `+ 0 ./ condition` makes that NaN. min and max
# drop NaN; `choose` keeps it.
_LANGUAGE = Language(
    {
        **{n: f"(real({n}({{0}})) + 0 ./ ({{0}} >= 0))" for n in ("sqrt", "log", "log10")},
        **{n: f"(real({n}({{0}})) + 0 ./ (abs({{0}}) <= 1))" for n in ("asin", "acos")},
        "mul": ".*", "div": "./", "cbrt": "nthroot({0}, 3)", "square": "({0} .^ 2)", "cube": "({0} .^ 3)",
        "sign": "(sign({0}) + 0)",
        "logistic": "(1.0 ./ (1.0 + exp(-{0})))", "hinge": "choose({0} <= 0, 0, {0})",
        "min": "choose({0} < {1} | {0} ~= {0}, {0}, {1})", "max": "choose({0} > {1} | {0} ~= {0}, {0}, {1})",
    },
    "choose({0}, {1}, {2})",
    infinite=("NaN", "Inf", "(-Inf)"),
    power=_power,
)  # fmt: skip
_HELPERS = {
    "choose(": """function r = choose(condition, yes, no)
    % yes where the condition holds, else no; numbers or arrays
    shape = zeros(size(condition + yes + no));
    where = (condition + shape) ~= 0;
    yes = yes + shape;
    r = no + shape;
    r(where) = yes(where);
end""",
    "raise(": """function r = raise(a, b)
    % a to the power b; NaN where that is not a real number
    odd = (a < 0 | 1 ./ a < 0) & mod(b, 2) == 1;
    r = abs(a) .^ b .* (1 - 2 * odd) + 0 ./ (a >= 0 | a == -Inf | b == fix(b));
end""",
}


def _write(found: Found, digits: int | None) -> str:
    parts = function(found, digits, _LANGUAGE, OCTAVE)
    lines = wrapped(", ".join(parts.arguments), "function value = formula(", " " * 8, " ...")
    lines[-1] += ")"
    lines += [f"    % {line}" for line in parts.about]
    for name, text in (*parts.steps, ("value", parts.result)):
        lines += wrapped(f"{text};", f"    {name} = ", " " * 8, " ...")
    body = "".join(text for _, text in parts.steps) + parts.result
    return "\n".join([*lines, "end", *(f"\n{helper}" for call, helper in _HELPERS.items() if call in body)])


FORMAT = Format("octave", "a function of numbers or arrays for Octave and MATLAB: formula.m", _write, code=True)

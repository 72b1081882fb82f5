"""A NumPy function of arrays (or numbers), broadcast together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format, about, identifiers, rounded
from fitx.export.code import Language, code, step_names

if TYPE_CHECKING:
    from fitx.result import Found

_FUNCTIONS = (
    "sqrt", "cbrt", "square", "exp", "log", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh", "abs", "sign",
    "floor", "ceil",
)  # fmt: skip
# np.power(x, 0.5) is np.sqrt(x) in some versions: NaN instead of infinity for -inf, and -0 for -0.
_ROOT = "np.sqrt(np.where({0} == -np.inf, np.inf, {0} + 0.0))"
NUMPY = Language(
    {
        **{name: f"np.{name}" for name in _FUNCTIONS},
        "asin": "np.arcsin", "acos": "np.arccos", "atan": "np.arctan", "min": "np.minimum", "max": "np.maximum",
        "div": "np.divide", "pow": "np.power", "cube": "np.power({0}, 3.0)", "hinge": "(np.maximum(0.0, {0}) + 0.0)",
        "logistic": "(1.0 / (1.0 + np.exp(-{0})))",
    },
    "np.where({0}, {1}, {2})",
    infinite=("np.nan", "np.inf", "(-np.inf)"),
    power=lambda e: _ROOT if e == 0.5 else "np.power",
)  # fmt: skip


def _write(found: Found, digits: int | None) -> str:
    f = rounded(found.formula, digits)
    names = identifiers(found.features, ("np", "formula"))
    parts = code(f, NUMPY, names, step_names(names.values()))
    args = ", ".join(names.values())
    body = parts.result
    if len(f.variables) < len(names):  # every feature's shape counts, also of those that the formula does not use
        shape = f"np.broadcast({args}).shape" if len(names) > 1 else f"{args}.shape"
        body = f"np.broadcast_to({body}, {shape})[()]"
    doc = ["Arrays or numbers, broadcast together.", "", *about(found, digits, names)]
    lines = [
        "import numpy as np", "", "", f"def formula({args}):", f'    """{doc[0]}',
        *(f"    {line}".rstrip() for line in doc[1:]), '    """',
        *(f"    {n} = np.asarray({n}, dtype=float)" for n in names.values()),
        '    with np.errstate(all="ignore"):',
        *(f"        {name} = {text}" for name, text in parts.steps),
        f"        return {body}",
    ]  # fmt: skip
    return "\n".join(lines)


FORMAT = Format("numpy", "a NumPy function of arrays", _write, code=True)

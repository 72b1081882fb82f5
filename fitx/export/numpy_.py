"""A NumPy function of arrays (or numbers), broadcast together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format, identifiers, mapping_lines, rounded
from fitx.export.code import Language, expression

if TYPE_CHECKING:
    from fitx.result import Found

_FUNCTIONS = (
    "sqrt", "cbrt", "square", "exp", "log", "log10", "sin", "cos", "tan", "sinh", "cosh", "tanh", "abs", "sign",
    "floor", "ceil",
)  # fmt: skip
NUMPY = Language(
    {
        **{name: f"np.{name}" for name in _FUNCTIONS},
        "asin": "np.arcsin", "acos": "np.arccos", "atan": "np.arctan", "min": "np.minimum", "max": "np.maximum",
        "div": "np.divide", "pow": "np.power", "cube": "np.power({0}, 3.0)", "hinge": "np.maximum(0.0, {0})",
        "logistic": "(1.0 / (1.0 + np.exp(-{0})))",
    },
    "np.where({0}, {1}, {2})",
)  # fmt: skip


def _write(found: Found, digits: int | None) -> str:
    f = rounded(found.formula, digits)
    names = identifiers(found.features, ("np", "formula"))
    body = expression(f, NUMPY, names)
    args = ", ".join(names.values())
    floats = "".join(f"    {n} = np.asarray({n}, dtype=float)\n" for n in names.values())
    if len(f.variables) < len(names):  # every feature's shape counts, also of those that the formula does not use
        shape = f"np.broadcast({args}).shape" if len(names) > 1 else f"{args}.shape"
        body = f"np.broadcast_to({body}, {shape})[()]"
    doc = ["The formula that fitx found; arrays or numbers, broadcast together.", *mapping_lines(names)]
    text = "\n\n    ".join([doc[0], "\n    ".join(doc[1:])]) + "\n    " if len(doc) > 1 else doc[0]
    return (
        f'import numpy as np\n\n\ndef formula({args}):\n    """{text}"""\n{floats}'
        f'    with np.errstate(all="ignore"):\n        return {body}'
    )


FORMAT = Format("numpy", "a NumPy function of arrays", _write, code=True)

"""A Python function that needs no library for numbers (NumPy for arrays), with IEEE's results instead of exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format, about, identifiers, rounded
from fitx.export.code import Language, code, step_names

if TYPE_CHECKING:
    from fitx.result import Found

# Python's math raises where the formula is undefined or infinite; predict says NaN or inf there. One helper an
# operator, written out only when it is used.
_HELPERS = {
    "div": """def _div(a, b):
    if b == 0.0:
        return math.nan if a == 0.0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b""",
    "pow": """def _pow(a, b):
    try:
        return math.pow(a, b)
    except ValueError:
        return math.nan if a != 0.0 else math.copysign(math.inf, a) if b % 2.0 == 1.0 else math.inf
    except OverflowError:
        return -math.inf if a < 0.0 and b % 2.0 == 1.0 else math.inf""",
    "log": """def _log(a):
    return math.log(a) if a > 0.0 else -math.inf if a == 0.0 else math.nan""",
    "log10": """def _log10(a):
    return math.log10(a) if a > 0.0 else -math.inf if a == 0.0 else math.nan""",
    "sqrt": """def _sqrt(a):
    return math.sqrt(a) if a >= 0.0 else math.nan""",
    "cbrt": """def _cbrt(a):
    if a == 0.0 or not math.isfinite(a):
        return a
    r = math.copysign(abs(a) ** (1.0 / 3.0), a)
    return r - (r * r * r - a) / (3.0 * r * r)""",
    "square": """def _square(a):
    return a * a""",
    "cube": """def _cube(a):
    return a * a * a""",
    "exp": """def _exp(a):
    return math.exp(a) if a < 709.0 else math.exp(709.0) * math.exp(min(a - 709.0, 709.0)) if a == a else a""",
    "sinh": """def _sinh(a):
    return math.sinh(a) if abs(a) < 710.0 else math.copysign(math.inf, a) if a == a else a""",
    "cosh": """def _cosh(a):
    return math.cosh(a) if abs(a) < 710.0 else math.inf if a == a else a""",
    "sin": """def _sin(a):
    return math.sin(a) if math.isfinite(a) else math.nan""",
    "cos": """def _cos(a):
    return math.cos(a) if math.isfinite(a) else math.nan""",
    "tan": """def _tan(a):
    return math.tan(a) if math.isfinite(a) else math.nan""",
    "asin": """def _asin(a):
    return math.asin(a) if -1.0 <= a <= 1.0 else math.nan""",
    "acos": """def _acos(a):
    return math.acos(a) if -1.0 <= a <= 1.0 else math.nan""",
    "sign": """def _sign(a):
    return 1.0 if a > 0.0 else -1.0 if a < 0.0 else a + 0.0""",
    "min": """def _min(a, b):
    return math.nan if a != a or b != b else a if a < b else b""",
    "max": """def _max(a, b):
    return math.nan if a != a or b != b else a if a > b else b""",
    "floor": """def _floor(a):
    return math.copysign(math.floor(a), a) if math.isfinite(a) else a""",
    "ceil": """def _ceil(a):
    return math.copysign(math.ceil(a), a) if math.isfinite(a) else a""",
    "logistic": """def _logistic(a):
    if a != a:
        return a
    return 1.0 / (1.0 + math.exp(-a)) if a > -700.0 else math.exp(max(a, -750.0))""",
    "hinge": """def _hinge(a):
    return a if a > 0.0 or a != a else 0.0""",
}
PYTHON = Language(
    {**{op: f"_{op}" for op in _HELPERS}, "atan": "math.atan", "tanh": "math.tanh", "abs": "abs"},
    "({1} if {0} else {2})",
    infinite=("math.nan", "math.inf", "(-math.inf)"),
)


def _write(found: Found, digits: int | None) -> str:
    names = identifiers(found.features, ("math", "np", "numpy", "formula", "abs", "float", "min", "max", "v"))
    parts = code(rounded(found.formula, digits), PYTHON, names, step_names(names.values()))
    args = ", ".join(names.values())
    helpers = [f"{_HELPERS[op]}\n\n" for op in _HELPERS if op in parts.used]
    listed = args + ("," if len(names) == 1 else "")
    lines = [
        "import math\n\n", *helpers, f"def formula({args}):",
        '    """Numbers, or arrays (by NumPy).', "",
        *(f"    {line}" for line in about(found, digits, names)), '    """',
        f'    if any(hasattr(v, "__len__") for v in ({listed})):',
        "        import numpy", "",
        '        with numpy.errstate(all="ignore"):',
        f"            return numpy.vectorize(formula, otypes=[float])({args})",
        *(f"    {n} = float({n})" for n in names.values()),
        *(f"    {name} = {text}" for name, text in parts.steps),
        f"    return {parts.result}",
    ]  # fmt: skip
    return "\n".join(lines)


FORMAT = Format("python", "a Python function of numbers or arrays, standard library only", _write, code=True)

"""A Python function that needs no library for numbers (NumPy for arrays), with IEEE's results instead of exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import Format, identifiers, mapping_lines, rounded
from fitx.export.code import Language, expression

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
    return math.copysign(1.0, a) if a != 0.0 and a == a else a""",
    "min": """def _min(a, b):
    return math.nan if a != a or b != b else min(a, b)""",
    "max": """def _max(a, b):
    return math.nan if a != a or b != b else max(a, b)""",
    "floor": """def _floor(a):
    return float(math.floor(a)) if math.isfinite(a) else a""",
    "ceil": """def _ceil(a):
    return float(math.ceil(a)) if math.isfinite(a) else a""",
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
)


def _write(found: Found, digits: int | None) -> str:
    names = identifiers(found.features, ("math", "np", "numpy", "formula", "abs", "float", "min", "max"))
    used: set[str] = set()
    body = expression(rounded(found.formula, digits), PYTHON, names, used)
    args = ", ".join(names.values())
    helpers = "".join(f"{_HELPERS[op]}\n\n\n" for op in _HELPERS if op in used)
    doc = ["The formula that fitx found; numbers, or arrays (by NumPy).", *mapping_lines(names)]
    text = "\n\n    ".join([doc[0], "\n    ".join(doc[1:])]) + "\n    " if len(doc) > 1 else doc[0]
    floats = "".join(f"    {n} = float({n})\n" for n in names.values())
    listed = args + ("," if len(names) == 1 else "")
    return (
        f"import math\n\n\n{helpers}def formula({args}):\n"
        f'    """{text}"""\n'
        f'    if any(hasattr(v, "__len__") for v in ({listed})):\n'
        f"        import numpy\n\n"
        f'        with numpy.errstate(all="ignore"):\n'
        f"            return numpy.vectorize(formula, otypes=[float])({args})\n"
        f"{floats}    return {body}"
    )


FORMAT = Format("python", "a Python function of numbers or arrays, standard library only", _write, code=True)

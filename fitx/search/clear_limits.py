"""Formulas that approach a simpler one, in the limit: 9e6*sin(9e-8*log(x)) is 0.83*log(x), 3e12/(1 + 1e12*exp(-x)) is
3*exp(x).

Fits drift there when the law itself is not in a stage's reach but a limit of it is. With such parts replaced the
constants have to be fitted again; whether the result is as good, the caller checks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.formula import Call, Const, Formula, call
from fitx.formula.evaluate import evaluate_columns

Array = npt.NDArray[np.float64]

_SMALL = 1e-3  # of arguments whose functions are taken as linear
_NOTHING = 1e-5  # relative size of a term beside the rest of its sum that is left out
_LINEAR = frozenset(("sin", "tan", "tanh", "sinh", "asin", "atan"))  # f(u) is u for small u


def in_the_limit(f: Formula, columns: Array, names: tuple[str, ...]) -> Formula:
    """`f` with functions of small arguments by their first terms, and without terms beside which others are huge.

    columns: (d, n), called names, on which arguments are small.
    """

    def size(g: Formula) -> tuple[float, float]:
        v = np.abs(evaluate_columns(g, columns, names))
        return (float(v.min()), float(v.max())) if np.isfinite(v).all() else (0.0, np.inf)

    def node(g: Call, args: list[Formula]) -> Formula:
        built = call(g.op, *args)
        if not isinstance(built, Call):
            return built
        if built.op in ("add", "sub"):
            a, b = built.args
            (least_a, most_a), (least_b, most_b) = size(a), size(b)
            if most_b < _NOTHING * least_a:
                return a
            if most_a < _NOTHING * least_b:
                return b if built.op == "add" else -b
        elif built.op in _LINEAR and size(built.args[0])[1] < _SMALL:
            return built.args[0]
        elif built.op == "cos" and size(built.args[0])[1] < _SMALL:
            return 1 - built.args[0] ** 2 / 2
        elif built.op == "exp" and built.args[0].variables and size(built.args[0])[1] < _SMALL:
            return 1 + built.args[0]
        elif built.op == "log" and (rest := _beside_one(g.args[0])) is not None and size(rest)[1] < _SMALL:
            return rest
        return built

    def leaf(g: Formula) -> Formula:
        return g

    return f.fold(leaf, node)


def _beside_one(f: Formula) -> Formula | None:
    """u of 1 + u."""
    if not isinstance(f, Call) or f.op not in ("add", "sub"):
        return None
    a, b = f.args
    if isinstance(a, Const) and a.value == 1:
        return b if f.op == "add" else -b
    return a if isinstance(b, Const) and b.value == 1 and f.op == "add" else None

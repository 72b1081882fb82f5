"""As many digits as the data support: constants rounded as far as nobody could tell on the rows at hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fitx import _core
from fitx.formula import Call, Const, Formula
from fitx.formula.evaluate import predict
from fitx.formula.operators import COMPARISONS
from fitx.formula.printing import round_to
from fitx.formula.program import compile_formula
from fitx.formula.tree import Number

Array = npt.NDArray[np.float64]

ROWS = 2000  # rows that the rounding is tried on
LONGEST = 400  # nodes; nobody reads a longer formula, so it keeps all digits


def shorten(f: Formula, X: Array, names: Sequence[str], noise: float) -> Formula:
    """`f` with its float constants rounded so that predictions move by at most tol (rms over the rows of X), with

        tol = max(noise / 1000, 1e-11 * rms(f)),    noise: the rmse on held-out rows.

    Each of the m constants c gets the digits that keep |change of c| * rms(df/dc) <= tol / sqrt(m); then the whole is
    tried and digits are added until it holds. Whole numbers lose their point. Constants that something is compared with
    (knots) stay, wherever they stand: two of them must not become one.
    """
    if len(X) > ROWS:
        X = X[np.linspace(0, len(X) - 1, ROWS).astype(np.intp)]
    constants = f.constants
    compared = _compared(f)
    where = [i for i, c in enumerate(constants) if isinstance(c, float) and c not in compared]
    if not where or not len(X) or f.complexity > LONGEST:
        return _without_points(f)
    p = predict(f, X, names)
    if not np.isfinite(p).all():
        return _without_points(f)
    tol = max(noise / 1000 if math.isfinite(noise) else 0.0, 1e-11 * _rms(p))
    digits = {i: k for i, k in _digits_needed(f, X, names, tol / math.sqrt(len(where))).items() if i in set(where)}
    for more in range(17):
        rounded = [
            _round(c, digits[i] + more) if i in digits and isinstance(c, float) else c for i, c in enumerate(constants)
        ]
        g = f.with_constants(rounded)
        if _rms(predict(g, X, names) - p) <= tol:
            return g
    return _without_points(f)


def _compared(f: Formula) -> set[Number]:
    """The float constants in conditions of piecewise."""
    return {
        g.value
        for node in f.postorder()
        if isinstance(node, Call) and node.op in COMPARISONS
        for g in node.postorder()
        if isinstance(g, Const) and isinstance(g.value, float)
    }


def _digits_needed(f: Formula, X: Array, names: Sequence[str], tol: float) -> dict[int, int]:
    """Position of each float constant -> digits that keep its share of the change below tol."""
    program = compile_formula(f, {name: i for i, name in enumerate(names)})
    columns = np.ascontiguousarray(X.T)
    offsets = np.array([0, len(program.codes)], np.int64)

    def values(constants: Array) -> Array:
        out: Array = _core.evaluate(program.codes, program.operands, offsets, constants, columns)[0]
        return out

    p = values(program.constants)
    digits: dict[int, int] = {}
    # The program's constants are the formula's in postorder, with pi among them.
    slots = [k for k, node in enumerate(n for n in f.postorder() if _is_constant(n)) if isinstance(node, Const)]
    for i, (slot, c) in enumerate(zip(slots, f.constants, strict=True)):
        if not isinstance(c, float):
            continue
        moved = program.constants.copy()
        moved[slot] += 1e-6 * abs(c)
        step = float(moved[slot]) - c  # nothing where c is denormal
        slope = _rms(values(moved) - p) / step if step else 0.0
        if not (math.isfinite(slope) and slope > 0 and tol > 0):
            digits[i] = 1 if slope == 0 else 17
            continue
        # Half a unit in the k-th digit of c is at most |c| * 10**(1 - k) / 2.
        k = math.ceil(1 + math.log10(abs(c)) - math.log10(2 * tol) + math.log10(slope))
        digits[i] = min(17, max(1, k))
    return digits


def _is_constant(f: Formula) -> bool:
    return isinstance(f, Const) or (isinstance(f, Call) and f.op == "pi")


def _rms(v: Array) -> float:
    scale = float(np.abs(v).max(initial=0.0))
    if not math.isfinite(scale) or scale == 0:
        return scale
    return scale * math.sqrt(float(np.mean((v / scale) ** 2)))


def _round(value: float, digits: int) -> Number:
    rounded = round_to(value, min(digits, 17)) if digits < 17 else value
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e6 else rounded


def _without_points(f: Formula) -> Formula:
    """Float constants that are whole numbers become whole numbers."""
    return f.with_constants([_round(c, 17) if isinstance(c, float) else c for c in f.constants])

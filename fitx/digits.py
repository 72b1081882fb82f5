"""As many digits as the data support: constants rounded as far as nobody could tell on the rows at hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula
from fitx.formula.evaluate import predict
from fitx.formula.printing import round_to
from fitx.formula.tree import Number

Array = npt.NDArray[np.float64]

ROWS = 2000  # rows that the rounding is tried on


def shorten(f: Formula, X: Array, names: Sequence[str], noise: float) -> Formula:
    """`f` with its float constants rounded so that predictions move by at most tol (rms over the rows of X), with

        tol = max(noise / 1000, 1e-11 * rms(f)),    noise: the rmse on held-out rows.

    Each of the m constants c gets the digits that keep |change of c| * rms(df/dc) <= tol / sqrt(m); then the whole is
    tried and digits are added until it holds. Whole numbers lose their point.
    """
    if len(X) > ROWS:
        X = X[np.linspace(0, len(X) - 1, ROWS).astype(np.intp)]
    constants = f.constants
    where = [i for i, c in enumerate(constants) if isinstance(c, float)]
    if not where or not len(X):
        return _without_points(f)
    p = predict(f, X, names)
    if not np.isfinite(p).all():
        return _without_points(f)
    tol = max(noise / 1000 if math.isfinite(noise) else 0.0, 1e-11 * _rms(p))
    digits = {i: _digits_needed(f, i, p, X, names, tol / math.sqrt(len(where))) for i in where}
    for more in range(17):
        rounded = [
            _round(c, digits[i] + more) if i in digits and isinstance(c, float) else c for i, c in enumerate(constants)
        ]
        g = f.with_constants(rounded)
        if _rms(predict(g, X, names) - p) <= tol:
            return g
    return _without_points(f)


def _digits_needed(f: Formula, i: int, p: Array, X: Array, names: Sequence[str], tol: float) -> int:
    constants = list(f.constants)
    c = float(constants[i])
    if c == 0:
        return 1
    step = 1e-6 * abs(c)
    constants[i] = c + step
    slope = _rms(predict(f.with_constants(constants), X, names) - p) / step
    if not (math.isfinite(slope) and slope * tol > 0):
        return 1 if slope == 0 else 17
    # Half a unit in the k-th digit of c is at most |c| * 10**(1 - k) / 2.
    k = math.ceil(1 + math.log10(abs(c)) - math.log10(2 * tol) + math.log10(slope))
    return min(17, max(1, k))


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
    return f.fold(
        lambda leaf: Const(_round(leaf.value, 17)) if isinstance(leaf, Const) and isinstance(leaf.value, float) else leaf,
        lambda node, args: _call(node.op, args),
    )


def _call(op: str, args: list[Formula]) -> Formula:
    from fitx.formula import call

    return call(op, *args)

"""Errors of predictions: r2, rmse, mae, max_abs over n rows."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx import _core

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Score:
    """Errors on n rows, r = y - p, weighted where the rows have weights w (mean: sum w r / sum w).

    r2 = 1 - sum w r**2 / sum w (y - mean y)**2; rmse = sqrt(mean r**2); mae = mean |r|; max_abs = max |r|.
    how: which rows these are. undefined: rows where the formula has no finite value; then r2 is -inf, the others NaN.
    All figures are None where no rows could be held back.
    """

    r2: float | None
    rmse: float | None
    mae: float | None
    max_abs: float | None
    n: int
    how: str = ""
    undefined: int = 0

    def as_dict(self, *, how: bool = False) -> dict[str, Any]:
        """The figures for JSON; what is not finite becomes None."""
        out = {k: v for k, v in asdict(self).items() if k != "undefined" and (how or k != "how")}
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in out.items()}


def no_score(how: str) -> Score:
    """The score where no rows could be held back."""
    return Score(None, None, None, None, 0, how)


def spread(y: Array, weights: Array | None = None) -> float:
    """Weighted mean of (y - mean y)**2."""
    y = np.ascontiguousarray(y)
    _, sw, _, syy, *_ = _core.moments(y, y, None if weights is None else np.ascontiguousarray(weights))
    return float(syy / sw) if sw > 0 else 0.0


def score(y: Array, p: Array, weights: Array | None = None, how: str = "", threads: int = 1) -> Score:
    """Score of predictions p (n,) for y (n,), in one pass over the rows."""
    n = len(y)
    if n == 0:
        return no_score(how)
    scale = float(np.abs(y).max())
    if scale and not 1e-100 < scale < 1e100:  # squares would over- or underflow
        s = score(y / scale, p / scale, weights, how, threads)
        up = {k: getattr(s, k) * scale for k in ("rmse", "mae", "max_abs") if getattr(s, k) is not None}
        return replace(s, **up)
    y, p = np.ascontiguousarray(y), np.ascontiguousarray(p)  # some rows of a large table are a view with strides
    weights = None if weights is None else np.ascontiguousarray(weights)
    _, sw, _, syy, srr, sar, max_abs, undefined = _core.moments(y, p, weights, threads)
    if undefined:
        return Score(-math.inf, math.nan, math.nan, math.nan, n, how, int(undefined))
    if sw <= 0:
        return no_score(how)
    # A constant target has no variance to explain: 1 when it is met to rounding, else 0 (as scikit-learn has it).
    tiny = n * (1e-15 * float(np.abs(y).max())) ** 2 if syy <= 0 else 0.0
    r2 = 1.0 - srr / syy if syy > 0 else (1.0 if srr <= tiny else 0.0)
    return Score(float(r2), math.sqrt(srr / sw), float(sar / sw), float(max_abs), n, how)

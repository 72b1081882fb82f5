"""What Python users hand in (lists, arrays, data frames of pandas, polars or pyarrow) as float arrays and names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError

Array = npt.NDArray[np.float64]


def column_names(X: Any) -> tuple[str, ...] | None:
    """The column names of a data frame (pandas, polars, pyarrow), else None."""
    names = getattr(X, "column_names", None)  # pyarrow
    if names is None and hasattr(X, "columns") and hasattr(X, "shape"):
        names = list(X.columns)
    return None if names is None else tuple(str(n) for n in names)


def default_names(d: int) -> tuple[str, ...]:
    """x for one feature, x1 to xd for more."""
    return ("x",) if d == 1 else tuple(f"x{i + 1}" for i in range(d))


def _array(values: Any) -> npt.NDArray[Any]:
    """As an array; masked values become NaN, never the number under the mask."""
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
    return np.asarray(values)


def as_vector(y: Any, what: str) -> Array:
    """y as (n,) float64. Errors: FitxError for text, more than one column, or values that are not finite."""
    v = _array(y.to_numpy() if hasattr(y, "to_numpy") else y)
    v = v.reshape(-1) if v.ndim == 2 and v.shape[1] == 1 else v
    if v.ndim != 1:
        raise FitxError(f"{what} must have one dimension. Got shape {v.shape} instead", "pass one column")
    return _finite(_numbers(v, what), what)


def as_matrix(X: Any, what: str = "X") -> Array:
    """X as (n, d) float64, columns contiguous; (n,) counts as one column. Errors: as `as_vector`."""
    names = column_names(X)
    if names is not None:
        columns = [_numbers(_frame_column(X, i), f"column `{n}`") for i, n in enumerate(names)]
        m = np.column_stack(columns) if columns else np.empty((len(X), 0))
    else:
        m = _array(X)
        if m.ndim == 1:
            m = m.reshape(-1, 1)
        if m.ndim != 2:
            raise FitxError(f"{what} must be (n,) or (n, d). Got shape {m.shape} instead")
        m = _numbers(m, what)
    return np.asfortranarray(m)


def as_finite_matrix(X: Any, names: Sequence[str] | None = None) -> Array:
    """`as_matrix`, refusing NaN and infinities with the row and the column."""
    m = as_matrix(X)
    for j in range(m.shape[1]):
        _finite(m[:, j], f"feature `{names[j]}`" if names else f"column {j} of X")
    return m


def as_rows(X: Any, features: Sequence[str]) -> Array:
    """The features' columns of X as (n, d), for predicting: by name from a data frame, by position from an array."""
    names = column_names(X)
    if names is not None:
        missing = [f for f in features if f not in names]
        if missing:
            listed = ", ".join(f"`{m}`" for m in missing)
            raise FitxError(f"the data have no column {listed}", f"columns there are: {', '.join(names)}")
        columns = [_numbers(_frame_column(X, names.index(f)), f"column `{f}`") for f in features]
        return np.asfortranarray(np.column_stack(columns)) if columns else np.empty((len(X), 0))
    m = as_matrix(X)
    if m.shape[1] != len(features):
        raise FitxError(
            f"X must have {len(features)} column(s) ({', '.join(features)}). Got {m.shape[1]} instead",
            "pass the features in that order, or a data frame with these columns",
        )
    return m


def _frame_column(X: Any, i: int) -> npt.NDArray[Any]:
    if hasattr(X, "column_names"):
        return np.asarray(X.column(i).to_numpy())
    column = X.iloc[:, i] if hasattr(X, "iloc") else X[X.columns[i]]
    return np.asarray(column.to_numpy())


def _numbers(v: npt.NDArray[Any], what: str) -> Array:
    if np.iscomplexobj(v):
        raise FitxError(f"{what} holds complex numbers", "fit the real and the imaginary part apart")
    if v.dtype.kind in "mM":  # as numbers they would count in whatever unit the array happens to have
        raise FitxError(f"{what} holds dates or times", "pass numbers, such as the days since the first date")
    try:
        return v.astype(np.float64)
    except (TypeError, ValueError):
        raise FitxError(f"{what} holds values that are no numbers", "leave text columns out") from None


def _finite(v: Array, what: str) -> Array:
    ok = np.isfinite(v)
    if not ok.all():
        row = int(np.flatnonzero(~ok)[0])
        raise FitxError(f"{what} has {v[row]} in row {row} (counted from 0)", "leave such rows out before fitting")
    return v

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


def series_name(values: Any) -> str | None:
    """The name of a Series (pandas, polars), or of the one column of a data frame; None where there is none."""
    names = column_names(values)
    if names is not None:
        return names[0] if len(names) == 1 else None
    name = getattr(values, "name", None)
    return name if isinstance(name, str) and name and hasattr(values, "to_numpy") else None


def default_names(d: int) -> tuple[str, ...]:
    """x for one feature, x1 to xd for more."""
    return ("x",) if d == 1 else tuple(f"x{i + 1}" for i in range(d))


def _array(values: Any) -> npt.NDArray[Any]:
    """As an array; masked values become NaN, never the number under the mask."""
    if isinstance(values, np.ma.MaskedArray):
        return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
    return np.asarray(values)


def as_vector(y: Any, what: str, *, gaps: bool = False) -> Array:
    """y as (n,) float64. gaps: NaN is a missing value, and stays.

    Errors: FitxError for text, more than one column, or values that are not finite.
    """
    if column_names(y) is not None:
        v = as_matrix(y, what)
    else:
        v = _column(y, what) if _is_series(y) else _array(y)
    v = v.reshape(-1) if v.ndim == 2 and v.shape[1] == 1 else v
    if v.ndim != 1:
        raise FitxError(f"{what} must have one dimension. Got shape {v.shape} instead", "pass one column")
    return _finite(_numbers(v, what), what, gaps)


def as_matrix(X: Any, what: str = "X") -> Array:
    """X as (n, d) float64, columns contiguous; (n,) counts as one column. Errors: as `as_vector`."""
    names = column_names(X)
    if names is not None:
        columns = [_frame_numbers(X, i, n) for i, n in enumerate(names)]
        m = np.column_stack(columns) if columns else np.empty((len(X), 0))
    else:
        m = _column(X, what) if _is_series(X) else _array(X)
        if m.ndim == 1:
            m = m.reshape(-1, 1)
        if m.ndim != 2:
            raise FitxError(f"{what} must be (n,) or (n, d). Got shape {m.shape} instead")
        m = _numbers(m, what)
    return np.asfortranarray(m)


def as_finite_matrix(X: Any, names: Sequence[str] | None = None, *, gaps: bool = False) -> Array:
    """`as_matrix`, refusing infinities, and NaN unless `gaps`, with the row and the column."""
    return finite_columns(as_matrix(X), names, gaps=gaps)


def finite_columns(m: Array, names: Sequence[str] | None = None, *, gaps: bool = False) -> Array:
    """m (n, d) itself. Errors: as `as_finite_matrix`."""
    for j in range(m.shape[1]):
        _finite(m[:, j], f"feature `{names[j]}`" if names else f"column {j} of X", gaps)
    return m


def as_rows(X: Any, features: Sequence[str]) -> Array:
    """The features' columns of X as (n, d), for predicting: by name from a data frame, by position from an array."""
    names = column_names(X)
    if names is not None:
        missing = [f for f in features if f not in names]
        if missing:
            listed = ", ".join(f"`{m}`" for m in missing)
            raise FitxError(f"the data have no column {listed}", f"columns there are: {', '.join(names)}")
        columns = [_frame_numbers(X, names.index(f), f) for f in features]
        return np.asfortranarray(np.column_stack(columns)) if columns else np.empty((len(X), 0))
    m = as_matrix(X)
    if m.shape[1] != len(features):
        raise FitxError(
            f"X must have {len(features)} column(s) ({', '.join(features)}). Got {m.shape[1]} instead",
            "pass the features in that order, or a data frame with these columns",
        )
    return m


def _frame_column(X: Any, i: int, what: str) -> npt.NDArray[Any]:
    if hasattr(X, "column_names"):
        return _column(X.column(i), what)
    return _column(X.iloc[:, i] if hasattr(X, "iloc") else X[X.columns[i]], what)


def _frame_numbers(X: Any, i: int, name: str) -> Array:
    what = f"column `{name}`"
    return _numbers(_frame_column(X, i, what), what)


def _is_series(values: Any) -> bool:
    return hasattr(values, "to_numpy") and column_names(values) is None


def _column(values: Any, what: str) -> npt.NDArray[Any]:
    """A Series, or a column of a data frame, as an array; NaN where it has no value.

    Errors: FitxError for categories, whose codes are no numbers.
    """
    kind = type(values.dtype if hasattr(values, "dtype") else getattr(values, "type", None)).__name__
    if kind in ("CategoricalDtype", "Categorical", "Enum", "DictionaryType"):
        raise FitxError(f"{what} holds categories", "pass one column of 0 and 1 for each category, or leave it out")
    v = np.asarray(values if hasattr(values, "type") else values.to_numpy())  # pyarrow's to_numpy refuses gaps
    if v.dtype == object and hasattr(values, "isna"):  # pandas: its NA is no number
        v = np.where(values.isna().to_numpy(), np.nan, v)
    return v


def _numbers(v: npt.NDArray[Any], what: str) -> Array:
    if np.iscomplexobj(v):
        raise FitxError(f"{what} holds complex numbers", "fit the real and the imaginary part apart")
    if v.dtype.kind in "mM":  # as numbers they would count in whatever unit the array happens to have
        raise FitxError(f"{what} holds dates or times", "pass numbers, such as the days since the first date")
    try:
        return v.astype(np.float64)
    except (TypeError, ValueError):
        raise FitxError(f"{what} holds values that are no numbers", "leave text columns out") from None


def _finite(v: Array, what: str, gaps: bool = False) -> Array:
    ok = np.isfinite(v) | np.isnan(v) if gaps else np.isfinite(v)
    if not ok.all():
        row = int(np.flatnonzero(~ok)[0])
        hint = 'pass missing="drop", or fill the gaps' if np.isnan(v[row]) else "leave such rows out before fitting"
        raise FitxError(f"{what} has {v[row]} in row {row} (counted from 0)", hint)
    return v


def without_gaps(parts: Sequence[tuple[str, npt.NDArray[Any]]], n: int) -> tuple[npt.NDArray[np.bool_] | None, str]:
    """(n,) the rows that have a value in every part, None where all have, and what is left out, in words.

    parts: (name, (n,) values) of each column. Errors: FitxError where less than two rows are left.
    """
    keep = np.ones(n, dtype=bool)
    counts: list[str] = []
    for name, v in parts:
        empty = np.isnan(v) if v.dtype.kind == "f" else np.zeros(n, dtype=bool)
        if empty.any():
            counts.append(f"`{name}` {int(empty.sum())}")
            keep &= ~empty
    if not counts:
        return None, ""
    dropped = n - int(keep.sum())
    if n - dropped < 2:
        raise FitxError(f"{n - dropped} of {n} rows have no missing value", "pass fewer columns, or fill the gaps")
    plural = "has a missing value and is" if dropped == 1 else "have a missing value and are"
    return keep, f"{dropped} of {n} rows {plural} left out (missing values: {', '.join(counts)})"

"""What an Earth is given, as arrays: numbers, holes, names; data frames with category columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx.errors import UsageError

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Levels = Mapping[int, tuple[Any, ...]]  # position of a category column -> its levels in order


def column_names(X: Any) -> list[str] | None:
    """Names of the columns: a frame's, a patsy matrix's, a structured array's, else None."""
    names = getattr(X, "column_names", getattr(X, "columns", None))  # pyarrow's `columns` are the values
    if names is None:
        names = getattr(getattr(X, "design_info", None), "column_names", None)
    if names is None:
        names = getattr(getattr(X, "dtype", None), "names", None)
    return None if names is None else [str(name) for name in names]


def is_category(column: Any) -> bool:
    """True for a category column of pandas, Categorical and Enum columns of polars, dictionary columns of pyarrow."""
    return _kind(column) in ("CategoricalDtype", "Categorical", "Enum", "DictionaryType")


def _kind(column: Any) -> str:
    return type(column.dtype if hasattr(column, "dtype") else getattr(column, "type", None)).__name__


def _values(column: Any) -> list[Any]:
    found: list[Any] = column.to_list() if hasattr(column, "to_list") else column.to_pylist()
    return found


def is_frame(X: Any) -> bool:
    """True for data frames of pandas, polars and pyarrow."""
    return hasattr(X, "columns") and hasattr(X, "__getitem__") and hasattr(X, "shape") and not isinstance(X, np.ndarray)


def _frame_columns(X: Any) -> list[Any]:
    """The columns' names as the frame has them, which need not be text."""
    return list(getattr(X, "column_names", X.columns))


def levels(X: Any) -> dict[int, tuple[Any, ...]]:
    """The category columns of a frame, each with the levels that occur in it, in the categories' own order if any."""
    if not is_frame(X):
        return {}
    found: dict[int, tuple[Any, ...]] = {}
    for j, name in enumerate(_frame_columns(X)):
        column = X[name]
        if is_category(column):
            present = {v for v in _values(column) if v is not None and v == v}
            kind = _kind(column)
            if kind in ("Categorical", "DictionaryType"):  # polars, pyarrow: in no order of its own
                found[j] = tuple(sorted(present))
            else:
                known = column.dtype.categories if kind == "Enum" else column.cat.categories
                found[j] = tuple(v for v in list(known) if v in present)
    return found


def text_column(X: Any) -> str | None:
    """Name of the first column of a frame that holds no numbers, if any."""
    for name in _frame_columns(X) if is_frame(X) else ():
        try:
            np.asarray(X[name], dtype=np.float64)
        except (ValueError, TypeError):
            return str(name)
    return None


def expand(X: Any, known: Levels) -> tuple[Any, list[str] | None]:
    """A frame's numbers, a category column as one indicator of each known level, NaN where it has none; names.

    Values that were not among the levels of the fit are in none of them. What is no frame stays as it is.
    """
    names = column_names(X)
    if not known:
        return X, names
    columns: list[Array] = []
    labels: list[str] = []
    for j, name in enumerate(_frame_columns(X)):
        column = X[name]
        if j not in known:
            columns.append(np.asarray(column, dtype=np.float64))
            labels.append(str(name))
            continue
        values = _values(column)
        gone = np.array([v is None or v != v for v in values])
        for level in known[j]:
            columns.append(np.where(gone, np.nan, np.array([v == level for v in values], dtype=np.float64)))
            labels.append(f"{name}_{level}")
    return np.column_stack(columns), labels


def expand_missing(missing: Any, known: Levels, d: int) -> Flags | None:
    """The user's `missing` (n, d) as booleans, with a category column's flags for each of its indicators."""
    if missing is None:
        return None
    flags = np.asarray(missing)
    if flags.dtype.kind == "f" and not np.isfinite(flags).all():
        raise UsageError("`missing` holds true or false for each entry of X; it has NaN")
    flags = flags.astype(bool)
    if flags.ndim == 1:
        flags = flags[:, None]
    if known and flags.ndim == 2:
        flags = np.repeat(flags, [len(known.get(j, (0,))) for j in range(flags.shape[1])], axis=1)
    if flags.ndim != 2 or flags.shape[1] != d:
        raise UsageError(f"`missing` has the shape of X, with {d} columns; got {np.shape(missing)}")
    return np.asarray(flags, dtype=np.bool_)


def weights_of(given: Any, size: int, name: str) -> Array:
    """(size,) weights, ones where none are given. Errors: UsageError for a wrong shape, NaN, negative or all zero."""
    if given is None:
        return np.ones(size)
    if hasattr(given, "toarray"):
        raise TypeError(f"A sparse matrix was passed as {name}, but dense data is required. Use {name}.toarray()")
    w = np.asarray(given, dtype=np.float64)
    if w.ndim == 2 and w.shape[1] == 1:
        w = w[:, 0]
    if w.ndim == 0:
        w = np.full(size, float(w))
    if w.ndim != 1:
        raise UsageError(f"{name} is one-dimensional, one weight each; got shape {w.shape}")
    if len(w) != size:
        raise UsageError(f"y and {name} do not have compatible dimensions. {size} weights are needed, got {len(w)}")
    if not np.isfinite(w).all():
        raise UsageError(f"{name} contains NaN or infinity")
    if (w < 0).any():
        raise UsageError(f"{name} contains negative weights; weights are 0 or more")
    if not w.any():
        raise UsageError(f"{name}: all weights are zero; nothing is left to fit")
    return w


def variables_named(
    given: Iterable[Any] | None, labels: Sequence[str], originals: Sequence[str], known: Levels
) -> list[int]:
    """Numbers of the columns that `linvars` names, by name or number; a category's name stands for its indicators.

    Errors: IndexError for an unknown one, as py-earth has it.
    """
    found: list[int] = []
    for v in given if given is not None else ():
        if isinstance(v, str) and v in labels:
            found.append(labels.index(v))
        elif isinstance(v, str) and v in originals and originals.index(v) in known:
            levels_of = known[originals.index(v)]
            found += [labels.index(f"{v}_{level}") for level in levels_of]
        elif not isinstance(v, (str, bool)) and v in range(len(labels)):
            found.append(int(v))
        else:
            raise IndexError(f"Unknown variable selected in linvars argument: {v!r}")
    return sorted(set(found))

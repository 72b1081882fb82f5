"""Values of a formula for arrays, by the compiled core: tile by tile, no intermediate array of the table's length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fitx import _core
from fitx.formula.program import compile_formula
from fitx.formula.tree import Formula

Array = npt.NDArray[np.float64]


def evaluate_columns(f: Formula, columns: Array, names: Sequence[str], threads: int = 1) -> Array:
    """Values (n,) for columns (d, n), C-contiguous; names: (d,). NaN where the formula is undefined."""
    p = compile_formula(f, {name: i for i, name in enumerate(names)})
    offsets = np.array([0, len(p.codes)], np.int64)
    values: Array = _core.evaluate(p.codes, p.operands, offsets, p.constants, columns, threads)[0]
    return values


def predict(f: Formula, X: npt.ArrayLike, names: Sequence[str], threads: int = 1) -> Array:
    """Values (n,) for the rows of X (n, d) or (n,), whose columns are called `names`."""
    table = np.asarray(X, np.float64)
    table = table.reshape(-1, 1) if table.ndim == 1 else table
    return evaluate_columns(f, np.ascontiguousarray(table.T), names, threads)


def evaluate(f: Formula, columns: Mapping[str, npt.ArrayLike]) -> Array:
    """Values for arrays (or numbers) by variable name, broadcast together."""
    names = list(columns)
    arrays = np.broadcast_arrays(*(np.asarray(columns[k], np.float64) for k in names))
    shape = arrays[0].shape if arrays else ()
    table = np.empty((len(names), int(np.prod(shape, dtype=np.int64))))
    for row, a in zip(table, arrays, strict=True):
        row[:] = a.ravel()
    return evaluate_columns(f, table, names).reshape(shape)

"""The value that reading hands to the rest of fitx: numbers, names, units, and where each row came from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Table:
    """A table of n rows: d features and one target, all numbers, no missing cells, no infinities.

    X: (n, d) float64 in Fortran order, so each column is contiguous. y: (n,) float64.
    weights: (n,) >= 0, multiply the squared residual. sigma: (n,) > 0, standard deviations of y.
    groups: (n,) int64 codes 0, 1, ... in the order in which the groups first appear.
    units: column name -> unit, for the columns that have one.
    rows: (n,) int64, the line (or sheet row, or record) of each row in the file, counted from 1.
    dates: column name -> ISO time that counts as day 0, for the columns that held dates.
    source: the file's name as messages show it.

    A table larger than the reader's memory budget is mapped from a temporary file; it is used like any array.
    """

    X: NDArray[np.float64]
    y: NDArray[np.float64]
    feature_names: tuple[str, ...]
    target_name: str
    weights: NDArray[np.float64] | None = None
    sigma: NDArray[np.float64] | None = None
    groups: NDArray[np.int64] | None = None
    units: dict[str, str] = field(default_factory=dict)
    rows: NDArray[np.int64] | None = None
    warnings: tuple[str, ...] = ()
    source: str = ""
    dates: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.y)

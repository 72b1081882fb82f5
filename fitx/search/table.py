"""The rows that formulas are tried on: values of formulas and their errors, on a sample first and then on all rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.formula.evaluate import evaluate_columns

Array = npt.NDArray[np.float64]


class Table:
    """The fit rows. columns: (d, n); y: (n,); check: row numbers of the sample; weights: (n,) or None. floor: the
    error that y's last digit causes. noise: the error that the law itself would have, as far as it can be told, because
    y is noisy; 0.0 for exact data and before the instant stages have run. sigma: the same as a standard deviation of y.

    Errors are relative: the weighted sum of squared residuals over that of y about its mean (1 - R2).
    """

    def __init__(
        self,
        columns: Array,
        y: Array,
        names: Sequence[str],
        check: npt.NDArray[np.intp],
        weights: Array | None = None,
        threads: int = 1,
        floor: float = 0.0,
    ) -> None:
        self.columns, self.y, self.names = columns, y, tuple(names)
        self.check, self.threads, self.floor = check, threads, floor
        self.weights = weights
        self.check_columns = np.ascontiguousarray(columns[:, check])
        self.check_y = y[check]
        self.check_weights = None if weights is None else weights[check]
        self._spread = _spread(y, weights)
        self._check_spread = _spread(self.check_y, self.check_weights)
        self.noise = 0.0
        self.evaluated = 0
        self._part: Table | None = None

    @property
    def sigma(self) -> float:
        """Standard deviation of the noise in y for a row of weight 1 (of mean weight, where there are weights)."""
        total = float(len(self.y))
        return float(np.sqrt(self.noise / total)) * self._spread

    def with_check(self, check: npt.NDArray[np.intp]) -> Table:
        """The same table with another sample."""
        other = Table(self.columns, self.y, self.names, check, self.weights, self.threads, self.floor)
        other.noise = self.noise
        return other

    def part(self, rows: npt.NDArray[np.intp] | None) -> Table:
        """The table of these rows, sorted and the sample among them, made once; None: of all, this table."""
        if rows is None:
            return self
        if self._part is None:
            weights = None if self.weights is None else self.weights[rows]
            columns, check = np.ascontiguousarray(self.columns[:, rows]), np.searchsorted(rows, self.check)
            self._part = Table(columns, self.y[rows], self.names, check, weights, self.threads, self.floor)
        self._part.noise = self.noise
        return self._part

    def on_check(self, f: Formula) -> Array:
        """Values on the sample, NaN where undefined."""
        return evaluate_columns(f, self.check_columns, self.names)

    def on_all(self, f: Formula) -> Array:
        """Values on every row."""
        return evaluate_columns(f, self.columns, self.names, self.threads)

    def error_on_check(self, f: Formula) -> float:
        """Relative error on the sample; inf where the formula is undefined on any of its rows."""
        self.evaluated += 1
        return _error(self.check_y, self.on_check(f), self.check_weights, self._check_spread)

    def error_on_all(self, f: Formula) -> float:
        """Relative error on every row; inf where the formula is undefined on any."""
        return _error(self.y, self.on_all(f), self.weights, self._spread)


def _spread(y: Array, w: Array | None) -> float:
    size = float(np.abs(y).max()) or 1.0
    z = y / size
    mean = float(np.average(z, weights=w))
    return size * (float(np.sqrt(_total((z - mean) ** 2, w))) or 1.0)


def _total(r2: Array, w: Array | None) -> float:
    return float(r2.sum() if w is None else (w * r2).sum())


def _error(y: Array, p: Array, w: Array | None, spread: float) -> float:
    with np.errstate(all="ignore"):
        e = _total(((y - p) / spread) ** 2, w)
    return e if np.isfinite(e) else np.inf

"""A problem: columns and a target, each with its meaning in the table's names. Reductions make problems of problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula, Var
from fitx.search.rows import RowSample, spread_rows

Array = npt.NDArray[np.float64]


def _same(f: Formula) -> Formula:
    return f


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """columns: (d, n), C-contiguous, on all fit rows; formulas: what each column is in the table's names.

    y: (n,), what is to be explained here; lift: a formula for it -> the formula for the table's target.
    active: columns that the library is made of; the others enter as powers only. rows: the samples.
    label: the reductions that led here. sigma: (n,) standard deviation of the noise in y, None where y is exact.
    """

    columns: Array
    formulas: tuple[Formula, ...]
    y: Array
    rows: RowSample
    active: tuple[int, ...]
    lift: Callable[[Formula], Formula] = _same
    label: str = ""
    sigma: Array | None = None

    @property
    def d(self) -> int:
        """Number of columns."""
        return len(self.formulas)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    def divided(self, factor: Array, formula: Formula, active: Sequence[int], label: str) -> Problem:
        """The problem of y / factor; factor: (n,), `formula` in the table's names."""
        lift = self.lift
        with np.errstate(all="ignore"):
            y = self.y / factor
            sigma = None if self.sigma is None else self.sigma / np.abs(factor)
        return replace(
            self, y=y, active=tuple(active), lift=lambda f: lift(formula * f), label=self.label + label, sigma=sigma
        )

    def noisy(self, sigma: Array, rows: RowSample) -> Problem:
        """The same problem with the noise known, and with other samples."""
        return replace(self, sigma=sigma, rows=rows)

    def with_columns(self, columns: Array, formulas: Sequence[Formula], label: str) -> Problem:
        """The same target with other columns, all active."""
        fresh = np.ascontiguousarray(columns)
        return replace(
            self, columns=fresh, formulas=tuple(formulas), active=tuple(range(len(formulas))), label=self.label + label
        )

    def restricted(self, active: Sequence[int], label: str) -> Problem:
        """The same problem with a smaller or larger set of active columns."""
        return replace(self, active=tuple(active), label=self.label + label)

    @property
    def screen_columns(self) -> Array:
        """(d, SCREEN)."""
        return np.ascontiguousarray(self.columns[:, self.rows.screen])

    @property
    def positive(self) -> npt.NDArray[np.bool_]:
        """(d,): the column is positive on every row."""
        return np.asarray(self.columns.min(axis=1) > 0)


def make_problem(X: Array, y: Array, names: Sequence[str], rng: np.random.Generator) -> Problem:
    """The problem of a table: X (n, d), y (n,). Columns and y of extreme size are scaled by a power of ten."""
    columns = np.array(X.T, order="C")
    formulas: list[Formula] = [Var(name) for name in names]
    for k, x in enumerate(columns):
        unit = _unit(x)
        if unit != 1:
            columns[k], formulas[k] = x / unit, Var(name=names[k]) / unit
    unit = _unit(y)
    rows = spread_rows(columns, y, rng)
    every = tuple(range(len(names)))
    if unit == 1:
        return Problem(columns, tuple(formulas), y, rows, every)
    return Problem(columns, tuple(formulas), y / unit, rows, every, lambda f: f * unit)


def _unit(v: Array) -> float:
    """A power of ten that brings extreme values near 1; 1 for usual ones."""
    size = float(np.median(np.abs(v)))
    return 1.0 if not size > 0 or 1e-8 < size < 1e8 else 10.0 ** int(np.log10(size))

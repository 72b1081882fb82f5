"""The rows that a parametric formula is fitted to, what limits its parameters, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.formula.evaluate import evaluate_columns

Array = npt.NDArray[np.float64]
Values = dict[str, float]
Bounds = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Rows:
    """columns: (d, n), C-contiguous; y: (n,); weights: (n,) or None; names: (d,)."""

    columns: Array
    y: Array
    names: tuple[str, ...]
    weights: Array | None = None

    @property
    def scale(self) -> float:
        """The largest |y|, which residuals are in units of, so that no square over- or underflows."""
        return float(np.abs(self.y).max()) or 1.0

    @property
    def root(self) -> Array | float:
        """What residuals are multiplied by: square roots of the weights, over the scale."""
        return 1.0 / self.scale if self.weights is None else np.sqrt(self.weights) / self.scale

    def sample(self, most: int) -> Rows:
        """At most so many rows, spread over the table."""
        n = len(self.y)
        if n <= most:
            return self
        chosen = np.unique(np.linspace(0, n - 1, most).astype(int))
        weights = None if self.weights is None else self.weights[chosen]
        return Rows(np.ascontiguousarray(self.columns[:, chosen]), self.y[chosen], self.names, weights)

    def value(self, f: Formula) -> Array:
        """Values (n,); NaN where undefined."""
        return evaluate_columns(f, self.columns, self.names)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fit keeps to. bounds: parameter -> (lower, upper), infinite where open; loss: one of
    `fitx.numerics.losses`."""

    bounds: Bounds = field(default_factory=dict)
    loss: str = "linear"

    def of(self, names: tuple[str, ...]) -> tuple[Array, Array]:
        """(lower, upper), each (p,), for these parameters."""
        ends = np.array([self.bounds.get(p, (-np.inf, np.inf)) for p in names], np.float64).reshape(-1, 2)
        return ends[:, 0], ends[:, 1]

    def within(self, values: Mapping[str, float]) -> Values:
        """The values moved into their bounds."""
        free = (-np.inf, np.inf)
        return {p: float(np.clip(v, *self.bounds.get(p, free))) for p, v in values.items()}


@dataclass(frozen=True, slots=True)
class Solution:
    """values by name; loss: sum of weighted squared residuals (or of the loss asked for) over the rows' scale squared;
    jacobian: (n, p), likewise weighted and over the scale, in the parameters' order; residual: (n,); scale: that of
    the rows; status: why the solver stopped; at_bound: parameters on a bound; robust: its loss and the scale of that.
    """

    values: Values
    loss: float
    jacobian: Array = field(repr=False)
    scale: float = 1.0
    residual: Array = field(repr=False, default_factory=lambda: np.empty(0))
    status: str = "converged"
    at_bound: tuple[str, ...] = ()
    robust: tuple[str, float] = ("linear", 1.0)

    @property
    def rank(self) -> int:
        """Of the Jacobian, its columns scaled to length 1: below p where the rows cannot tell the parameters apart."""
        from fitx.numerics.nonlinear import rank_of

        return rank_of(self.jacobian)

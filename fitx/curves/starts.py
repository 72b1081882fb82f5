"""Starting values of nonlinear parameters, from the shape of the data: scales, places, half heights, frequencies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Numbers = tuple[float, ...]

_BINS = 25  # for the course of y along x


@dataclass(frozen=True)
class Shape:
    """The rows as estimators see them. columns: (d, n); y: (n,); kept: results of estimators that several families ask
    for."""

    columns: Array
    y: Array
    axis: int = 0
    kept: dict[str, object] = field(default_factory=dict, repr=False)

    def along(self, axis: int) -> Shape:
        """The same rows, seen along another feature."""
        return Shape(self.columns, self.y, axis)

    @cached_property
    def x(self) -> Array:
        """The feature, (n,)."""
        return np.asarray(self.columns[self.axis])

    @cached_property
    def span(self) -> float:
        """Largest less smallest x; 1 where they are equal or not finite."""
        span = float(self.x.max() - self.x.min())
        return span if span > 0 and np.isfinite(span) else 1.0

    @cached_property
    def course(self) -> tuple[Array, Array]:
        """Means of x and of y in bins of equally many rows, along x."""
        order = np.argsort(self.x, kind="stable")
        parts = np.array_split(order, min(_BINS, len(order)))
        return np.array([self.x[p].mean() for p in parts]), np.array([self.y[p].mean() for p in parts])

    @cached_property
    def places(self) -> Array:
        """x at the extremes of y and where y is half way between its ends and between its extremes."""
        x, y = self.course
        half = [(y[0] + y[-1]) / 2, (y.min() + y.max()) / 2]
        crossings = [x[int(np.argmin(np.abs(y - h)))] for h in half]
        return np.array([x[int(np.argmax(y))], x[int(np.argmin(y))], *crossings])


Estimator = Callable[[Shape], Numbers]
Start = Mapping[str, float]


def fixed(*values: float) -> Estimator:
    """Numbers that need no data: exponents, phases."""
    return lambda s: values


def along(axis: int, estimator: Estimator) -> Estimator:
    """The estimator for the axis-th feature."""
    return lambda s: estimator(s.along(axis))


def rate(s: Shape) -> Numbers:
    """1/x: from hardly changing along the span to gone at its beginning."""
    return tuple(k / s.span for k in (0.3, 1.0, 3.0, 8.0, 25.0))


def signed_rate(s: Shape) -> Numbers:
    """Rates of growth and of decay."""
    return (*rate(s), *(-k for k in rate(s)))


def place(s: Shape) -> Numbers:
    """Of a maximum or a turning point: along the span, and where the course of y suggests."""
    ends = s.x.min(), s.x.max()
    return (*(float(ends[0] + q * s.span) for q in (0.1, 0.3, 0.5, 0.7, 0.9)), *map(float, s.places))


def inside(s: Shape) -> Numbers:
    """Places in a fine grid, for what is narrow."""
    return tuple(float(s.x.min() + (k + 0.5) / 24 * s.span) for k in range(24))


def width(s: Shape) -> Numbers:
    """Of a peak: narrow to wide."""
    return tuple(k * s.span for k in (0.015, 0.05, 0.12, 0.3))


def tail(s: Shape) -> Numbers:
    """Of a peak that is steeper on one side: none, and some to either side."""
    return (0.0, s.span / 20, -s.span / 20)


def broad(s: Shape) -> Numbers:
    """Of a peak over two features, where few rows lie near it."""
    return tuple(k * s.span for k in (0.1, 0.3))


def level(s: Shape) -> Numbers:
    """A positive x at which something is half done: quantiles of x and half heights, beyond the span, too."""
    x = s.x[s.x > 0]
    if not len(x):
        return (s.span,)
    q = np.quantile(x, (0.02, 0.15, 0.35, 0.6, 0.85))
    return (*map(float, q), float(q[-1] * 4), *(float(p) for p in s.places[2:] if p > 0))


def inverse_level(s: Shape) -> Numbers:
    """1/x at such places."""
    return tuple(1.0 / v for v in level(s))


def below(s: Shape) -> Numbers:
    """What is added to x so that the sum stays positive: from just enough to much."""
    low = float(s.x.min())
    return tuple(k * s.span - low for k in (0.01, 0.05, 0.2, 0.6, 2.0))


def cycles(s: Shape) -> Numbers:
    """Angular frequencies of one to some cycles over the span."""
    return tuple(2 * np.pi * k / s.span for k in (0.7, 1.0, 1.5, 2.2, 3.3, 5.0, 7.5))


def barrier(s: Shape) -> Numbers:
    """Of exp(-E/x): both signs, in units of the smallest x."""
    low = float(s.x.min())
    return tuple(c * low for c in (-12.0, -4.0, -1.0, 1.0, 4.0, 12.0, 30.0))


def before(s: Shape) -> Numbers:
    """A place just before the first row."""
    return (float(s.x.min()) - s.span / 20,)


exponent = fixed(-2.0, -1.0, -0.4, 0.4, 0.8, 1.5, 2.5)
USUAL = (-8.0, 8.0)  # exponents: beyond, a power of x is an exponential function in disguise
steepness = fixed(0.5, 1.0, 2.0, 4.0)
signed_USUAL = (-8.0, 8.0)  # exponents: beyond, a power of x is an exponential function in disguise
steepness = fixed(-4.0, -2.0, -1.0, 1.0, 2.0, 4.0)
phase = fixed(0.0, 0.8, 1.6, 2.4)

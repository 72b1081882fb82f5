"""Cubic splines by least squares on given knots.

    rows = Rows.of(x, y, weights)
    pieces = least_squares(rows, knots_by_size(rows, most=30)[5])   # a polynomial between each two neighbours
    pieces.evaluate(x)

In a basis of B-splines; the places of the knots are chosen in `fitx.numerics.spline_knots`.
[de Boor 2001, A Practical Guide to Splines, chapters 9, 10 and 14]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fitx.numerics import linear
from fitx.numerics.doubledouble import Array
from fitx.numerics.polynomial import prepare

_BLOCK = 20_000  # rows of the table of basis functions held at a time
_BINS = 2000  # more rows are averaged to these while knots are looked for


@dataclass(frozen=True, slots=True)
class Pieces:
    """s(x) = sum_j c_ij (x - knots_i)^j for knots_i <= x < knots_i+1; the first and last piece go on beyond the ends.

    knots: (k + 1,), the ends among them; c: (k, degree + 1).
    """

    knots: Array
    c: Array

    def evaluate(self, x: Array) -> Array:
        """s(x), (n,)."""
        i = np.clip(np.searchsorted(self.knots, x, side="right") - 1, 0, len(self.c) - 1)
        s, value = x - self.knots[i], np.zeros_like(x)
        for column in self.c.T[::-1]:
            value = value * s + column[i]
        return value


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in order of x, those of weight zero left out: x, y: (n,), root: sqrt(w); distinct: the different x, which
    more than one row may have."""

    x: Array
    y: Array
    root: Array
    distinct: Array

    @classmethod
    def of(cls, x: Array, y: Array, weights: Array | None) -> Rows:
        """Errors: FitxError where values are not finite, or there are no rows."""
        columns, y, w = prepare(x, y, weights)
        order = np.argsort(columns[:, 0], kind="stable")
        x = columns[order, 0]
        root = np.ones(len(x)) if w is None else np.sqrt(w[order] / w.max())
        return cls(x, y[order], root, np.unique(x))

    def merged(self) -> Rows:
        """One row for each different x: its mean y, the sum of weights."""
        if len(self.distinct) == len(self.x):
            return self
        at = np.searchsorted(self.distinct, self.x).astype(np.int64)
        return self._averaged(at, len(self.distinct), self.distinct)

    def binned(self) -> Rows:
        """At most _BINS rows, each the mean of neighbours."""
        n = len(self.x)
        if n <= _BINS:
            return self
        at = np.arange(n, dtype=np.int64) * _BINS // n
        w = np.bincount(at, self.root**2, _BINS)
        x = np.bincount(at, self.root**2 * self.x, _BINS) / w
        return self._averaged(at, _BINS, np.maximum.accumulate(x))

    def _averaged(self, at: NDArray[np.int64], size: int, x: Array) -> Rows:
        w = np.bincount(at, self.root**2, size)
        return Rows(x, np.bincount(at, self.root**2 * self.y, size) / w, np.sqrt(w), np.unique(x))


def degree_for(rows: Rows) -> int:
    """Three, or less where there are fewer than four different x."""
    return min(3, len(rows.distinct) - 1)


def basis(x: Array, knots: Array, degree: int) -> Array:
    """B-splines on `knots` (k + 1,), the ends counted degree + 1 times: (n, k + degree). Beyond the ends the end pieces
    go on. The recurrence of Cox and de Boor, for the degree + 1 functions that are not zero at x."""
    t = _extended(knots, degree)
    i = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2) + degree
    values = np.zeros((len(x), degree + 1))
    values[:, 0] = 1.0
    for p in range(1, degree + 1):
        saved = np.zeros(len(x))
        for j in range(p):
            right, left = t[i + j + 1], t[i + j + 1 - p]
            share = values[:, j] / (right - left)
            values[:, j] = saved + (right - x) * share
            saved = (x - left) * share
        values[:, p] = saved
    table = np.zeros((len(x), len(knots) - 1 + degree))
    rows = np.arange(len(x))
    for j in range(degree + 1):
        table[rows, i - degree + j] = values[:, j]
    return table


def least_squares(rows: Rows, knots: Array, periodic: bool = False) -> Pieces:
    """The spline on `knots` (ends included) with the least weighted sum of squared residuals.

    periodic: the value, slope and curvature at both ends are equal.
    """
    degree = degree_for(rows)
    c = Solved.of(rows, knots, degree, periodic).c
    return to_pieces(lambda x: basis(x, knots, degree) @ c, knots, degree)


def to_pieces(evaluate: Callable[[Array], Array], knots: Array, degree: int) -> Pieces:
    """A spline that can be evaluated, as powers of (x - knot): interpolated at degree + 1 places of each piece."""
    places = (1 - np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))) / 2
    width = np.diff(knots)
    values = evaluate((knots[:-1, None] + width[:, None] * places).ravel()).reshape(len(width), degree + 1)
    local = np.linalg.solve(places[:, None] ** np.arange(degree + 1), values.T).T
    return Pieces(knots, local / width[:, None] ** np.arange(degree + 1))


@dataclass(frozen=True, slots=True)
class Solved:
    """Least squares, solved: c: (m,) of the basis; r: (p, p) in the free directions z: (m, p); residual: norm."""

    c: Array
    r: Array
    z: Array | None
    residual: float

    @classmethod
    def of(cls, rows: Rows, knots: Array, degree: int, periodic: bool) -> Solved:
        """The spline on `knots`, ends included; periodic: value, slope and curvature are equal at the ends."""
        z = _periodic_directions(knots, degree) if periodic and degree else None
        both = np.zeros((0, 0))
        for start in range(0, len(rows.x), _BLOCK):
            part = slice(start, start + _BLOCK)
            table = basis(rows.x[part], knots, degree)
            table = table if z is None else table @ z
            table = np.column_stack([table, rows.y[part]]) * rows.root[part, None]
            both = table if not len(both) else np.vstack([both, table])
            if len(rows.x) > _BLOCK:
                both = linear.qr_triangle(both)
        triangle = linear.qr_triangle(both)
        p = triangle.shape[1] - 1
        r, rhs = triangle[:p, :p], triangle[:p, p]
        # Functions without rows of their own stay small: the least-norm solution.
        g = np.linalg.lstsq(r, rhs, rcond=1e-12)[0]
        rest = float(np.hypot(np.linalg.norm(rhs - r @ g), np.linalg.norm(triangle[p:, p])))
        return cls(np.asarray(g if z is None else z @ g), r, z, rest)

    def costs_of_removal(self, knots: Array) -> Array:
        """What the sum of squares grows by without each inner knot, (k - 1,)."""
        d = _jumps(knots, len(self.c) - len(knots) + 1)
        jump = d @ self.c
        d = d if self.z is None else d @ self.z
        size = np.sum(np.linalg.lstsq(self.r.T, d.T, rcond=1e-12)[0] ** 2, axis=0)
        with np.errstate(all="ignore"):
            cost = jump**2 / size
        return np.where(np.isfinite(cost), cost, 0.0)


def _extended(knots: Array, degree: int) -> Array:
    return np.concatenate([np.full(degree, knots[0]), knots, np.full(degree, knots[-1])])


def _derivative(knots: Array, degree: int, order: int) -> tuple[Array, Array, int]:
    """(D, t, p): coefficients c -> those of the derivative of that order, its knots and degree."""
    t, p = _extended(knots, degree), degree
    d = np.eye(len(t) - p - 1)
    for _ in range(order):
        gap = t[p + 1 : -1] - t[1 : -p - 1]
        d = np.diff(d, axis=0) * (p / gap)[:, None]
        t, p = t[1:-1], p - 1
    return d, t, p


def _jumps(knots: Array, degree: int) -> Array:
    """Jumps of the highest derivative at the inner knots as functions of the coefficients, (k - 1, m)."""
    return np.diff(_derivative(knots, degree, degree)[0], axis=0)


def _periodic_directions(knots: Array, degree: int) -> Array:
    """Orthonormal columns (m, p): coefficients with equal value, slope, ... at both ends."""
    conditions = []
    for order in range(degree):
        d = _derivative(knots, degree, order)[0]  # at the ends a spline is its first or last coefficient
        row = d[-1] - d[0]
        conditions.append(row / (np.linalg.norm(row) or 1.0))
    a = np.array(conditions)
    kept = np.linalg.svd(a)
    rank = int((kept[1] > 1e-12).sum())
    return np.asarray(kept[2][rank:].T)

"""Rows to fit a quotient to, and the quotient: P(t) / Q(t) in Chebyshev polynomials on the data's domain."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fitx.numerics import chebyshev, convert
from fitx.numerics.doubledouble import Array
from fitx.numerics.polynomial import prepare, scale, scale_columns

Complex = NDArray[np.complex128]

_GRID = 256  # places where a denominator has to keep its sign while it moves
_REAL = 1e-6  # imaginary part, on [-1, 1], below which a root counts as real: double roots come out as such pairs
_SPURIOUS = 1e-11  # share of max |y| that a pole has to move the values by, somewhere on the rows


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows on [-1, 1], scaled by powers of two. t, y: (n,); root: sqrt(w), (n,); table: (n, highest + 1) of T_k(t);
    grid: (g, highest + 1), the same between the rows; distinct: number of distinct x."""

    t: Array
    y: Array
    root: Array
    table: Array
    grid: Array
    lo: float
    hi: float
    x_exponent: int
    y_exponent: int
    distinct: int

    @classmethod
    def of(
        cls, x: Array, y: Array, weights: Array | None, highest: int, domain: tuple[float, float] | None = None
    ) -> Problem:
        """The rows of x, y: (n,), weights: (n,) or None. domain: (lo, hi) of x that is mapped to [-1, 1], else its
        range. Errors: FitxError for values that are not finite, or no rows."""
        columns, y, w = prepare(x, y, weights)
        columns, (x_exponent,) = scale_columns(np.r_[columns, np.array(domain or (), dtype=float)[:, None]])
        x = columns[: len(y), 0]
        lo, hi = chebyshev.domain(columns[:, 0] if domain is None else columns[len(y) :, 0])
        y, y_exponent = scale(y)
        t = chebyshev.scaled(x, lo, hi)
        grid = np.cos(np.linspace(0, np.pi, _GRID))
        root = np.ones_like(y) if w is None else np.sqrt(w / w.max())
        return cls(t, y, root, chebyshev.columns(t, highest), chebyshev.columns(grid, highest), lo, hi,
                   x_exponent, y_exponent, len(np.unique(x)))  # fmt: skip

    def residual(self, a: Array, b: Array) -> Array:
        """sqrt(w) (y - P / Q), (n,); not finite where Q is zero."""
        with np.errstate(all="ignore"):
            p, q = self.table[:, : len(a)] @ a, self.table[:, : len(b)] @ b
            return np.asarray(self.root * (self.y - p / q))

    def one_sign(self, b: Array) -> bool:
        """Whether Q keeps its sign on the rows and the grid; `Quotient.poles` knows for certain, but takes longer."""
        rows, grid = self.table[:, : len(b)] @ b, self.grid[:, : len(b)] @ b
        low, high = min(rows.min(), grid.min()), max(rows.max(), grid.max())
        return bool(low > 0 or high < 0)


@dataclass(frozen=True, slots=True)
class Quotient:
    """r(x) = 2^ey sum_k a_k T_k(t) / sum_k b_k T_k(t), t: x * 2^-ex scaled from [lo, hi] to [-1, 1].

    a: (m + 1,); b: (n + 1,) of length one; residual_norm: sqrt(sum w r^2) in units of 2^ey, the largest w being one;
    rows: that were fitted.
    """

    a: Array
    b: Array
    lo: float
    hi: float
    x_exponent: int
    y_exponent: int
    residual_norm: float
    rows: int

    @property
    def degrees(self) -> tuple[int, int]:
        """Degrees of numerator and denominator."""
        return len(self.a) - 1, len(self.b) - 1

    @property
    def dof(self) -> int:
        """Rows minus coefficients; the common factor of all of them is free."""
        return self.rows - len(self.a) - len(self.b) + 1

    def sigma(self) -> float:
        """Residual standard deviation in units of 2^ey; infinite without degrees of freedom."""
        return self.residual_norm / float(np.sqrt(self.dof)) if self.dof > 0 else float("inf")

    def evaluate(self, x: Array) -> Array:
        """r(x), (n,)."""
        t = chebyshev.scaled(np.ldexp(x, -self.x_exponent), self.lo, self.hi)
        with np.errstate(all="ignore"):
            value = chebyshev.evaluate(self.a, t) / chebyshev.evaluate(self.b, t)
            return np.asarray(np.ldexp(value, self.y_exponent))

    def poles(self) -> Complex:
        """Roots of the denominator, in t: the domain is [-1, 1]."""
        return _roots(self.b)

    def real_poles(self, gaps: Array | None = None) -> Array:
        """Poles in the domain, in t. gaps: sorted t of the rows; complex poles closer to the real line than a quarter
        of the gap between the rows there count as well: what they do is seen by one row at most."""
        z = self.poles()
        inside = np.abs(z.real) <= 1 + 1e-12
        near = np.full(len(z), _REAL)
        if gaps is not None and len(gaps) > 1 and len(z):
            at = np.clip(np.searchsorted(gaps, z.real), 1, len(gaps) - 1)
            near = np.maximum(near, 0.25 * (gaps[at] - gaps[at - 1]))
        return np.asarray(np.unique(z.real[inside & (np.abs(z.imag) <= near)]))

    def spurious(self, t: Array) -> int:
        """Number of poles that zeros cancel (Froissart doublets): their part of r, residue / (t - z), is below rounding
        on all rows t."""
        z = self.poles()
        if not len(z) or len(self.a) < 2:
            return 0
        from numpy.polynomial.chebyshev import chebder, chebval

        with np.errstate(all="ignore"):
            residues = chebval(z, self.a) / chebval(z, chebder(self.b))
            parts = np.abs(residues) / np.min(np.abs(t[:, None] - z[None, :]), axis=0)
        return min(int((parts <= _SPURIOUS).sum()), len(self.a) - 1)

    def moved(self, problem: Problem) -> tuple[Array, Array]:
        """The coefficients on the domain, and in the units, of other rows: a start for fitting those."""
        points = np.cos(np.pi * (np.arange(max(len(self.a), len(self.b))) + 0.5) / max(len(self.a), len(self.b)))
        x = (problem.lo * (1 - points) + problem.hi * (1 + points)) / 2
        t = chebyshev.scaled(np.ldexp(x, problem.x_exponent - self.x_exponent), self.lo, self.hi)
        table = chebyshev.columns(points, len(points) - 1)
        a, b = (np.linalg.solve(table, chebyshev.evaluate(c, t))[: len(c)] for c in (self.a, self.b))
        return np.asarray(np.ldexp(a, self.y_exponent - problem.y_exponent)), np.asarray(b, dtype=np.float64)

    def exact_powers(self, scaling: tuple[float, float] | None = None) -> tuple[list[Fraction], list[Fraction]]:
        """Coefficients of the powers of x, or of u = (x - middle) / half, of numerator and denominator, exact."""
        ends = [Fraction(v) * Fraction(2) ** self.x_exponent for v in (self.lo, self.hi)]
        if scaling is not None:
            ends = [(v - Fraction(scaling[0])) / Fraction(scaling[1]) for v in ends]
        unit = Fraction(2) ** self.y_exponent
        return [v * unit for v in _powers(self.a, ends)], _powers(self.b, ends)


def _roots(c: Array) -> Complex:
    """Roots of a Chebyshev series; leading coefficients that are rounding are left out."""
    size = np.abs(c) > 1e-14 * np.abs(c).max()
    c = c[: int(np.flatnonzero(size)[-1]) + 1] if size.any() else c[:1]
    return np.asarray(np.polynomial.chebyshev.chebroots(c), dtype=np.complex128)


def _powers(c: Array, ends: list[Fraction]) -> list[Fraction]:
    terms = np.arange(len(c), dtype=np.int64)[:, None]
    return convert.to_powers(c, np.zeros(len(c)), terms, ends[:1], ends[1:])

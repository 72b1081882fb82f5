"""Least-squares polynomials in one or many features: Chebyshev basis on scaled domains, QR, exact powers.

    from fitx.numerics.polynomial import fit_polynomials
    fits = fit_polynomials(x, y, *exponents(1, 10))       # one for each degree, from one QR
    fits[3].powers(), fits[3].stderr()

x and y are first divided by powers of two (which is exact), so that columns at 1e-300 or 1e300 behave like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fitx.errors import FitxError
from fitx.numerics import chebyshev, convert, linear
from fitx.numerics.doubledouble import Array
from fitx.numerics.monomials import Exponents

# Double-double refinement costs about 40 passes over rows x terms; beyond this the noise in the rows outweighs it.
REFINE_UP_TO = 400_000

IntArray: TypeAlias = NDArray[np.int64]
Scaling: TypeAlias = Sequence[tuple[float, float]]  # (middle, half) of each feature


@dataclass(frozen=True, slots=True)
class Polynomial:
    """p(x) = 2^ey * sum_j (c_j + tail_j) prod_i T_aji(t_i), t_i: x_i * 2^-ex_i scaled from [lo_i, hi_i] to [-1, 1].

    terms: (p, d) exponents a, a lower set; c, tail: (p,); lo, hi: (d,); r: (p, p) with covariance of c =
    sigma^2 (R'R)^-1; residual_norm: sqrt(sum w r^2) in units of 2^ey; rows: with positive weight;
    dependent: term left out -> the terms that make it up on these rows.
    """

    terms: Exponents
    c: Array
    tail: Array
    lo: Array
    hi: Array
    x_exponent: tuple[int, ...]
    y_exponent: int
    r: Array
    residual_norm: float
    rows: int
    dependent: dict[tuple[int, ...], tuple[tuple[int, ...], ...]]

    @property
    def dof(self) -> int:
        """Degrees of freedom: rows minus coefficients."""
        return self.rows - len(self.c)

    def evaluate(self, x: Array) -> Array:
        """p(x) in the Chebyshev basis. x: (n, d) or, for one feature, (n,); returns (n,)."""
        x = np.ldexp(as_rows(x), [-e for e in self.x_exponent])
        if self.terms.shape[1] == 1 and len(self.terms) == self.terms.max() + 1:
            value = chebyshev.evaluate(self.c, chebyshev.scaled(x[:, 0], float(self.lo[0]), float(self.hi[0])))
        else:
            value = chebyshev.tensor_columns(x, self.terms, self.lo, self.hi) @ self.c
        with np.errstate(over="ignore"):
            return np.asarray(np.ldexp(value, self.y_exponent))

    def exact_powers(self, scaling: Scaling | None = None) -> list[Fraction]:
        """Coefficients of the powers of x, or of u = (x - middle) / half, term by term, as exact fractions."""
        lo, hi = self._domain(scaling)
        unit = Fraction(2) ** self.y_exponent
        return [v * unit for v in convert.to_powers(self.c, self.tail, self.terms, lo, hi)]

    def powers(self, scaling: Scaling | None = None) -> Array:
        """`exact_powers` correctly rounded; infinite where float64 cannot hold them. (p,)."""
        return convert.rounded(self.exact_powers(scaling))

    def sigma(self) -> float:
        """Residual standard deviation sqrt(sum w r^2 / dof); NaN without degrees of freedom."""
        return float(np.ldexp(self._sigma(), self.y_exponent))

    def stderr(self, scaling: Scaling | None = None, *, absolute: bool = False) -> Array:
        """Standard errors of the power coefficients, (p,); NaN without degrees of freedom.

        absolute: the weights are 1 / (known standard deviation)^2, so the residuals do not scale the errors.
        """
        spread, shifts = self._spread(scaling, absolute)
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(np.ldexp(np.linalg.norm(spread, axis=1), shifts))

    def covariance(self, scaling: Scaling | None = None, *, absolute: bool = False) -> Array:
        """Covariance matrix of the power coefficients, (p, p): M sigma^2 (R'R)^-1 M', M the change of basis."""
        spread, shifts = self._spread(scaling, absolute)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return np.asarray(np.ldexp(spread @ spread.T, shifts[:, None] + shifts[None, :]))

    def _sigma(self) -> float:
        return self.residual_norm / np.sqrt(self.dof) if self.dof > 0 else float("nan")

    def _spread(self, scaling: Scaling | None, absolute: bool) -> tuple[Array, IntArray]:
        """S = sigma M R^-1 with S S' the covariance, in scaled x and y, and the powers of two that unscale its rows."""
        if scaling is None:
            lo, hi = [Fraction(float(v)) for v in self.lo], [Fraction(float(v)) for v in self.hi]
            shifts = self.y_exponent - self.terms @ np.array(self.x_exponent, dtype=np.int64)
        else:
            lo, hi = self._domain(scaling)
            shifts = np.full(len(self.terms), self.y_exponent)
        sigma = 1.0 if absolute else self._sigma()
        if absolute:
            shifts = shifts - self.y_exponent
        m = convert.power_matrix(self.terms, lo, hi)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            return np.asarray(sigma * np.linalg.solve(self.r.T, m.T).T, dtype=np.float64), shifts

    def _domain(self, scaling: Scaling | None) -> tuple[list[Fraction], list[Fraction]]:
        """Exact lo and hi of each feature, in units of x or of u = (x - middle) / half."""
        out: tuple[list[Fraction], list[Fraction]] = ([], [])
        for i, e in enumerate(self.x_exponent):
            for ends, v in zip(out, (self.lo[i], self.hi[i]), strict=True):
                x = Fraction(float(v)) * Fraction(2) ** e
                ends.append(x if scaling is None else (x - Fraction(scaling[i][0])) / Fraction(scaling[i][1]))
        return out


def fit_polynomials(
    x: Array, y: Array, terms: Exponents, sizes: list[int], weights: Array | None = None, *, refine: bool | None = None
) -> list[Polynomial]:
    """The least-squares polynomials over the leading terms[:s], s in sizes, from one QR.

    x: (n,) or (n, d); y: (n,); terms: (p, d), each leading part a lower set; weights: (n,), multiply the squared
    residual. Terms that depend on earlier ones (collinear columns, too few distinct values) are left out, and said;
    a size that would add no new term is left out too. refine: double-double refinement of the coefficients,
    by default where rows x terms is up to REFINE_UP_TO.
    """
    x, y, w = prepare(x, y, weights)
    x, x_exponent = scale_columns(x)
    y, y_exponent = scale(y)
    root = np.sqrt(w) if w is not None else None
    lo, hi = np.array([chebyshev.domain(column) for column in x.T]).reshape(-1, 2).T
    v = chebyshev.tensor_columns(x, terms, lo, hi)
    triangle = linear.triangularise(v if root is None else v * root[:, None], y if root is None else y * root)
    kept = lower_part(triangle.kept, terms)
    dependent = triangle.dependent
    if len(kept) < len(triangle.kept):
        v = v[:, kept]
        triangle = linear.triangularise(v if root is None else v * root[:, None], y if root is None else y * root)
    wanted = refine if refine is not None else x.shape[0] * len(kept) <= REFINE_UP_TO
    pair = chebyshev.tensor_columns_dd(x, terms[kept], lo, hi) if wanted else None
    fits: list[Polynomial] = []
    for asked in sizes:
        size = sum(1 for j in kept if j < asked)
        if fits and size == len(fits[-1].c):
            continue
        c, tail = triangle.solve(size), np.zeros(size)
        if pair is not None:
            part = (pair[0][:, :size], pair[1][:, :size])
            c, tail = linear.refine(part, y, w, triangle.r[:size, :size], c)
        fits.append(
            Polynomial(
                terms[kept[:size]],
                c,
                tail,
                lo,
                hi,
                x_exponent,
                y_exponent,
                triangle.r[:size, :size],
                triangle.residual_norm(size),
                x.shape[0],
                left_out(dependent, terms, asked),
            )
        )
    return fits


def prepare(x: Array, y: Array, weights: Array | None) -> tuple[Array, Array, Array | None]:
    """x as (n, d), y, weights, checked: finite, of one length, weights not negative; rows of weight zero left out."""
    x, y = as_rows(np.asarray(x, dtype=np.float64)), np.asarray(y, dtype=np.float64)
    if x.shape[0] != y.shape[0] or y.ndim != 1:
        raise FitxError(f"x and y must have one row for each point. Got {x.shape[0]} and {y.shape} instead")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise FitxError("x and y must be finite numbers", "drop the rows with missing or infinite values")
    w = None
    if weights is not None:
        w = np.asarray(weights, dtype=np.float64)
        if w.shape != y.shape or not np.isfinite(w).all() or (w < 0).any():
            raise FitxError("weights must be one finite number for each row, none of them negative")
        used = w > 0
        x, y, w = x[used], y[used], w[used]
    if y.shape[0] == 0:
        raise FitxError("no rows to fit" + (" with a positive weight" if weights is not None else ""))
    return x, y, w


def lower_part(kept: tuple[int, ...], terms: Exponents) -> list[int]:
    """The indices in `kept` all of whose divisors are kept too (rounding can keep a term but not its divisor)."""
    chosen: list[int] = []
    have: set[tuple[int, ...]] = set()
    listed = [tuple(row) for row in terms.tolist()]
    for j in kept:
        term = listed[j]
        if all((*term[:i], a - 1, *term[i + 1 :]) in have for i, a in enumerate(term) if a > 0):
            chosen.append(j)
            have.add(term)
    return chosen


def left_out(
    dependent: dict[int, tuple[int, ...]], terms: Exponents, asked: int
) -> dict[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Dependent columns before `asked` and what makes them up, as terms instead of indices."""
    if not dependent:
        return {}
    names = [tuple(row) for row in terms.tolist()]
    return {names[j]: tuple(names[k] for k in makers) for j, makers in dependent.items() if j < asked}


def as_rows(x: Array) -> Array:
    """x as (n, d): one feature may come as (n,)."""
    return x[:, None] if x.ndim == 1 else x


def scale(v: Array) -> tuple[Array, int]:
    """v * 2^-e with its largest magnitude in [1/2, 1), and e."""
    e = int(np.frexp(np.max(np.abs(v), initial=0.0))[1])
    return np.ldexp(v, -e), e


def scale_columns(x: Array) -> tuple[Array, tuple[int, ...]]:
    """`scale` of each column. x: (n, d); returns it scaled and d exponents."""
    pairs = [scale(column) for column in x.T]
    return np.column_stack([c for c, _ in pairs]) if pairs else x, tuple(e for _, e in pairs)

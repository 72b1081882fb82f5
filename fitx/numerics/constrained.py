"""Least squares over chosen powers only, with some coefficients given: y ~ sum_fixed f_b x^b + sum_free c_a x^a.

A set such as {1, x, x^3} has no shifted Chebyshev basis of its own, and its bare powers are hopeless on years. So each
monomial is written, exactly, in the Chebyshev basis of all its divisors; there the free monomials are orthogonalised
with many decimal digits (Gram-Schmidt, keeping each vector's combination of monomials), and what QR gets are their
rounded, orthonormal coefficient vectors: A = V Z. Missing powers come out exactly zero, fixed ones exactly as given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np

from fitx.errors import FitxError, UsageError
from fitx.numerics import chebyshev, convert, linear
from fitx.numerics.doubledouble import Array
from fitx.numerics.monomials import Exponents, lower_closure
from fitx.numerics.polynomial import Polynomial, prepare, scale, scale_columns

Term = tuple[int, ...]
MOST_DIVISORS = 400


@dataclass(frozen=True, slots=True)
class ConstrainedPolynomial:
    """A polynomial with chosen terms. terms: fixed and free, in the order asked, without the dependent ones.

    whole: the same polynomial with all divisors of the terms, for stable evaluation; powers, stderr: (p,), a fixed term
    has stderr 0; covariance: (p, p); dependent: free terms left out because others make them up on these rows.
    """

    terms: tuple[Term, ...]
    powers: Array
    stderr: Array
    covariance: Array
    dof: int
    whole: Polynomial
    dependent: tuple[Term, ...]

    def evaluate(self, x: Array) -> Array:
        """p(x) in the Chebyshev basis. x: (n, d) or (n,)."""
        return self.whole.evaluate(x)


def fit_constrained(
    x: Array,
    y: Array,
    free: Exponents,
    fixed: Mapping[Term, float] | None = None,
    weights: Array | None = None,
    *,
    absolute: bool = False,
) -> ConstrainedPolynomial:
    """Least squares over the `free` terms, with the coefficients in `fixed` given.

    x: (n,) or (n, d); free: (p, d), may be empty; fixed: exponents -> coefficient; weights multiply the squared
    residual; absolute: they are 1 / (known standard deviation)^2. Errors: UsageError where a term is named twice.
    """
    fixed = dict(fixed or {})
    asked = [tuple(int(a) for a in row) for row in free]
    if len(set(asked)) < len(asked) or set(asked) & set(fixed):
        raise UsageError("each power can be asked for once only, and not be fixed as well")
    x, y, w = prepare(x, y, weights)
    if not asked and not fixed:
        raise UsageError("a polynomial needs at least one power, free or fixed")
    closure = lower_closure(np.array([*asked, *fixed], dtype=np.int64).reshape(-1, x.shape[1]))
    if len(closure) > MOST_DIVISORS:
        raise UsageError(
            f"these powers have {len(closure)} divisors, more than {MOST_DIVISORS}", "ask for lower powers"
        )
    x, x_exponent = scale_columns(x)
    y, y_exponent = scale(y)
    lo, hi = np.array([chebyshev.domain(column) for column in x.T]).T
    shift = {t: y_exponent - sum(a * e for a, e in zip(t, x_exponent, strict=True)) for t in [*asked, *fixed]}
    given = {t: Fraction(float(v)) / Fraction(2) ** shift[t] for t, v in fixed.items()}
    expand = _Expansion(closure, lo, hi)
    v = chebyshev.tensor_columns(x, closure, lo, hi)
    root = np.ones(len(y)) if w is None else np.sqrt(w)

    dropped: list[Term] = []
    while True:
        kept = [t for t in asked if t not in dropped]
        basis = expand.basis(kept, given)
        triangle = linear.triangularise((v @ basis.z) * root[:, None], (y - v @ basis.offset) * root)
        if not triangle.dependent:
            break
        dropped.append(kept[min(triangle.dependent)])
    if dropped and not kept and not fixed:
        raise FitxError("these rows determine none of the powers")
    q = triangle.solve(len(kept))
    dof = len(y) - len(kept)
    sigma = triangle.residual / math.sqrt(dof) if dof > 0 else math.nan
    spread = (1.0 if absolute else sigma) * np.linalg.solve(triangle.r.T, basis.combine.T).T
    exponents = np.array([shift[t] - (y_exponent if absolute else 0) for t in kept], dtype=np.int64)
    order = [t for t in asked if t in kept] + list(fixed)
    powers, stderr, covariance = np.zeros(len(order)), np.zeros(len(order)), np.zeros((len(order), len(order)))
    exact = basis.powers(q)
    for j, t in enumerate(kept):
        value = exact[j] * Fraction(2) ** shift[t]
        powers[j] = convert.as_float(value.numerator, value.denominator)
    powers[len(kept) :] = [fixed[t] for t in order[len(kept) :]]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        stderr[: len(kept)] = np.ldexp(np.linalg.norm(spread, axis=1), exponents)
        covariance[: len(kept), : len(kept)] = np.ldexp(spread @ spread.T, exponents[:, None] + exponents[None, :])
    whole = Polynomial(
        closure, basis.offset + basis.z @ q, np.zeros(len(closure)), lo, hi, x_exponent, y_exponent,
        np.eye(len(closure)), triangle.residual, len(y), {},
    )  # fmt: skip
    return ConstrainedPolynomial(tuple(order), powers, stderr, covariance, dof, whole, tuple(dropped))


@dataclass(frozen=True, slots=True)
class _Basis:
    """z: (q, p) orthonormal Chebyshev coefficient vectors of the free space; offset: (q,) those of the fixed part, less
    its share of that space. In monomials: vector j is sum_k combination[j][k] x^free_k; the offset has `moved`."""

    z: Array
    offset: Array
    combination: list[list[Decimal]]
    moved: list[Decimal]
    context: Context

    @property
    def combine(self) -> Array:
        """(p, p): free monomial coefficients of each basis vector, as columns."""
        p = len(self.combination)
        return np.array([[float(row[k]) for row in self.combination] for k in range(p)], dtype=np.float64).reshape(p, p)

    def powers(self, q: Array) -> list[Fraction]:
        """Free monomial coefficients of offset + z q."""
        scalars = [Decimal(float(v)) for v in q]
        out = []
        for k, start in enumerate(self.moved):
            total = start
            for row, v in zip(self.combination, scalars, strict=True):
                total = self.context.fma(row[k], v, total)
            out.append(Fraction(total))
        return out


class _Expansion:
    """Monomials of a lower set in its Chebyshev basis, with 40 digits beyond what orthogonalising loses."""

    def __init__(self, closure: Exponents, lo: Array, hi: Array) -> None:
        self.size = len(closure)
        self.place = {tuple(int(a) for a in row): j for j, row in enumerate(closure)}
        lost = 0.0
        self.tables: list[list[list[Fraction]]] = []
        for i in range(closure.shape[1]):
            degree = int(closure[:, i].max(initial=0))
            low, high = Fraction(float(lo[i])), Fraction(float(hi[i]))
            self.tables.append(convert.from_powers(degree, low, high))
            lost += degree * math.log10(2 + 4 * abs(float((low + high) / (high - low))))
        self.context = Context(prec=40 + 2 * math.ceil(lost), Emax=10**9, Emin=-(10**9))

    def monomial(self, term: Term) -> list[Decimal]:
        """Its Chebyshev coefficients: products of those of the powers of each feature."""
        partial: dict[Term, Fraction] = {(): Fraction(1)}
        for table, power in zip(self.tables, term, strict=True):
            partial = {(*t, k): v * c for t, v in partial.items() for k, c in enumerate(table[power][: power + 1]) if c}
        out = [Decimal(0)] * self.size
        for t, v in partial.items():
            out[self.place[t]] = self.context.divide(Decimal(v.numerator), Decimal(v.denominator))
        return out

    def basis(self, free: list[Term], fixed: Mapping[Term, Fraction]) -> _Basis:
        """Gram-Schmidt over the free monomials in their order, then of the fixed part against them."""
        ctx = self.context
        vectors: list[list[Decimal]] = []
        combination: list[list[Decimal]] = []
        for k, term in enumerate(free):
            v, own = self.monomial(term), [Decimal(int(j == k)) for j in range(len(free))]
            for q, row in zip(vectors, combination, strict=True):
                h = self._dot(q, v)
                v, own = self._less(v, h, q), self._less(own, h, row)
            norm = ctx.sqrt(self._dot(v, v))
            vectors.append([ctx.divide(a, norm) for a in v])
            combination.append([ctx.divide(a, norm) for a in own])
        offset, moved = [Decimal(0)] * self.size, [Decimal(0)] * len(free)
        for term, value in fixed.items():
            d = ctx.divide(Decimal(value.numerator), Decimal(value.denominator))
            offset = self._less(offset, -d, self.monomial(term))
        for q, row in zip(vectors, combination, strict=True):
            h = self._dot(q, offset)
            offset, moved = self._less(offset, h, q), self._less(moved, h, row)
        z = np.array([[float(a) for a in v] for v in vectors], dtype=np.float64).reshape(len(free), self.size).T
        return _Basis(z, np.array([float(a) for a in offset]), combination, moved, ctx)

    def _dot(self, a: list[Decimal], b: list[Decimal]) -> Decimal:
        total = Decimal(0)
        for u, v in zip(a, b, strict=True):
            total = self.context.fma(u, v, total)
        return total

    def _less(self, a: list[Decimal], factor: Decimal, b: list[Decimal]) -> list[Decimal]:
        """a - factor * b."""
        minus = self.context.minus(factor)
        return [self.context.fma(minus, v, u) for u, v in zip(a, b, strict=True)]

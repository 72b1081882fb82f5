"""Least squares over rows that stream past in blocks: memory for one block and two small matrices, whatever n is.

First choice: the Gram matrix of [T_0 ... T_m, y] on the scaled domain, summed over the blocks, then Cholesky. That
squares the condition number, which the Chebyshev basis keeps near one on evenly spread x. Where it does not, or
where the residual is too small beside y for sums of squares to show it, the blocks are read again for a QR of QRs
(TSQR: stack R on the next block, reduce), which squares nothing. [Demmel et al. 2012, doi:10.1137/080731992]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from fitx._core import chebyshev_gram
from fitx.errors import FitxError
from fitx.numerics import chebyshev, linear
from fitx.numerics.doubledouble import Array
from fitx.numerics.monomials import Exponents
from fitx.numerics.polynomial import Polynomial, as_rows, left_out, lower_part

# A block: x (n, d) or (n,), y (n,), weights (n,) or None. Blocks are asked for again for each pass over the rows.
Block: TypeAlias = tuple[Array, Array, Array | None]
Blocks: TypeAlias = Callable[[], Iterable[Block]]

ROWS = 65_536
WORST_CONDITION = 1e7  # of the Gram matrix, columns scaled to one; beyond it seven digits of sixteen are gone
SMALLEST_SHARE = 1e-9  # of the residual's square in y's, for the Gram matrix to give it


@dataclass(frozen=True, slots=True)
class Domain:
    """What a first pass over the rows finds. lo, hi: (d,) in scaled units; exponents: powers of two that scale."""

    lo: Array
    hi: Array
    x_exponent: tuple[int, ...]
    y_exponent: int
    rows: int


def find_domain(blocks: Blocks) -> Domain:
    """Smallest and largest value of each column, and the number of rows with a positive weight."""
    lo = hi = np.empty(0)
    largest, rows = 0.0, 0
    for x, y, w in blocks():
        x = as_rows(x)
        if w is not None:
            x, y = x[w > 0], y[w > 0]
        if not len(y):
            continue
        low, high = x.min(axis=0), x.max(axis=0)
        lo, hi = (low, high) if rows == 0 else (np.minimum(lo, low), np.maximum(hi, high))
        largest = max(largest, float(np.max(np.abs(y))))
        rows += len(y)
    if rows == 0:
        raise FitxError("no rows to fit")
    if not (np.isfinite(lo).all() and np.isfinite(hi).all() and np.isfinite(largest)):
        raise FitxError("x and y must be finite numbers", "drop the rows with missing or infinite values")
    exponents = [int(np.frexp(max(abs(a), abs(b)))[1]) for a, b in zip(lo, hi, strict=True)]
    ends = [chebyshev.domain(np.ldexp(np.array([a, b]), -e)) for a, b, e in zip(lo, hi, exponents, strict=True)]
    low_end, high_end = np.array(ends).T
    return Domain(low_end, high_end, tuple(exponents), int(np.frexp(largest)[1]), rows)


def fit_blocks(
    blocks: Blocks, terms: Exponents, sizes: list[int], *, domain: Domain | None = None, threads: int = 1
) -> list[Polynomial]:
    """`fit_polynomials` over blocks: the same polynomials, in two or three passes over the rows.

    terms: (p, d) and sizes as there. domain: from `find_domain` when it is known already (saves a pass).
    """
    domain = domain or find_domain(blocks)
    gram = np.zeros((len(terms) + 1, len(terms) + 1))
    univariate = terms.shape[1] == 1 and np.array_equal(terms[:, 0], np.arange(len(terms)))
    if univariate and max(abs(domain.x_exponent[0]), abs(domain.y_exponent)) < 400:
        gram = _univariate_gram(blocks, domain, len(terms) - 1, threads)
    else:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(threads, "blas"):
            for x, y, w in _scaled_blocks(blocks, domain, len(terms)):
                gram += _gram(chebyshev.tensor_columns(x, terms, domain.lo, domain.hi), y, w)
    both = _triangle(gram)
    if both is None:
        both = _stacked_qr(blocks, terms, domain)
    triangle = linear.reduce_triangle(both)
    kept = lower_part(triangle.kept, terms)
    dependent = triangle.dependent
    if len(kept) < len(triangle.kept):
        triangle = linear.reduce_triangle(both[:, [*kept, len(terms)]])
    fits: list[Polynomial] = []
    for asked in sizes:
        size = sum(1 for j in kept if j < asked)
        if fits and size == len(fits[-1].c):
            continue
        fits.append(
            Polynomial(
                terms[kept[:size]], triangle.solve(size), np.zeros(size), domain.lo, domain.hi, domain.x_exponent,
                domain.y_exponent, triangle.r[:size, :size], triangle.residual_norm(size), domain.rows,
                left_out(dependent, terms, asked),
            )
        )  # fmt: skip
    return fits


def in_blocks(x: Array, y: Array, w: Array | None = None, rows: int = ROWS) -> Blocks:
    """Arrays in memory as blocks (views, no copies)."""

    def blocks() -> Iterator[Block]:
        for start in range(0, len(y), rows):
            part = slice(start, start + rows)
            yield x[part], y[part], None if w is None else w[part]

    return blocks


def _scaled_blocks(blocks: Blocks, domain: Domain, columns: int) -> Iterator[Block]:
    """Blocks in scaled x and y, of at most ROWS rows, fewer where they become many columns."""
    rows = min(ROWS, max(4096, 2**22 // columns))
    shift = [-e for e in domain.x_exponent]
    for x, y, w in blocks():
        x = as_rows(x)
        for start in range(0, len(y), rows):
            bx, by, bw = x[start : start + rows], y[start : start + rows], None
            if w is not None:
                bw = w[start : start + rows]
                if not bw.all():  # rows of weight zero may lie outside the domain, where the T_k explode
                    bx, by, bw = bx[bw > 0], by[bw > 0], bw[bw > 0]
            yield np.ldexp(bx, shift), np.ldexp(by, -domain.y_exponent), bw


def _univariate_gram(blocks: Blocks, domain: Domain, degree: int, threads: int) -> Array:
    """The compiled sums over the blocks as they are: no scaled copies; the scale of y is taken out of the result."""
    lo, hi = np.ldexp(np.array([domain.lo[0], domain.hi[0]]), domain.x_exponent[0]).tolist()
    gram = np.zeros((degree + 2, degree + 2))
    for x, y, w in blocks():
        x = as_rows(x)[:, 0]
        if w is not None and not w.all():
            x, y, w = x[w > 0], y[w > 0], w[w > 0]
        x, y = np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)
        w = None if w is None else np.ascontiguousarray(w, dtype=np.float64)
        gram += chebyshev_gram(x, y, w, degree, lo, hi, threads)
    gram[-1] = np.ldexp(gram[-1], -domain.y_exponent)
    gram[:, -1] = np.ldexp(gram[:, -1], -domain.y_exponent)
    return gram


def _gram(v: Array, y: Array, w: Array | None) -> Array:
    both = np.column_stack([v, y])
    return both.T @ (both if w is None else both * w[:, None])


def _triangle(gram: Array) -> Array | None:
    """R with R'R = gram, or None where it squares too much away."""
    size = np.sqrt(np.diag(gram))
    if not (size > 0).all():
        return None
    unit = gram / size[:, None] / size[None, :]
    values = np.linalg.eigvalsh(unit[:-1, :-1])
    if values[0] <= 0 or values[-1] / values[0] > WORST_CONDITION:
        return None
    try:
        r = np.linalg.cholesky(unit).T
    except np.linalg.LinAlgError:
        return None
    if r[-1, -1] ** 2 < SMALLEST_SHARE:
        return None
    return np.asarray(r * size[None, :], dtype=np.float64)


def _stacked_qr(blocks: Blocks, terms: Exponents, domain: Domain) -> Array:
    """R of [A y] by TSQR: R of the rows so far, stacked on the next block."""
    r = np.zeros((0, len(terms) + 1))
    for x, y, w in _scaled_blocks(blocks, domain, len(terms)):
        both = np.column_stack([chebyshev.tensor_columns(x, terms, domain.lo, domain.hi), y])
        r = linear.qr_triangle(np.vstack([r, both if w is None else both * np.sqrt(w)[:, None]]))
    return r

"""Can powers of x carry a polynomial in float64? Evaluated as written, against the stable form, at the data."""

from __future__ import annotations

import numpy as np

from fitx.numerics.doubledouble import Array
from fitx.numerics.monomials import Exponents


def evaluate_powers(c: Array, terms: Exponents, x: Array) -> Array:
    """sum_j c_j x1^aj1 * ... * xd^ajd in float64, in order. c: (p,); terms: (p, d); x: (n, d); returns (n,)."""
    out = np.zeros(x.shape[0])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for value, term in zip(c, terms, strict=True):
            product = np.full(x.shape[0], value)
            for i in np.flatnonzero(term):
                product *= x[:, i] ** int(term[i])
            out += product
    return out


def power_loss(c: Array, terms: Exponents, x: Array, stable: Array, y: Array) -> float:
    """max |power form - stable form| / rms(y) over the rows; infinite where the power form over- or underflows.

    c: (p,) rounded power coefficients; x: (n, d) in their variable; stable: (n,) values of the stable form; y: (n,).
    About cond * 1e-16: below 1e-10 the power form is as good as any; above, prefer a scaled variable or Newton's form.
    """
    if not np.isfinite(c).all():
        return float("inf")
    return loss(evaluate_powers(c, terms, x), stable, y)


def loss(values: Array, stable: Array, y: Array) -> float:
    """max |values - stable| / rms(y), all (n,); infinite where one of them is not finite. Scales do not matter."""
    size = float(np.max(np.abs(y), initial=0.0)) or float(np.max(np.abs(stable), initial=0.0)) or 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        worst = float(np.max(np.abs(values / size - stable / size), initial=0.0))
    rms = float(np.sqrt(np.mean((y / size) ** 2))) if y.any() else 1.0
    return worst / rms if np.isfinite(worst) else float("inf")


def scaling(column: Array) -> tuple[float, float]:
    """(middle, half) with [middle - half, middle + half] about the column's range, rounded to two digits of half."""
    lo, hi = float(column.min()), float(column.max())
    middle, half = lo / 2 + hi / 2, hi / 2 - lo / 2
    if half == 0:
        return 0.0, abs(hi) or 1.0
    from decimal import Decimal

    step = Decimal(10) ** (Decimal(half).adjusted() - 1)
    rounded = float((Decimal(half) / step).to_integral_value() * step)
    if abs(middle) <= half / 4:
        return 0.0, rounded
    return float((Decimal(middle) / step).to_integral_value() * step), rounded

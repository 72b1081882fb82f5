"""A quotient in powers of x: which coefficient is made 1, short numbers, standard errors of what is printed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fitx.numerics import chebyshev, convert
from fitx.numerics.doubledouble import Array
from fitx.numerics.quotient import Problem, Quotient

Scaling = tuple[float, float]

_NOTHING = 1e-6  # share of the denominator's largest term below which a coefficient is not made 1
_SHORTER = 0.8  # of the digits, for which the constant term gives way
_DUST = 1e-9  # share of the largest term below which a term may be rounding


def normalised(
    r: Quotient, scaling: Scaling | None, one: int | None, *, exact: bool
) -> Iterator[tuple[int, list[float], list[float]]]:
    """(one, a, b): coefficients of the powers with b[one] == 1, correctly rounded; nothing where float64 ends.

    one: None to choose: the constant term, or the highest power where the constant is next to nothing, or where the
    fit is exact and numbers get shorter by it.
    """
    a, b = r.exact_powers(scaling)
    choices = [one] if one is not None else [0, len(b) - 1]
    if one is None and len(b) > 1:
        ends = np.ldexp(np.array([r.lo, r.hi]), r.x_exponent)
        v = ends if scaling is None else (ends - scaling[0]) / scaling[1]
        with np.errstate(all="ignore"):
            size = np.abs(convert.rounded(b)) * np.abs(v).max() ** np.arange(len(b))
        if np.isfinite(size).all() and size[0] <= _NOTHING * size.max():
            choices = [len(b) - 1]
        elif not exact:
            choices = [0]
    found: list[tuple[int, list[float], list[float]]] = []
    for k in dict.fromkeys(choices):
        if b[k] == 0:
            continue
        top, bottom = convert.rounded([c / b[k] for c in a]), convert.rounded([c / b[k] for c in b])
        if np.isfinite(top).all() and np.isfinite(bottom).all():
            found.append((k, top.tolist(), bottom.tolist()))
    lengths = [sum(len(f"{v:.9g}") for v in f[1] + f[2]) for f in found]
    best = 1 if len(found) > 1 and lengths[1] < _SHORTER * lengths[0] else 0
    yield from found[best : best + 1]


def rounded(a: list[float], b: list[float], v: Array, digits: int) -> tuple[list[float], list[float]]:
    """Coefficients with that many digits, terms that are dust at all places v of the variable left out."""
    out: list[list[float]] = []
    for c in (a, b):
        size = np.abs(c) * np.abs(v).max() ** np.arange(len(c))
        kept = np.where(size <= _DUST * size.max(), 0.0, c)
        out.append([float(f"{value:.{digits}g}") for value in kept])
    return out[0], out[1]


def covariance(
    problem: Problem, r: Quotient, scaling: Scaling | None, one: int, weights: Array | None, absolute: bool
) -> tuple[Array, Array | None, float]:
    """(values, covariance, dof) of a0 ... am and the b's but b[one]: sigma^2 (J'J)^-1 with J the derivatives of P / Q.

    absolute: the weights are 1 / (known standard deviation)^2. Covariance None where it is not finite.
    """
    m, n = r.degrees
    exact_a, exact_b = r.exact_powers(scaling)
    a, b = (convert.rounded([c / exact_b[one] for c in part]) for part in (exact_a, exact_b))
    free = [k for k in range(n + 1) if k != one]
    values = np.r_[a, b[free]]
    x = np.ldexp((problem.lo * (1 - problem.t) + problem.hi * (1 + problem.t)) / 2, problem.x_exponent)
    v = x if scaling is None else (x - scaling[0]) / scaling[1]
    with np.errstate(all="ignore"):
        q = chebyshev.evaluate(r.b, problem.t)
        ratio = chebyshev.evaluate(r.a, problem.t) / q
        share = problem.root / (q / float(exact_b[one]))
        table = v[:, None] ** np.arange(max(m, n) + 1)
        jacobian = np.c_[table[:, : m + 1] * share[:, None], -table[:, free] * (share * ratio)[:, None]]
        size = np.linalg.norm(jacobian, axis=0)
        dof = float(r.dof)
        if not np.isfinite(size).all() or (size == 0).any() or dof <= 0:
            return values, None, dof
        triangle = np.linalg.qr(jacobian / size, mode="r")
        if absolute and weights is not None:
            spread = float(np.ldexp(1 / np.sqrt(weights.max()), -r.y_exponent))
        else:
            spread = r.sigma()
        if np.abs(np.diag(triangle)).min() <= 1e-14:
            return values, None, dof
        half = spread * np.linalg.inv(triangle) / size[:, None]
        half[: m + 1] = np.ldexp(half[: m + 1], r.y_exponent)
        matrix = half @ half.T
    return values, matrix if np.isfinite(matrix).all() else None, np.inf if absolute else dof

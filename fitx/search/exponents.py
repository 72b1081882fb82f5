"""A term corrected by powers of columns, their sines and cosines: c g prod |f_k|^a_k beside a linear base.

The exponents are found by Gauss-Newton steps with the base projected out (variable projection), then rounded to halves.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula, call
from fitx.search.algebra import product
from fitx.search.grammar import Grammar
from fitx.search.problem import Problem

Array = npt.NDArray[np.float64]
Factors = list[tuple[Formula, Array]]

_ANGLE = 13.0  # columns within +- this may be angles
_STEPS = 12
_MOST = 6.0  # the largest exponent


def likely_factors(problem: Problem, x: Array, grammar: Grammar) -> Factors:
    """The active columns without zeros, and sines and cosines of those that may be angles; with their logarithms."""
    found: Factors = []
    for k in problem.active:
        v, f = x[k], problem.formulas[k]
        options = [(f, v)]
        if np.abs(v).max() <= _ANGLE and np.ptp(v) > 0.5 and grammar.allows("sin") and grammar.allows("cos"):
            options += [(call("sin", f), np.sin(v)), (call("cos", f), np.cos(v))]
        found += [(g, np.log(np.abs(w))) for g, w in options if np.abs(w).min() > 1e-3 * np.abs(w).max()]
    return found


def corrected(
    g: Array, formula: Formula, c: float, factors: Factors, basis: Array, t: Array
) -> tuple[Formula, float, float] | None:
    """The corrected formula of g (n,), its c, and the share of t (n,) that c g prod |f|^a leaves unexplained.

    basis: (k, n) orthonormal, already taken out of t. None where no rounded exponents explain t as well as real ones.
    """
    if not factors or not c:
        return None
    logs = np.array([v - v.mean() for _, v in factors])
    with np.errstate(all="ignore"):
        a, misfit = _fitted(c * g, logs, basis, t)
        short = np.round(2 * a) / 2
        if not short.any() or np.abs(short).max() > _MOST:
            return None
        values = g * np.exp(short @ np.array([v for _, v in factors]))
        left = values - (values @ basis.T) @ basis
        norm = float(left @ left)
        rounded = 1 - float(left @ t) ** 2 / (norm * float(t @ t))
    if not rounded < max(1.5 * misfit, 1e-6):
        return None
    powers = [(f, float(e)) for (f, v), e in zip(factors, short, strict=True) if e]
    return product(1.0, [(formula, 1.0), *powers]).simplify(), float(left @ t) / norm, rounded


def _fitted(term: Array, logs: Array, basis: Array, t: Array) -> tuple[Array, float]:
    """Exponents a that minimise |t - term e^b prod f^a| without the base, by damped Gauss-Newton; and the misfit."""
    a, damping, total = np.zeros(len(logs) + 1), 1e-3, float(t @ t)
    every = np.vstack([np.ones(logs.shape[1]), logs])

    def residual(a: Array) -> tuple[Array, Array]:
        v = term * np.exp(a @ every)
        return v, t - (v - (v @ basis.T) @ basis)

    v, r = residual(a)
    for _ in range(_STEPS):
        J = v * every
        J = J - (J @ basis.T) @ basis
        A = J @ J.T
        step = np.linalg.lstsq(A + damping * np.diag(np.diag(A)), J @ r, rcond=1e-12)[0]
        w, q = residual(a + step)
        if np.isfinite(q).all() and q @ q < r @ r:
            gain = 1 - float(q @ q) / float(r @ r)
            a, v, r, damping = a + step, w, q, damping / 10
            if gain < 1e-4:
                break
        else:
            damping *= 30
    return a[1:], float(r @ r) / total

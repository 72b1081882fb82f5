"""Sums of exponentials, damped and plain waves of one column, on uneven rows too, by Prony's method with integrals.

A sum of p exponentials exp(s_k x) and a polynomial of degree q - 1 solves a linear differential equation. Integrated p
times it is linear in its coefficients:

    T(y) = -sum_k a_k I^k[T(y)] + polynomial of degree p + q - 1,    s^p + a_1 s^(p-1) + ... + a_p = 0

with I^k the k-th integral of a cubic spline through the rows. Of log x instead of x: sums of powers.
[Tittelbach-Helmrich, Meas. Sci. Technol. 4 (1993); Jacquelin, Regressions et equations integrales, 2009]
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, call
from fitx.search.algebra import linear, power
from fitx.search.budget import Budget
from fitx.search.refine import refine
from fitx.search.stages.base import Stage, Work
from fitx.search.targets import targets_for

Array = npt.NDArray[np.float64]

_TARGETS = ("y", "1/y", "log y", "y^2")
_ORDERS = (2, 3, 4, 5, 6)
_POLYNOMIALS = (0, 1, 2)
_ROWS = 600
_SEEN = 1e-7  # what the integral equation may leave of the variance: the exponents are then refined
_NEARLY = 1e-5  # what the sum may leave of the variance before that
_TRIED = 4


class Prony(Stage):
    """The sums of fewest terms that come near T(y), their constants refined."""

    name = "exponential sum"
    family = "instant"
    rank = 35

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """For x and log x and a few targets."""
        problem, t = work.problem, work.table
        if len(problem.active) != 1 or not all(work.grammar.allows(name) for name in ("exp", "sin")):
            return
        k = problem.active[0]
        rows = np.unique(np.linspace(0, problem.n - 1, min(problem.n, _ROWS)).astype(int))
        x, y = problem.columns[k][rows], problem.y[rows]
        if not (np.isfinite(x).all() and np.isfinite(y).all()) or len(y) < 40 or not np.ptp(y) > 0:
            return
        order = np.unique(x, return_index=True)[1]
        x, y = x[order], y[order]
        if len(x) < 40:
            return
        for log in (False, True) if x[0] > 0 and x[-1] > 3 * x[0] and work.grammar.allows("log") else (False,):
            u = np.log(x) if log else x
            for target in targets_for(y, work.grammar.operators):
                if target.name not in _TARGETS or budget.expired():
                    continue
                with np.errstate(all="ignore"):
                    z = target.forward(y)
                if not np.isfinite(z).all() or not np.ptp(z) > 0:
                    continue
                for f in _sums(u, z, problem.formulas[k], log, 3 * t.noise):
                    g = problem.lift(target.inverse(f)).simplify()
                    yield refine(g, t.check_columns, t.check_y, t.names, t.check_weights, rounds=25)


def _sums(u: Array, z: Array, x: Formula, log: bool, noise: float) -> Iterator[Formula]:
    from scipy.interpolate import CubicSpline

    middle, half = (u[0] + u[-1]) / 2, (u[-1] - u[0]) / 2
    s = (u - middle) / half  # exponents are of s until the end
    spline = CubicSpline(s, z)
    integrals = [spline.antiderivative(k)(s) for k in range(1, max(_ORDERS) + 1)]
    powers = [s**k for k in range(max(_ORDERS) + max(_POLYNOMIALS))]
    spread = float(((z - z.mean()) ** 2).sum())
    limit = max(_SEEN, noise)

    def equation(p: int, q: int) -> tuple[float, Array]:
        A = np.array([*integrals[:p], *powers[: p + q]])
        size = np.sqrt((A * A).sum(axis=1))
        c = np.linalg.lstsq((A / size[:, None]).T, z, rcond=1e-15)[0] / size
        r = z - c @ A
        return float(r @ r) / spread, c[:p]

    if equation(max(_ORDERS), max(_POLYNOMIALS))[0] > limit:
        return
    tried = 0
    for p in _ORDERS:
        for q in _POLYNOMIALS:
            left, a = equation(p, q)
            if left > limit or tried == _TRIED:
                continue
            roots = np.roots([1.0, *(-a)])
            if np.abs(roots).max() > 200 or np.abs(roots.real).max() > 60:
                continue
            f, error = _linear(s, z, roots.astype(complex), q, half, middle, x, log)
            if f is not None and error < max(_NEARLY, noise) * spread:
                tried += 1
                yield f


def _linear(
    s: Array, z: Array, roots: npt.NDArray[np.complex128], q: int, half: float, middle: float, x: Formula, log: bool
) -> tuple[Formula | None, float]:
    """The sum with these exponents and its squared error; exponents back in u = middle + half s."""
    u = middle + half * s
    columns: list[Array] = [u**k for k in range(q)]
    made: list[tuple[float, float]] = []  # growth and frequency in u
    for root in roots:
        if root.imag < -1e-9:
            continue
        growth, frequency = root.real / half, (root.imag if root.imag > 1e-9 else 0.0) / half
        if frequency and abs(root.real) < 1e-3:
            growth = 0.0
        if not frequency and abs(root.real) < 1e-4:
            return None, np.inf
        made.append((growth, frequency))
        e = np.exp(growth * (u - middle))
        columns += [e * np.cos(frequency * u), e * np.sin(frequency * u)] if frequency else [e]
    A = np.array(columns)
    size = np.maximum(np.sqrt((A * A).sum(axis=1)), 1e-300)
    c = np.linalg.lstsq((A / size[:, None]).T, z, rcond=1e-15)[0] / size
    r = z - c @ A
    base: Formula = call("log", x) if log else x
    terms: list[tuple[float, Formula]] = [(float(c[k]), power(base, k) if k else Const(1)) for k in range(q)]
    at = q
    for growth, frequency in made:
        e_f = (power(x, growth) if log else call("exp", growth * base)) if growth else None
        scale = float(np.exp(-growth * middle))
        if frequency:
            size_, phase = float(np.hypot(c[at], c[at + 1])), float(np.arctan2(c[at], c[at + 1]))
            wave = call("sin", frequency * base + phase)
            terms.append((size_ * scale, wave if e_f is None else e_f * wave))
            at += 2
        else:
            terms.append((float(c[at]) * scale, e_f if e_f is not None else Const(1)))
            at += 1
    if not all(np.isfinite(v) for v, _ in terms):
        return None, np.inf
    return linear(terms), float(r @ r)

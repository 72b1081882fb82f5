"""Sums of exponentials, damped and plain waves of one column, on uneven rows too, by Prony's method with integrals.

A sum of p exponentials exp(s_k x) and a polynomial of degree q - 1 solves a linear differential equation. Integrated p
times it is linear in its coefficients:

    T(y) = -sum_k a_k I^k[T(y)] + polynomial of degree p + q - 1,    s^p + a_1 s^(p-1) + ... + a_p = 0

with I^k the k-th integral of cubics through the rows. Of log x instead of x: sums of powers.
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
_ORDERS = (1, 2, 3, 4, 5, 6)
_POLYNOMIALS = (0, 1, 2)
_ROWS = 600
_SEEN = 1e-7  # what the integral equation may leave of the variance: the exponents are then refined
_EXACT = 1e-17  # what the refined sum may leave
_STEPS = 12
_FLAT = 0.02  # exponent times half the range of x
_TRIED = 3


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
                    yield refine(g, t.check_columns, t.check_y, t.names, t.check_weights, rounds=4)


def _sums(u: Array, z: Array, x: Formula, log: bool, noise: float) -> Iterator[Formula]:
    middle, half = (u[0] + u[-1]) / 2, (u[-1] - u[0]) / 2
    s = (u - middle) / half  # exponents are of s until the end
    if not np.diff(s).min() > 0:  # values of x that differ by rounding only: no slope between them
        return
    integrals = _integrals(s, z, max(_ORDERS))
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
            tried += 1
            found = _refined(s, z, _exponents(roots.astype(complex)), q)
            if found is None or not found[2] < max(_EXACT, noise) * spread:
                continue
            if np.abs(found[0]).max(axis=1).min() < _FLAT:
                continue  # an exponential so flat stands for a power of x
            with np.errstate(over="ignore"):
                f = _formula(*found[:2], q, half, middle, x, log)
            if f is not None:
                yield f
            return


def _integrals(s: Array, z: Array, count: int) -> list[Array]:
    """Repeated integrals of z (n,) from s[0]: each by cubics through its values and slopes, the integral before."""
    values, slopes, found = z, np.gradient(z, s, edge_order=2), []
    h = np.diff(s)
    for _ in range(count):
        parts = h * (values[1:] + values[:-1]) / 2 + h * h * (slopes[:-1] - slopes[1:]) / 12
        values, slopes = np.concatenate([[0.0], np.cumsum(parts)]), values
        found.append(values)
    return found


def _exponents(roots: npt.NDArray[np.complex128]) -> Array:
    """(k, 2): growth and frequency (0: a real root) of each root or conjugate pair; no growth where it is tiny."""
    kept = [(r.real, r.imag if r.imag > 1e-9 else 0.0) for r in roots if r.imag > -1e-9]
    return np.array([(0.0 if w and abs(g) < 1e-3 else g, w) for g, w in kept])


def _columns(s: Array, exponents: Array, q: int) -> tuple[Array, list[int]]:
    """Powers of s, then one column for a real exponent and two for a wave; where each exponent's begin."""
    columns, first = [s**k for k in range(q)], []
    for g, w in exponents:
        first.append(len(columns))
        e = np.exp(g * s)
        columns += [e * np.cos(w * s), e * np.sin(w * s)] if w else [e]
    return np.array(columns), first


def _refined(s: Array, z: Array, exponents: Array, q: int) -> tuple[Array, Array, float] | None:
    """Gauss-Newton steps for exponents and coefficients together: both, and the squared error."""
    waves, plain = exponents[:, 1] > 0, exponents[:, 0] == 0
    best: tuple[Array, Array, float] | None = None
    for _ in range(_STEPS):
        A, first = _columns(s, exponents, q)
        size = np.maximum(np.sqrt((A * A).sum(axis=1)), 1e-300)
        if not np.isfinite(A).all():
            break
        c = np.linalg.lstsq((A / size[:, None]).T, z, rcond=1e-15)[0] / size
        r = z - c @ A
        error = float(r @ r)
        if best is not None and not error < 0.5 * best[2]:
            return best if best[2] < error else (exponents, c, error)
        best = exponents, c, error
        J, of = [], []
        for k, at in enumerate(first):
            f = c[at] * A[at] + (c[at + 1] * A[at + 1] if waves[k] else 0.0)
            if not (waves[k] and plain[k]):
                J.append(s * f)
                of.append((k, 0))
            if waves[k]:
                J.append(s * (c[at + 1] * A[at] - c[at] * A[at + 1]))
                of.append((k, 1))
        B = np.concatenate([A, np.array(J)])
        size = np.maximum(np.sqrt((B * B).sum(axis=1)), 1e-300)
        step = (np.linalg.lstsq((B / size[:, None]).T, r, rcond=1e-14)[0] / size)[len(A) :]
        exponents = exponents.copy()
        for (k, i), d in zip(of, step, strict=True):
            exponents[k, i] += float(np.clip(d, -2.0, 2.0))
        if np.abs(exponents).max() > 250:
            break
    return best


def _formula(exponents: Array, c: Array, q: int, half: float, middle: float, x: Formula, log: bool) -> Formula | None:
    """The sum with exponents of s = (u - middle)/half, u = x or log x; None where its constants overflow."""
    base: Formula = call("log", x) if log else x
    terms: list[tuple[float, Formula]] = []
    if q:  # powers of s as powers of u
        shift = np.polynomial.Polynomial([-middle / half, 1 / half])
        total = np.polynomial.Polynomial([0.0])
        for k in range(q):
            total = total + float(c[k]) * shift**k
        terms += [(float(v), power(base, k) if k else Const(1)) for k, v in enumerate(total.coef)]
    at = q
    for growth, frequency in exponents / half:
        scale = float(np.exp(-growth * middle))
        f = None if not growth else power(x, growth) if log else call("exp", growth * base)
        if frequency:
            height, phase = float(np.hypot(c[at], c[at + 1])), float(np.arctan2(c[at], c[at + 1]))
            wave = call("sin", frequency * base + (phase - frequency * middle))
            terms.append((height * scale, wave if f is None else f * wave))
            at += 2
        else:
            terms.append((float(c[at]) * scale, Const(1) if f is None else f))
            at += 1
    return linear(terms) if np.isfinite([factor for factor, _ in terms]).all() else None

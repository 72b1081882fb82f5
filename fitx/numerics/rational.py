"""Least-squares quotients of polynomials of one variable: P(t) / Q(t) in Chebyshev polynomials on the data's domain.

    problem = Problem.of(x, y, weights, highest=5)
    r = fit(problem, 2, 3)                  # numerator degree 2, denominator degree 3
    r.evaluate(x), r.poles()

min sum_i w_i (y_i - P(t_i) / Q(t_i))^2. Start: linearised, sum_i w_i (P - y_i Q)^2 / Q_before^2, repeated with the last
denominator [Sanathanan & Koerner 1963, doi:10.1109/TAC.1963.1105517]; finish: Levenberg-Marquardt with the exact
derivatives, on the sphere |b| = 1 of the denominator's coefficients, so that no coefficient is assumed not to be zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fitx.errors import FitxError
from fitx.numerics import linear
from fitx.numerics.doubledouble import Array
from fitx.numerics.quotient import Problem, Quotient

_ROUNDS = 8  # of the linearised start
_STEPS = 60  # of the finish
_GAIN = 1e-4  # of the norm of the residual, below which a step is one of the last of Levenberg-Marquardt's
_NOISE = 1e-6  # ||y - r|| / ||y|| from which the last steps are Newton's
_LAST = 1e-10  # change of the values, relative to the residuals, by the last step
_REFUSED = 8  # steps, one shorter than the other
_SMALLEST = 1e-15  # ||y - r|| / ||y|| at which nothing is left to fit


def fit(
    problem: Problem,
    m: int,
    n: int,
    *,
    poles: bool = False,
    starts: Sequence[tuple[Array, Array]] = (),
    linearised: bool = True,
) -> Quotient | None:
    """The least-squares quotient of degrees m and n: the best from the linearised start, if asked for, and `starts`.

    starts: coefficients (a, b) of lower or equal degrees. poles: the denominator may be zero within the domain. Where
    a zero cancels a pole, both degrees are one lower. None: every start ends at a quotient with a pole in the domain.
    Errors: FitxError where the rows do not determine m + n + 1 coefficients.
    """
    if problem.distinct < m + n + 1:
        raise FitxError(f"{problem.distinct} different points do not determine the {m + n + 1} coefficients")
    best: Quotient | None = None
    begin = _linearised(problem, m, n, poles) if linearised else []
    begin += [(_padded(a, m), _padded(b, n)) for a, b in starts]
    # where all have poles: from the polynomial, whose denominator is one
    for a, b in begin or [(_polynomial(problem, m), _padded(np.ones(1), n))]:
        a, b, norm = _finish(problem, a, b, poles)
        found = _quotient(problem, a, b, norm)
        if (n and m and found.spurious(problem.t)) or (best is not None and norm >= best.residual_norm):
            continue
        if n == 0 or poles or not len(found.real_poles(np.sort(problem.t))):
            best = found
        if norm <= _SMALLEST * float(np.linalg.norm(problem.root * problem.y)):
            break
    if best is None and m and n:
        return fit(problem, m - 1, n - 1, poles=poles, starts=[s for s in starts if len(s[0]) <= m and len(s[1]) <= n])
    return best


def _quotient(problem: Problem, a: Array, b: Array, norm: float) -> Quotient:
    p = problem
    return Quotient(a, b, p.lo, p.hi, p.x_exponent, p.y_exponent, norm, len(p.y))


def _linearised(problem: Problem, m: int, n: int, poles: bool) -> list[tuple[Array, Array]]:
    """The best of the linearised iterates, [] where all have poles that are not allowed."""
    v, w = problem.table, problem.root
    if n == 0:
        return [(_polynomial(problem, m), np.ones(1))]
    best: list[tuple[Array, Array]] = []
    least = np.inf
    for _ in range(_ROUNDS):
        top, bottom = v[:, : m + 1] * w[:, None], v[:, : n + 1] * (w * problem.y)[:, None]
        orthogonal, r = np.linalg.qr(top)
        part = orthogonal.T @ bottom
        b = np.linalg.svd(bottom - orthogonal @ part, full_matrices=len(v) < n + 1)[2][-1]
        a = np.linalg.lstsq(r, part @ b, rcond=None)[0]
        q = v[:, : n + 1] @ b
        cost = float(np.linalg.norm(problem.residual(a, b)))
        if cost < least and (poles or problem.one_sign(b)):
            best, least = [(a, np.asarray(b))], cost
        w = problem.root / np.maximum(np.abs(q), 1e-8 * np.abs(q).max())
    return best


def _polynomial(problem: Problem, m: int) -> Array:
    top = problem.table[:, : m + 1] * problem.root[:, None]
    return np.asarray(np.linalg.lstsq(top, problem.root * problem.y, rcond=None)[0])


def _finish(problem: Problem, a: Array, b: Array, poles: bool) -> tuple[Array, Array, float]:
    """Levenberg-Marquardt from (a, b); returns those at the optimum, |b| = 1, and the norm of the residual."""
    m, n = len(a), len(b)
    length = float(np.linalg.norm(b))
    a, b = a / length, b / length
    residual = problem.residual(a, b)
    norm = float(np.linalg.norm(residual))
    if n == 1 or not np.isfinite(norm):
        return a, b, norm
    size_y = float(np.linalg.norm(problem.root * problem.y))
    damping, idle, refused, last, ending = 1e-4, 0, 0, np.inf, False
    for _ in range(_STEPS):
        if norm <= _SMALLEST * size_y:
            break
        if not refused:
            tangent, triangle, size = _linear_model(problem, a, b, residual)
        if ending and norm > _NOISE * size_y:
            step = _newton(problem, a, b, residual, tangent, triangle, size)
        else:
            step = _damped(triangle, 0.0 if ending else np.sqrt(damping) * size)
        moves = float(np.linalg.norm(triangle[:-1, :-1] @ step))
        if ending and not moves < 0.8 * last:
            break
        new_a, new_b = a + step[:m], b + tangent @ step[m:]
        length = float(np.linalg.norm(new_b))
        new_a, new_b = new_a / length, new_b / length
        new = problem.residual(new_a, new_b)
        new_norm = float(np.linalg.norm(new))
        if not new_norm < norm * (1 + ending * 1e-9) or not (poles or problem.one_sign(new_b)):
            if ending and norm <= _NOISE * size_y:
                break
            ending, last, idle = False, np.inf, min(idle, 0) - 2  # too early
            damping, refused = max(20 * damping, 1e-9), refused + 1
        else:
            idle = idle + 1 if new_norm > norm * (1 - _GAIN) else 0
            a, b, residual, norm, damping, refused = new_a, new_b, new, new_norm, max(damping / 20, 1e-18), 0
            if ending:
                last = moves
                if moves <= _LAST * norm:
                    break
        if refused > _REFUSED or idle > 1:  # the norm no longer tells steps apart, but their length does
            ending, refused = True, 0
    return a, b, norm


def _damped(triangle: Array, damping: Array | float) -> Array:
    """min |J step - residual|^2 + |damping step|^2. triangle: R of [J, residual]."""
    p = triangle.shape[1] - 1
    rows = np.zeros((p, p + 1))
    np.fill_diagonal(rows, damping)
    r = linear.qr_triangle(np.vstack([triangle, rows]))
    return np.asarray(np.linalg.lstsq(r[:p, :p], r[:p, -1], rcond=1e-15)[0])


def _newton(
    problem: Problem, a: Array, b: Array, residual: Array, tangent: Array, triangle: Array, size: Array
) -> Array:
    """Newton's step, (J'J - S) step = J' residual, S: the residuals times the second derivatives of P / Q; where that
    is not a minimum, the step without S. Gauss-Newton's alone converges slowly where residuals are large."""
    m, p = len(a), triangle.shape[1] - 1
    q = problem.table[:, : len(b)] @ b
    top, bottom = problem.table[:, :m], problem.table[:, : len(b)] @ tangent
    share = problem.root * residual / q**2
    ratio = (top @ a) / q
    second = np.zeros((p, p))
    second[:m, m:] = -(top * share[:, None]).T @ bottom
    second[m:, :m] = second[:m, m:].T
    second[m:, m:] = 2 * (bottom * (share * ratio)[:, None]).T @ bottom
    j = triangle[:, :-1]
    hessian = (j.T @ j - second) / np.outer(size, size)
    try:
        half = np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        return _damped(triangle, 0.0)
    gradient = (j.T @ triangle[:, -1]) / size
    return np.asarray(np.linalg.solve(half.T, np.linalg.solve(half, gradient)) / size)


def _linear_model(problem: Problem, a: Array, b: Array, residual: Array) -> tuple[Array, Array, Array]:
    """Directions of b that keep its length; R of [J, residual], J by a and those directions; lengths of J's columns."""
    m, n = len(a), len(b)
    tangent = _tangent(b)
    jacobian = np.empty((len(problem.t), m + n))
    share = problem.root / (problem.table[:, :n] @ b)
    np.multiply(problem.table[:, :m], share[:, None], out=jacobian[:, :m])
    slope = share * (problem.table[:, :m] @ a) / (problem.table[:, :n] @ b)
    np.multiply(problem.table[:, :n] @ tangent, -slope[:, None], out=jacobian[:, m : m + n - 1])
    jacobian[:, -1] = residual
    triangle = linear.qr_triangle(jacobian)
    size = np.linalg.norm(triangle[:, :-1], axis=0)
    size[size == 0] = 1.0
    return tangent, np.asarray(triangle), np.asarray(size, dtype=np.float64)


def _tangent(b: Array) -> Array:
    """Orthonormal columns (n, n - 1) orthogonal to b, of length one: a Householder reflection without its first."""
    v = b.copy()
    v[0] += np.copysign(1.0, b[0])
    reflection: Array = np.eye(len(b)) - np.outer(v, v) * (2.0 / float(v @ v))
    return reflection[:, 1:]


def _padded(c: Array, degree: int) -> Array:
    return np.concatenate([c, np.zeros(degree + 1 - len(c))])

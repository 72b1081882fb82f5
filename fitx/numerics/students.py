"""Student's t and the F distribution: intervals and tests. Without SciPy, for a quick start."""

from __future__ import annotations

import math
from statistics import NormalDist

_MANY = 1000.0  # from here on four terms of the expansion about the normal quantile give twelve digits


def t_quantile(probability: float, dof: float) -> float:
    """t with P(T <= t) = probability for Student's T with `dof` degrees of freedom; the normal quantile for dof = inf.

    Newton's method on the tail, kept within a bracket, started from the Cornish-Fisher expansion, which alone serves
    where dof is large. About 12 digits. NaN unless 0 < probability < 1 and dof > 1e-9.
    [Abramowitz & Stegun 1964, 26.7.5 and 26.5.8]
    """
    if not (0.0 < probability < 1.0 and dof > 1e-9):
        return math.nan
    if probability < 0.5:
        return -t_quantile(1.0 - probability, dof)
    start = _expansion(NormalDist().inv_cdf(probability), dof)
    if dof >= _MANY or probability == 0.5:
        return start
    tail, low, high, t = 1.0 - probability, 0.0, math.inf, max(start, 0.1) if start < 1e6 else 1.0
    for _ in range(2000):
        gap = _upper_tail(t, dof) - tail
        low, high = (t, high) if gap > 0 else (low, t)
        density = _density(t, dof)
        step = t + gap / density if density > 0 else math.inf
        if abs(step - t) <= 1e-14 * t:
            return step
        if not low < step < high:
            step = (low + high) / 2 if high < math.inf else 2 * t
        t = step
    return t


def t_tail(t: float, dof: float) -> float:
    """P(T > t) for Student's T with `dof` degrees of freedom, about 12 digits. NaN unless dof > 0 is finite."""
    if not (dof > 0 and math.isfinite(dof)) or math.isnan(t):
        return math.nan
    return _upper_tail(t, dof) if t >= 0 else 1.0 - _upper_tail(-t, dof)


def log_f_tail(f: float, between: float, within: float) -> float:
    """log P(F > f) for F with `between` and `within` degrees of freedom; the logarithm does not underflow.

    The incomplete beta function I_x(within / 2, between / 2) at x = within / (within + between f).
    [Abramowitz & Stegun 1964, 26.6.2]
    """
    if not f > 0:
        return 0.0
    a, b = within / 2, between / 2
    x, rest = within / (within + between * f), between * f / (within + between * f)
    if x < (a + 1) / (a + b + 2):
        return _log_incomplete_beta(a, b, x, rest)
    return math.log1p(-math.exp(min(0.0, _log_incomplete_beta(b, a, rest, x)))) if rest > 0 else 0.0


def _expansion(z: float, dof: float) -> float:
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + (g1 + (g2 + (g3 + g4 / dof) / dof) / dof) / dof


def _density(t: float, dof: float) -> float:
    log_b = math.lgamma((dof + 1) / 2) - math.lgamma(dof / 2) - 0.5 * math.log(dof * math.pi)
    return math.exp(log_b - (dof + 1) / 2 * math.log1p(t * t / dof))


def _upper_tail(t: float, dof: float) -> float:
    """P(T > t), t >= 0: half the incomplete beta function I_x(dof / 2, 1 / 2) at x = dof / (dof + t^2)."""
    a, b = dof / 2, 0.5
    x, rest = dof / (dof + t * t), t * t / (dof + t * t)
    if x < (a + 1) / (a + b + 2):
        return 0.5 * _incomplete_beta(a, b, x, rest)
    return 0.5 * (1.0 - _incomplete_beta(b, a, rest, x))


def _incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    return math.exp(_log_incomplete_beta(a, b, x, rest)) if x > 0 else 0.0


def _log_incomplete_beta(a: float, b: float, x: float, rest: float) -> float:
    """log I_x(a, b), rest = 1 - x, by its continued fraction (Lentz's method); quick for x < (a + 1) / (a + b + 2)."""
    if x <= 0:
        return -math.inf
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest)
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1.0 / (1.0 + even * d), 1.0 + even / c
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / (1.0 + odd * d), 1.0 + odd / c
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return log_front + math.log(value / a)

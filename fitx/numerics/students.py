"""Student's t distribution: what turns a standard error into a confidence interval."""

from __future__ import annotations


def t_quantile(probability: float, dof: float) -> float:
    """t with P(T <= t) = probability for Student's T with `dof` degrees of freedom; the normal quantile for dof = inf.

    NaN unless 0 < probability < 1 and dof > 0.
    """
    if not (0.0 < probability < 1.0 and dof > 0):
        return float("nan")
    if dof == float("inf"):
        from statistics import NormalDist

        return NormalDist().inv_cdf(probability)
    from scipy.special import stdtrit

    return float(stdtrit(dof, probability))

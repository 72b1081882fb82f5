"""Symmetries under noise: one column replaces two where polynomials of fewer columns explain y as well.

Derivatives of noisy data only propose. Whether a proposal holds is told by the unexplained variance of polynomials:
with one column less they reach a higher degree, so that they explain as much as those of all columns where the two
enter through the one alone, and no polynomial of all columns explains any of what is left [F test: Fisher 1925].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.search.problem import Problem
from fitx.search.reduce import proposals, reduced
from fitx.search.smooth import Design

Array = npt.NDArray[np.float64]

_ROWS = 1500
_PROPOSED = 16
_AS_WELL = 1.1  # times the unexplained variance
_EXCESS = 4.0  # standard deviations by which all columns may explain more of what is left
_STEPS = 4


def noisy_chain(problem: Problem) -> list[Problem]:
    """The problem without its clearest symmetry, then without that one's, and so on."""
    chain: list[Problem] = []
    while len(chain) < _STEPS and len(problem.active) > 1:
        found = _clearest(problem)
        if found is None:
            break
        problem = found
        chain.append(problem)
    return chain


def _clearest(problem: Problem) -> Problem | None:
    rows = np.unique(np.linspace(0, problem.n - 1, min(problem.n, _ROWS)).astype(int))
    whole = _left(problem, rows)
    if whole is None:
        return None
    bound, design = whole[0], whole[2]
    best: Problem | None = None
    least = _AS_WELL * bound
    for s in proposals(problem, rows, _PROPOSED):
        child = reduced(problem, s)
        left = _left(child, rows)
        if left is None or not left[0] < least:
            continue
        if design.excess(left[1] / design.root) < _EXCESS:
            best, least = child, left[0]
    return best


def _left(problem: Problem, rows: npt.NDArray[np.intp]) -> tuple[float, Array, Design] | None:
    """The least unexplained variance (1 where there is only noise) over columns as they are and their logarithms, the
    residuals in units of the noise, and the polynomials."""
    assert problem.sigma is not None
    x, y, w = problem.columns[list(problem.active)][:, rows], problem.y[rows], 1 / problem.sigma[rows]
    if not (np.isfinite(y).all() and np.isfinite(w).all() and np.isfinite(x).all()):
        return None
    x = x[np.ptp(x, axis=1) > 0]
    best: tuple[float, Array, Design] | None = None
    for logs in (False, True):
        positive = x.min(axis=1)[:, None] > 0
        if logs and not positive.any():
            continue
        design = Design(np.where(positive, np.log(np.maximum(x, 1e-300)), x) if logs else x, w)
        s2, r = design.left(y)
        if best is None or s2 < best[0]:
            best = s2, r, design
    return best

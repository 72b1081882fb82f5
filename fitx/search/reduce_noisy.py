"""Symmetries under noise: one column replaces two where polynomials of fewer columns explain y as well.

Derivatives of noisy data only propose. Whether a proposal holds is told by the unexplained variance of polynomials:
with one column less they reach a higher degree, so that they explain as much as those of all columns where the two
enter through the one alone, and no polynomial of all columns explains any of what is left [F test: Fisher 1925].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import numpy.typing as npt

from fitx.search.problem import Problem
from fitx.search.reduce import gradients, proposals, reduced
from fitx.search.scalings import scalings
from fitx.search.smooth import Design

Array = npt.NDArray[np.float64]

_ROWS = 1500
_COLUMNS = 20  # beyond, pairs and triples of them are too many to look at
_PROPOSED = 24
_AS_WELL = 1.1  # times the unexplained variance
_EXCESS = 3.3  # standard deviations by which all columns may explain more of what is left
_SHORT = 0.02  # of the unexplained variance that a symmetry has to be better by for each power more


@dataclass(frozen=True, slots=True)
class _Proposal:
    """misfit: of the derivatives; size: how much the column that stays is made of; make: the problem."""

    misfit: float
    size: int
    make: Callable[[], Problem]


def noisy_chain(problem: Problem) -> list[Problem]:
    """The problem without its clearest symmetry, then without that one's, and so on."""
    chain: list[Problem] = []
    while len(problem.active) > 1:
        found = _clearest(problem)
        if found is None:
            break
        problem = found
        chain.append(problem)
    return chain


def _clearest(problem: Problem) -> Problem | None:
    if len(problem.active) > _COLUMNS:
        return None
    rows = np.unique(np.linspace(0, problem.n - 1, min(problem.n, _ROWS)).astype(int))
    whole = _left(problem, rows)
    if whole is None:
        return None
    bound, _, design = whole
    best: Problem | None = None
    least = np.inf
    for proposal in _proposed(problem, rows):
        child = proposal.make()
        left = _left(child, rows)
        if left is None or not left[0] < _AS_WELL * bound or not left[0] * (1 + _SHORT * proposal.size) < least:
            continue
        if design.excess(left[1] / design.root) < _EXCESS:
            best, least = child, left[0] * (1 + _SHORT * proposal.size)
    return best


def _proposed(problem: Problem, rows: npt.NDArray[np.intp]) -> list[_Proposal]:
    """The likeliest symmetries first, each as clear as in the best of the derivatives."""
    x, y = problem.columns[list(problem.active)][:, rows], problem.y[rows]
    best: dict[tuple[object, ...], _Proposal] = {}
    for gradient in gradients(x, y):
        found: list[tuple[tuple[object, ...], _Proposal]] = []
        for s in proposals(problem, x, y, gradient):
            if s.family.name != "product":
                key = s.first, s.second, s.family.name, s.factor
                found.append((key, _Proposal(s.misfit, 2, partial(reduced, problem, s))))
        for c in islice(scalings(problem, gradient, y, x), _PROPOSED):
            size = sum(map(abs, c.exponents))
            found.append(((c.exponents, c.power), _Proposal(c.misfit, size, partial(c.apply, problem))))
        for where, proposal in found:
            if where not in best or proposal.misfit < best[where].misfit:
                best[where] = proposal
    return sorted(best.values(), key=lambda p: p.misfit)[:_PROPOSED]


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

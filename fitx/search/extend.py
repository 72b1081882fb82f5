"""Problems with further columns: x - 1, x + 1, x - y, x + y, and sines and cosines, so that monomials may hold them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula, call
from fitx.search.grammar import Grammar
from fitx.search.problem import Problem

Array = npt.NDArray[np.float64]

_MOST = 60
_ANGLE = 13.0  # columns within +- this may be angles
_ANGLES = 3
_TOGETHER = 4  # columns up to which 1 is taken from all at once


def extended(problem: Problem, grammar: Grammar) -> Iterator[Problem]:
    """The problem with columns added, one idea at a time, likely ones first."""
    made = 0
    for columns, formulas, label in _ideas(problem, grammar):
        values = np.array(columns)
        if not np.isfinite(values).all() or (np.ptp(values, axis=1) == 0).any():
            continue
        every = problem.with_columns(
            np.vstack([problem.columns, values]), [*problem.formulas, *formulas], f" with {label}"
        )
        active = (*problem.active, *range(problem.d, problem.d + len(formulas)))
        yield every.restricted(active, "")
        made += 1
        if made == _MOST:
            return


def _ideas(problem: Problem, grammar: Grammar) -> Iterator[tuple[list[Array], list[Formula], str]]:
    x, f, active = problem.columns, problem.formulas, problem.active
    waves = grammar.allows("sin") and grammar.allows("cos")
    angles = [k for k in active if np.abs(x[k]).max() <= _ANGLE and np.ptp(x[k]) > 0.5] if waves else []
    if 1 < len(angles) <= _ANGLES:
        yield (
            [w for k in angles for w in (np.sin(x[k]), np.cos(x[k]))],
            [w for k in angles for w in (call("sin", f[k]), call("cos", f[k]))], "waves",
        )  # fmt: skip
    for i in active:
        for j in active:
            if i < j:
                yield [x[i] - x[j]], [f[i] - f[j]], f"{i + 1}-{j + 1}"
    if 1 < len(active) <= _TOGETHER:
        yield [x[k] - 1 for k in active], [f[k] - 1 for k in active], "all-1"
    for k in active:
        yield [x[k] - 1], [f[k] - 1], f"{k + 1}-1"
    for k in angles:
        yield [np.sin(x[k]), np.cos(x[k])], [call("sin", f[k]), call("cos", f[k])], f"waves of {k + 1}"
    for i in active:
        for j in active:
            if i < j:
                yield [x[i] + x[j]], [f[i] + f[j]], f"{i + 1}+{j + 1}"
    for k in active:
        yield [x[k] + 1], [f[k] + 1], f"{k + 1}+1"

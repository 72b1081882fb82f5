"""The simplest formulas: a constant, and a + b g for each column and a few functions of one column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, call
from fitx.search.algebra import linear
from fitx.search.budget import Budget
from fitx.search.stages.base import Stage, Work

Array = npt.NDArray[np.float64]

_BEST = 3  # columns or functions of each kind


class Simple(Stage):
    """Something for the simple end of the front, whatever the data."""

    name = "simple"
    family = "instant"
    rank = 50

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """The mean, then for each function the columns that explain most."""
        problem = work.problem
        if problem.label:
            return
        check = problem.rows.check
        y = problem.y[check]
        yield problem.lift(Const(float(y.mean())))
        columns = problem.columns[:, check]
        for name, values in _functions(columns, work):
            ok = np.isfinite(values).all(axis=1) & (np.ptp(values, axis=1) > 0)
            centred = np.where(ok[:, None], values - values.mean(axis=1)[:, None], 0.0)
            norm = np.maximum((centred**2).sum(axis=1), 1e-300)
            slope = centred @ (y - y.mean()) / norm
            gain = slope**2 * norm
            for k in np.argsort(-gain, kind="stable")[:_BEST]:
                if ok[k]:
                    f = problem.formulas[int(k)]
                    g = f if name == "" else 1 / f if name == "1/" else call(name, f)
                    offset = float(y.mean() - slope[k] * values[k].mean())
                    yield problem.lift(linear([(float(slope[k]), g), (offset, Const(1))]))


def _functions(columns: Array, work: Work) -> Iterator[tuple[str, Array]]:
    yield "", columns
    with np.errstate(all="ignore"):
        yield "square", columns**2
        if work.grammar.allows("div"):
            yield "1/", 1 / columns
        for name, f in (("sqrt", np.sqrt), ("log", np.log), ("exp", np.exp)):
            if work.grammar.allows(name):
                yield name, f(columns)

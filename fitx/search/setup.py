"""From a fitter's data and options to a search: useless columns left out, exactness judged by the digits of y."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.fitters.base import Context, Data
from fitx.search.budget import Budget
from fitx.search.engine import ROUNDING, Search
from fitx.search.grammar import DEFAULT_OPERATORS, parse_grammar
from fitx.search.problem import make_problem
from fitx.search.rows import SAMPLE
from fitx.search.table import Table

Array = npt.NDArray[np.float64]

DEFAULT_SECONDS = 30.0


def make_search(data: Data, context: Context) -> Search:
    """The search for this data. Errors: UsageError for an unknown operator."""
    o = context.options
    grammar = parse_grammar(o["operators"] or DEFAULT_OPERATORS, o["costs"], o["forbidden"])
    budget = Budget(context.deadline)
    if o["time"] is not None or not np.isfinite(context.deadline):
        budget = Budget(min(context.deadline, budget.clock() + (o["time"] or DEFAULT_SECONDS)))
    rows = working_rows(data.n, context.rng)
    X, y = np.array([data.X[rows, j] for j in range(data.d)]).T, data.y[rows]
    used = useful_columns(X) or [0]
    rounding = rounding_floor(y)
    problem = make_problem(X[:, used], y, tuple(data.names[j] for j in used), context.rng)
    check = rows[problem.rows.check]
    table = Table(np.ascontiguousarray(data.X.T), data.y, data.names, check, data.weights, context.jobs, rounding)
    return Search(
        problem, table, grammar, budget, threads=context.jobs, floor=max(ROUNDING, rounding),
        memory=int(o["memory"] * 2**30), max_complexity=context.max_complexity, tell=context.tell,
    )  # fmt: skip


def working_rows(n: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """The rows that the search works on: all, or a random sample of a large table. All rows judge in the end."""
    return np.arange(n) if n <= SAMPLE else np.unique(rng.integers(0, n, SAMPLE))


def useful_columns(X: Array) -> list[int]:
    """Columns that vary and that no earlier column repeats up to a factor and an offset."""
    kept: list[int] = []
    units: list[Array] = []
    for j in range(X.shape[1]):
        size = float(np.abs(X[:, j]).max())
        if not size > 0:
            continue
        v = X[:, j] / size
        v = v - v.mean()
        norm = float(np.sqrt(v @ v))
        if not norm > 1e-12 * np.sqrt(len(v)):
            continue
        v = v / norm
        if any(abs(abs(float(v @ u)) - 1) < 1e-13 for u in units):
            continue
        kept.append(j)
        units.append(v)
    return kept


def rounding_floor(y: Array) -> float:
    """Relative squared error that rounding to y's last decimal causes; 0 for full precision."""
    size = float(np.abs(y).max())
    spread = size * float((y / size).std()) if size > 0 else 0.0
    if not 1e-100 < spread < 1e100:
        return 0.0
    sample = y[:2000]
    for decimals in range(-3, 13):
        if np.array_equal(np.round(sample, decimals), sample):
            step = 10.0**-decimals
            # Whole numbers are exact as they are: counts and sums of integers.
            return 0.0 if decimals <= 0 else min((0.35 * step / spread) ** 2, 1e-6)
    return 0.0

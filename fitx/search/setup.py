"""From a fitter's data and options to a search: useless columns left out, exactness judged by the digits of y."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError
from fitx.fitters.base import Context, Data
from fitx.search.budget import Budget
from fitx.search.dimensions import Units
from fitx.search.engine import ROUNDING, Search
from fitx.search.grammar import DEFAULT_OPERATORS, parse_grammar
from fitx.search.groups import Columns, WhenAsked, group_problems, monomials, reachable, reduced_groups
from fitx.search.problem import Problem, make_problem
from fitx.search.reduce import symmetry_chain
from fitx.search.rows import SAMPLE
from fitx.search.strip import relevant_columns
from fitx.search.table import Table
from fitx.units import describe

Array = npt.NDArray[np.float64]

DEFAULT_SECONDS = 30.0
_CHOICES = 5  # of dimensionless groups
_MUCH = 0.25  # share of the squared error: half the residual


def make_search(data: Data, context: Context, kind: type[Search] = Search) -> Search:
    """The search for this data. Errors: UsageError for an unknown operator, FitxError where units rule
    out every formula."""
    o = context.options
    grammar = parse_grammar(o["operators"] or DEFAULT_OPERATORS, o.get("costs", ""), o.get("forbidden", ""))
    budget = Budget(context.deadline)
    seconds = o.get("time")
    if seconds is not None or not np.isfinite(context.deadline):
        budget = Budget(min(context.deadline, budget.clock() + (seconds or DEFAULT_SECONDS)))
    rows = working_rows(data.n, context.rng)
    X, y = np.array([data.X[rows, j] for j in range(data.d)]).T, data.y[rows]
    used = useful_columns(X) or [0]
    rounding = rounding_floor(y)
    problem = make_problem(X[:, used], y, tuple(data.names[j] for j in used), context.rng)
    check = rows[problem.rows.check]
    table = Table(np.ascontiguousarray(data.X.T), data.y, data.names, check, data.weights, context.jobs, rounding)
    search = kind(
        problem, table, grammar, budget, threads=context.jobs, floor=max(ROUNDING, rounding),
        memory=int(o.get("memory", 1.0) * 2**30), max_complexity=context.max_complexity, tell=context.tell,
        counted=context.tried,
    )  # fmt: skip
    search.rows = None if len(rows) == data.n else rows
    if data.dimensions is not None:
        guide_by_units(search, Units.of(data.names, data.dimensions, o.get("free_constants", False)), X, y, data, used)
    return search


def guide_by_units(search: Search, units: Units, X: Array, y: Array, data: Data, used: list[int]) -> None:
    """Let the search propose valid formulas only, and look at dimensionless groups first.

    X, y: its working rows; used: the columns of X that its problem has.

    Errors: FitxError where no valid formula can have the target's unit.
    """
    if units.trivial:
        return
    search.units = units
    if units.free_constants:
        return
    assert data.dimensions is not None
    vectors = [units.columns[name] for name in data.names]
    if not reachable(vectors, units.target):
        absent = [b for i, b in enumerate(units.bases) if units.target[i] and not any(v[i] for v in vectors)]
        what = f"no feature has {' or '.join(b.strip('[]') for b in absent)}" if absent else "they do not combine to it"
        raise FitxError(
            f"no formula of these features has the unit of `{data.target}` ({describe(data.dimensions[-1])}): {what}",
            "add the column that is missing (a constant column will do), or let numbers in the formula carry units: "
            "symbolic.free_constants=true",
        )
    whole = Columns(data.names, np.ascontiguousarray(X.T))
    search.guesses = tuple(monomials(whole, y, units))
    search.groups = WhenAsked(lambda: _groups(search, units, whole, used))


def _groups(search: Search, units: Units, whole: Columns, used: list[int]) -> tuple[Problem, ...]:
    """The search's problem over dimensionless groups, the likeliest first."""
    found = group_problems(search.problem, whole, units, _CHOICES)
    # A column that seems to have no effect is rarer than a test that failed: without such columns second.
    few = whole.without(_idle_columns(search.problem, whole.names, used))
    if few is not whole:
        found[1:1] = group_problems(search.problem, few, units, 2)
    # Of x1 - x2 and the like, where y depends on such columns only, there are fewer groups still.
    for child in symmetry_chain(search.problem, search.budget)[-1:]:
        found[:0] = reduced_groups(child, units, 1)
    return tuple(found[:_CHOICES])


def _idle_columns(problem: Problem, names: tuple[str, ...], used: list[int]) -> set[str]:
    """Names of the columns that vary and seem to have no effect; `used`: those that the problem's columns are."""
    relevant = relevant_columns(problem)
    return {names[j] for k, j in enumerate(used) if k not in relevant}


def units_remark(search: Search) -> str:
    """What to tell the user where formulas that are not valid fit much better than those that are; else ""."""
    u, best = search.units, search.front.best
    if u is None or u.rejected is None:
        return ""
    error = np.inf if best is None else best.error
    if error <= search.floor or not u.rejected[0] < _MUCH * error:
        return ""
    forbidden = u.rejected[1].simplify().text(6)[:100]
    return (
        f"a formula that the units forbid fits much better ({forbidden}): check the units, let numbers "
        "in the formula carry units with symbolic.free_constants=true, or ignore units with --units ''"
    )


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

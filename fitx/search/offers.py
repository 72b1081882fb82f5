"""What becomes of formulas that are found: the better ones join the front."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fitx.formula import Formula
from fitx.search.front import Entry
from fitx.search.judge import refined, shortened, snapped
from fitx.search.noisy_search import contend
from fitx.search.refine import float_constants
from fitx.search.tasks import Part

if TYPE_CHECKING:
    from fitx.search.engine import Search


def offered(search: Search, part: Part) -> Iterator[Entry]:
    """The entries that a part's formulas make; where y is noisy those of the best of them."""
    contenders = search.contenders
    if contenders is not None:
        if part.stage is None or contenders.worth(part.stage):
            search.tell(part.where)
            yield from contend(search, part.formulas, part.where, contenders)
        return
    search.tell(part.where)
    while not (search.solved or (search.closing and search.budget.expired())):
        # Formulas of the search overflow and leave their domains all the time.
        with np.errstate(all="ignore"):
            formula = next(part.formulas, None)
            entry = None if formula is None else offer(search, formula, part.where)
        if formula is None:
            break
        if entry is not None:
            yield entry


def offer(search: Search, formula: Formula, where: str) -> Entry | None:
    """Judge a formula: on the sample, then on all rows; refine and simplify its constants; enter it on the front.

    None where it does not belong there: too complex, undefined on some row, or no better than a simpler one.
    """
    table, front, units, floor = search.table, search.front, search.units, search.floor
    error = table.error_on_check(formula)
    if not np.isfinite(error) or not search.grammar.permits(formula):
        return None
    if len(float_constants(formula)) > max(2, search.problem.n // 2):
        return None  # so many constants fit anything
    # Simplification takes longer than the evaluation: only for what could come onto the front.
    if not front.admits(formula.complexity * 2 // 3, error):
        return None
    if units is not None and not units.plausible(formula, error):
        return None
    formula = formula.simplify()
    if error <= floor:
        formula = shortened(formula, error, table)
    if not _wanted(search, formula, error):
        return None
    if error > 1e-30:
        formula = refined(formula, table)
        error = table.error_on_check(formula)
    formula, error = snapped(formula, error, table, floor)
    if error <= floor:
        formula = shortened(formula, error, table)
    error = table.error_on_all(formula)
    if not np.isfinite(error) or not _wanted(search, formula, error):
        return None
    if units is not None and not units.permits(formula, error):
        return None
    entry = Entry(formula, formula.complexity, error, where)
    front.add(entry)
    if error <= floor:
        search.exact(entry)
    return entry


def _wanted(search: Search, formula: Formula, error: float) -> bool:
    complexity = formula.complexity
    if search.max_complexity is not None and complexity > search.max_complexity:
        return False
    return error < 1 and search.front.admits(complexity, error)

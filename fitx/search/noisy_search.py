"""A search that finds y noisy: when it does, how its problems change, and what becomes of a stage's formulas then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fitx.formula import Formula
from fitx.search.contenders import Contenders
from fitx.search.description import polished
from fitx.search.front import Entry, Front
from fitx.search.groups import in_turn
from fitx.search.noise import estimate_noise
from fitx.search.noisy import noise_of, supposed, with_noise
from fitx.search.problem import Problem
from fitx.search.reduce_noisy import noisy_chain
from fitx.search.stages import stages_of
from fitx.search.stages.base import Work
from fitx.search.variants import variants

if TYPE_CHECKING:
    from fitx.search.engine import Search

_LOCAL = "local search"
_SHORTER = 0.5  # nats by which a description has to be shorter for a look around it
_POSSIBLE = 0.5  # times the usual noise: a variance about that of the noise is found where there is noise
_FEW = 100  # rows below which that is not asked
LOOKS = 3  # variants of the problem that are looked at for noise


def gauged(search: Search, problems: list[Problem], doubt: bool = False) -> bool:
    """Whether y turns out to be noisy; asked again whenever a better formula makes more of the noise visible."""
    t, best = search.table, search.front.best
    error = best.error if best else 1.0
    if search.solved or t.noise or error <= search.floor or (error > 0.3 * search.gauged and not doubt):
        return False
    search.gauged = error
    t.noise = noise_of(t, best.formula if best else None, [*problems[:1], search.problem], doubt)
    return t.noise > 0


def power_law_and_noise(search: Search) -> bool:
    """Whether a power law of some T(y) leaves nothing but noise: one whose logarithm noise has spoilt."""
    table = search.table.with_check(search.table.check)
    table.noise = supposed(table)
    problem, table, _ = with_noise(search.problem, table, [])
    contenders = Contenders(table, supposed=True)
    with np.errstate(all="ignore"):
        for p in variants(problem)[:LOOKS]:
            work = Work(p, table, search.grammar)
            for f in contenders.chosen(stages_of("instant")[0].run(work, search.budget), lambda size, error: False):
                contenders.note(f, table.error_on_check(f))
    if contenders.settled is not None:
        search.table.noise = table.noise
    return contenders.settled is not None


def fewer_columns_and_noise(search: Search) -> bool:
    """Whether noise shows once symmetries have taken columns away, of the rest of which polynomials reach further."""
    if search.contenders is not None or search.problem.n < _FEW or not may_be_noisy(search):
        return False
    table = search.table.with_check(search.table.check)
    table.noise = supposed(table)
    problem = with_noise(search.problem, table, [])[0]
    fewer = _fewer_columns(variants(problem)[0], problem)
    if fewer is not None:
        search.table.noise = noise_of(search.table, None, [fewer, problem])
    return search.table.noise > 0


def made_noisy(search: Search, problems: list[Problem], doubt: bool = False) -> list[Problem]:
    """The problems with their noise; from now on formulas contend for a short description. doubt: without evidence."""
    before = {v.label for p in (*search.groups, search.problem) for v in variants(p)}  # all but the reduced ones
    more = [p for p in problems if p.label not in before]
    search.problem, search.table, made = with_noise(search.problem, search.table, [*search.groups, *more])
    groups = made[: len(search.groups)]
    problems = [*in_turn([variants(p) for p in groups], variants(search.problem)), *made[len(groups) :]]
    fewer = _fewer_columns(problems[0], search.problem)
    problems = [*([] if fewer is None else [fewer]), *problems]
    search.contenders = Contenders(search.table, supposed=doubt)
    search.front = Front(search.floor)
    return problems


def _fewer_columns(*problems: Problem) -> Problem | None:
    """The first of the problems from which symmetries take most columns, without these and without powers."""
    with np.errstate(all="ignore"):
        chains = [noisy_chain(p) for p in dict.fromkeys(problems)]
        best = min((c[-1] for c in chains if c), key=lambda p: len(p.active), default=None)
        return None if best is None else next(iter(variants(best)), best)


def supposedly_noisy(search: Search, problems: list[Problem]) -> list[Problem]:
    """The problems as they would be with the usual noise."""
    search.table = search.table.with_check(search.table.check)  # a table of its own
    search.table.noise = supposed(search.table)
    return made_noisy(search, problems, doubt=True)


def may_be_noisy(search: Search) -> bool:
    """Whether the usual noise is no more than what polynomials leave of y, exactly as they would of noise."""
    t, best = search.table, search.front.best
    values = () if best is None else (t.on_all(best.formula),)
    return estimate_noise(t.columns, t.y, t.weights, values).bound > _POSSIBLE * supposed(t)


def around(search: Search, contenders: Contenders, last: bool = False) -> Iterator[Entry]:
    """Formulas one change away from the best, once for every shorter description that a stage finds. last: of more of
    the best, before the search ends."""
    from fitx.search.neighbours import BEAM, WIDE, Neighbours

    before = contenders.around_more if last else contenders.around
    if contenders.best > before - _SHORTER or search.budget.expired():
        return
    if contenders.neighbours is None:
        contenders.neighbours = Neighbours(search.table, search.grammar, search.threads)
    entries: list[Entry] = []
    with np.errstate(all="ignore"):
        seeds = [f for _, _, f in contenders.leaders]
        for f, error in contenders.neighbours.run(seeds, search.budget, WIDE if last else BEAM):
            if search.allowed(f) and (entry := _entered(search, f, error, _LOCAL, contenders)):
                entries.append(entry)
            search.schedule.tend()
    contenders.around = contenders.best
    if last:
        contenders.around_more = contenders.best
    yield from entries


def _entered(search: Search, f: Formula, error: float, where: str, contenders: Contenders) -> Entry | None:
    """The entry of a polished formula that joins the front or is the best; None for others."""
    best = contenders.note(f, error, local=where == _LOCAL)
    error = search.table.error_on_all(f)
    entry = Entry(f, f.complexity, error, where)
    small = search.max_complexity is None or entry.complexity <= search.max_complexity
    if not small or (search.units is not None and not search.units.permits(f, error)):
        return None
    if not (np.isfinite(error) and error < 1 and (search.front.add(entry) or best)):
        return None
    if error <= search.floor:
        search.exact(entry)
    return entry


def contend(search: Search, formulas: Iterator[Formula], where: str, contenders: Contenders) -> Iterator[Entry]:
    """The best of a stage's formulas where y is noisy."""
    with np.errstate(all="ignore"):
        chosen = contenders.chosen((f for f in formulas if search.allowed(f)), search.front.admits)
        entries: list[Entry] = []
        for f in chosen:
            f, error = polished(f, search.table)
            if (entry := _entered(search, f, error, where, contenders)) is not None:
                entries.append(entry)
    yield from entries
    if contenders.done and not search.solved:
        yield from around(search, contenders, last=True)
        search.solved = contenders.done

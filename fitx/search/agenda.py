"""The plan's steps as errands, so that they can be done ahead of their turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from fitx.formula import Formula
from fitx.search.ahead.errand import Errand
from fitx.search.plan import AnyStep, Evolve, Further, Peeled, Step
from fitx.search.problem import Problem
from fitx.search.rounds import ROUNDS
from fitx.search.stages.base import Effort
from fitx.search.tasks import Extended, Peel, Round, Slice

if TYPE_CHECKING:
    from fitx.search.sides import Side


@dataclass(slots=True, eq=False)
class Planned:
    """A step with its errands, none for a look. guests: of evolution, once they are invited."""

    step: AnyStep
    errands: list[Errand] = field(default_factory=list)
    guests: tuple[Formula, ...] | None = None

    @classmethod
    def of(cls, step: AnyStep, side: Side) -> Planned:
        """A step of that side."""
        planned = cls(step)
        planned.errands = list(_errands(planned, step, side))
        return planned


def _errands(planned: Planned, step: AnyStep, side: Side) -> list[Errand]:
    problems = side.problems
    whole = side.problem
    if isinstance(step, Further):
        return [_extended(side, child) for child in islice(side.further, step.count)]
    if isinstance(step, Evolve):
        return [_slice(planned, side, whole if step.whole else problems[0], step.offspring)]
    if isinstance(step, Peeled):
        root = whole if step.whole or len(problems[0].active) < 2 else problems[0]
        if root in side.peeled:
            return []
        side.peeled.add(root)
        return [Errand(lambda: Peel(side.working_table, root), side.contenders)]
    if isinstance(step, Step):
        share = _share(step.effort, step.variant, len(problems))
        problem = problems[step.variant]
        return [
            Errand(
                lambda: Round(side.working_table, problem, step.effort, step.families, step.spaces, share),
                side.contenders,
            )
        ]
    return []


def _extended(side: Side, child: Problem) -> Errand:
    return Errand(lambda: Extended(side.working_table, child), side.contenders)


def _slice(planned: Planned, side: Side, problem: Problem, offspring: int) -> Errand:
    return Errand(
        lambda: Slice(side.working_table, problem, offspring, planned.guests or ()),
        side.contenders,
        problem,
        lambda: planned.guests is not None,
    )


def _share(effort: Effort, i: int, count: int) -> float:
    """Of the time that is left, at most so much for this variant of so many."""
    if effort is ROUNDS[0] or count == 1:
        return 1.0
    return 0.5 if i == 0 else max(0.3, 1 / (count - i + 1))

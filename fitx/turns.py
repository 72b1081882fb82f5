"""Who proposes when: the method whose next part is the cheapest goes first, until a law is found or the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from fitx.errors import FitxError, NotFinite, UsageError
from fitx.fitters.base import Context, Data, Fitter, Pause, Proposal
from fitx.link import Link
from fitx.look import Look, look_at
from fitx.robust import with_loss

if TYPE_CHECKING:
    from fitx.contest import Contest


_HOPELESS = 0.1  # of what a method takes: with less time left it is not begun


@dataclass(order=True, slots=True)
class Turn:
    """What a method still has to propose. cost: about how many seconds up to its next pause; order: among equals."""

    cost: float
    order: int
    fitter: Fitter = field(compare=False)
    proposals: Iterator[Proposal | Pause] = field(compare=False)


def proposals_in_turn(
    contest: Contest, data: Data, reasons: list[str], enough: Callable[[], bool]
) -> Iterator[tuple[str, Proposal]]:
    """(method, proposal) of each method in turn. A pause of one lets cheaper ones go first.

    enough: asked between turns; where it says so, the turns that are left are dropped. The deadline ends it all, a
    method's error only that method; `reasons` gets, in words, why methods have not proposed.
    """
    queue: list[Turn] = []
    for turn in _entries(contest, data, reasons):
        heappush(queue, turn)
    proposed = False
    while queue and not enough():
        turn = heappop(queue)
        if proposed and contest.deadline - time.perf_counter() < _HOPELESS * turn.cost:
            continue
        contest.report.at(turn.fitter.name)
        try:
            for p in turn.proposals:
                if isinstance(p, Pause):
                    turn.cost = p.cost
                    heappush(queue, turn)
                    break
                most = contest.settings.max_complexity
                if most is None or p.formula.complexity <= most:
                    proposed = True
                    yield turn.fitter.name, p
                if time.perf_counter() >= contest.deadline:
                    contest.warn(f"the time limit ended method `{turn.fitter.name}` early")
                    return
        except FitxError as e:
            if isinstance(e, UsageError) and not isinstance(e, NotFinite):
                raise  # what was asked of a method is wrong: another's formula would be no answer
            if len(contest.fitters) == 1 and len(contest.settings.losses) == 1:
                raise
            reasons.append(f"`{turn.fitter.name}`: {e.message}")


def _entries(contest: Contest, data: Data, reasons: list[str]) -> Iterator[Turn]:
    """A turn for each method that applies, and for each loss that it can minimise."""
    s = contest.settings
    link = None if s.range is None else Link(*s.range)
    seen = data if link is None else link.transformed(data)
    look: Look | None = None
    for fitter in contest.fitters:
        if why := fitter.declines(seen):
            reasons.append(f"`{fitter.name}` {why}")
            continue
        cost = 1.0
        if len(contest.fitters) > 1:
            look = look or look_at(seen.X, seen.y, seen.weights)
            entry = fitter.enters(seen, look)
            if entry.why_not and not contest.names(fitter):
                continue
            cost = entry.cost
        names = {fitter.name, *fitter.aliases}
        given = {k.partition(".")[2]: v for k, v in s.options.items() if k.partition(".")[0] in names}
        for i, loss in enumerate(s.losses):
            within = fitter.propose if link is None else partial(link.proposals, fitter.propose)
            propose = with_loss(fitter, within, loss, link is not None)
            if propose is None:
                reasons.append(f"`{fitter.name}` fits by least squares and cannot minimise the loss `{loss}`")
                continue
            context = Context(
                options=fitter.resolve_options(given),
                rng=np.random.default_rng([s.seed, *f"{fitter.name}.".encode()]),
                deadline=contest.deadline,
                jobs=contest.jobs,
                max_complexity=s.max_complexity,
                tell=contest.report.tell,
                tried=contest.report.tried,
                warnings=contest.warnings,
            )
            order = contest.fitters.index(fitter) * len(s.losses) + i
            yield Turn(cost, order, fitter, propose(data, context))

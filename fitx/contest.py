"""One contest: every fitter proposes for the same rows, and rows that it did not fit choose among the proposals."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from fitx.chance import no_better_by_chance
from fitx.errors import FitxError
from fitx.fitters.base import Data, Fitter
from fitx.front import Candidate, not_told_apart, pareto
from fitx.judging import judge, judge_in_folds
from fitx.progress import Reporter
from fitx.safe import Ground, choose_safe, sound
from fitx.score import spread
from fitx.search.refine import float_constants
from fitx.split import SMALL, TINY, split_rows
from fitx.turns import proposals_in_turn

if TYPE_CHECKING:
    from fitx.settings import Settings

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Result = TypeVar("Result")

ROUNDING = 1e-12  # errors below this share of the spread of y are equal
CHOOSE_SHARE = 0.25  # of the work rows choose among formulas
READABLE = 60  # nodes up to which formulas are chosen by `auto`, and are listed as not to be told apart
SIMPLE, FEW_CONSTANTS = 20, 5  # nodes and fitted constants of an exact formula that is believed to be the law
MOST_JOBS = 256
_NEARLY = 1e4  # times the floor: constants refitted in folds may lose some digits
# Work rows below which folds choose: a quarter of them could not tell a cubic from a constant. Folds flatter structures
# that were searched for on the same rows; `choose` makes those pay for it.
CHOOSE_IN_FOLDS = 600


@dataclass(slots=True)
class Contest:
    """Who competes, under what settings, until when. warnings: what the user should know of the result. report: what
    is told of the work; nothing where nobody listens."""

    fitters: list[Fitter]
    settings: Settings
    deadline: float
    warnings: list[str]
    interrupted: bool = False
    report: Reporter = field(default_factory=Reporter)

    @property
    def jobs(self) -> int:
        """Threads to use: as asked, but no more than a system has room for; else one for each core."""
        if self.settings.jobs is not None:
            return min(self.settings.jobs, MOST_JOBS)
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def names(self, fitter: Fitter) -> bool:
        """Whether the user has asked for this method, and not only for all."""
        if fitter.name == "model":
            return self.settings.model is not None or "model" in self.settings.methods
        return any(name in self.settings.methods for name in (fitter.name, *fitter.aliases))

    @property
    def open(self) -> bool:
        """Whether every method may take part."""
        return "auto" in self.settings.methods and self.settings.model is None

    def or_else(self, work: Callable[[], Result], otherwise: Result) -> Result:
        """What `work` gives; `otherwise` when the user interrupts it: then the best so far is the answer."""
        try:
            return work()
        except KeyboardInterrupt:
            self.interrupted = True
            return otherwise

    def again(self, work: Callable[[], Result]) -> Result:
        """What `work`, which is short, gives; where the user interrupts it, it is done again."""
        try:
            return work()
        except KeyboardInterrupt:
            self.interrupted = True
            return work()

    def warn(self, text: str) -> None:
        """Note a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)


def run_contest(
    contest: Contest, table: Data, rows: Rows | None = None, repeats: int = 4
) -> tuple[Candidate, list[Candidate]]:
    """The chosen candidate and the front, by the given rows of `table` (None: all).

    Errors: FitxError, naming each method's reason, when there is no formula.

    Large tables: proposals are fitted to the fit rows and judged on the choose rows. Small ones: fitted to all the
    rows, and judged by refitting each structure in folds, repeated `repeats` times where the table is very small.
    """
    n = table.n if rows is None else len(rows)
    rng = np.random.default_rng([contest.settings.seed, n])
    repeats = repeats if n < SMALL else 1
    split = split_rows(n, CHOOSE_SHARE, "random", rng, None, repeats, CHOOSE_IN_FOLDS) if n >= TINY else None
    folds = split.parts if split is not None and split.folds else ()
    if split is not None and not split.folds:
        fit_data, choose_data = (table.take(part if rows is None else rows[part]) for part in split.parts[0])
    else:
        fit_data = choose_data = table if rows is None else table.take(rows)
    metric = contest.settings.metric
    floor = _floor(choose_data, metric)
    by_name = {f.name: f for f in contest.fitters}
    ground = Ground.of(fit_data, choose_data)

    def choice(found: list[Candidate]) -> Candidate:
        return _choice(contest, _defined(found), fit_data, ground, floor)

    candidates: list[Candidate] = []
    reasons: list[str] = []
    try:
        for method, proposal in proposals_in_turn(
            contest, fit_data, reasons, lambda: _enough(contest, candidates, floor)
        ):
            if folds:
                candidate = judge_in_folds(proposal, method, fit_data, folds, metric)
            else:
                candidate = judge(proposal, method, fit_data, choose_data, contest.jobs, metric)
            candidates.append(replace(candidate, searched=not (by_name[method].fixed_structures or proposal.repeated)))
            contest.report.judged(candidates, choice)
    except KeyboardInterrupt:  # the best so far is the answer
        contest.interrupted = True
    if not candidates:
        if contest.interrupted:
            raise KeyboardInterrupt
        if not reasons:
            raise FitxError("no formula was found: the time was up before the first", "give more (`--time-limit`)")
        hint = "give more rows" if contest.open else "without `--method`, all methods that suit the table compete"
        raise FitxError("no formula was found: " + "; ".join(reasons), hint)
    return contest.again(lambda: _settle(contest, _defined(candidates), choice, floor))


def _settle(
    contest: Contest, candidates: list[Candidate], choice: Callable[[list[Candidate]], Candidate], floor: float
) -> tuple[Candidate, list[Candidate]]:
    """The choice and the front, and what is to be said of them."""
    front = pareto(candidates)
    chosen = choice(candidates)
    contest.report.settled(chosen)
    _tell_losses(contest, candidates, chosen)
    alike = not_told_apart(candidates, chosen, floor)
    if alike and max(c.complexity for c in (chosen, *alike)) <= READABLE:
        shown = "; ".join(c.proposal.formula.text(4) for c in (chosen, *alike))
        contest.warn(f"these {len(alike) + 1} formulas cannot be told apart by these data: {shown}")
    extra = [c for c in (chosen, *alike) if not any(c is o for o in front)]
    return chosen, sorted([*front, *extra], key=lambda c: c.complexity)


def _choice(contest: Contest, candidates: list[Candidate], data: Data, ground: Ground, floor: float) -> Candidate:
    """The choice among candidates; where no method and no complexity is named, among those that can be read."""
    short = candidates
    if contest.open and contest.settings.max_complexity is None:
        short = [c for c in candidates if c.complexity <= READABLE] or candidates
    chosen = choose_safe(short, floor, ground, contest.settings.metric, contest.settings.allow_poles)
    left = candidates
    while True:
        simpler = no_better_by_chance(left, chosen, data, floor)
        if simpler is chosen or contest.settings.allow_poles or sound(simpler, ground, contest.settings.metric):
            return simpler
        left = [c for c in left if c is not simpler]


def _defined(candidates: list[Candidate]) -> list[Candidate]:
    """Those that are defined on all rows that choose; the simplest where there are none."""
    defined = [c for c in candidates if np.isfinite(c.error)]
    return defined or sorted(candidates, key=lambda c: c.complexity)[:1]


def _floor(data: Data, metric: str) -> float:
    """Mean loss below which a formula is exact but for rounding."""
    floor = ROUNDING**2 * spread(data.y / (float(np.abs(data.y).max()) or 1.0), data.weights)
    return float(np.sqrt(floor)) if metric == "mae" else floor


def _enough(contest: Contest, candidates: list[Candidate], floor: float) -> bool:
    """Whether a law has been found, simple and exact on rows that chose: where no method is named, the others then
    need not be tried."""
    return contest.open and any(
        c.error <= _NEARLY * floor
        and c.complexity <= SIMPLE
        and len(float_constants(c.proposal.formula)) <= FEW_CONSTANTS
        for c in candidates
    )


def _tell_losses(contest: Contest, candidates: list[Candidate], chosen: Candidate) -> None:
    """Where losses competed, say which won and what the best formula of each came to."""
    s = contest.settings
    if len(s.losses) < 2:
        return
    best: dict[str, float] = {}
    for c in candidates:
        error = getattr(c.validation, s.metric)
        if error is not None and np.isfinite(error):
            best[c.proposal.loss] = min(error, best.get(c.proposal.loss, np.inf))
    errors = ", ".join(f"{name} {error:.4g}" for name, error in sorted(best.items(), key=lambda pair: pair[1]))
    how = "cross-validation" if chosen.validation.how == "folds" else "rows that were not fitted"
    contest.warn(f"the loss `{chosen.proposal.loss}` was chosen by {how}; best {s.metric} of each: {errors}")

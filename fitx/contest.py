"""One contest: every fitter proposes for the same rows, and rows that it did not fit choose among the proposals."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError
from fitx.fitters.base import Context, Data, Fitter, Proposal
from fitx.formula import Formula
from fitx.formula.evaluate import predict
from fitx.front import Candidate, choose, not_told_apart, pareto
from fitx.link import Link
from fitx.progress import Reporter
from fitx.robust import with_loss
from fitx.score import score, spread
from fitx.search.guard import has_poles, points_between, steady
from fitx.split import SMALL, TINY, split_rows

if TYPE_CHECKING:
    from fitx.pipeline import Settings

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]
Result = TypeVar("Result")

ROUNDING = 1e-12  # errors below this share of the spread of y are equal
PAIRED_ROWS = 200_000  # at most this many rows for the paired differences of the choice
GUARDED_ROWS = 5000  # at most this many rows for the places where a formula must have no pole
_MUCH = 0.02  # share of y's variance that a formula leaves, from which on a pole is no part of a law
CHOOSE_SHARE = 0.25  # of the work rows choose among formulas
READABLE = 60  # nodes of formulas that are listed as not to be told apart
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
        """Threads to use: as asked, else one for each core."""
        if self.settings.jobs is not None:
            return self.settings.jobs
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

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
    by_name = {f.name: f for f in contest.fitters}
    y = choose_data.y / (float(np.abs(choose_data.y).max()) or 1.0)
    floor = ROUNDING**2 * spread(y, choose_data.weights)
    if metric == "mae":
        floor = float(np.sqrt(floor))

    def choice(found: list[Candidate]) -> Candidate:
        return _choose_steady(_defined(found), floor, fit_data, metric)

    candidates: list[Candidate] = []
    reasons: list[str] = []
    try:
        for method, proposal in _proposals(contest, fit_data, reasons):
            if folds:
                candidate = _judge_in_folds(proposal, method, fit_data, folds, metric)
            else:
                candidate = _judge(proposal, method, fit_data, choose_data, contest.jobs, metric)
            candidates.append(replace(candidate, searched=not (by_name[method].fixed_structures or proposal.repeated)))
            contest.report.judged(candidates, choice)
    except KeyboardInterrupt:  # the best so far is the answer
        contest.interrupted = True
    if not candidates:
        if contest.interrupted:
            raise KeyboardInterrupt
        raise FitxError("no formula was found: " + ("; ".join(reasons) or "the time was up before the first"))
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


def _defined(candidates: list[Candidate]) -> list[Candidate]:
    """Those that are defined on all rows that choose; the simplest where there are none."""
    defined = [c for c in candidates if np.isfinite(c.error)]
    return defined or sorted(candidates, key=lambda c: c.complexity)[:1]


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


def _choose_steady(candidates: list[Candidate], floor: float, data: Data, metric: str) -> Candidate:
    """The choice; where it leaves much of y, among formulas that have no poles near the rows: laws may have poles."""
    left = list(candidates)
    much = _MUCH * spread(data.y / (float(np.abs(data.y).max()) or 1.0), data.weights)
    if metric == "mae":
        much = float(np.sqrt(much))
    columns = np.ascontiguousarray(data.X.T[:, :: -(-data.n // GUARDED_ROWS)])
    points = points_between(columns)
    while True:
        chosen = choose(left, floor)
        if len(left) == 1 or not chosen.error > much or _tame(chosen.proposal.formula, data, points):
            return chosen
        left = [c for c in left if c is not chosen]


def _tame(f: Formula, data: Data, points: Array) -> bool:
    """Whether `f` has no pole and no extreme value at the points (d, m) near the rows."""
    if has_poles(f, lambda g: predict(g, points.T, data.names)):
        return False
    return steady(lambda x: predict(f, x.T, data.names), points, data.y)


def _proposals(contest: Contest, data: Data, reasons: list[str]) -> Iterator[tuple[str, Proposal]]:
    """Each fitter's proposals in turn; the deadline ends it all, a fitter's error only that fitter."""
    s = contest.settings
    link = None if s.range is None else Link(*s.range)
    seen = data if link is None else link.transformed(data)
    for fitter in contest.fitters:
        why = fitter.declines(seen)
        if why:
            reasons.append(f"`{fitter.name}` {why}")
            continue
        contest.report.at(fitter.name)
        names = {fitter.name, *fitter.aliases}
        given = {k.partition(".")[2]: v for k, v in s.options.items() if k.partition(".")[0] in names}
        for loss in s.losses:
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
            try:
                for proposal in propose(data, context):
                    if s.max_complexity is None or proposal.formula.complexity <= s.max_complexity:
                        yield fitter.name, proposal
                    if time.perf_counter() >= contest.deadline:
                        contest.warn(f"the time limit ended method `{fitter.name}` early")
                        return
            except FitxError as e:
                if len(contest.fitters) == 1 and len(s.losses) == 1:
                    raise
                reasons.append(f"`{fitter.name}`: {e.message}")


def _losses(data: Data, p: Array, metric: str, scale: float) -> Array:
    """Weighted squared (rmse) or absolute (mae) residuals, in units of `scale`: no square over- or underflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        r = (data.y - p) / scale
        loss = r * r if metric == "rmse" else np.abs(r)
        return loss if data.weights is None else data.weights * loss


def _judge(p: Proposal, method: str, fit: Data, chooser: Data, jobs: int, metric: str) -> Candidate:
    predicted = predict(p.formula, chooser.X, chooser.names, jobs)
    validation = score(chooser.y, predicted, chooser.weights, threads=jobs)
    train = score(fit.y, predict(p.formula, fit.X, fit.names, jobs), fit.weights, threads=jobs)
    every = -(-chooser.n // PAIRED_ROWS)
    scale = float(np.abs(chooser.y).max()) or 1.0
    losses = _losses(chooser.every(every), predicted[::every], metric, scale)
    if chooser is fit or train.rmse is None or not np.isfinite(train.rmse):
        return Candidate(p, method, p.formula.complexity, validation, train, losses)
    weight = 1.0 if chooser.weights is None else float(chooser.weights.mean())
    fitted = weight * ((train.rmse / scale) ** 2 if metric == "rmse" else (train.mae or 0.0) / scale)
    return Candidate(p, method, p.formula.complexity, validation, train, losses, False, fitted, fit.n)


def _judge_in_folds(
    p: Proposal, method: str, data: Data, folds: tuple[tuple[Rows, Rows], ...], metric: str
) -> Candidate:
    """Each row's prediction by the structure refitted without its fold, averaged losses over the repeats."""
    total = np.zeros(data.n)
    last = np.zeros(data.n)
    repeats = 0
    scale = float(np.abs(data.y).max()) or 1.0
    for work, held in folds:
        try:
            last[held] = _without_fold(p, data.take(work), data.X[held])
        except FitxError:
            # A structure that needs nearly every row cannot be judged in folds; it is judged by its own rows alone
            # when nothing else is there, so it enters with an infinite error.
            total[:] = np.inf
            repeats = 1
            last = predict(p.formula, data.X, data.names)
            break
        total[held] += _losses(data.take(held), last[held], metric, scale)
        repeats += 0 in held
    validation = score(data.y, last, data.weights, how="folds")
    train = score(data.y, predict(p.formula, data.X, data.names), data.weights)
    return Candidate(p, method, p.formula.complexity, validation, train, total / max(1, repeats))


def _without_fold(p: Proposal, work: Data, X: Array) -> Array:
    """Values at X of the structure of `p` fitted to `work`."""
    if p.judge is not None:
        return p.judge(work, X)
    return predict(p.formula if p.refit is None else p.refit(work).formula, X, work.names)

"""What rows that neither fitting nor choosing saw say of the choice: a part kept apart, or folds of a small table."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fitx.baselines import ROWS, Baseline, baseline_values, compare
from fitx.conformal import Residuals, held_out
from fitx.contest import Contest, run_contest
from fitx.errors import FitxError
from fitx.fitters.base import Data, Fitter, Proposal
from fitx.formula.evaluate import predict
from fitx.front import Candidate
from fitx.safe import refit_safely
from fitx.score import Score, no_score, score
from fitx.split import LARGE, Split

if TYPE_CHECKING:
    from fitx.settings import Settings

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

QUICK = 20_000  # rows up to which a refit is awaited after an interrupt
_START = 1.5  # seconds, about, until processes are at work
_WORTH = 6.0  # seconds that folds would take one after the other, from which on they get processes of their own


@dataclass(frozen=True, slots=True)
class Judgement:
    """holdout: errors on the held-out rows; residuals: these, for intervals; baselines: what is to be beaten there."""

    holdout: Score
    residuals: Residuals
    baselines: tuple[Baseline, ...] = ()

    @staticmethod
    def none(why: str) -> Judgement:
        """Where there are no such rows."""
        return Judgement(no_score(why), Residuals((), (), 0, why))


CUT_SHORT = Judgement.none("interrupted before the held-out rows were scored")


def judge_held_out(
    contest: Contest, chosen: Candidate, data: Data, work_rows: Rows, held_rows: Rows, how: str
) -> tuple[Score, Judgement]:
    """Training errors and held-out ones of the choice, its constants from the work rows."""
    judged, train = chosen.proposal, chosen.train
    if data.n < (QUICK if contest.interrupted else LARGE):
        work = data.take(work_rows)
        judged = refit_safely(judged, work, 1.0 if train.r2 is None else 1.0 - train.r2)
        train = score(work.y, predict(judged.formula, work.X, work.names, contest.jobs), work.weights, "", contest.jobs)
    else:  # the rows that chose would not move the constants, only take memory; baselines need some
        work = data.take(work_rows[:: -(-len(work_rows) // ROWS)])
    held = data.take(held_rows)
    p = predict(judged.formula, held.X, held.names, contest.jobs)
    residuals = held_out(held.y, p, held_rows, how, held.weights)
    baselines = compare(held.y, p, baseline_values(work, held.X), held.weights, how)
    return train, Judgement(score(held.y, p, held.weights, how, contest.jobs), residuals, baselines)


def cross_validate(contest: Contest, data: Data, split: Split, deadline: float, seconds: float) -> Judgement:
    """The whole contest again in each fold; errors of all folds' predictions together. seconds: that one has taken."""
    if not split.parts:
        return Judgement.none(split.how)
    try:
        folds = _in_processes if contest.jobs > 1 and seconds * len(split.parts) > _WORTH else _in_turn
        found = folds(contest, data, split, deadline)
    except FitxError as e:
        return Judgement.none(f"{data.n} rows are too few to hold any out ({e.message})")
    if not found:
        late = Judgement.none("the time was up before any rows could be held out")
        return CUT_SHORT if contest.interrupted else late
    parts = split.parts[: len(found)]
    held = np.concatenate([rows for _, rows in parts])
    p = np.concatenate([values for values, _ in found])
    names = set.intersection(*(set(base) for _, base in found))
    base = {name: np.concatenate([b[name] for _, b in found]) for name in sorted(names, reverse=True)}
    weights = None if data.weights is None else data.weights[held]
    how = split.how
    if len(found) < len(split.parts):
        how = f"{len(found)} of the {len(split.parts)} folds of {how}"
    s = replace(score(data.y[held], p, weights, how), n=len(np.unique(held)))
    residuals = held_out(data.y[held], p, held, how, weights)
    return Judgement(s, residuals, compare(data.y[held], p, base, weights, how))


Fold = tuple[Array, dict[str, Array]]


def _in_turn(contest: Contest, data: Data, split: Split, deadline: float) -> list[Fold]:
    """The folds one after the other, as many as the time allows."""
    found: list[Fold] = []
    for i, (work_rows, held_rows) in enumerate(split.parts):
        left = deadline - time.perf_counter()
        if contest.interrupted or left <= 0:
            break
        contest.report.at("folds", f"{i + 1} of {len(split.parts)}")
        seconds = left / (len(split.parts) - i)
        fold, interrupted = _fold(contest.fitters, contest.settings, data, work_rows, held_rows, seconds, contest.jobs)
        contest.interrupted = contest.interrupted or interrupted
        found.append(fold)
    return found


def _in_processes(contest: Contest, data: Data, split: Split, deadline: float) -> list[Fold]:
    """The folds side by side: by joblib, so that a backend that the user has set (Dask, Ray) is used."""
    from joblib import Parallel, delayed

    left = deadline - time.perf_counter() - _START
    if left <= 0:
        return _in_turn(contest, data, split, deadline)
    contest.report.at("folds", f"{len(split.parts)} side by side")
    waves = -(-len(split.parts) // contest.jobs)
    settings = replace(contest.settings, progress=None, status=None, save=None, jobs=1, groups=None)
    work = (
        delayed(_fold)(contest.fitters, settings, data, work_rows, held_rows, left / waves, 1)
        for work_rows, held_rows in split.parts
    )
    return [fold for fold, _ in Parallel(n_jobs=min(contest.jobs, len(split.parts)))(work)]


def _fold(
    fitters: list[Fitter], settings: Settings, data: Data, work_rows: Rows, held_rows: Rows, seconds: float, jobs: int
) -> tuple[Fold, bool]:
    """One fold: predictions of its choice and of the baselines for the held-out rows; whether it was interrupted."""
    quiet = Contest(fitters, replace(settings, jobs=jobs), time.perf_counter() + seconds, [])
    work, X = data.take(work_rows), data.X[held_rows]
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # as in the pipeline: this may be a process of its own
        chosen, _ = run_contest(quiet, work, repeats=1)
    p = predict(refitted(chosen.proposal, work).formula, X, data.names)
    return (p, baseline_values(work, X)), quiet.interrupted


def refitted(p: Proposal, data: Data) -> Proposal:
    """The proposal with its constants at their optimum for `data`."""
    return p if p.refit is None else p.refit(data)

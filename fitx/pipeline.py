"""START HERE. From rows to a formula: split, propose, score, choose, report, refit.

    rows --split--> work rows | report rows                  (folds where the table is small)
    work rows --contest--> proposals scored on rows that chose them, a front, a choice
    (choice refitted on the work rows, report rows) --score--> the held-out error that is printed
    choice refitted on all rows --> Fit
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx.baselines import words
from fitx.box import box_of, refuse_overflow
from fitx.contest import Contest, run_contest
from fitx.digits import shorten
from fitx.errors import FitxError
from fitx.fitters.base import Data, Fitter
from fitx.formula import Formula
from fitx.formula.evaluate import predict
from fitx.front import Candidate
from fitx.given import mark
from fitx.interim import Saver
from fitx.judgement import CUT_SHORT, QUICK, Judgement, cross_validate, judge_held_out
from fitx.leaks import leaks
from fitx.link import Link
from fitx.progress import Reporter
from fitx.refit import Refits
from fitx.result import CandidateFit, Fit
from fitx.safe import refit_safely, trouble
from fitx.score import Score, score
from fitx.settings import Settings, check_settings, choose_fitters, with_model
from fitx.split import Split, split_rows
from fitx.table import Table

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

CONTEST_ROWS = 1_000_000  # at most this many rows compete; the constants come from all rows in the end
SECONDS_A_VALUE = 3e-8  # that refitting and the report take, about
SEARCH_SECONDS = 30.0  # time limit where none is given and a method searches, which could go on for hours
REFIT_FRONT = 1_000_000  # rows up to which every candidate of the front, not only the chosen, is refitted to all rows


def fit_data(
    data: Data,
    settings: Settings,
    warnings: Sequence[str] = (),
    units: Mapping[str, str] | None = None,
    origin: Mapping[str, Any] | None = None,
) -> Fit:
    """Fit the rows of `data`. units: those that the table has; `settings.units` are instead of them. origin: where the
    rows come from, for `Fit.how`.

    Errors: FitxError where the data are at fault, UsageError where the settings are.
    """
    began = time.perf_counter()
    check_settings(settings)
    settings = with_model(settings)
    fitters = choose_fitters(settings)
    if data.n == 0 or data.d == 0:
        raise FitxError("there are no rows to fit" if data.n == 0 else "there is no feature to explain the target by")
    box = box_of(data)
    refuse_overflow(data, box)
    data, remarks = _with_dimensions(data, settings, fitters, units or {})
    if settings.range is not None:
        remarks = [*remarks, *filter(None, [Link(*settings.range).check(data.y)])]
    remarks = [*remarks, *leaks(data)]
    limit = settings.time_limit or (np.inf if all(f.fixed_structures for f in fitters) else SEARCH_SECONDS)
    how = {"methods": list(settings.methods), "holdout": settings.holdout, "split": settings.split,
           "options": {k: str(v) for k, v in settings.options.items()}, "rows": data.n,
           "y_crc32": mark(data.y), **(origin or {})}  # fmt: skip
    common = {"features": data.names, "box": box, "target": data.target, "seed": settings.seed,
              "how": how, "version": _version(),
              "units": dict(settings.units if settings.units is not None else units or {})}  # fmt: skip
    split = split_rows(data.n, settings.holdout, settings.split, np.random.default_rng(settings.seed), settings.groups)
    # The first contest, the one that decides, gets half of the time where folds repeat it; the last tenth, more of it
    # where there are millions of rows, is for refitting and the report.
    from threadpoolctl import threadpool_limits

    reserve = min(0.3, max(0.1, SECONDS_A_VALUE * data.n * (data.d + 1) / limit))
    first = began + limit * (0.5 if split.folds else 1 - reserve)
    with closing(Saver(settings.save, common)) as saver:
        report = Reporter(began, limit, settings.metric, settings.progress, settings.status, saver.keep)
        contest = Contest(fitters, settings, first, [*warnings, *remarks], report=report)
        with threadpool_limits(1, "blas"):  # its threads wait by spinning, in small matrices most of the time
            chosen, front = run_contest(contest, data, _work_rows(split))
            return contest.again(lambda: _finish(contest, chosen, front, data, split, common))


def _work_rows(split: Split) -> Rows | None:
    """The rows that compete, where some are held out; None for all."""
    if split.folds or not split.parts:
        return None
    rows = split.parts[0][0]
    return rows[:: -(-len(rows) // CONTEST_ROWS)]  # spread over the table; the split was random


def _finish(
    contest: Contest,
    chosen: Candidate,
    front: Sequence[Candidate],
    data: Data,
    split: Split,
    common: Mapping[str, Any],
) -> Fit:
    """Report on the choice and refit it. common: the fields of the result that do not depend on the formula."""
    began, limit, settings = contest.report.began, contest.report.limit, contest.settings
    work_rows = _work_rows(split)
    took = time.perf_counter() - began
    if work_rows is None:
        judged = contest.or_else(lambda: cross_validate(contest, data, split, began + 0.9 * limit, took), CUT_SHORT)
        train = score(data.y, predict(chosen.proposal.formula, data.X, data.names), data.weights)
    else:
        train, judged = contest.or_else(
            lambda: judge_held_out(contest, chosen, data, work_rows, split.parts[0][1], split.how),
            (chosen.train, CUT_SHORT),
        )
    holdout = judged.holdout
    share = 1.0 if train.r2 is None else 1.0 - train.r2
    refits = Refits(data, began + limit)
    final = chosen.proposal
    if not contest.interrupted or data.n <= QUICK:
        final = contest.or_else(
            lambda: refits.chosen(chosen.proposal, lambda p, rows: refit_safely(p, rows, share)), chosen.proposal
        )
    if holdout.r2 is None and settings.holdout > 0:
        contest.warn(f"no held-out error: {holdout.how}; the fit is judged by nothing but its own rows")
    elif settings.holdout == 0:
        contest.warn("no rows were held out: how far the formula can be trusted on new rows is not known")
    _warn_of_gap(contest, holdout, train)
    _warn_of_chance(contest, final.formula, judged)
    broken = contest.or_else(lambda: trouble(final.formula, data, share, settings.allow_poles), "")
    if broken:
        contest.warn(broken)
    noise = holdout.rmse if holdout.rmse is not None else (train.rmse or 0.0)
    shown = contest.or_else(lambda: shorten(final.formula, data.X, data.names, noise), final.formula)
    candidates = tuple(_as_result(contest, c, data, refits) for c in front)
    if contest.interrupted:
        contest.warn("interrupted: this is the best formula so far")
    all_warnings = [*contest.warnings, *(n for n in final.notes if n not in contest.warnings)]
    return Fit(
        formula=final.formula,
        shown=shown,
        method=chosen.method,
        train=train,
        holdout=holdout,
        parameters=final.parameters,
        covariance=final.covariance,
        structure=final.structure,
        noise=final.noise,
        residuals=judged.residuals,
        baselines=judged.baselines,
        loss=final.loss,
        candidates=candidates,
        warnings=tuple(all_warnings),
        label=final.label,
        seconds=time.perf_counter() - began,
        interrupted=contest.interrupted,
        **common,
    )


def fit_table(table: Table, settings: Settings) -> Fit:
    """Fit what was read from a file; its units and its warnings go with the result, its warnings first."""
    weights = table.weights if table.sigma is None else 1.0 / table.sigma**2
    data = Data(table.X, table.y, table.feature_names, weights, table.sigma is not None, table.target_name)
    origin = {"source": table.source, "dates": table.dates}
    return fit_data(data, replace(settings, groups=table.groups), table.warnings, table.units, origin)


def _with_dimensions(
    data: Data, s: Settings, fitters: Sequence[Fitter], units: Mapping[str, str]
) -> tuple[Data, list[str]]:
    """The data with their dimensions where a fitter respects units and there are any, and what the user should know."""
    if not any(f.uses_units for f in fitters) or not (units if s.units is None else s.units):
        return data, []
    from fitx.units import read_dimensions

    explicit = s.units is not None
    found, remark = read_dimensions(s.units or units, data.names, data.target, explicit)
    if found is not None and not explicit:
        from fitx.search.dimensions import Units
        from fitx.search.groups import reachable

        u = Units.of(data.names, found)
        if not reachable(list(u.columns.values()), u.target):
            found = None
            remark = (
                f"the units in the table do not guide the search: those of the features do not combine to that of "
                f"`{data.target}`"
            )
    return replace(data, dimensions=found), [remark] if remark else []


def _as_result(contest: Contest, c: Candidate, data: Data, refits: Refits) -> CandidateFit:
    p = c.proposal
    if data.n <= REFIT_FRONT and not contest.interrupted:
        p = contest.or_else(lambda: refits.other(c.proposal), p)
    noise = c.validation.rmse or 0.0
    shown = contest.or_else(lambda: shorten(p.formula, data.X, data.names, noise), p.formula)
    return CandidateFit(p.formula, shown, c.method, data.names, c.train, c.validation)


def _warn_of_gap(contest: Contest, holdout: Score, train: Score) -> None:
    if holdout.undefined:
        contest.warn(f"the formula is undefined on {holdout.undefined} of the {holdout.n} held-out rows")
    elif holdout.rmse and train.rmse is not None and holdout.rmse > 3 * train.rmse and (holdout.r2 or 0) < 1 - 1e-9:
        contest.warn(
            f"the held-out error (rmse {holdout.rmse:.3g}) is more than three times the training error "
            f"({train.rmse:.3g}): the formula may not hold for new rows"
        )


def _warn_of_chance(contest: Contest, formula: Formula, judged: Judgement) -> None:
    """Say where nothing is worth more than the mean, or where the held-out rows do not show that it is."""
    if not formula.variables and contest.open:
        contest.warn("no formula is better than the mean: what others gain on these rows, noise would give them, too")
    elif formula.variables and any(b.name == "mean" and not b.beaten for b in judged.baselines):
        contest.warn(f"on the held-out rows the formula is {words(judged.baselines[:1])}")


def _version() -> str:
    from fitx import __version__

    return __version__

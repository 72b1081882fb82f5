"""`fitx fit`: from a table to a formula."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from fitx.cli import interrupts
from fitx.cli.command_line import as_typed
from fitx.cli.help import (
    EXPLAIN,
    JUDGED,
    METHODS,
    OUTPUT,
    OWN,
    complete_loss,
    complete_method,
    complete_option,
    one_of,
)
from fitx.cli.place import check_place
from fitx.cli.progress import progress as show_progress
from fitx.cli.show import column_list, result_line, say, show_error, show_preview, summary
from fitx.errors import FitxError, UsageError, did_you_mean
from fitx.export import FORMATS, format_names
from fitx.report.endings import check_ending, check_page

_NOTABLE = 0.1  # share of the time limit that reading may take without being counted in


# fmt: off
def fit(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The table, or `-` for standard input")],
    target: Annotated[str | None, typer.Option("--target", "-t", metavar="COLUMN", help="Column to explain [default: the last]", rich_help_panel=EXPLAIN)] = None,
    features: Annotated[str | None, typer.Option("--features", "-x", metavar="COLUMN,COLUMN", help="Columns to explain it by [default: all other numeric ones]", rich_help_panel=EXPLAIN)] = None,
    weights: Annotated[str | None, typer.Option("--weights", metavar="COLUMN", help="Column of row weights; they multiply the squared residual [default: all rows count alike]", rich_help_panel=EXPLAIN)] = None,
    sigma: Annotated[str | None, typer.Option("--sigma", metavar="COLUMN", help="Column of the target's standard deviations; weight 1/sigma**2 [default: none]", rich_help_panel=EXPLAIN)] = None,
    units: Annotated[str | None, typer.Option("--units", metavar="COLUMN=UNIT,...", help="Units of the columns, for example x=m,t=s,v=m/s; columns not named are plain numbers. A search then proposes dimensionally valid formulas only; '' ignores those of the table [default: those of the table]", rich_help_panel=EXPLAIN)] = None,
    missing: Annotated[str, typer.Option("--missing", metavar="drop|error", help="What to do with rows that lack a number", rich_help_panel=EXPLAIN, autocompletion=one_of("drop", "error"))] = "drop",
    method: Annotated[list[str] | None, typer.Option("--method", "-m", metavar="NAME", help="Use this method; may be repeated, then they compete; `fitx methods` lists them [default: auto, all that suit the data]", rich_help_panel=METHODS, autocompletion=complete_method)] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", metavar="METHOD.OPTION=VALUE", help="An option of a method, for example poly.degree=3; `fitx methods NAME` lists them [default: theirs]", rich_help_panel=METHODS, autocompletion=complete_option)] = None,
    loss: Annotated[str, typer.Option("--loss", metavar="NAME,NAME", help="What the constants minimise: linear (squares), soft_l1, huber, cauchy or lad (absolute deviations); of several the one that predicts best", rich_help_panel=METHODS, autocompletion=complete_loss)] = "linear",
    range_: Annotated[str | None, typer.Option("--range", metavar="LO,HI", help="A range that the formula can never leave: middle + half*tanh(g), where the method finds g [default: none]", rich_help_panel=METHODS)] = None,
    allow_poles: Annotated[bool, typer.Option("--allow-poles", help="Choose formulas with poles, undefined regions or overflows among the rows, or just beyond, too; a warning says where [default: no]", rich_help_panel=METHODS)] = False,
    max_complexity: Annotated[int | None, typer.Option("--max-complexity", metavar="N", help="Largest number of nodes of a formula [default: no limit]", rich_help_panel=METHODS)] = None,
    time_limit: Annotated[float | None, typer.Option("--time-limit", metavar="SECONDS", help="Stop after this time with the best so far [default: 30 where a method searches, else none]", rich_help_panel=METHODS)] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", metavar="N", help="Threads; the formula is the same for any number [default: one for each core]", rich_help_panel=METHODS)] = None,
    holdout: Annotated[float, typer.Option("--holdout", metavar="SHARE", help="Share of rows kept back for the printed error; 0 for none", rich_help_panel=JUDGED)] = 0.25,
    split: Annotated[str, typer.Option("--split", metavar="HOW", help="Which rows are kept back: random, last, or group:COLUMN", rich_help_panel=JUDGED, autocompletion=one_of("random", "last", "group:"))] = "random",
    metric: Annotated[str, typer.Option("--metric", metavar="rmse|mae", help="The error on rows that were not fitted by which formulas, and losses, are chosen", rich_help_panel=JUDGED, autocompletion=one_of("rmse", "mae"))] = "rmse",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Same seed, same table: same formula", rich_help_panel=JUDGED)] = 0,
    model: Annotated[str | None, typer.Option("--model", metavar="FORMULA", help="Fit this formula, for example \"a*exp(-b*x) + c\": names that are no columns are parameters; an unknown function f(x) is searched for [default: none]", rich_help_panel=OWN)] = None,
    start: Annotated[list[str] | None, typer.Option("--start", metavar="a=1,b=2", help="Where its parameters begin [default: from the data]", rich_help_panel=OWN)] = None,
    bounds: Annotated[list[str] | None, typer.Option("--bounds", metavar="a=0:10", help="Bounds of its parameters; a=0: or a=:10 leave an end open [default: none]", rich_help_panel=OWN)] = None,
    fix: Annotated[list[str] | None, typer.Option("--fix", metavar="c=0", help="Parameters with a value that they keep [default: none]", rich_help_panel=OWN)] = None,
    per_group: Annotated[str | None, typer.Option("--per-group", metavar="NAME,NAME", help="Parameters with a value for each group [default: none]", rich_help_panel=OWN)] = None,
    group: Annotated[str | None, typer.Option("--group", metavar="COLUMN", help="Column with the groups' numbers, for --per-group [default: none]", rich_help_panel=OWN)] = None,
    format: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help=f"How the formula is written: {', '.join(FORMATS)}", rich_help_panel=OUTPUT, autocompletion=format_names)] = "text",
    digits: Annotated[int | None, typer.Option("--digits", metavar="N", help="Significant digits of constants [default: as many as the data support]", rich_help_panel=OUTPUT)] = None,
    save: Annotated[Path | None, typer.Option("--save", "-o", metavar="MODEL.json", help="Write the model file, from the first formula on: each improvement, then the result [default: none]", rich_help_panel=OUTPUT)] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE", help="Draw rows, curve and residuals: a file that ends in .png, .svg or .pdf [default: none]", rich_help_panel=OUTPUT)] = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE.html", help="Write a page about the fit that works offline: formula, errors, pictures, the front, code [default: none]", rich_help_panel=OUTPUT)] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Draw the fit in text on standard error [default: no]", rich_help_panel=OUTPUT)] = False,
    progress: Annotated[str, typer.Option("--progress", metavar="auto|plain|none", help="Progress on standard error: a display where it is a terminal, lines, or nothing", rich_help_panel=OUTPUT, autocompletion=one_of("auto", "plain", "none"))] = "auto",
) -> int:
    """Find a formula for one column of TABLE.

    TABLE is a CSV, TSV or other delimited file, white-space text, Parquet, JSON lines or Excel, or `-` for standard
    input. Methods propose formulas; these are compared on rows that no method fitted. The chosen one is the simplest
    whose error is within noise of the best, and the printed error comes from rows that neither fitting nor choosing saw.

    \b
      # explain the last column by the others: all methods that suit the data compete
      fitx fit data.csv
      # explain y by t alone, and keep the model for later: fitx predict model.json new.csv
      fitx fit data.csv --target y --features t --save model.json
      # two methods compete, one with an option; everything about the result, for a script
      fitx fit data.csv -x t -m rational -m poly --set poly.max_degree=4 --format json
      # your own formula: a, b and c are fitted, without starting values, with standard errors
      fitx fit data.csv --model "a*exp(-b*t) + c"
      # the error on the last fifth of the rows, a picture, and the formula as a function in C
      fitx fit data.csv -x t -m curve --split last --holdout 0.2 --plot fit.svg -f c

    The formula goes to standard output, everything else to standard error. Ctrl-C (or SIGTERM) prints and saves the
    best formula so far; a second one leaves at once.
    """
    # fmt: on
    from fitx.export import export, get_format

    get_format(format)  # what is wrong on the command line is said before the work, not after
    _one_of("--missing", missing, ("drop", "error"))
    _one_of("--progress", progress, ("auto", "plain", "none"))
    if weights is not None and sigma is not None:
        raise UsageError("give --weights or --sigma, not both", "the weight that belongs to sigma is 1/sigma**2")
    if digits is not None and not 1 <= digits <= 17:
        raise UsageError(f"--digits is between 1 and 17, got {digits}")
    for path in filter(None, (save, plot, report)):
        check_place(path)
    if plot is not None:
        check_ending(plot)
    if report is not None:
        check_page(report)
    from fitx.given import Given
    from fitx.parametric.asked import read_bounds, read_values
    from fitx.pipeline import fit_table
    from fitx.settings import Settings, check_settings, choose_fitters
    from fitx.units import unit_texts

    how, _, split_group = split.partition(":")
    settings = Settings(
        methods=tuple(method or ("auto",)), holdout=holdout, split=how, seed=seed, time_limit=time_limit, jobs=jobs,
        max_complexity=max_complexity, options=_options(set_ or []), save=save,
        units=None if units is None else unit_texts(units), model=model,
        per_group=tuple(column_list(per_group or "")), group=group,
        start=read_values(",".join(start or [])), bounds=read_bounds(",".join(bounds or [])),
        fix=read_values(",".join(fix or [])), metric=metric,
        losses=tuple(dict.fromkeys(column_list(loss))), range=None if range_ is None else _range(range_),
        allow_poles=allow_poles,
    )  # fmt: skip
    if (how == "group") != bool(split_group):
        raise UsageError(f"`--split {split}` is not understood", "it is random, last, or group:COLUMN")
    check_settings(settings)
    choose_fitters(settings)
    from fitx.read import read

    began = time.perf_counter()
    rows = read(
        table, target=target, features=_features(features, group), weights=weights,
        sigma=sigma, group=split_group or None, missing="error" if missing == "error" else "drop",
    )  # fmt: skip
    settings = replace(settings, time_limit=_left(time_limit, time.perf_counter() - began))
    for text in rows.warnings:
        say(f"warning: {text}")
    with show_progress(progress) as listeners:
        interrupts.begin()
        result = fit_table(rows, replace(settings, progress=listeners.improved, status=listeners.status))
        result = replace(result, given=Given(rows.X, rows.y, rows.groups))
        interrupts.hold()
    for text in result.warnings[len(rows.warnings) :]:
        say(f"warning: {text}")
    _each(
        (save, lambda: result.save(str(save))),
        (format, lambda: result_line(export(result, format, digits))),
        (plot, lambda: result.plot(path=plot)),
        (report, lambda: result.report(str(report), command=as_typed())),
    )
    if preview:
        show_preview(result)
    if format == "text" and sys.stdout.isatty():
        summary(result)
    return 130 if result.interrupted else 0


def _left(limit: float | None, spent: float) -> float | None:
    """The seconds of a time limit that reading leaves, where it took a notable part of them; a fifth at least."""
    if limit is None or spent < _NOTABLE * limit:
        return limit
    return max(limit - spent, limit / 5)


def _each(*outputs: tuple[object, Callable[[], object]]) -> None:
    """Every output that is asked for, whatever becomes of the others: where saving fails the formula is not lost.

    Errors: the last of theirs; the others are shown.
    """
    failures: list[FitxError] = []
    for asked, write in outputs:
        try:
            if asked is not None:
                write()
        except FitxError as e:
            failures.append(e)
    for earlier in failures[:-1]:
        show_error(earlier.message, earlier.hint)
    if failures:
        raise failures[-1]


def _features(given: str | None, group: str | None) -> list[str] | None:
    """The features named, with the groups' column."""
    if given is None:
        return None
    names = column_list(given)
    return names if group is None or group in names else [*names, group]


def _range(text: str) -> tuple[float, float]:
    from fitx.link import range_option

    try:
        return range_option(text)
    except ValueError as e:
        raise UsageError(f"--range takes {e}; got `{text}`") from None


def _one_of(flag: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"{flag} is one of {', '.join(known)}; got `{value}`", did_you_mean(value, list(known)).strip())


def _options(given: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"`--set {text}` has no value", "write METHOD.OPTION=VALUE, for example poly.degree=3")
        options[key.strip()] = value.strip()
    return options

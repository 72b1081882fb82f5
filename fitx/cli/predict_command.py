"""`fitx predict`: a saved formula on new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fitx.cli.place import check_place
from fitx.cli.show import result_line, say
from fitx.errors import UsageError, did_you_mean


# fmt: off
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL.json", help="A model that `fitx fit --save` wrote")],
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The rows, with the model's features as columns; `-` for standard input")],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the CSV there instead of to standard output")] = None,
    interval: Annotated[float | None, typer.Option("--interval", metavar="LEVEL", help="Prediction intervals at this level, for example 0.95: columns prediction, lower, upper")] = None,
    missing: Annotated[str, typer.Option("--missing", metavar="drop|error", help="Rows that lack a number: predict nothing for them, or refuse")] = "drop",
) -> int:
    """Predict the target for each row of TABLE, as CSV.

    The rows keep their order; the target's name is the header, after an apostrophe where a spreadsheet would take it for
    a formula (=..., +..., -..., @...); fitx reads it back without. A row that lacks a number, or where the formula is
    undefined, says NaN. Rows outside the range of those that were fitted are counted in a warning.

    With --interval the columns are prediction, lower and upper: intervals from the residuals on held-out rows, which
    hold a new row's target in that share of cases, whatever the method.

    \b
        fitx predict model.json new.csv
        fitx predict model.json new.csv --output predicted.csv
        fitx predict model.json new.csv --interval 0.95
    """
    # fmt: on
    import csv
    import io

    import numpy as np

    from fitx.conformal import check_level
    from fitx.model_file import load, write_whole
    from fitx.read import read_columns
    from fitx.sheet_names import to_sheet

    if missing not in ("drop", "error"):
        hint = did_you_mean(missing, ["drop", "error"]).strip()
        raise UsageError(f"--missing is one of drop, error; got `{missing}`", hint)
    if output is not None:
        check_place(output)
    if interval is not None:
        check_level(interval)
    fit = load(model)
    if interval is not None:
        fit.residuals.half_width(interval)  # what cannot be had is said before the table is read
    columns = read_columns(table, fit.features, missing="error" if missing == "error" else "drop", dates=fit.dates)
    for text in columns.warnings:
        say(f"warning: {text}")
    found = fit.predict(columns.X, interval)
    found = found[:, None] if found.ndim == 1 else found
    undefined = int(np.isnan(found[:, 0]).sum() - np.isnan(columns.X).any(axis=1).sum())
    if undefined > 0:
        say(f"warning: the formula is undefined on {undefined} of {len(found)} rows")
    out = io.StringIO()
    header = [fit.target] if interval is None else ["prediction", "lower", "upper"]
    cells = [to_sheet(name) for name in header]
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_MINIMAL if cells == header else csv.QUOTE_ALL).writerow(cells)
    text = out.getvalue() + "".join(_line(row) for row in found.tolist())
    if output is not None:
        write_whole(output, text)
    else:
        result_line(text.removesuffix("\n"))
    return 0


def _line(values: list[float]) -> str:
    return ",".join("NaN" if v != v else repr(v) for v in values) + "\n"

"""`fitx predict`: a saved formula on new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fitx.cli.show import result_line, say
from fitx.errors import UsageError


# fmt: off
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL.json", help="A model that `fitx fit --save` wrote")],
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The rows, with the model's features as columns; `-` for standard input")],
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the CSV there instead of to standard output")] = None,
    missing: Annotated[str, typer.Option("--missing", metavar="drop|error", help="Rows that lack a number: predict nothing for them, or refuse")] = "drop",
) -> int:
    """Predict the target for each row of TABLE, as CSV in the rows' order.

    The target's name is the header. A row that lacks a number, or where the formula is undefined, says NaN.

    \b
        fitx predict model.json new.csv
        fitx predict model.json new.csv --output predicted.csv
    """
    # fmt: on
    import csv
    import io

    import numpy as np

    from fitx.model_file import load, write_whole
    from fitx.read import read_columns

    if missing not in ("drop", "error"):
        raise UsageError(f"--missing is one of drop, error; got `{missing}`")
    fit = load(model)
    columns = read_columns(table, fit.features, missing="error" if missing == "error" else "drop", dates=fit.dates)
    for text in columns.warnings:
        say(f"warning: {text}")
    values = fit.predict(columns.X)
    undefined = int(np.isnan(values).sum() - np.isnan(columns.X).any(axis=1).sum())
    if undefined > 0:
        say(f"warning: the formula is undefined on {undefined} of {len(values)} rows")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([fit.target])
    text = out.getvalue() + "".join("NaN\n" if np.isnan(v) else f"{v!r}\n" for v in values.tolist())
    if output is not None:
        write_whole(output, text)
    else:
        result_line(text.removesuffix("\n"))
    return 0

"""`fitx plot`: a saved formula and a table in a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fitx.cli.place import check_place
from fitx.cli.show import say
from fitx.errors import FitxError
from fitx.report.endings import check_ending


# fmt: off
def plot(
    model: Annotated[Path, typer.Argument(metavar="MODEL.json", help="A model that `fitx fit --save` wrote")],
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The rows, with the model's features and its target as columns; `-` for standard input")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The picture: a file that ends in .png, .svg or .pdf")],
    what: Annotated[str, typer.Option("--what", metavar="all|fit|front", help="The fit, the front of error against complexity, or both")] = "all",
    missing: Annotated[str, typer.Option("--missing", metavar="drop|error", help="Rows that lack a number: leave them out, or refuse")] = "drop",
) -> int:
    """Draw a saved formula over the rows of TABLE.

    One feature: rows, curve with its 95 percent band, residuals. Several: predicted against observed, residuals, and
    how the formula moves with each feature, the most important first. Rows that were held out when the model was made
    are marked where TABLE holds its rows in their order.

    \b
        fitx plot model.json data.csv fit.svg
        fitx plot model.json data.csv front.png --what front
    """
    # fmt: on
    from fitx.cli.fit_command import _one_of
    from fitx.model_file import load
    from fitx.read import read_columns

    check_ending(file)
    check_place(file)
    _one_of("--what", what, ("all", "fit", "front"))
    _one_of("--missing", missing, ("drop", "error"))
    fit = load(model)
    names = (*fit.features, fit.target)
    columns = read_columns(table, names, missing="error" if missing == "error" else "drop", dates=fit.dates)
    left_out = len(columns) - int(columns.complete.sum())
    for text in columns.warnings[: -1 if left_out else None]:
        say(f"warning: {text}")
    if left_out:
        say(f"warning: {left_out} of {len(columns)} rows lack a number and are left out")
    rows = columns.X[columns.complete]
    if not len(rows):
        raise FitxError(f"`{columns.source}` has no row with a number in every column that the model uses")
    fit.plot(rows[:, :-1], rows[:, -1], file, what=what)
    return 0

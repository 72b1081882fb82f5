"""`fitx export`: a saved formula as code or text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fitx.cli.show import result_line
from fitx.export import FORMATS, format_names


# fmt: off
def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL.json", help="A model that `fitx fit --save` wrote")],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help=", ".join(FORMATS), autocompletion=format_names)],
    digits: Annotated[int | None, typer.Option("--digits", metavar="N", help="Significant digits of constants [default: text and latex as many as the data support, else all]")] = None,
) -> int:
    """Print a model's formula in another format.

    Code defines one function `formula` whose arguments are the features, in order; its comment says which column each
    of them is. `sql` is an expression over the columns, `excel` a formula for row 2 of a sheet.

    \b
        fitx export model.json --to latex
        fitx export model.json --to python > formula.py
        fitx export model.json --to c > formula.c
        fitx export model.json --to sql
    """
    # fmt: on
    from fitx.export import export as write
    from fitx.export import get_format
    from fitx.model_file import load

    get_format(to)
    result_line(write(load(model), to, digits))
    return 0

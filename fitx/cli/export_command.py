"""`fitx export`: a saved formula as code or text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fitx.cli.show import result_line


# fmt: off
def export(
    model: Annotated[Path, typer.Argument(metavar="MODEL.json", help="A model that `fitx fit --save` wrote")],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="text, latex, json, python or numpy")],
    digits: Annotated[int | None, typer.Option("--digits", metavar="N", help="Significant digits of constants; all that matter if not given")] = None,
) -> int:
    """Print a model's formula in another format.

    Code defines one function `formula` whose arguments are the features, in order.

    \b
        fitx export model.json --to latex
        fitx export model.json --to python > formula.py
    """
    # fmt: on
    from fitx.export import export as write
    from fitx.export import get_format
    from fitx.model_file import load

    get_format(to)
    result_line(write(load(model), to, digits))
    return 0

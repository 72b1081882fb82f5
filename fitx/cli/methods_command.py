"""`fitx methods`: every fitter found, and one fitter's options."""

from __future__ import annotations

import inspect
from typing import Annotated

import typer

from fitx.cli.show import result_line


# fmt: off
def methods(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show this method's options")] = None,
) -> int:
    """List the methods, built in or from plug-ins, one line each; or one method's options."""
    # fmt: on
    from fitx.plugins import all_fitters, get_fitter

    if name is None:
        fitters = all_fitters().values()
        width = max(len(f.name) for f in fitters)
        for f in fitters:
            also = f" (also: {', '.join(f.aliases)})" if f.aliases else ""
            result_line(f"{f.name:{width}}  {f.summary}{also}")
        return 0
    fitter = get_fitter(name)
    result_line(f"{fitter.name}: {fitter.summary}\n\n{inspect.cleandoc(type(fitter).__doc__ or '')}")
    if fitter.options:
        result_line("\noptions:")
    for o in fitter.options:
        choices = f" ({', '.join(o.choices)})" if o.choices else ""
        default = "chosen from the data" if o.default is None else o.default
        result_line(f"  --set {fitter.name}.{o.name}=...  {o.meaning}{choices} [default: {default}]")
    for line in fitter.details():
        result_line(line)
    return 0

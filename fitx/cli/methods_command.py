"""`fitx methods`: every fitter found, and one fitter's page: for which data, options, papers, an example."""

from __future__ import annotations

import inspect
import json
import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fitx.cli.help import complete_method, one_of
from fitx.cli.show import result_line
from fitx.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from fitx.fitters.base import Fitter, Option

_WIDTH = 100


# fmt: off
def methods(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Explain this method", autocompletion=complete_method)] = None,
    format: Annotated[str, typer.Option("--format", "-f", metavar="text|json", help="How it is written", autocompletion=one_of("text", "json"))] = "text",
) -> int:
    """List the methods, one line each, or explain one.

    A method's page says for which data it is, its options with defaults, what it is published in, and an example.

    \b
        fitx methods
        fitx methods poly
        fitx methods --format json
    """
    # fmt: on
    from fitx.plugins import all_fitters, get_fitter

    if format not in ("text", "json"):
        raise UsageError(f"no format named `{format}`", did_you_mean(format, ["text", "json"]) + "it is text or json")
    found = list(all_fitters().values()) if name is None else [get_fitter(name)]
    if format == "json":
        result_line(json.dumps([_record(f) for f in found], indent=2, ensure_ascii=False))
    elif name is not None:
        result_line("\n".join(_page(found[0])))
    else:
        width = max(len(f.name) for f in found)
        for f in found:
            also = f" (also: {', '.join(f.aliases)})" if f.aliases else ""
            result_line(f"{f.name:{width}}  {f.summary}{also}")
    return 0


def _page(f: Fitter) -> list[str]:
    lines = [f"{f.name}: {f.summary}", "", *inspect.cleandoc(type(f).__doc__ or "").splitlines()]
    uses = [f"{label}{text}" for label, text in (("for:      ", f.good_for), ("not for:  ", f.not_for)) if text]
    lines += ["", *uses] if uses else []
    if f.options:
        lines += ["", "options:"]
    for o in f.options:
        lines.append(f"  --set {f.name}.{o.name}=...")
        lines += textwrap.wrap(_option(o), _WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)
    lines += ["", "published in:", *(f"  {paper}" for paper in f.papers)] if f.papers else []
    lines += ["", "example:", f"  {f.example}"] if f.example else []
    return [*lines, *f.details()]


def _option(o: Option) -> str:
    choices = f" ({', '.join(o.choices)})" if o.choices else ""
    return f"{o.meaning}{choices} [default: {_default(o)}]"


def _default(o: Option) -> str:
    if o.default is None:
        return "not given"
    if isinstance(o.default, bool):
        return str(o.default).lower()
    return str(o.default) if o.default or o.default == 0 else "empty"


def _record(f: Fitter) -> dict[str, Any]:
    options = [
        {
            "name": f"{f.name}.{o.name}",
            "default": o.default if isinstance(o.default, (bool, int, float, str)) else None,
            "choices": list(o.choices),
            "meaning": o.meaning,
        }
        for o in f.options
    ]
    return {
        "name": f.name, "aliases": list(f.aliases), "summary": f.summary, "good_for": f.good_for, "not_for": f.not_for,
        "papers": list(f.papers), "example": f.example, "options": options,
    }  # fmt: skip

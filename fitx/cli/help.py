"""Help pages: options in groups, in plain text, and the names that a shell completes."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

# Groups of the options of `fitx fit`, in the order of its help page.
EXPLAIN = "What to explain"
METHODS = "Which methods"
JUDGED = "How it is judged"
OWN = "Your own formula"
OUTPUT = "Output"

_WIDEST = 30  # of flags; a wider one has its text on the next line


class Page(TyperCommand):
    """A command whose help lists options under `rich_help_panel`, without boxes and without importing rich.

    Flags have one column across the groups. Options without a group stand last, under "Options", or with the output.
    """

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """[OPTIONS] and the arguments by their names."""
        names = [p.metavar or "" for p in self.get_params(ctx) if p.param_type_name == "argument"]
        return ["[OPTIONS]", *names]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then the groups in the order in which they first occur."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if param.param_type_name == "argument":
                sections.setdefault("Arguments", []).append((param.metavar or "", getattr(param, "help", None) or ""))
            elif record is not None:
                sections.setdefault(getattr(param, "rich_help_panel", None) or "", []).append(record)
        loose = sections.pop("", [])
        sections.setdefault(OUTPUT if OUTPUT in sections else "Options", []).extend(loose)
        _write(formatter, sections)


class Contents(TyperGroup):
    """The page of `fitx` itself: the commands before the options."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Commands, one line each; then the few options."""
        self.format_commands(ctx, formatter)
        records = [p.get_help_record(ctx) for p in self.get_params(ctx)]
        _write(formatter, {"Options": [r for r in records if r is not None]})


def _write(formatter: Any, sections: dict[str, list[tuple[str, str]]]) -> None:
    wide = min(_WIDEST, max(len(flags) for rows in sections.values() for flags, _ in rows))
    for title, rows in sections.items():
        with formatter.section(title):
            formatter.write_dl(
                [(f"{flags:{wide}}", text.removesuffix(".").replace("  [", " [")) for flags, text in rows]
            )


def complete_method(incomplete: str) -> list[tuple[str, str]]:
    """Methods that begin so, with what they are."""
    from fitx.plugins import all_fitters

    known = {"auto": "all that suit the data", **{f.name: f.summary for f in all_fitters().values()}}
    return [(name, text) for name, text in known.items() if name.startswith(incomplete)]


def complete_option(incomplete: str) -> list[str]:
    """`METHOD.` and, behind the point, `METHOD.OPTION=` for --set."""
    from fitx.plugins import all_fitters

    if "." not in incomplete:
        return [f"{f.name}." for f in all_fitters().values() if f.options and f.name.startswith(incomplete)]
    texts = [f"{f.name}.{o.name}=" for f in all_fitters().values() for o in f.options]
    return [text for text in texts if text.startswith(incomplete)]


def complete_loss(incomplete: str) -> list[str]:
    """Losses that begin so, behind those that are there."""
    from fitx.numerics.losses import LOSSES

    done, comma, last = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in LOSSES if name.startswith(last)]


def one_of(*names: str) -> Any:
    """A completion of these names."""
    return lambda incomplete: [name for name in names if name.startswith(incomplete)]

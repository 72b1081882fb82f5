"""The application: its commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

from fitx import __version__
from fitx.cli import export_command, fit_command, methods_command, plot_command, predict_command
from fitx.cli.show import say, show_error

app = typer.Typer(
    name="fitx",
    help="Find formulas that fit a table of numbers, and say how far to trust them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"fitx {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave")
    ] = False,
) -> None:
    """Find formulas that fit a table of numbers, and say how far to trust them."""


def _interruptible(command: Callable[..., int]) -> Callable[..., int]:
    """`command`, saying so where it is interrupted with nothing to show; typer itself would leave without a word."""

    @functools.wraps(command)
    def run_command(*args: object, **more: object) -> int:
        try:
            return command(*args, **more)
        except KeyboardInterrupt:
            say("interrupted before there was a result")
            return 130

    return run_command


app.command("fit")(_interruptible(fit_command.fit))
app.command("predict")(_interruptible(predict_command.predict))
app.command("export")(_interruptible(export_command.export))
app.command("plot")(_interruptible(plot_command.plot))
app.command("methods")(_interruptible(methods_command.methods))


def run(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    from fitx.errors import FitxError

    command = typer.main.get_command(app)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = lambda message, *rest, **more: say(f"warning: {message}")
        try:
            code = command.main(arguments, prog_name="fitx", standalone_mode=False)
        except FitxError as e:
            show_error(e.message, e.hint)
            return e.exit_code
        except BrokenPipeError:
            raise
        except Exception as e:
            return _usage(e)
    return code if isinstance(code, int) else 0


def _usage(e: Exception) -> int:
    """Errors of the command line itself (typer's own classes); anything else is a fault of fitx and said as one."""
    shown = getattr(e, "format_message", None)
    if shown is None:
        if isinstance(e, MemoryError):
            show_error("there is not enough memory for this table", "use fewer columns with `--features`")
            return 1
        show_error(f"this is a fault of fitx: {type(e).__name__}: {e}", "report it with the command and the table")
        return 1
    if type(e).__name__ == "NoArgsIsHelpError":
        say(shown())
        return 2
    show_error(shown(), "`fitx --help` and `fitx COMMAND --help` list what there is")
    return int(getattr(e, "exit_code", 2))

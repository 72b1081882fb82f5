"""The application: its commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import functools
import re
import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import typer

from fitx import __version__
from fitx.cli import export_command, fit_command, methods_command, plot_command, predict_command
from fitx.cli.command_line import remember
from fitx.cli.help import Contents, Page
from fitx.cli.interrupts import NOTHING_YET
from fitx.cli.show import say, show_error
from fitx.cli.streams import failed, put

app = typer.Typer(
    name="fitx",
    cls=Contents,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        put(f"fitx {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave")
    ] = False,
) -> None:
    """Find formulas that fit a table of numbers, and say how far to trust them.

    \b
    Where to begin:
      fitx fit data.csv     # a formula for the last column of a table by the others
      fitx fit --help       # five examples, and every option
      fitx methods          # which methods there are; fitx methods NAME explains one
    """


def _interruptible(command: Callable[..., int]) -> Callable[..., int]:
    """`command`, saying so where it is interrupted with nothing to show; typer itself would leave without a word."""

    @functools.wraps(command)
    def run_command(*args: object, **more: object) -> int:
        try:
            return command(*args, **more)
        except KeyboardInterrupt:
            say(NOTHING_YET)
            return 130

    return run_command


app.command("fit", cls=Page)(_interruptible(fit_command.fit))
app.command("predict", cls=Page)(_interruptible(predict_command.predict))
app.command("export", cls=Page)(_interruptible(export_command.export))
app.command("plot", cls=Page)(_interruptible(plot_command.plot))
app.command("methods", cls=Page)(_interruptible(methods_command.methods))


def run(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    from fitx.errors import FitxError

    command = typer.main.get_command(app)
    remember(arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = lambda message, *rest, **more: say(f"warning: {message}")
        try:
            code = _main(command, arguments)
        except FitxError as e:
            show_error(e.message, e.hint)
            return e.exit_code
        except Exception as e:
            return _usage(e)
    return code if isinstance(code, int) else 0


def _main(command: Any, arguments: list[str]) -> object:
    """What the command returns; help, which typer prints, may find standard output gone or full."""
    try:
        code: object = command.main(arguments, prog_name="fitx", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as e:
        if not isinstance(e.__context__, BrokenPipeError):
            raise
        failed(e.__context__)
        return 0
    except OSError as e:
        if e.filename is not None:
            raise
        failed(e)
        return 0
    return code


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
    ctx = getattr(e, "ctx", None)
    path = getattr(ctx, "command_path", "fitx")
    message, meant = _unknown(e, ctx)
    show_error(message or shown(), f"{meant}`{path} --help` lists what there is")
    return int(getattr(e, "exit_code", 2))


def _unknown(e: Exception, ctx: Any) -> tuple[str, str]:
    """The message and the nearest name, where a command or a flag is not known; else empty texts."""
    from fitx.errors import did_you_mean

    command = getattr(ctx, "command", None)
    if type(e).__name__ == "NoSuchOption" and command is not None:
        name = str(getattr(e, "option_name", ""))
        flags = [flag for p in command.get_params(ctx) if p.param_type_name == "option" for flag in p.opts]
        return f"no option `{name}`", did_you_mean(name, [flag for flag in flags if flag[:2] == "--"])
    wrong = re.match(r"No such command '(.*?)'\.", str(getattr(e, "message", "")))
    if wrong is not None and command is not None:
        return f"no command `{wrong[1]}`", did_you_mean(wrong[1], list(command.commands))
    return "", ""

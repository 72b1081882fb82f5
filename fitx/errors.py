"""The errors and warnings of fitx: a message that says what and where, and a hint that says what to do next."""

from __future__ import annotations


class FitxError(Exception):
    """The data or the fit is at fault (exit code 1).

    message: what is wrong and where (file, row, column, names in backticks).
    hint: what to do next, one sentence; shown after a blank line.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n\nhint: {self.hint}" if self.hint else self.message


class UsageError(FitxError, ValueError):
    """What was asked for is at fault: an unknown name, a value out of range (exit code 2)."""

    exit_code = 2


class NotFinite(UsageError):
    """A constant of a formula that is no finite number, as where columns of extreme size were given."""


class FitxWarning(UserWarning):
    """Something the user should know about a result that stands."""


class ExtrapolationWarning(FitxWarning):
    """Rows to predict lie outside the range of those that were fitted."""


def one_line(text: object) -> str:
    """Text without line ends and other control characters, which are written out: names of files hold anything."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def did_you_mean(name: str, known: list[str]) -> str:
    """'did you mean `x`? ' when a known name is close to `name`, else ''."""
    import difflib

    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`? " if close else ""

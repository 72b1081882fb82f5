"""The command as it was typed, for the page that says how to make a fit again."""

from __future__ import annotations

import shlex

_given: list[str] = []


def remember(arguments: list[str]) -> None:
    """What the process, or a caller, gave."""
    _given[:] = arguments


def as_typed() -> str:
    """The command, quoted for a shell."""
    return shlex.join(["fitx", *_given])

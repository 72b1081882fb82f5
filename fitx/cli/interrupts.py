"""Ctrl-C and SIGTERM: the first asks for the best so far, the second ends the process at once."""

from __future__ import annotations

import os
import signal
import sys

_SHOW_CURSOR = b"\x1b[?25h\n"
_asked: list[int] = []  # signals so far
_done: list[bool] = []  # the result is there


def install() -> None:
    """Answer both signals, in the main thread of a process of our own; a signal that is ignored (nohup) stays so."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _answer)


def hold() -> None:
    """From now on the first signal lets the process print and save what it has."""
    _done.append(True)


def leave() -> None:
    """End at once, without a word, as an interrupted process does."""
    if sys.stderr.isatty():
        os.write(2, _SHOW_CURSOR)
    os._exit(130)


def _answer(number: int, frame: object) -> None:
    _asked.append(number)
    if len(_asked) > 1:
        leave()
    if not _done:
        raise KeyboardInterrupt

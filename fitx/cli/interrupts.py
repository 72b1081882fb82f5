"""Ctrl-C and SIGTERM. What the first one means depends on how far the process is; the second ends it at once."""

from __future__ import annotations

import os
import signal
import sys
from enum import Enum, auto

NOTHING_YET = "interrupted before there was a result"
_SHOW_CURSOR = b"\x1b[?25h\n"


class Stage(Enum):
    """How far the process is."""

    STARTING = auto()  # imports, a table being read, a command that is done in a moment: it ends in words
    AT_WORK = auto()  # a fit: KeyboardInterrupt, which asks for the best so far
    FINISHED = auto()  # the result is there: it is still printed and saved


_stage = Stage.STARTING
_asked: list[int] = []  # signals so far


def install() -> None:
    """Answer both signals, in the main thread of a process of our own; a signal that is ignored (nohup) stays so."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _answer)


def begin() -> None:
    """From now on the first signal asks for the best so far."""
    _enter(Stage.AT_WORK)


def hold() -> None:
    """From now on the first signal lets the process print and save what it has."""
    _enter(Stage.FINISHED)


def leave(text: str = "") -> None:
    """End at once, as an interrupted process does, and leave no half-written file behind. No exception, which an
    import of compiled code can swallow or turn into another one."""
    files = sys.modules.get("fitx.model_file")
    if files is not None:
        files.remove_unfinished()
    try:
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)
        if text:
            os.write(2, f"{text}\n".encode())
    finally:
        os._exit(130)


def _enter(stage: Stage) -> None:
    global _stage
    _stage = stage


def _answer(number: int, frame: object) -> None:
    _asked.append(number)
    if len(_asked) > 1:
        leave()
    if _stage is Stage.STARTING:
        leave(NOTHING_YET)
    if _stage is Stage.AT_WORK:
        raise KeyboardInterrupt

"""Ctrl-C and SIGTERM. What the first one means depends on how far the process is; the second ends it at once."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import weakref
from enum import Enum, auto
from types import FrameType

NOTHING_YET = "interrupted before there was a result"
_LATER = 0.01  # seconds
_HERE = os.path.dirname(__file__)
_FRAGILE_FILES = frozenset({"<frozen importlib._bootstrap>", weakref.__file__})
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
            # Python's own end would make a signal deadly again, and the exit code another one; this runs last of all.
            atexit.register(signal.signal, number, signal.SIG_IGN)


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


def _answer(number: int, frame: FrameType | None) -> None:
    _asked.append(number)
    if len(_asked) > 1:
        leave()
    if _stage is Stage.STARTING:
        leave(NOTHING_YET)
    _raise(number, frame)


def _raise(number: int, frame: FrameType | None) -> None:
    """KeyboardInterrupt, where the fit can bear it; else a little later."""
    if _stage is not Stage.AT_WORK:
        return
    if hasattr(signal, "setitimer") and _would_be_lost(frame):
        signal.signal(signal.SIGALRM, _raise)
        signal.setitimer(signal.ITIMER_REAL, _LATER)
        return
    raise KeyboardInterrupt


def _would_be_lost(frame: FrameType | None) -> bool:
    """Whether an exception would leave a module half imported, or be swallowed: in code that is imported or made from
    text (Python then ends itself by SIGINT, whoever catches it), and where an object is being destroyed."""
    while frame is not None and not frame.f_code.co_filename.startswith(_HERE):
        name, file = frame.f_code.co_name, frame.f_code.co_filename
        if file in _FRAGILE_FILES or name == "__del__" or (name, file) == ("<module>", "<string>"):
            return True
        frame = frame.f_back
    return False

"""Standard output and error where they may be closed, full, or without a reader.

A reader that has left (`| head -1`) has what it wanted: the rest is dropped, files are still written, and the exit code
is that of the work. An output that cannot be written for another reason, such as a full disk, is an error.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

from fitx.errors import FitxError


def secure() -> None:
    """Open what the caller closed (`>&-`) to nowhere: else the next file that is opened would get its number, and what
    is printed would go there."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)  # the processes of a fit need it as much
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def put(text: str) -> None:
    """Text and a line's end on standard output. Errors: FitxError where it cannot be written."""
    try:
        print(text, flush=True)
    except OSError as e:
        failed(e)


def failed(e: OSError) -> None:
    """Writing to standard output failed: no more goes there. Errors: FitxError unless its reader left."""
    drop(sys.stdout)
    gone = isinstance(e, BrokenPipeError) or (os.name == "nt" and e.errno == errno.EINVAL)
    if not gone:
        hint = "`--save`, or `--output` of predict, writes a file that is whole or not there"
        raise FitxError(f"cannot write to standard output: {e.strerror or e}", hint) from None


def drop(stream: TextIO) -> None:
    """What is still to be written to `stream`, and what its buffer holds, goes nowhere."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # no file beneath
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)

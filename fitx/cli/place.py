"""Whether a file can be written, said before the work and not after."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from fitx.errors import UsageError, one_line

_ELSEWHERE = "choose another place to save to"


def check_place(path: Path) -> None:
    """Errors: UsageError where the folder of `path` is not there or takes no file, or where `path` is a folder or may
    not be written."""
    folder = Path(os.path.realpath(path)).parent  # a link is followed: the file that it names is written
    if not folder.is_dir():
        raise UsageError(f"cannot save to `{one_line(path)}`: there is no folder `{folder}`")
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG
    except OSError as e:
        raise UsageError(f"cannot save to `{one_line(path)}`: {e.strerror or e}", _ELSEWHERE) from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"cannot save to `{one_line(path)}`: it is a folder", "name a file in it")
    if path.exists() and not os.access(path, os.W_OK):
        raise UsageError(f"cannot save to `{one_line(path)}`: it may not be written", _ELSEWHERE)
    if not stat.S_ISREG(mode):  # a device or a pipe is written as it is
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as e:
        why = "its folder may not be written" if isinstance(e, PermissionError) else f"{e.strerror or e}"
        raise UsageError(f"cannot save to `{one_line(path)}`: {why}", _ELSEWHERE) from None

"""Whether a file can be written, said before the work and not after."""

from __future__ import annotations

import os
from pathlib import Path

from fitx.errors import UsageError


def check_place(path: Path) -> None:
    """Errors: UsageError where the folder of `path` is not there or may not be written, or where it is a folder."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"cannot save to `{path}`: there is no folder `{folder}`")
    if path.is_dir():
        raise UsageError(f"cannot save to `{path}`: it is a folder", "name a file in it")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"cannot save to `{path}`: its folder may not be written", "choose another place to save to")

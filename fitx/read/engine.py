"""The one door to duckdb: a connection that reads local files and nothing else, on every core up to eight."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any


def connect() -> Any:
    """A connection in memory that installs and loads no extension."""
    import duckdb

    options = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "threads": str(max(1, min(os.cpu_count() or 1, 8))),
    }
    return duckdb.connect(":memory:", config=options)


def plain_path(path: Path, cleanup: ExitStack) -> str:
    """A path to the same file that duckdb takes as it stands: absolute, and free of the signs of a pattern."""
    text = os.path.abspath(path)
    if not any(sign in text for sign in "*?[]{}"):
        return text
    folder = cleanup.enter_context(tempfile.TemporaryDirectory(prefix="fitx-"))
    link = os.path.join(folder, "table" + path.suffix.lower())
    os.symlink(text, link)
    return link

"""Watches that nothing is executed while hostile texts are read, printed and exported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_STARTED = frozenset(
    {
        "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn",
        "webbrowser.open", "socket.connect",
    }
)  # fmt: skip
#: Names under which `ast.parse`, and pytest for its tracebacks, take a source apart; modules have their file's name.
_TAKEN_APART = frozenset({"<unknown>", "source"})
seen: list[str] = []
_watching = False


def _hook(event: str, args: tuple[object, ...]) -> None:
    if not _watching:
        return
    if event in _STARTED and "fc-list" not in str(args[:2]):  # matplotlib asks it for fonts
        seen.append(f"{event} {args!r:.200}")
    if event == "compile" and "PWNED" in str(args[0]) and str(args[1])[-3:] != ".py" and args[1] not in _TAKEN_APART:
        seen.append(f"compiled as {args[1]}: {args[0]!r:.200}")


sys.addaudithook(_hook)


def _surroundings() -> dict[str, str]:
    """The environment, but for what pytest and scikit-learn's threads write there."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "KMP_"))}


def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In an empty folder: no command, no connection, no text of ours compiled, no file PWNED, the same environment."""
    global _watching
    monkeypatch.chdir(tmp_path)
    before = _surroundings()
    seen.clear()
    _watching = True
    yield
    _watching = False
    assert not seen, seen
    assert not [path for path in tmp_path.rglob("*") if path.name == "PWNED"]
    monkeypatch.undo()
    assert _surroundings() == before

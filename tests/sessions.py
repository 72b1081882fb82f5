"""Sessions that a page shows: commands after `$`, and under each what it prints on a terminal.

`python tests/sessions.py` writes anew what stands under the commands of the examples.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:[eE][-+]?\d+)?")
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def environment() -> dict[str, str]:
    """The installed `fitx` first on PATH; no colour, no width of the terminal that happens to run the tests."""
    scripts = os.pathsep.join([sysconfig.get_path("scripts"), os.path.dirname(sys.executable)])
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "FORCE_COLOR")}
    path = scripts + os.pathsep + kept.get("PATH", "")
    return {**kept, "PATH": path, "NO_COLOR": "1", "COLUMNS": "120", "PYTHONIOENCODING": "utf-8"}


def assert_same(got: str, expected: str) -> None:
    """Equal texts; or, where a CPU rounds otherwise, equal words and numbers equal to 1e-9 relative."""
    if got == expected:
        return
    assert NUMBER.sub("0", got) == NUMBER.sub("0", expected), f"{got}\n---- expected:\n{expected}"
    numbers = [float(n) for n in NUMBER.findall(got)]
    assert numbers == pytest.approx([float(n) for n in NUMBER.findall(expected)], rel=1e-9), got


def sessions(text: str) -> list[tuple[str, str]]:
    """Pairs (command, what stands under it) of the text of a console block."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def of_page(page: str) -> list[tuple[str, str]]:
    """All sessions of a page."""
    return [pair for text in CONSOLE.findall(page) for pair in sessions(text)]


def on_terminal(command: str, folder: Path, **more: str) -> tuple[str, str, int]:
    """Standard output as a terminal of 140 columns shows it, standard error, and the exit code."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    env = {**environment(), "COLUMNS": "140", "TERM": "xterm", **more}
    process = subprocess.Popen(
        ["sh", "-c", command], stdout=theirs, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=folder, env=env
    )
    os.close(theirs)
    assert process.stderr is not None
    errors = process.stderr.read().decode()
    output = b""
    with contextlib.suppress(OSError):  # Linux says EIO where others say end of file
        while piece := os.read(ours, 65536):
            output += piece
    os.close(ours)
    code = process.wait()
    process.stderr.close()
    lines = re.sub(r"\x1b\[[0-9;]*m", "", output.decode()).replace("\r\n", "\n").splitlines()
    return "".join(line.rstrip() + "\n" for line in lines), errors, code


def folders() -> list[Path]:
    """The examples with a page that shows commands."""
    pages = [p for p in sorted(EXAMPLES.glob("*/README.md")) if CONSOLE.search(p.read_text(encoding="utf-8"))]
    return [p.parent for p in pages]


def lacking(folder: Path) -> str:
    """A program that a command of the page needs and that is not there, or ""."""
    first = {re.split(r"\s", command)[0] for command, _ in of_page((folder / "README.md").read_text(encoding="utf-8"))}
    path = environment()["PATH"]
    return next((name for name in sorted(first) if not name.startswith("./") and not shutil.which(name, path=path)), "")


def replay(folder: Path, place: Path) -> Iterator[tuple[str, str, str, int]]:
    """Each command of the page in a copy of its folder: command, what the page shows, what is printed, exit code."""
    copy = place / folder.name
    shutil.copytree(folder, copy)
    for command, shown in of_page((folder / "README.md").read_text(encoding="utf-8")):
        output, errors, code = on_terminal(command, copy, COLUMNS="120")
        yield command, shown, errors + output, code


def write_anew(folder: Path) -> None:
    """What the commands of a page print now, under them."""
    page = (folder / "README.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        for command, shown, printed, _ in replay(folder, Path(place)):
            page = page.replace(f"$ {command}\n{shown}", f"$ {command}\n{printed}", 1)
    (folder / "README.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    for each in folders():
        write_anew(each)

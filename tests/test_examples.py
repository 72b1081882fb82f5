"""Every folder of examples/ is a question with its data, its source, its commands and what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
FOLDERS = sorted(p.parent for p in EXAMPLES.glob("*/run.sh"))
NUMBER = re.compile(r"(?<![\w.])-?\d+\.?\d*(?:[eE][-+]?\d+)?")


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


def test_there_are_examples() -> None:
    assert len(FOLDERS) >= 4


@pytest.mark.skipif(os.name == "nt", reason="run.sh needs a shell")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_prints_what_it_says(folder: Path, tmp_path: Path) -> None:
    before = sorted(p.name for p in folder.iterdir())
    ran = subprocess.run(
        [str(folder / "run.sh")], capture_output=True, encoding="utf-8", env=environment(), cwd=tmp_path, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert_same(ran.stdout, (folder / "expected.txt").read_text(encoding="utf-8"))
    assert sorted(p.name for p in folder.iterdir()) == before  # an example leaves nothing behind


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_is_a_sourced_question(folder: Path) -> None:
    for table in folder.glob("data*.csv"):
        assert table.read_text(encoding="utf-8").startswith("# source: ")
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert re.match(r"# .*\?\n", page)
    assert "What to look at:" in page
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert f"[{folder.name}]({folder.name})" in listed
    assert page.removeprefix("# ").splitlines()[0] in listed


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_page_shows_its_commands_and_their_output(folder: Path) -> None:
    shown = [line[4:] for line in (folder / "README.md").read_text(encoding="utf-8").splitlines() if line[:4] == "    "]
    commands = [line.removeprefix("$ ") for line in shown if line.startswith("$ ")]
    script = (folder / "run.sh").read_text(encoding="utf-8")
    run = [re.sub(r'"\$model"', "model.json", line) for line in script.splitlines() if line.startswith("fitx ")]
    assert commands == run
    output = "".join(line + "\n" for line in shown if not line.startswith("$ "))
    assert output == (folder / "expected.txt").read_text(encoding="utf-8")

"""Every folder of examples/ is a question with its data, its source, its commands and what they print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sessions import EXAMPLES, assert_same, environment, folders, lacking, replay

FOLDERS = folders()
QUESTIONS = (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_eight_questions_are_told() -> None:
    assert len(FOLDERS) == 8
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\) \| (.*?) \|", QUESTIONS, re.MULTILINE)
    assert sorted(name for name, _, _ in rows) == [folder.name for folder in FOLDERS]
    assert all(name == link for name, link, _ in rows)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_prints_what_it_says(folder: Path, tmp_path: Path) -> None:
    if program := lacking(folder):
        pytest.skip(f"there is no {program} here")
    for command, shown, printed, code in replay(folder, tmp_path):
        assert code == 0, printed
        assert "Traceback" not in printed, command
        assert_same(printed, shown)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_is_a_sourced_question(folder: Path) -> None:
    assert (folder / "data.csv").read_text(encoding="utf-8").startswith("# source: ")
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert re.match(r"# .*\?\n", page)
    assert "What to look at:" in page
    assert f"[{folder.name}]({folder.name}) | {page.removeprefix('# ').splitlines()[0]} |" in QUESTIONS
    for name in re.findall(r"`([\w]+\.(?:py|c|csv))`", page):
        assert (folder / name).exists() or f"> {name}" in page, name


@pytest.mark.parametrize("folder", [f for f in FOLDERS if (f / "simulate.py").exists()], ids=lambda p: p.name)
def test_the_stated_rule_gives_the_data(folder: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "simulate.py"],
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env=environment(),
        check=True,
    )
    assert ran.stdout == (folder / "data.csv").read_text(encoding="utf-8")

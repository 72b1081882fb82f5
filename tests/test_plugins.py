"""Fitters from other packages: found by their entry point; a broken one is a warning, not a failure."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fitx
from fitx import plugins
from fitx.errors import FitxWarning, UsageError

GOOD = '''
from fitx.fitters.base import Fitter, Proposal
from fitx.formula import Const

class Middle(Fitter):
    """The middle of the target's range."""
    name, summary = "middle", "the middle of the target's range"

    def propose(self, data, context):
        yield Proposal(Const(float((data.y.min() + data.y.max()) / 2)), "middle")
'''


def install(folder: Path, entries: dict[str, str], **modules: str) -> None:
    """A package in `folder` as pip would leave it."""
    info = folder / "other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[fitx.fitters]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()))
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.all_fitters.cache_clear()
    yield tmp_path
    plugins.all_fitters.cache_clear()
    for name in ("good", "broken"):
        sys.modules.pop(name, None)


def test_found_by_its_entry_point(folder: Path) -> None:
    install(folder, {"middle": "good:Middle"}, good=GOOD)
    assert "middle" in fitx.methods()
    with pytest.warns(FitxWarning):
        fit = fitx.fit([1, 2, 3, 4], [0, 5, 6, 8], method="middle")
    assert str(fit) == "4"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("broken:Nothing", "this plug-in does not import"),
        ("nowhere:Nothing", "No module named 'nowhere'"),
        ("good:Const", "not a subclass"),
        ("good:absent", "absent"),
    ],
)
def test_a_broken_plug_in_is_a_warning(folder: Path, entry: str, message: str) -> None:
    install(
        folder,
        {"bad": entry, "middle": "good:Middle"},
        good=GOOD,
        broken="raise OSError('this plug-in does not import')",
    )
    with pytest.warns(FitxWarning, match=f"plug-in `bad`.*{message}"):
        found = fitx.methods()
    assert {"middle", "poly", "lagrange"} <= set(found)


def test_a_name_that_is_taken(folder: Path) -> None:
    install(folder, {"bad": "good:Middle"}, good=GOOD.replace('"middle"', '"poly"'))
    with pytest.warns(FitxWarning, match="`poly` is there already"):
        assert type(fitx.methods()["poly"]).__name__ == "Poly"


def test_wrong_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean `lagrange`"):
        plugins.get_fitter("lagrang")

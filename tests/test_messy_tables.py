"""Every messy table gives what a person who meant well would make of it, or an error that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from messy_files import FILES
from messy_tables import LINE, TEXTS, Messy

import fitx
from fitx.cli.app import run

CASES = [*TEXTS, *FILES]
good = [case for case in CASES if case.formula is not None]
bad = [case for case in CASES if case.formula is None]


def put(case: Messy, folder: Path) -> None:
    path = folder / case.file
    path.unlink(missing_ok=True)
    if isinstance(case.content, bytes):
        path.write_bytes(case.content)
    else:
        case.content(path)


def warned(err: str) -> list[str]:
    """The warnings that are about how the table was read; that it holds an exact line is meant."""
    found = [line for line in err.splitlines() if line.startswith("warning: ")]
    return [line for line in found if "rows were held out" not in line and "alone gives the target" not in line]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_there_are_many_and_each_has_its_name() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", good, ids=lambda case: case.name)
def test_the_line_that_is_in_it(case: Messy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert case.formula is not None
    put(case, tmp_path)
    assert run(["fit", case.file, *LINE, *case.args, "--save", "model.json"]) == 0
    out, err = capsys.readouterr()
    f = fitx.parse(out)
    names = [name for name in case.formula if name]
    assert set(f.variables) <= set(names)
    zero = float(f.evaluate(dict.fromkeys(names, 0.0)))
    assert zero == pytest.approx(case.formula[""], rel=1e-9, abs=1e-9)
    for name in names:
        slope = float(f.evaluate({n: float(n == name) for n in names})) - zero
        assert slope == pytest.approx(case.formula[name], rel=1e-9, abs=1e-9)
    found = warned(err)
    assert len(found) == len(case.warns), found
    for part in case.warns:
        assert any(part in line for line in found), found
    put(case, tmp_path)
    assert run(["predict", "model.json", case.file]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 4


@pytest.mark.parametrize("case", bad, ids=lambda case: case.name)
def test_what_is_wrong_with_it(case: Messy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(case, tmp_path)
    assert run(["fit", case.file, *LINE, *case.args]) == case.code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("Error: ") == 1
    assert "\n\nhint: " in err
    assert len(err) < 1000
    for part in case.error:
        assert part in err

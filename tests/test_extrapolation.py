"""Rows to predict that lie outside the range of those that were fitted are counted in a warning."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fitx
from fitx.box import box_of, outside
from fitx.cli.app import run
from fitx.errors import ExtrapolationWarning, FitxError, FitxWarning
from fitx.fitters.base import Data

X = np.column_stack([np.linspace(0.5, 9.5, 40), np.tile([1.0, 2.0, 3.0, 4.0], 10)])
Y = 3 * X[:, 0] + X[:, 1] ** 2


@pytest.fixture(scope="module")
def fit() -> fitx.Fit:
    return fitx.fit(X, Y, method="poly", options={"poly.degree": 2})


def test_the_box_is_that_of_all_rows(fit: fitx.Fit) -> None:
    assert fit.box == {"x1": (0.5, 9.5), "x2": (1.0, 4.0)}
    assert fit.box == box_of(Data(X, Y, ("x1", "x2")))


def test_rows_within_the_box_give_no_warning(fit: fitx.Fit) -> None:
    np.testing.assert_allclose(fit.predict(X), Y)
    assert fit.extrapolation(X) == ""
    assert fit.extrapolation(np.full((3, 2), np.nan)) == ""


def test_rows_outside_are_counted_once_a_call(fit: fitx.Fit) -> None:
    rows = X.copy()
    rows[:12, 0] = 10.25
    rows[10:13, 1] = 0.0
    with pytest.warns(ExtrapolationWarning) as caught:
        fit.predict(rows)
    assert [str(w.message) for w in caught] == [
        "13 of 40 rows lie outside the range of the rows that were fitted (`x1` 0.5 to 9.5, `x2` 1 to 4): the formula "
        "extrapolates there"
    ]
    assert caught[0].filename == __file__
    assert issubclass(ExtrapolationWarning, FitxWarning)


def test_with_intervals_too() -> None:
    r = np.random.default_rng(0)
    x = np.linspace(0, 1, 100)
    fit = fitx.fit(x, x + r.normal(0, 0.1, 100), method="poly")
    with pytest.warns(ExtrapolationWarning, match="1 of 2 rows lies outside"):
        assert fit.predict([0.5, 2.0], interval=0.9).shape == (2, 3)
    with pytest.warns(ExtrapolationWarning, match="^1 row lies outside"):
        fit.predict([2.0])


def test_columns_that_the_formula_does_not_use_do_not_count() -> None:
    box = {"a": (0.0, 1.0), "b": (0.0, 1.0)}
    rows = np.array([[0.5, 7.0], [2.0, 0.5]])
    assert outside(box, ("a",), rows, ("a", "b"), {}).startswith("1 of 2 rows lies outside")
    assert outside(box, ("b", "a"), rows, ("a", "b"), {}).startswith("2 of 2 rows lie outside")
    assert outside(box, (), rows, ("a", "b"), {}) == ""
    assert outside({}, ("a",), rows, ("a", "b"), {}) == ""


def test_many_columns_are_not_all_listed() -> None:
    names = tuple("abcde")
    text = outside(dict.fromkeys(names, (0.0, 1.0)), names, np.full((2, 5), 3.0), names, {})
    assert "(`a` 0 to 1, `b` 0 to 1, `c` 0 to 1, ...)" in text


def test_dates_are_shown_as_such() -> None:
    text = outside({"t": (0.0, 31.5)}, ("t",), np.array([[40.0]]), ("t",), {"t": "2024-01-01"})
    assert "`t` 2024-01-01 to 2024-02-01 12:00:00" in text


def test_saved_and_loaded(fit: fitx.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "m.json")
    again = fitx.load(tmp_path / "m.json")
    assert again.box == fit.box
    with pytest.warns(ExtrapolationWarning):
        again.predict(X + 1)


def test_models_of_earlier_versions_load_without_a_box(fit: fitx.Fit, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    fit.save(path)
    model = json.loads(path.read_text())
    del model["box"]
    path.write_text(json.dumps(model))
    old = fitx.load(path)
    assert old.box == {}
    old.predict(X + 100)


@pytest.mark.parametrize("box", [{"x9": [0, 1]}, {"x1": [1, 0]}, {"x1": [0]}, {"x1": ["inf", "inf"]}, [1]])
def test_damaged_boxes_are_named(fit: fitx.Fit, tmp_path: Path, box: object) -> None:
    path = tmp_path / "m.json"
    fit.save(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "box": box}))
    with pytest.raises(FitxError, match="is damaged"):
        fitx.load(path)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, new, model = tmp_path / "train.csv", tmp_path / "new.csv", tmp_path / "model.json"
    train.write_text("a,b\n" + "".join(f"{k},{2 * k + 1}\n" for k in range(40)))
    new.write_text("a\n-1\n3\n100\nNA\n")
    assert run(["fit", str(train), "--method", "poly", "--save", str(model)]) == 0
    capsys.readouterr()
    assert run(["predict", str(model), str(new)]) == 0
    out, err = capsys.readouterr()
    values = [float(line) for line in out.splitlines()[1:]]
    np.testing.assert_allclose(values[:3], [-1.0, 7.0, 201.0])
    assert (
        "warning: 2 of 4 rows lie outside the range of the rows that were fitted (`a` 0 to 39): "
        "the formula extrapolates there"
    ) in err


def test_allow_poles_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.csv"
    r = np.random.default_rng(1)
    x = np.r_[np.linspace(-1, 0.28, 60), np.linspace(0.32, 1, 40)]
    y = 1 / (x - 0.3) + r.normal(size=100)
    table.write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    assert run(["fit", str(table), "--method", "rational", "--method", "poly", "--allow-poles"]) == 0
    assert "the formula has a pole near `x` = 0.3 (inside the data's range)" in capsys.readouterr().err
    assert run(["fit", str(table), "--method", "rational", "--method", "poly"]) == 0
    assert "the formula has a pole" not in capsys.readouterr().err

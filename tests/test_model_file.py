from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fitx
from fitx.errors import FitxError, FitxWarning
from fitx.model_file import write_whole


@pytest.fixture
def fit() -> fitx.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        x = np.linspace(0, 1, 60)
        return fitx.fit(x, x**2 + 0.1 * np.sin(50 * x), method="poly", feature_names=["Temp (°C)"])


def test_everything_comes_back(fit: fitx.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "m.json")
    again = fitx.load(tmp_path / "m.json")
    for name in ("formula", "shown", "method", "features", "target", "holdout", "train", "parameters", "candidates",
                 "warnings", "seed", "label", "units", "version", "box"):  # fmt: skip
        assert getattr(again, name) == getattr(fit, name), name
    np.testing.assert_array_equal(again.covariance, fit.covariance)
    x = np.linspace(0, 1, 50)
    np.testing.assert_array_equal(again.predict(x), fit.predict(x))
    assert again.parameters[0].ci95 == fit.parameters[0].ci95


def test_nothing_in_a_model_is_executed(fit: fitx.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "m.json")
    data = json.loads((tmp_path / "m.json").read_text())
    mark = tmp_path / "mark"
    for text in (f"__import__('os').system('touch {mark}')", "().__class__", "x.real", "eval(1)", "lambda: 0"):
        data["formula"] = text
        (tmp_path / "m.json").write_text(json.dumps(data))
        with pytest.raises(FitxError, match="damaged"):
            fitx.load(tmp_path / "m.json")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("features", ["x", "x"], "a feature stands twice"), ("features", "x", "a list is needed, got 'x'"),
        ("covariance", [[1.0]], "a row and a column for each parameter"), ("formula", "z*2", "`z`, which is no"),
        ("holdout", None, "of another kind"), ("train", {}, "it lacks 'r2'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_said(
    fit: fitx.Fit, tmp_path: Path, part: str, value: object, message: str
) -> None:
    fit.save(tmp_path / "m.json")
    data = json.loads((tmp_path / "m.json").read_text())
    (tmp_path / "m.json").write_text(json.dumps({**data, part: value}))
    with pytest.raises(FitxError, match="damaged") as e:
        fitx.load(tmp_path / "m.json")
    assert message in e.value.message


def test_a_formula_edited_by_hand_is_what_is_shown(fit: fitx.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "m.json")
    data = json.loads((tmp_path / "m.json").read_text())
    for text in ("2.5*`Temp (°C)`", data["formula"].replace("*`", "*3.5*`", 1)):
        (tmp_path / "m.json").write_text(json.dumps({**data, "formula": text}))
        again = fitx.load(tmp_path / "m.json")
        assert again.shown == again.formula == fitx.parse(text)
        assert str(again) == again.formula.text()


def test_later_versions_are_refused_in_words(fit: fitx.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "m.json")
    data = json.loads((tmp_path / "m.json").read_text())
    data["fitx_model"] = 2
    (tmp_path / "m.json").write_text(json.dumps(data))
    with pytest.raises(FitxError, match="version 2; this fitx reads version 1"):
        fitx.load(tmp_path / "m.json")


junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5)),
    lambda c: st.one_of(st.lists(c, max_size=3), st.dictionaries(st.text(max_size=5), c, max_size=3)),
    max_leaves=5,
)


@given(st.data())
def test_a_damaged_model_is_an_error_in_words(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("m") / "m.json"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        fitx.fit([1, 2, 3, 4], [1, 4, 9, 16], method="lagrange").save(path)
    model = json.loads(path.read_text())
    key = data.draw(st.sampled_from(sorted(model)))
    model[key] = data.draw(junk)
    path.write_text(json.dumps(model))
    try:
        fitx.load(path)
    except FitxError as e:
        assert "m.json" in e.message


def test_written_whole_or_not_at_all(fit: fitx.Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.json"
    fit.save(path)
    before = path.read_text()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FitxError, match="No space left"):
        write_whole(path, "half")
    assert path.read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.json"]
    with pytest.raises(FitxError, match="cannot write"):
        write_whole(tmp_path / "no" / "m.json", "x")

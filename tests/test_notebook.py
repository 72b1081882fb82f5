"""What notebooks show, and the front as a table: hostile names stay text, a tuple stays a tuple."""

from __future__ import annotations

import copy
import pickle
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import fitx

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")

HOSTILE = "<script>alert('x')</script> & \"$y$\""


class Reader(HTMLParser):
    """Collects tags, and checks that they are closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs)
        self.tags.append(tag)
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def fit() -> fitx.Fit:
    r = np.random.default_rng(0)
    x = np.linspace(0, 4, 60)
    return fitx.fit(x, 2 * x**2 - x + r.normal(0, 0.1, 60), method="poly", feature_names=["time"], target_name="way")


def test_a_fit_shows_formula_errors_baselines_constants_and_front(fit: fitx.Fit) -> None:
    shown = read(fit._repr_html_())
    assert re.search(r"\$\\displaystyle \S*way\S* = ", shown.text)
    assert f" = {fit.latex()}$" in shown.text
    assert f"way = {fit}" in shown.text
    assert "the mean" in shown.text
    assert "a straight line" in shown.text
    assert f"{fit.holdout.rmse:.4g}" in shown.text
    assert all(p.name in shown.text for p in fit.parameters)
    assert f"{len(fit.candidates)} candidates" in shown.text
    assert fit._repr_latex_() == f"$\\displaystyle {fit.latex()}$"


def test_warnings_are_shown() -> None:
    shown = read(fitx.fit([1, 2, 3], [10, 12, 4], method="lagrange")._repr_html_())
    assert "Warning: no held-out error" in shown.text


def test_a_candidate_shows_its_errors(fit: fitx.Fit) -> None:
    shown = read(fit.candidates[0]._repr_html_())
    assert str(fit.candidates[0]) in shown.text
    assert "rows that chose" in shown.text


def test_names_are_text_whatever_they_hold() -> None:
    x = np.linspace(0, 4, 30)
    fit = fitx.fit(x, 3 * x + 1, method="poly", feature_names=[HOSTILE], target_name=HOSTILE)
    model = fitx.fit(x, 3 * x + 1, model="a*`" + HOSTILE + "` + `b`", feature_names=[HOSTILE])
    for shown in (fit, model, fit.candidates, fit.candidates[-1]):
        html = shown._repr_html_()
        reader = read(html)
        assert "script" not in reader.tags
        assert set(reader.tags) <= {
            "div", "p", "b", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "img",
        }  # fmt: skip
        assert "<script" not in html.lower()
    assert HOSTILE in read(fit._repr_html_()).text


def test_long_formulas_are_shown_as_text() -> None:
    x = np.linspace(0, 4, 200)
    fit = fitx.fit(x, np.sin(9 * x), method="spline", options={"spline.kind": "natural"})
    html = fit._repr_html_()
    assert "displaystyle" not in html
    assert len(re.sub("base64,[^\"]*", "", html)) < 60_000


def test_a_picture_where_the_rows_are_there(fit: fitx.Fit) -> None:
    pytest.importorskip("matplotlib")
    assert "img" in read(fit._repr_html_()).tags
    assert "img" not in read(pickle.loads(pickle.dumps(fit))._repr_html_()).tags


def test_candidates_are_a_tuple(fit: fitx.Fit) -> None:
    front = fit.candidates
    plain = tuple(front)
    assert isinstance(front, tuple)
    assert front == plain
    assert hash(front) == hash(plain)
    assert repr(front) == repr(plain)
    assert (front[0], front[-1], front[:2]) == (plain[0], plain[-1], plain[:2])
    assert front[front.chosen].formula == fit.formula  # type: ignore[attr-defined]
    for again in (pickle.loads(pickle.dumps(front)), copy.deepcopy(front), pickle.loads(pickle.dumps(fit)).candidates):
        assert again == front
        assert again.chosen == front.chosen  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_the_front_as_a_data_frame(fit: fitx.Fit, kind: str, tmp_path: object) -> None:
    pytest.importorskip(kind)
    frame = fit.to_frame(kind)
    names = list(getattr(frame, "column_names", None) or frame.columns)
    assert names == [
        "complexity", "method", "formula", "validation_r2", "validation_rmse", "train_r2", "train_rmse", "chosen",
    ]  # fmt: skip
    rows = frame.to_pydict() if kind == "pyarrow" else {name: frame[name].to_list() for name in names}
    assert rows["complexity"] == [c.complexity for c in fit.candidates]
    assert [fitx.parse(text) for text in rows["formula"]] == [c.formula for c in fit.candidates]
    assert rows["validation_rmse"] == [c.validation.rmse for c in fit.candidates]
    assert sum(rows["chosen"]) == 1
    assert rows["formula"][rows["chosen"].index(True)] == fit.formula.text()


def test_unknown_kinds_of_frames(fit: fitx.Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(fitx.UsageError, match="did you mean `polars`"):
        fit.to_frame("polar")
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(fitx.FitxError, match=re.escape("pandas is not installed")):
        fit.to_frame()

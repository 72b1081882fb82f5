"""Names from outside are text, wherever they go: the formula, the model file, code, pages, pictures, sheets, terminals.

Each name is a column's. What must come of it: the line that is in the data, under that name, and nothing executed; code
that is, but for comments and quoted names, the code of columns with harmless names.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hostile_names import GROUPS, NAMES, label
from hostile_watch import watched

import fitx
from fitx.cli.app import run
from fitx.export import FORMATS
from fitx.export.latex_ import symbol_latex
from fitx.export.sql_ import name_sql
from fitx.formula import Const, Formula, Var
from fitx.given import NO_ROWS
from fitx.sheet_names import from_sheet, to_sheet

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
_nothing_is_executed = pytest.fixture(autouse=True)(watched)


def raw_controls(text: str) -> str:
    """What a terminal would obey, or show in another direction."""
    return "".join(c for c in text if not c.isprintable() and c not in "\n\t")


def surrogates(name: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in name)


@cache
def model() -> fitx.Fit:
    x = np.arange(1.0, 13.0)
    return fitx.fit(x, 2 * x + 1, method="poly", options={"poly.degree": 1}, holdout=0)


def made(names: list[str], target: str = "y") -> fitx.Fit:
    """A fit of a sum of columns, as a search might have found it."""
    f: Formula = Const(1.0)
    for k, name in enumerate(names, 2):
        f = f + Const(float(k)) * Var(name)
    candidates = (replace(model().candidates[0], formula=f, shown=f, features=tuple(names)),)
    units = dict.fromkeys(names[::2], "m")
    return replace(
        model(), formula=f, shown=f, features=tuple(names), target=target, units=units, parameters=(), covariance=None,
        box={}, candidates=candidates, given=NO_ROWS,
    )  # fmt: skip


def table(path: Path, names: list[str], n: int) -> None:
    """As a program writes it that knows nothing of spreadsheets; y is 1 + 2*first + 3*second + ..."""
    X = np.random.default_rng(0).integers(1, 50, (n, len(names)))
    out = io.StringIO()
    rows = [[*row, 1 + row @ np.arange(2, len(names) + 2)] for row in X]
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([[*names, "target"], *rows])
    path.write_bytes(out.getvalue().encode())


POLY = ["-m", "poly", "--set", "poly.degree=1", "--holdout", "0"]


@pytest.mark.parametrize("group", GROUPS)
def test_columns_of_any_name(group: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a table through the command line: formula, model, predictions; alone and all together."""
    names: dict[str, str] = {}  # as the table has it, as it must come back
    for name in GROUPS[group]:
        called = from_sheet(" ".join(name.replace("\ufeff", "").split()))
        if called and "\0" not in name and not surrogates(name) and called not in names.values():
            names[name] = called
    table(tmp_path / "t.csv", list(names), 3 * len(names) + 20)
    assert run(["fit", "t.csv", *POLY, "--save", "m.json"]) == 0
    out, err = capsys.readouterr()
    f = fitx.parse(out)
    called = list(names.values())
    assert set(f.variables) == set(called)
    X = np.vstack([np.zeros(len(called)), np.eye(len(called))])
    np.testing.assert_allclose(f.predict(X, called), [1, *(k + 1 for k in range(2, len(called) + 2))], rtol=1e-6)
    assert not raw_controls(out + err)
    assert len(err) < 6000
    assert fitx.load("m.json").features == tuple(called)
    assert run(["predict", "m.json", "t.csv"]) == 0
    assert capsys.readouterr().out.startswith("target\n")


@pytest.mark.parametrize("name", NAMES, ids=label)
def test_predictions_of_a_target_of_any_name(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No cell of the CSV file is a formula, and the name comes back as it was."""
    made(["x"], name).save(tmp_path / "m.json")
    assert fitx.load(tmp_path / "m.json").target == name
    (tmp_path / "new.csv").write_text("x\n1\n2\n3\n4\n")
    assert run(["predict", "m.json", "new.csv", "--output", "p.csv"]) == 0
    assert capsys.readouterr().out == ""
    written = (tmp_path / "p.csv").read_bytes().decode()
    assert re.sub(r'^(?:[^\n"]*|"(?:[^"]|"")*")\n', "", written) == "3.0\n5.0\n7.0\n9.0\n"
    if "\0" in name or len(name) > 10_000 or surrogates(name):
        return  # the csv module reads no such files
    rows = list(csv.reader(io.StringIO(written, newline="")))
    cell = rows[0][0] if rows[0] else ""
    assert not re.match(r"\s*[=+\-@\uff1d]|[\t\r\n]", cell)
    assert from_sheet(cell) == name


@pytest.mark.parametrize("name", NAMES, ids=label)
def test_cells_of_sheets_come_back(name: str) -> None:
    assert from_sheet(to_sheet(name)) == name
    assert not re.match(r"\s*[=+\-@]|[\t\r\n]", to_sheet(name))


_COMMENTS = {
    **dict.fromkeys(("c", "cpp", "rust", "javascript"), r"/\*.*?\*/|//[^\n]*"),
    "fortran": r"![^\n]*", "julia": r"#[^\n]*", "octave": r"[%#][^\n]*", "sql": r"--[^\n]*", "excel": r"(?m:^#[^\n]*)",
}  # fmt: skip


def bare(text: str, format: str) -> tuple[str, list[str]]:
    """Code without comments and white space, and the arguments of its function."""
    if format in ("python", "numpy"):
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        text = ast.unparse(tree)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "formula"]
        given = [a.arg for a in functions[0].args.args]
    else:
        text = re.sub(_COMMENTS[format], "", text, flags=re.DOTALL)
        head = text[text.find("formula(") :].partition(")")[0].replace("&\n", "")
        given = re.findall(r"(\w+)(?=\s*(?:,|:|\Z))", head.partition("(")[2].replace("double ", ""))
        given = [word for word in given if word not in ("f64", "Float64", "Real")]
    return re.sub(r"[\s&]+|\.\.\.", "", text), given


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("group", GROUPS)
def test_code_is_that_of_harmless_names(group: str, format: str) -> None:
    names = [n for n in dict.fromkeys(GROUPS[group]) if len(n) < 2500 or format != "sql"]
    fit = made(names, names[0])
    text = fit.to(format)
    if format == "json":
        assert json.loads(text)["features"] == names
    elif format == "text":
        assert fitx.parse(text) == fit.shown
    elif format == "latex":
        for name in names:
            harmless_latex(symbol_latex(name))
    elif format == "mathml":
        tags = {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(text).iter()}
        assert tags <= {"math", "mrow", "mo", "mn", "mi", "mtext", "msub"}
    else:
        for some in (names[k : k + 4] for k in range(0, len(names), 4)):
            same_code(some, made(some, some[0]).to(format), format)
    if format not in ("sql", "json"):  # which have the names themselves, in quotes
        assert not raw_controls(text.replace("\u2062", ""))


def same_code(names: list[str], text: str, format: str) -> None:
    """Whether it is the code of harmless names, but for these."""
    harmless = [f"harmless{k}" for k in range(len(names))]
    expected, plain = bare(made(harmless, "other").to(format), format)
    if format == "sql":
        for k, name in enumerate(names):
            text = text.replace(f"CAST({name_sql(name)} AS", f'CAST("harmless{k}" AS')
    got, given = bare(text, format)
    assert len(set(given)) == len(given) == len(plain)
    for k, word in enumerate(given):
        expected = expected.replace(f"harmless{k}", word)
    assert got == expected


def harmless_latex(text: str) -> None:
    """Letters, what stands in \\text{...}, and escapes: no other command, no open brace, no comment."""
    inside = re.sub(
        r"\\(?:textbackslash|textasciicircum|textasciigrave|textasciitilde)\{\}|\\[{}$&#%_]"
        r"|\\ensuremath\{(?:\^\\circ|\^[23]|-|[<>|]|\\[a-zA-Z]+)\}|\\text(?=\{)|\\[a-zA-Z]+(?=_|\Z)",
        "", text,
    )  # fmt: skip
    assert not re.search(r"[\\$&#%^~]", inside), text
    depth = 0
    for c in inside:
        depth += (c == "{") - (c == "}")
        assert depth >= 0
    assert depth == 0


class _Page(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(k, v or "") for k, v in attrs]


def safe(page: _Page, scripts: int) -> None:
    assert page.tags.count("script") == scripts
    assert not set(page.tags) & {"iframe", "object", "embed", "link", "base", "form", "input", "foreignobject", "audio"}
    for key, value in page.attributes:
        assert not key.startswith("on")
        if key in ("href", "src", "xlink:href", "action"):
            assert value.startswith(("#", "data:image/png;base64,"))


def test_pages_of_any_names(tmp_path: Path) -> None:
    names = [n for n in dict.fromkeys(NAMES) if len(n) < 200]
    fit = made(names, names[0])
    fit.report(tmp_path / "r.html", command="fitx fit '" + "' '".join(names))
    safe(_Page((tmp_path / "r.html").read_text(encoding="utf-8")), scripts=1)
    few = [n for n in names if any(c in n for c in "<&\"'>$\\{\x1b\x00\ud800")][::4]
    X = np.random.default_rng(0).normal(size=(30, len(few)))
    given = fitx.fit(X, X.sum(axis=1), method="poly", options={"poly.degree": 1}, feature_names=few, target_name=few[0])
    given.report(tmp_path / "p.html")
    safe(_Page((tmp_path / "p.html").read_text(encoding="utf-8")), scripts=1)


@pytest.mark.parametrize("group", GROUPS)
def test_notebooks_of_any_name(group: str) -> None:
    for name in GROUPS[group]:
        fit = made([name + "a"], name)
        for html in (fit._repr_html_(), fit.candidates._repr_html_()):
            safe(_Page(html), scripts=0)
            assert not raw_controls(html)


PICTURED = ["</svg><script>", "$x$", "\\input{x}", "\x00", "\ud800", "$", "_{", "\x1b[31m", '" onload="x', "&a;"]


@pytest.mark.parametrize("name", PICTURED, ids=label)
def test_pictures_of_any_name(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    x = np.arange(1.0, 13.0)
    fit = fitx.fit(
        x, 2 * x, method="poly", options={"poly.degree": 1}, feature_names=[name], target_name=name + "y", holdout=0
    )
    fit.plot(path=tmp_path / "p.svg")
    root = ElementTree.fromstring((tmp_path / "p.svg").read_bytes())
    tags = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert not tags & {"script", "foreignObject", "a", "iframe", "set", "animate"}
    for e in root.iter():
        assert not any(key.lower().startswith("on") for key in e.attrib)


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("format", ["text", "sql", "json"])
def test_no_name_controls_a_terminal(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["\x1b[31mred", "\u202ecod.exe", "a\bb", "\x9b31m", "\x1b]0;x\x07"]
    table(tmp_path / "t.csv", names, 100)
    out, err = (_Terminal(io.BytesIO(), encoding="utf-8") for _ in range(2))
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert run(["fit", "t.csv", *POLY, "--progress", "none", "--preview", "--format", format]) == 0
    for stream in (out, err):
        stream.flush()
        shown = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
        assert not raw_controls(shown)

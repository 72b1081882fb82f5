"""Every format found: the text that is written computes what predict computes."""

from __future__ import annotations

import json
import runpy
import warnings
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import export_formulas
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import NAMES, formulas

import fitx
from fitx.errors import FitxWarning, UsageError
from fitx.export import FORMATS, export, get_format
from fitx.export.base import identifiers
from fitx.formula import OPERATORS, Formula, Var, call, parse
from fitx.formula.operators import COMPARISONS
from fitx.result import Found
from fitx.score import no_score

X = np.random.default_rng(0).uniform(-3, 3, (30, 2))


def found(f: Formula, features: tuple[str, ...] = ("x", "y")) -> Found:
    return Found(f, f, "test", features, no_score(""))


def run_code(text: str, tmp_path: Path) -> object:
    path = tmp_path / "formula.py"
    path.write_text(text, "utf-8")
    return runpy.run_path(str(path))["formula"]


def make_fit() -> fitx.Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        x = np.linspace(0, 1, 50)
        return fitx.fit(x, 2 * x**2 + 0.1 * np.sin(40 * x), method="poly")


def test_formats() -> None:
    assert {"text", "latex", "json", "python", "numpy"} <= set(FORMATS)
    for name in FORMATS:
        assert get_format(name).name == name
        assert get_format(name).summary
        assert make_fit().to(name)
    with pytest.raises(UsageError, match="did you mean `latex`"):
        get_format("latx")
    with pytest.raises(UsageError, match="between 1 and 17"):
        export(make_fit(), "text", 0)


@pytest.mark.parametrize("op", [o for o in OPERATORS.values() if o.name not in COMPARISONS], ids=lambda o: o.name)
@pytest.mark.parametrize("format", ["python", "numpy"])
def test_every_operator_in_code(op: object, format: str, tmp_path: Path) -> None:
    args = {0: [], 1: [Var("x")], 2: [Var("x"), Var("y")], -1: [call("gt", Var("x"), 0), Var("x"), Var("y")]}
    f = call(op.name, *args[op.arity])  # type: ignore[attr-defined]
    special = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 800.0, -800.0, np.inf, -np.inf, np.nan])
    a, b = (v.ravel() for v in np.meshgrid(special, special))
    formula = run_code(found(f).to(format), tmp_path)
    want = np.broadcast_to(f.evaluate({"x": a, "y": b}), a.shape)
    np.testing.assert_allclose(formula(a, b), want, rtol=1e-12, equal_nan=True)  # type: ignore[operator]
    for i in range(0, len(a), 7):
        np.testing.assert_allclose(formula(a[i], b[i]), want[i], rtol=1e-12, equal_nan=True)  # type: ignore[operator]


@given(formulas(["x", "y"]))
@settings(max_examples=60)
def test_code_agrees_with_predict(tmp_path_factory: pytest.TempPathFactory, f: Formula) -> None:
    want = f.predict(X, ("x", "y"))
    steady = export_formulas.steady_within(found(f), X)  # not sin(sinh(65)), of which no digit is certain
    folder = tmp_path_factory.mktemp("code")
    for format in ("python", "numpy"):
        got = run_code(found(f).to(format), folder)(X[:, 0], X[:, 1])  # type: ignore[operator]
        np.testing.assert_allclose(got[steady], want[steady], rtol=1e-9, atol=1e-300, equal_nan=True)


@given(st.lists(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), min_size=1, max_size=5, unique=True))
@settings(max_examples=60)
def test_any_column_name_in_code(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    mapped = identifiers(tuple(names), ("formula", "np", "math"))
    assert len(set(mapped.values())) == len(names)
    f: Formula = call("pi") * 0
    for i, name in enumerate(names):
        f = f + Var(name) * (i + 1)
    rows = np.arange(len(names)) + 1.0
    for format in ("python", "numpy"):
        code = found(f, tuple(names)).to(format)
        formula = run_code(code, tmp_path_factory.mktemp("code"))
        assert formula(*rows) == pytest.approx(float((rows**2).sum()))  # type: ignore[operator]


def test_names_are_mapped_with_a_comment() -> None:
    code = found(Var("Temp (°C)") + Var("lambda") + Var("x"), ("Temp (°C)", "lambda", "x")).to("python")
    assert "def formula(Temp_C, lambda_, x):" in code
    assert "lambda_: the column" in code


def test_latex() -> None:
    assert found(parse("-5*x**2 + 17*x - 2")).latex() == "- 5 x^{2} + 17 x - 2"
    assert found(parse("0.1*x")).latex() == "0.1 x"
    assert found(parse("1.5e-9*x")).latex() == r"1.5 \cdot 10^{-9} x"
    assert r"\text{50\%}" in found(Var("50%") * 2, ("50%",)).latex()
    assert r"\ensuremath{^\circ}" in found(Var("Temp (°C)") * 2, ("Temp (°C)",)).latex()
    assert found(Var("x_1") + Var("alpha"), ("x_1", "alpha")).latex() == r"\alpha + x_{1}"


def test_digits() -> None:
    f = replace(found(parse("1.23456789*x")), shown=parse("1.23*x"))
    assert f.to("text") == "1.23*x"
    assert f.to("text", 5) == "1.2346*x"
    assert "1.23456789" in f.to("python")
    assert "1.2346" in f.to("python", 5)


def test_json_is_json() -> None:
    d = json.loads(make_fit().to("json"))
    assert d["method"] == "poly"
    with pytest.raises(UsageError, match="whole fit"):
        make_fit().candidates[0].to("json")


def test_a_constant_keeps_the_shape_of_its_arguments(tmp_path: Path) -> None:
    formula = run_code(found(parse("3")).to("numpy"), tmp_path)
    assert formula(np.ones(4), 1.0).shape == (4,)  # type: ignore[operator]


HOSTILE = (
    "*/ int main() {", "<script>alert(1)</script>", '=cmd|"/c calc"!A1', "a\nb", '"; DROP TABLE x; --', "-->", "\x00",
)  # fmt: skip


def hostile() -> Found:
    f: Formula = call("pi") * 0
    for k, name in enumerate(HOSTILE):
        f = f + Var(name) * (k + 1)
    return found(f, HOSTILE)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "json"])
def test_hostile_names_stay_text(name: str) -> None:
    text = hostile().to(name)
    if name in ("c", "cpp", "javascript"):
        assert text.count("*/") == text.count("/*") == 1
        assert "</script" not in text  # nor does it end where a page holds the code
    if name not in ("text", "latex", "sql"):
        assert "DROP TABLE x; --" not in text or "\\x22; DROP" in text or "mathml" in name
    if name == "excel":
        lines = text.splitlines()
        assert lines[0].startswith("=")
        assert all(line.startswith("# ") for line in lines[1:])
        assert "cmd" not in lines[0]
    if name == "sql":
        assert 'CAST("""; DROP TABLE x; --" AS DOUBLE PRECISION)' in text
    if name == "latex":
        assert "\n" not in text


def test_mathml_is_xml_without_foreign_elements() -> None:
    root = ElementTree.fromstring(hostile().to("mathml"))
    tags = {e.tag.rpartition("}")[2] for e in root.iter()}
    assert tags <= {"math", "mrow", "mo", "mn", "mi", "mtext", "msub", "msup"}
    assert "<script>alert(1)</script>" in "".join(root.itertext())
    for op in OPERATORS.values():
        if op.name not in COMPARISONS:
            args = [call("lt", Var("x"), 1), Var("x_1"), Var("y")] if op.arity < 0 else [Var("x"), Var("y")][: op.arity]
            ElementTree.fromstring(found(call(op.name, *args)).to("mathml"))


def test_mathml() -> None:
    text = found(parse("x_1**2/3 - 1.5e-9*alpha"), ("x_1", "alpha")).to("mathml")
    assert "<msup><msub><mi>x</mi><mtext>1</mtext></msub><mn>2</mn></msup>" in text
    assert "<mi>α</mi>" in text
    assert 'alttext="x_1**2/3 - 1.5e-9*alpha"' in text


def test_what_a_comment_says() -> None:
    fit = make_fit()
    text = fit.to("c")
    assert f"fitx {fitx.__version__} found for" in text
    assert "Held-out rmse" in text
    assert ' * x: the column "x"' in text
    assert "Validation rmse" in fit.candidates[0].to("c")


def test_latex_of_words_and_long_formulas() -> None:
    assert found(parse("medical + that*2"), ("medical", "that")).latex() == r"\text{medical} + 2 \text{that}"
    assert found(parse("T_max + x1"), ("T_max", "x1")).latex() == r"T_{\text{max}} + x_{1}"
    assert found(Var(r"\input{x}") * 2, (r"\input{x}",)).latex() == r"2 \text{\textbackslash{}input\{x\}}"
    deep: Formula = Var("x")
    for _ in range(2000):
        deep = call("sin", deep + 1)
    assert found(deep).latex().startswith(r"\sin\left(\sin\left(")


def test_huge_formulas_keep_the_limits_of_each_language() -> None:
    for item in export_formulas.huge():
        texts = {name: item.to(name) for name in FORMATS if name != "json"}
        assert max(map(len, texts["fortran"].splitlines())) <= 132
        cells = texts["excel"].splitlines()[0].split("\t")
        assert max(map(len, cells)) <= 8192
        assert max(map(depth, cells)) <= 64
        assert max(map(depth, texts["python"].splitlines())) <= 100  # Python's parser bears 200


def depth(text: str) -> int:
    """Of parentheses in each other."""
    letters = np.frombuffer(text.encode() or b" ", np.uint8)
    return int(np.cumsum((letters == ord("(")).astype(int) - (letters == ord(")"))).max())


def test_constants_keep_all_digits_and_whole_numbers_are_floats() -> None:
    f = parse("x*0.12345678901234567 + 1/3 - 2*x**5/7 + 12345678901234567890")
    for name in ("c", "cpp", "rust", "javascript", "julia", "octave"):
        body = found(f).to(name).split("column")[-1]
        assert repr(0.12345678901234567) in body
        assert "(1.0/3.0)" in body
        assert "1.2345678901234567e+19" in body
    assert "1.2345678901234567d+19" in found(f).to("fortran")
    assert f"{0.12345678901234567!r}e0" in found(f).to("sql")

"""Exported code, compiled and run, computes what predict computes: a few formulas here, all by `pytest -m exports`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import export_formulas
import numpy as np
import pytest
from export_runs import RUNS, missing

import fitx
from fitx.export.latex_ import symbol_latex
from fitx.export.latex_long import long_latex
from fitx.formula import Var
from fitx.formula.tree import add_all
from fitx.result import Found

SLOW = {"excel": [pytest.mark.exports]}  # LibreOffice takes its time
LANGUAGES = [
    pytest.param(n, marks=[pytest.mark.skipif(bool(missing(n)), reason=missing(n) or "-"), *SLOW.get(n, [])])
    for n in RUNS
]

WITHOUT_INFINITY = ("excel", "sqlite", "duckdb", "postgresql")  # NULL, or an error value, is all that these have


def agree(name: str, items: list[Found], X: np.ndarray, folder: Path) -> None:
    got = RUNS[name][0](items, X, folder)
    rows = checked = 0
    for item, values in zip(items, got, strict=True):
        want, steady = export_formulas.judged(item, X)
        if name in WITHOUT_INFINITY:
            steady &= export_formulas.finite(item, X, tiny=name not in ("excel", "postgresql"))
        rows, checked = rows + len(X), checked + int(steady.sum())
        np.testing.assert_allclose(
            values[steady], want[steady], rtol=1e-9, atol=1e-300, equal_nan=True, err_msg=f"{item}"
        )
    print(f"{name}: {len(items)} formulas, {checked} of {rows} values checked")
    assert checked > 0.5 * rows


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_operator_and_some_formulas(name: str, tmp_path: Path) -> None:
    items = export_formulas.operators()
    agree(name, items + export_formulas.randoms(20), export_formulas.points(), tmp_path)


@pytest.mark.parametrize("name", LANGUAGES)
def test_special_values(name: str, tmp_path: Path) -> None:
    finite = name in ("numpy", *WITHOUT_INFINITY)  # NumPy takes the power 0.5 for sqrt, which is NaN at -inf
    agree(name, export_formulas.operators(), export_formulas.grid(not finite), tmp_path)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path: Path) -> None:
    names = ["Temp (°C)", "50%", "a&b"]
    X = np.random.default_rng(0).uniform(-1, 1, (60, 3))
    y = 2 * X[:, 0] + X[:, 1] ** 4 + 0.1 * np.sin(5 * X[:, 2])
    fit = fitx.fit(X, y, method="poly", feature_names=names, target_name=r"y_1 \input{x} #µ²")
    assert fit.latex_table().count(r"$\star$") == 2  # in the caption and in the chosen row
    items = export_formulas.operators() + export_formulas.randoms(20) + export_formulas.huge()[3:]
    known = [i for i in items if all(c <= "\xff" for n in i.features for c in n)]  # pdflatex lacks other letters
    words = [
        "x_1",
        "alpha",
        "Omega",
        "omicron",
        "Alpha",
        "#1",
        r"\input{x}",
        "$",
        "a^b",
        "~",
        "{",
        "é",
        "αβ",
        '"',
        "|<>",
    ]
    known.append(export_formulas.found(add_all(Var(w) for w in words), tuple(words)))
    shown = [f"\\({item.latex()}\\)\n\n\\({long_latex(item.formula, symbol_latex)}\\)\n" for item in known]
    body = "\n".join([fit.latex_table(), fit.latex_table(3, 1), *shown])
    head = r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage{amsmath,booktabs}\begin{document}"
    (tmp_path / "a.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n", "utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.exports
@pytest.mark.parametrize("name", LANGUAGES)
def test_random_formulas(name: str, tmp_path: Path) -> None:
    agree(name, export_formulas.randoms(200, seed=1), export_formulas.points(), tmp_path)


@pytest.mark.exports
@pytest.mark.parametrize("name", LANGUAGES)
def test_huge_formulas(name: str, tmp_path: Path) -> None:
    agree(name, export_formulas.huge(), export_formulas.points(), tmp_path)

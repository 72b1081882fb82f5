"""Exported code, compiled and run, computes what predict computes: a few formulas here, all by `pytest -m exports`."""

from __future__ import annotations

from pathlib import Path

import export_formulas
import numpy as np
import pytest
from export_runs import RUNS, missing

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


@pytest.mark.exports
@pytest.mark.parametrize("name", LANGUAGES)
def test_random_formulas(name: str, tmp_path: Path) -> None:
    agree(name, export_formulas.randoms(200, seed=1), export_formulas.points(), tmp_path)


@pytest.mark.exports
@pytest.mark.parametrize("name", LANGUAGES)
def test_huge_formulas(name: str, tmp_path: Path) -> None:
    agree(name, export_formulas.huge(), export_formulas.points(), tmp_path)

"""Extreme tables: a formula or an error in words, nothing undefined on the rows, no warning of NumPy's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from extremes import Extreme, extremes

import fitx
from fitx.errors import FitxError, FitxWarning

SMALL = [e for e in extremes() if e.n <= 1000]
BY_NAME = {e.name: e for e in SMALL}
WILD = [
    "n 5", "x scale 1e-300", "y scale 1e+300", "x scale 1e-300 y scale 1e+300", "x scale 1e+300 y scale 1e-300",
    "mixed scales", "denormal x", "denormal y", "largest x", "largest y", "time stamps, nanoseconds", "x offset 1e15",
    "y offset 1e15", "all rows the same", "one outlier 1e10",
]  # fmt: skip


def attempt(method: str, e: Extreme, **more: Any) -> fitx.Fit | None:
    """A fit whose predictions are finite on the rows, or None where an error said why not and what next."""
    X, y = e.rows()
    what = {"model": f"a*{e.names[0]} + b"} if method == "model" else {"method": method}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitxWarning)
        try:
            fit = fitx.fit(X, y, jobs=1, **what, **more)
        except FitxError as error:
            assert len(error.message) > 20
            assert error.hint
            return None
        assert np.isfinite(fit.predict(X)).all()
    return fit


@pytest.mark.parametrize("table", [e for e in SMALL if e.d <= 300], ids=lambda e: e.name)
@pytest.mark.parametrize("method", ["poly", "model", "mars"])
def test_gives_a_formula_or_says_what_next(method: str, table: Extreme) -> None:
    fit = attempt(method, table)
    if fit is not None and method == "poly":
        X, _ = table.rows()
        printed = fitx.parse(fit.formula.text()).predict(X, table.names)
        np.testing.assert_array_equal(printed, fit.predict(X))


@pytest.mark.parametrize("table", [BY_NAME[name] for name in WILD], ids=lambda e: e.name)
@pytest.mark.parametrize("method", ["lagrange", "rational", "spline"])
def test_other_methods_bear_the_wildest_ones(method: str, table: Extreme) -> None:
    attempt(method, table, holdout=0.0)


@pytest.mark.parametrize("name", ["x scale 1e-300 y scale 1e+300", "time stamps, seconds", "denormal x"])
@pytest.mark.parametrize("method", ["curve", "symbolic", "mlp", "auto"])
def test_searches_bear_extreme_scales(method: str, name: str) -> None:
    fit = attempt(method, BY_NAME[name], time_limit=1.0)
    assert fit is not None


@pytest.mark.long
@pytest.mark.parametrize("table", SMALL, ids=lambda e: e.name)
@pytest.mark.parametrize("method", sorted(fitx.methods()))
def test_every_method_on_every_small_table(method: str, table: Extreme) -> None:
    attempt(method, table, time_limit=5.0)


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
@pytest.mark.parametrize("sx", [-900, -60, 0, 60, 900])
@pytest.mark.parametrize("sy", [-900, 0, 900])
def test_powers_of_two_change_no_choice_of_a_polynomial(sx: int, sy: int) -> None:
    X, y = BY_NAME["n 100"].rows()
    plain = fitx.fit(X, y, method="poly")
    scaled = fitx.fit(np.ldexp(X, sx), np.ldexp(y, sy), method="poly")
    assert scaled.label == plain.label
    np.testing.assert_allclose(np.ldexp(scaled.predict(np.ldexp(X, sx)), -sy), plain.predict(X), rtol=1e-9)


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
@pytest.mark.parametrize("method", ["poly", "curve", "symbolic"])
def test_time_stamps_are_counted_from_a_round_number(method: str) -> None:
    k = np.arange(60.0)
    x, y = 1.7e9 + k, 3 + 0.5 * k + 0.02 * k**2
    fit = fitx.fit(x, y, method=method, time_limit=20)
    np.testing.assert_allclose(fit.predict(x), y, rtol=1e-9)
    np.testing.assert_allclose(fitx.parse(str(fit)).predict(x[:, None], ("x",)), y, rtol=1e-6)
    assert len(str(fit)) < 90


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("target is a feature", "column `x2` holds the target itself"),
        ("target is the only feature", "column `x` holds the target itself"),
        ("leak", "column `x3` alone gives the target by a straight line"),
        ("near leak", "column `x3` alone gives the target by a straight line"),
    ],
)
def test_a_feature_that_holds_the_target_is_named(name: str, words: str) -> None:
    X, y = BY_NAME[name].rows()
    with pytest.warns(FitxWarning, match=words):
        fit = fitx.fit(X, y, method="poly")
    assert fit.train.r2 == pytest.approx(1.0)
    assert str(fit) == {"target is a feature": "x2", "target is the only feature": "x"}.get(name, str(fit))


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
def test_lines_in_many_features() -> None:
    X, _ = BY_NAME["d 300 n 1000"].rows()
    y = 2 * X[:, 0] - X[:, 299] + 5
    fit = fitx.fit(X, y, method="poly", options={"poly.degree": 1}, holdout=0.0)
    np.testing.assert_allclose(fit.predict(X), y, atol=1e-12)

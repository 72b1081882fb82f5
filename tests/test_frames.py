"""Data frames of pandas, polars and pyarrow: names, order, gaps, kinds of columns, and what they say when wrong."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import fitx
from fitx.mars import Earth

LIBRARIES = ["pandas", "polars", "pyarrow"]
A = np.random.default_rng(0).uniform(1, 3, 30)
B = np.random.default_rng(1).uniform(1, 3, 30)
Y = 2 * A - B


def frame(library: str, columns: dict[str, Any]) -> Any:
    module = pytest.importorskip(library)
    return module.table(columns) if library == "pyarrow" else module.DataFrame(columns)


def nullable(kind: str, values: list[Any]) -> Any:
    """A frame with the column `a` of a kind that has nulls."""
    if kind in LIBRARIES:
        return frame(kind, {"a": values})
    pd = pytest.importorskip("pandas")
    return pd.DataFrame({"a": pd.Series(values, dtype=kind)})


@pytest.mark.parametrize("library", LIBRARIES)
def test_columns_are_known_by_their_names(library: str) -> None:
    fit = fitx.fit(frame(library, {"a": A, "b": B}), Y, method="poly")
    assert fit.features == ("a", "b")
    more = frame(library, {"other": np.zeros(30), "b": B, "a": A})
    np.testing.assert_allclose(fit.predict(more), Y, rtol=1e-9)
    with pytest.raises(fitx.FitxError, match="no column `a`") as e:
        fit.predict(frame(library, {"b": B}))
    assert e.value.hint == "columns there are: b"


@pytest.mark.parametrize("library", LIBRARIES)
def test_names_of_series_are_those_of_target_and_feature(library: str) -> None:
    y = frame(library, {"price": Y})
    named = y if library == "pyarrow" else y["price"]
    assert fitx.fit(frame(library, {"a": A, "b": B}), named, method="poly").target == "price"
    assert fitx.fit(frame(library, {"a": A, "b": B}), named, method="poly", target_name="cost").target == "cost"
    if library != "pyarrow":  # whose columns have no names outside of their table
        assert fitx.Regressor("poly").fit(frame(library, {"a": A, "b": B}), named).fit_.target == "price"
        assert fitx.fit(frame(library, {"time": A})["time"], 3 * A, method="poly").features == ("time",)


@pytest.mark.parametrize("library", LIBRARIES)
def test_groups_in_a_column(library: str) -> None:
    X = frame(library, {"a": A, "lab": np.repeat(["u", "v", "w"], 10), "b": B})
    fit = fitx.fit(X, Y, method="poly", split="group:lab")
    assert fit.features == ("a", "b")
    assert "group" in fit.holdout.how


def test_an_index_of_pandas_counts_for_nothing() -> None:
    pd = pytest.importorskip("pandas")
    index = np.random.default_rng(2).permutation(30) + 100
    X, y = pd.DataFrame({"a": A, "b": B}, index=index), pd.Series(Y, index=index[::-1])
    fit = fitx.fit(X, y, method="poly")
    assert fit.formula == fitx.fit(frame("pandas", {"a": A, "b": B}), Y, method="poly").formula
    assert fit.predict(X).shape == (30,)


@pytest.mark.parametrize("kind", [*LIBRARIES, "Int64", "Float64", "object", "int64[pyarrow]"])
def test_gaps_are_refused_or_left_out_and_counted(kind: str) -> None:
    if "pyarrow" in kind:
        pytest.importorskip("pyarrow")
    values = [1, 2, None, *range(3, 30)]
    X, y = nullable(kind, values), [2.0 * (v or 0) + 1 for v in values]
    with pytest.raises(fitx.FitxError, match="feature `a` has nan in row 2") as e:
        fitx.fit(X, y, method="poly")
    assert 'missing="drop"' in e.value.hint
    with pytest.warns(fitx.FitxWarning, match=r"1 of 30 rows has a missing value and is left out \(.*`a` 1\)"):
        fit = fitx.fit(X, y, method="poly", missing="drop")
    assert str(fit) == "2*a + 1"
    assert np.isnan(fit.predict(X)).tolist() == [v is None for v in values]


def test_gaps_in_target_and_weights() -> None:
    x = np.arange(20.0)
    y, w = 2 * x + 1, np.ones(20)
    y[3] = w[3] = w[5] = np.nan
    groups = np.repeat([0, 1, 2, 3], 5)
    with pytest.warns(fitx.FitxWarning, match=r"2 of 20 rows have .* \(missing values: `way` 1, `weights` 2\)"):
        fit = fitx.fit(x, y, "poly", target_name="way", sample_weight=w, groups=groups, split="group", missing="drop")
    assert str(fit) == "2*x + 1"
    assert fit.how["rows"] == 18
    with pytest.raises(fitx.FitxError, match="sample_weight has nan in row 3"):
        fitx.fit(x, 2 * x, "poly", sample_weight=w)
    with pytest.raises(fitx.FitxError, match="1 of 2 rows have no missing value"):
        fitx.fit([1, np.nan], [1, 2], "poly", missing="drop")
    with pytest.raises(fitx.FitxError, match="inf in row 1"):
        fitx.fit([1, np.inf, 2], [1, 2, 3], "poly", missing="drop")
    with pytest.raises(fitx.UsageError, match='"error" or "drop"'):
        fitx.fit(x, x, "poly", missing="guess")


def categories() -> list[Any]:
    found: list[Any] = []
    for library in LIBRARIES:
        try:
            module = __import__(library)
        except ImportError:
            continue
        codes = ["u", "v", "w"] * 10
        if library == "pandas":
            found += [module.DataFrame({"a": module.Categorical([1, 2, 3] * 10)})]
        elif library == "polars":
            kinds = (module.Categorical, module.Enum(["u", "v", "w"]))
            found += [module.DataFrame({"a": module.Series(codes, dtype=kind)}) for kind in kinds]
        else:
            found += [module.table({"a": module.array(codes).dictionary_encode()})]
    return found


def test_categories_are_refused_in_words() -> None:
    for X in categories():
        with pytest.raises(fitx.FitxError, match="column `a` holds categories") as e:
            fitx.fit(X, Y, method="poly")
        assert "0 and 1" in e.value.hint


@pytest.mark.parametrize("library", LIBRARIES)
def test_kinds_of_columns(library: str) -> None:
    y = np.tile([1.0, 4.0, 2.0], 10)
    truth = frame(library, {"a": [True, False, False] * 10})
    assert str(fitx.fit(truth, y - y + np.tile([3.0, 0, 0], 10), method="poly")) == "3*a"
    exact = frame(library, {"a": [Decimal("1.5"), Decimal(2), Decimal(3)] * 10})
    fit = fitx.fit(exact, 2 * np.tile([1.5, 2, 3], 10), method="poly", options={"poly.degree": 1})
    assert str(fit) == "2*a"
    with pytest.raises(fitx.FitxError, match="column `a` holds values that are no numbers"):
        fitx.fit(frame(library, {"a": ["u", "v", "w"] * 10}), y, method="poly")
    days = [datetime.datetime(2020, 1, i + 1) for i in range(30)]
    with pytest.raises(fitx.FitxError, match="column `a` holds dates or times"):
        fitx.fit(frame(library, {"a": days}), y, method="poly")


def test_columns_of_one_name() -> None:
    pd = pytest.importorskip("pandas")
    with pytest.raises(fitx.UsageError, match="must be 2 different names"):
        fitx.fit(pd.DataFrame(np.c_[A, B], columns=["a", "a"]), Y, method="poly")


@pytest.mark.parametrize("library", LIBRARIES)
def test_earth_takes_frames(library: str) -> None:
    X = frame(library, {"a": A, "b": B})
    model = Earth().fit(X, Y)
    assert model.xlabels_ == ["a", "b"]
    np.testing.assert_allclose(model.predict(X), Earth().fit(np.c_[A, B], Y).predict(np.c_[A, B]))


def test_earth_takes_dictionary_columns_of_pyarrow() -> None:
    pa = pytest.importorskip("pyarrow")
    kinds = np.tile(["u", "v", "w"], 10)
    X = pa.table({"a": A, "kind": pa.array(kinds).dictionary_encode()})
    model = Earth().fit(X, A + 5 * (kinds == "v"))
    assert model.xlabels_ == ["a", "kind_u", "kind_v", "kind_w"]
    np.testing.assert_allclose(model.predict(X), A + 5 * (kinds == "v"), atol=1e-6)

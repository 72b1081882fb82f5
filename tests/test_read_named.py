"""Columns by name, row for row, to predict from."""

from __future__ import annotations

import io

import numpy as np
import pytest

from fitx.errors import FitxError
from fitx.read import Columns, read_columns


def columns(text: str, names: list[str], **options) -> Columns:
    return read_columns(io.BytesIO(text.encode()), names, **options)


def test_rows_stay_and_line_up():
    found = columns("a,b,c\n1,2,x\n,4,y\n5,,z\n7,8,\n", ["b", "a"])
    np.testing.assert_array_equal(found.X, [[2, 1], [4, np.nan], [np.nan, 5], [8, 7]])
    assert found.complete.tolist() == [True, False, False, True]
    assert found.rows.tolist() == [2, 3, 4, 5]
    assert found.X.flags.f_contiguous
    assert found.warnings == ("2 of 4 rows have missing cells: their predictions are NaN",)


def test_missing_cells_may_be_refused():
    with pytest.raises(FitxError, match=r"column `a` .* missing cell in row 3"):
        columns("a,b\n1,2\n,4\n", ["a"], missing="error")


def test_other_columns_may_hold_anything():
    found = columns("a,b,c\n1,inf,x\n2,oops,3\n3,4,5\n", ["a"])
    assert found.X[:, 0].tolist() == [1, 2, 3]
    assert found.warnings == ()


def test_one_row_and_one_column_are_enough():
    assert columns("a\n1.5\n", ["a"]).X.tolist() == [[1.5]]
    assert columns("7\n", ["x"]).X.tolist() == [[7]]


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("1\n2\n", ["x"], [[1], [2]]),
        ("1,5\n2,6\n", ["x"], [[1], [2]]),
        ("1,5\n2,6\n", ["x1", "x2"], [[1, 5], [2, 6]]),
        ("1,5,9\n2,6,9\n", ["x2", "x1"], [[5, 1], [6, 2]]),
        ("x2,x1\n1,5\n2,6\n", ["x1", "x2"], [[5, 1], [6, 2]]),
    ],
)
def test_columns_by_position_without_a_header(text, names, values):
    assert columns(text, names).X.tolist() == values


@pytest.mark.parametrize(
    ("text", "names", "says"),
    [
        ("pressure,b\n1,2\n", ["presure"], "did you mean `pressure`?"),
        ("1,2\n3,4\n", ["length"], "has no header"),
        ("1,2\n3,4\n", ["x3"], "has no header and 2 columns; needed: `x3`"),
        ("a,b\nu,1\nv,2\n", ["a"], "holds text, in row 2: `u`"),
        ("a,b\n1,1\n2,2\nu,3\n4,4\n", ["a"], "has text in row 4: `u`"),
        ("a,b\n1,1\ninf,3\n4,4\n", ["a"], "has an infinite value in row 3"),
        ("a,b\n", ["a"], "has a header and no rows"),
    ],
)
def test_faults(text, names, says):
    with pytest.raises(FitxError) as caught:
        columns(text, names)
    assert says in str(caught.value)


def test_dates_count_from_the_models_day():
    text = "when,b\n2020-01-03,1\n2020-01-04,2\n"
    assert columns(text, ["when"]).X[:, 0].tolist() == [0, 1]
    assert columns(text, ["when"], dates={"when": "2020-01-01"}).X[:, 0].tolist() == [2, 3]
    with pytest.raises(FitxError, match="holds dates"):
        columns(text, ["when"], dates={})
    with pytest.raises(FitxError, match="holds no dates"):
        columns("when\n5\n6\n", ["when"], dates={"when": "2020-01-01"})


def test_a_column_without_a_value_is_all_missing():
    found = columns("a,b\n,1\n,2\n", ["a", "b"])
    assert np.isnan(found.X[:, 0]).all()
    assert not found.complete.any()

"""Parquet, JSON and workbooks."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import sys

import numpy as np
import pytest

from fitx.errors import FitxError, UsageError
from fitx.read import read, read_columns
from fitx.read import source as limits

duckdb = pytest.importorskip("duckdb")


def parquet(tmp_path, query: str, name: str = "t.parquet"):
    path = tmp_path / name
    with duckdb.connect() as connection:
        connection.sql(query).write_parquet(str(path))
    return path


def test_parquet_of_many_types(tmp_path):
    found = read(
        parquet(
            tmp_path,
            "SELECT i::TINYINT AS a, (i / 8)::FLOAT AS b, (i / 4)::DECIMAL(9, 3) AS c, i % 2 = 0 AS d, "
            "DATE '2020-01-01' + i::INTEGER AS e, TIMESTAMP '2020-01-01' + to_hours(12 * i) AS f, 'text' AS g, "
            "[i] AS h, CASE WHEN i = 3 THEN NULL ELSE i END AS k, i * 2::DOUBLE AS y FROM range(6) t(i)",
        )
    )
    assert found.feature_names == ("a", "b", "c", "d", "e", "f", "k")
    assert found.X[-1].tolist() == [5, 0.625, 1.25, 0, 5, 2.5, 5]
    assert found.rows.tolist() == [1, 2, 3, 5, 6]
    assert found.warnings == (
        "column `g` holds text and is left out",
        "column `h` holds text and is left out",
        "1 of 6 rows has a missing cell and is left out (missing cells: `k` 1)",
        "column `d` holds true and false: read as 1 and 0",
        "column `e` holds dates: read as days since 2020-01-01",
        "column `f` holds dates: read as days since 2020-01-01",
    )


def test_parquet_keeps_order_across_many_blocks(tmp_path):
    path = parquet(tmp_path, "SELECT i AS x, i % 7 AS g, i * 0.5 AS y FROM range(500000) t(i)")
    found = read(path, group="g")
    np.testing.assert_array_equal(found.X[:, 0], np.arange(500000))
    np.testing.assert_array_equal(found.y, np.arange(500000) / 2)
    np.testing.assert_array_equal(found.groups, np.arange(500000) % 7)
    np.testing.assert_array_equal(found.rows, np.arange(500000) + 1)
    np.testing.assert_array_equal(read_columns(path, ["y"]).X[:, 0], found.y)


def test_parquet_with_hostile_names(tmp_path):
    names = ["Temp (°C)", "lambda", 'a"b', "x,y", "'; drop table", "=cmd|' /C calc'!A0", "c0", "select"]
    columns = ", ".join(f"{i} + i AS " + '"' + name.replace('"', '""') + '"' for i, name in enumerate(names))
    path = parquet(tmp_path, f"SELECT {columns} FROM range(3) t(i)", "it's [1] $path; --.parquet")
    found = read(path)
    assert (*found.feature_names, found.target_name) == tuple(names)
    assert found.X[0].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert read_columns(path, ['a"b']).X[:, 0].tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("query", "options", "says"),
    [
        ("SELECT 1 AS x, 2 AS y WHERE false", {}, "has no rows"),
        ("SELECT 1 AS x, 2 AS y", {}, "has only one row"),
        ("SELECT i AS x, 1 / (i - 3.0::DOUBLE) AS y FROM range(9) t(i)", {}, "infinite value in row 4"),
        ("SELECT i AS x, 'a' AS y FROM range(9) t(i)", {"target": "y"}, "holds text, in row 1: `a`"),
        ("SELECT i AS x, NULL::DOUBLE AS y FROM range(9) t(i)", {"target": "y"}, "column `y` in"),
    ],
)
def test_faults_of_parquet(tmp_path, query, options, says):
    query = query.replace("1 / (i - 3.0::DOUBLE)", "CASE WHEN i = 3 THEN 'inf'::DOUBLE ELSE i END")
    with pytest.raises(FitxError) as caught:
        read(parquet(tmp_path, query), **options)
    assert says in str(caught.value)


def test_parquet_whole_numbers_beyond_two_to_53(tmp_path):
    found = read(parquet(tmp_path, "SELECT 9007199254740993 + i AS x, i AS y FROM range(3) t(i)"))
    assert "beyond 2^53" in found.warnings[0]


def test_damaged_parquet_does_not_crash_nor_allocate(tmp_path):
    data = bytearray(parquet(tmp_path, "SELECT i AS x, i * 2 AS y FROM range(1000) t(i)").read_bytes())
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(data)
        for at in rng.integers(4, len(data), 5):
            broken[at] = rng.integers(256)
        with contextlib.suppress(FitxError):
            assert len(read(io.BytesIO(bytes(broken)))) <= 1000


ROWS = [{"x": 1, "name": "a", "y": 2.5}, {"x": 2, "name": "b", "y": None}, {"y": 4, "x": 3.5}, {"x": 1e20, "y": -1}]


@pytest.mark.parametrize("form", ["lines", "array", "pretty"])
@pytest.mark.parametrize("big", [False, True])
def test_json(form, big, monkeypatch):
    text = {
        "lines": "\n".join(json.dumps(row) for row in ROWS),
        "array": json.dumps(ROWS),
        "pretty": json.dumps(ROWS, indent=2),
    }[form]
    if big:
        monkeypatch.setattr(limits, "BIG", 0)
    found = read(io.BytesIO(text.encode()))
    assert found.feature_names == ("x",)
    assert found.X[:, 0].tolist() == [1, 3.5, 1e20]
    assert found.y.tolist() == [2.5, 4, -1]
    assert found.rows.tolist() == [1, 3, 4]
    assert found.warnings == (
        "column `name` holds text and is left out",
        "1 of 4 rows has a missing cell and is left out (missing cells: `y` 1)",
    )


@pytest.mark.parametrize(
    "values",
    [
        ['"1"', '"2"', '"NA"', '"4"'],
        ["true", "false", "true", "true"],
        ['"2020-01-01"', '"2020-01-03"', "null", '"2020-01-04"'],
        ["1", "2", "9007199254740993", "3"],
        ["1", "2", "3", "NaN"],
    ],
)
def test_big_json_is_read_like_small_json(values, monkeypatch):
    data = "".join(f'{{"x": {value}, "y": {i}}}\n' for i, value in enumerate(values)).encode()
    small = read(io.BytesIO(data))
    monkeypatch.setattr(limits, "BIG", 0)
    large = read(io.BytesIO(data))
    np.testing.assert_array_equal(small.X, large.X)
    np.testing.assert_array_equal(small.rows, large.rows)
    assert small.warnings == large.warnings


def test_json_faults_name_the_line(monkeypatch):
    data = b'{"x": 1, "y": 2}\n\n{"x": 3, "y": "oops"}\n{"x": 5, "y": 6}\n{"x": 7, "y": 8}\n'
    for size in (2**30, 0):
        monkeypatch.setattr(limits, "BIG", size)
        with pytest.raises(FitxError, match=r"column `y` .* has text in row 3: `oops`"):
            read(io.BytesIO(data))


@pytest.fixture
def workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("first")
    for row in [
        [None, None, None, None],
        ["t", "when", "ok", "y"],
        ["s", None, None, "m"],
        [1, datetime.datetime(2020, 1, 1), True, 1 / 3],
        [2, datetime.datetime(2020, 1, 2, 12), False, None],
        [3, datetime.datetime(2020, 1, 3), True, "NA"],
        [4, datetime.datetime(2020, 1, 4), True, 1e-300],
    ]:
        sheet.append(row)
    book.create_sheet("second").append(["a", "b"])
    book["second"].append([1, 2])
    book["second"].append([3, "=1+1"])
    book["second"].append([5, 6])
    path = tmp_path / "book.xlsx"
    book.save(path)
    return path


def test_workbook(workbook):
    found = read(workbook)
    assert found.feature_names == ("t", "when", "ok")
    assert found.X.tolist() == [[1, 0, 1], [4, 3, 1]]
    assert found.y.tolist() == [1 / 3, 1e-300]
    assert found.units == {"t": "s", "y": "m"}
    assert found.rows.tolist() == [4, 7]
    assert found.warnings[0] == "read sheet `first`; the others are `empty`, `second`"


def test_workbook_sheets(workbook):
    assert read(workbook, sheet="second").y.tolist() == read(workbook, sheet=3).y.tolist()
    with pytest.raises(UsageError) as caught:
        read(workbook, sheet="secnd")
    assert "did you mean `second`?" in str(caught.value)
    with pytest.raises(FitxError):
        read(workbook, sheet="empty")


def test_workbooks_need_the_extra(workbook, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(FitxError) as caught:
        read(workbook)
    assert 'pip install "fitx[excel]"' in caught.value.hint


def test_a_parquet_footer_that_claims_a_billion_rows(tmp_path):
    """The footer's counts (zigzag varints) are raised from 1,000 to a billion: nothing is allocated from them."""
    import resource

    data = parquet(tmp_path, "SELECT i AS x, i * 2 AS y FROM range(1000) t(i)").read_bytes()
    length = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - length], data[-8 - length : -8]
    assert b"\xd0\x0f" in footer
    claimed = footer.replace(b"\xd0\x0f", b"\x80\xa8\xd6\xb9\x07")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(FitxError):
        assert len(read(io.BytesIO(body + claimed + len(claimed).to_bytes(4, "little") + b"PAR1"))) == 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**20  # KiB: a billion rows would need 8 GiB

"""Delimited text: every way of writing a table that the reader understands."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from fitx.errors import FitxError
from fitx.read import read
from fitx.table import Table


def table(text: str | bytes, **options) -> Table:
    data = text.encode() if isinstance(text, str) else text
    return read(io.BytesIO(data), **options)


def rows(found: Table) -> list[list[float]]:
    return np.column_stack([found.X, found.y]).tolist()


NUMBERS = [[1.0, 2.5, -3.0], [4.0, 5.25, 6e-3]]


@pytest.mark.parametrize(
    "text",
    [
        "a,b,c\n1,2.5,-3\n4,5.25,6e-3\n",
        "a, b, c\n1, 2.5, -3\n4, 5.25, 6e-3",
        "a;b;c\n1;2.5;-3\n4;5.25;6e-3\n",
        "a;b;c\n1;2,5;-3\n4;5,25;6e-3\n",
        "a\tb\tc\n1\t2.5\t-3\n4\t5.25\t6e-3\n",
        "a\tb\tc\n1\t2,5\t-3\n4\t5,25\t6e-3\n",
        "a|b|c\n1|2.5|-3\n4|5.25|6e-3\n",
        "a b c\n1 2.5 -3\n4 5.25 6e-3\n",
        "  a    b \t c\n   1    2.5  -3  \n  4   5.25\t6e-3\n",
        "a b c\n1 2,5 -3\n4 5,25 0,006\n",
        '"a","b","c"\n"1","2.5","-3"\n"4","5.25","6e-3"\n',
        "'a','b','c'\n'1','2.5','-3'\n'4','5.25','6e-3'\n",
        '"a" "b" "c"\n1 "2.5" -3\n4 5.25 6e-3\n',
        "a,b,c\r\n1,2.5,-3\r\n4,5.25,6e-3\r\n",
        "a,b,c\r1,2.5,-3\r4,5.25,6e-3\r",
        "a,b,c,\n1,2.5,-3,\n4,5.25,6e-3,\n",
        "a,b,c\n1,2.5,-3,\n4,5.25,6e-3,\n",
        "a,b,c,\n1,2.5,-3\n4,5.25,6e-3\n",
        "a,b,c,,,\n1,2.5,-3,,,\n4,5.25,6e-3,,,\n",
        "# made by hand\n% and\n// more\n\na,b,c\n# in between\n1,2.5,-3\n\n4,5.25,6e-3\n# the end\n",
        "a,b,c\n1,2.5,-3\n4,5.25,6.0D-03\n",
        "a,b,c\n1,2.5,-3\n4,5.25,6d-3\n",
        "\n\n  \na,b,c\n1,2.5,-3\n4,5.25,6e-3\n\n\n",
        "a,b,c\n+1,2.50,-3.\n4.0E0,5.25,.006\n",
    ],
)
def test_one_table_in_many_spellings(text):
    found = table(text)
    assert rows(found) == NUMBERS
    assert (*found.feature_names, found.target_name) == ("a", "b", "c")
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", b""),
        ("utf-8-sig", b""),
        ("utf-16", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32", b""),
        ("latin-1", b""),
        ("cp1252", b""),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_and_gzip(codec, mark, packed):
    data = mark + "T (°C),µ,y\n1,2,3\n4,5,6\n".encode(codec)
    found = table(gzip.compress(data) if packed else data)
    assert found.feature_names == ("T (°C)", "µ")
    assert rows(found) == [[1, 2, 3], [4, 5, 6]]


def test_files_standard_input_and_paths(tmp_path, monkeypatch):
    file = tmp_path / "some data.csv"
    file.write_text("x,y\n1,2\n3,4\n")
    by_path, by_text = read(file), read(str(file))
    assert rows(by_path) == rows(by_text) == [[1, 2], [3, 4]]
    assert by_path.source == str(file)

    class Standard:
        buffer = io.BytesIO(b"x,y\n1,2\n3,4\n")

    monkeypatch.setattr("sys.stdin", Standard())
    found = read("-")
    assert rows(found) == [[1, 2], [3, 4]]
    assert found.source == "standard input"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1,2\n3,4\n", ("x", "y")),
        ("1 2 3\n3 4 5\n", ("x1", "x2", "y")),
        ("1,2,3,\n3,4,5,\n", ("x1", "x2", "y")),
        ("NA,2\n3,4\n5,6\n", ("x", "y")),
        ("2020-01-01,2\n2020-01-02,4\n", ("x", "y")),
    ],
)
def test_no_header(text, names):
    found = table(text)
    assert (*found.feature_names, found.target_name) == names


def test_header_over_a_column_of_text():
    found = table("city,1990,b\nParis,1,2\nRome,3,4\n")
    assert (*found.feature_names, found.target_name) == ("1990", "b")


def test_row_of_units():
    found = table("t,v [m/s],n,y\n(s),[m/s],,kg\n1,2,3,4\n5,6,7,8\n")
    assert found.units == {"t": "s", "v [m/s]": "m/s", "y": "kg"}
    assert rows(found) == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert found.rows.tolist() == [3, 4]
    assert found.warnings == ()


def test_a_bad_first_row_is_not_a_row_of_units():
    with pytest.raises(FitxError, match=r"column `b` .* has text in row 2: `oops`"):
        table("a,b\n1,oops\n2,3\n4,5\n6,7\n")


def test_row_names_as_r_writes_them():
    found = table('"speed" "dist"\n"1" 4 2\n"2" 7 4\n')
    assert (*found.feature_names, found.target_name) == ("column1", "speed", "dist")
    assert "has no name" in found.warnings[0]


def test_duplicate_and_empty_names():
    found = table("a,a,,a_2,y\n1,2,3,4,5\n6,7,8,9,10\n")
    assert found.feature_names == ("a", "a_3", "column3", "a_2")
    assert len(found.warnings) == 2
    assert "`a` stands twice" in found.warnings[0]


HOSTILE = [
    "Temp (°C)",
    "lambda",
    'a"b',
    "x,y",
    "'; drop table",
    "=cmd|' /C calc'!A0",
    "import os",
    "E",
    "x-1",
    "{0}",
    "%s",
]


def test_hostile_names_come_back_as_they_are():
    header = ",".join('"' + name.replace('"', '""') + '"' for name in HOSTILE)
    cells = ",".join(str(i) for i in range(len(HOSTILE)))
    found = table(f"{header}\n{cells}\n{cells}\n", target="'; drop table", features=['a"b', "x,y"])
    assert found.feature_names == ('a"b', "x,y")
    assert found.target_name == "'; drop table"
    assert rows(found) == [[2, 3, 4]] * 2
    assert (*table(f"{header}\n{cells}\n{cells}\n").feature_names,) == tuple(HOSTILE[:-1])


def test_a_hash_may_be_a_name():
    assert table("#,y\n1,2\n3,4\n").feature_names == ("#",)


@pytest.mark.parametrize(
    "word", ["", "NA", "na", "NaN", "nan", "n/a", "N/A", "null", "NULL", "-", "?", ".", "None", "#N/A"]
)
def test_missing_cells_drop_their_row(word):
    found = table(f"x,z,y\n1,2,3\n4,{word},6\n7,8,{word}\n9,10,11\n")
    assert rows(found) == [[1, 2, 3], [9, 10, 11]]
    assert found.rows.tolist() == [2, 5]
    assert found.warnings == ("2 of 4 rows have a missing cell and are left out (missing cells: `z` 1, `y` 1)",)
    with pytest.raises(FitxError, match=r"column `z` .* missing cell in row 3"):
        table(f"x,z,y\n1,2,3\n4,{word},6\n7,8,9\n", missing="error")


def test_missing_cells_in_unused_columns_do_not_matter():
    assert table("x,z,y\n1,,3\n4,5,6\n", features=["x"], target="y").warnings == ()


def test_dates_become_days():
    found = table("when,y\n2020-01-01,1\n2020-01-02,2\n2020-03-01T12:00:00,3\n")
    assert found.X[:, 0].tolist() == [0, 1, 60.5]
    assert found.warnings == ("column `when` holds dates: read as days since 2020-01-01",)
    assert found.dates == {"when": "2020-01-01"}


def test_days_count_from_the_first_row_that_is_kept():
    found = table("when,y\n2020-01-01,\n2020-01-02,2\n2020-01-03,3\n")
    assert found.X[:, 0].tolist() == [0, 1]


def test_dates_that_can_be_read_two_ways_are_text():
    found = table("when,x,y\n01/02/2020,1,2\n02/02/2020,3,4\n")
    assert found.warnings == ("column `when` holds dates that can be read in two ways and is left out",)


def test_percent_booleans_and_thousands_are_said():
    found = table('p,b,n,y\n12.5%,true,"1,234,567",1\n3%,False,"1,234",2\n')
    assert rows(found) == [[12.5, 1, 1234567, 1], [3, 0, 1234, 2]]
    assert found.warnings == (
        "column `p` has percent signs: 12.5% is read as 12.5",
        "column `b` holds true and false: read as 1 and 0",
        "column `n` has thousands separators, as in `1,234,567`: they were removed",
    )


def test_german_thousands():
    found = table("a;y\n1.234,5;1,5\n1.234.567,25;2,5\n")
    assert rows(found) == [[1234.5, 1.5], [1234567.25, 2.5]]


@pytest.mark.parametrize(
    "text", ['a,y\n"1,234",1\n"2,500",2\n', "a\ty\n1,234\t1\n2,500\t2\n", "a;y\n1.5;1,5\n1,25;2\n"]
)
def test_doubtful_commas_are_refused(text):
    with pytest.raises(FitxError):
        table(text)


def test_semicolons_say_that_the_comma_is_decimal():
    assert rows(table("a;y\n1,234;1\n2,500;2\n")) == [[1.234, 1], [2.5, 2]]


def test_large_whole_numbers_are_said():
    found = table("id,y\n9007199254740993,1\n9007199254740992,2\n1e300,3\n")
    assert found.X[0, 0] == 9007199254740992
    assert found.warnings == (
        "column `id` has whole numbers beyond 2^53, which are rounded: row 2, `9007199254740993`",
    )


def test_text_columns_are_left_out():
    found = table("name,x,code,y\nann,1,0x1F,2\nbob,3,1+2j,4\n")
    assert found.feature_names == ("x",)
    assert found.warnings == (
        "column `name` holds text and is left out",
        "column `code` holds text and is left out",
    )


def test_target_is_the_last_column_of_numbers():
    assert table("x,y,note\n1,2,a\n3,4,b\n").target_name == "y"


def test_an_empty_column_is_left_out():
    found = table("x,z,y\n1,,2\n3,,4\n")
    assert found.feature_names == ("x",)
    assert found.warnings == ("column `z` is empty and is left out",)


def test_parts():
    found = table("x,w,s,g,y\n1,1,0.1,b,2\n2,0,0.2,a,3\n3,2,0.3,b,4\n", weights="w", sigma="s", group="g")
    assert found.feature_names == ("x",)
    assert found.weights.tolist() == [1, 0, 2]
    assert found.sigma.tolist() == [0.1, 0.2, 0.3]
    assert found.groups.tolist() == [0, 1, 0]
    assert found.groups.dtype == np.int64


def test_groups_are_counted_again_when_rows_go():
    assert table("x,g,y\n1,a,\n2,b,3\n3,,4\n4,c,5\n5,b,6\n", group="g").groups.tolist() == [0, 1, 0]


def test_features_keep_the_order_asked_for():
    found = table("a,b,c\n1,2,3\n4,5,6\n", features=["c", "a"], target="b")
    assert rows(found) == [[3, 1, 2], [6, 4, 5]]


def test_the_arrays_layout():
    found = table("a,b,c\n1,2,3\n4,5,6\n7,8,9\n")
    assert found.X.flags.f_contiguous
    assert found.X.dtype == found.y.dtype == np.float64
    assert found.X.flags.writeable
    assert len(found) == 3
    assert found.rows.tolist() == [2, 3, 4]


def test_a_thousand_columns():
    names = ",".join(f"c{i}" for i in range(1000))
    found = table(names + "\n" + ",".join("1" * 1000) + "\n" + ",".join("2" * 1000) + "\n")
    assert found.X.shape == (2, 999)


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of known data is not here")
def test_real_tables():
    for file in [*sorted((SHARED / "real").glob("*.csv")), SHARED / "Filip.csv", SHARED / "trees.csv"]:
        found = read(file)
        expected = len([line for line in file.read_text().splitlines() if line.strip()]) - 1
        assert len(found) == expected

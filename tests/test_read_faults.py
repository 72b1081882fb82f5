"""What cannot be read is refused in words: what, where, and what to do next."""

from __future__ import annotations

import contextlib
import gzip
import io
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitx.errors import FitxError, UsageError
from fitx.read import read, read_columns


def fault(text: str | bytes, **options) -> str:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(FitxError) as caught:
        read(io.BytesIO(data), **options)
    assert caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "`the stream` is empty"),
        ("\n \n\t\n", "`the stream` is empty"),
        ("\ufeff", "`the stream` is empty"),
        ("# only\n# words\n", "no rows: only comments"),
        ("x,y\n", "has a header and no rows"),
        ("x,y\n1,2\n", "has only one row of numbers"),
        ("1,2\n", "has only one row of numbers"),
        ("x,y\n1,2\n3,\n,4\n", "has one row without a missing cell, of 3"),
        ("x,y\n1,\n,2\n", "has no row without a missing cell, of 2"),
        ("x,y\n1,2\n3\n", "line 3 of `the stream` has 1 cells where 2 are expected"),
        ("x,y\n1,2\n\n# note\n3,4,5\n6,7\n", "line 5 of `the stream` has 3 cells where 2 are expected"),
        ("x y\n1 2\n3 4 5\n", "line 3 of `the stream` has 3 cells where 2 are expected"),
        ("x,y\n1,2\n3,abc\n5,6\n7,8\n", "column `y` in `the stream` has text in row 3: `abc`"),
        ("x,y\n1,2\nx,y\n5,6\n7,8\n", "has text in row 3: `y`"),
        ("x,y\n1,2\n3,inf\n5,6\n", "column `y` in `the stream` has an infinite value in row 3: `inf`"),
        ("x,y\n1,2\n-Infinity,3\n5,6\n", "has an infinite value in row 3: `-Infinity`"),
        ("x,y\n1,2\n1e999,3\n5,6\n", "has an infinite value in row 3: `1e999`"),
        ("x,y\n1,2\n3_0,3\n5,6\n", "has text in row 3: `3_0`"),
        ("x,y\n1,2\n0x1F,3\n5,6\n", "has text in row 3: `0x1F`"),
        ("x,y\n2020-01-01,2\n2020-02-30,3\n2020-01-03,6\n", "has text in row 3: `2020-02-30`"),
        ("y\n1\n2\n3\n", "has only one column of numbers, `y`"),
        ("a,b\nu,v\nw,x\n", "has no column of numbers to explain"),
        ('x,y\n1,2\n"3,4\n5,6\n', "cannot be split into cells"),
        ('a,y\n"1,234",1\n"2,500",2\n', "is it 1234 or 1.234?"),
    ],
)
def test_faults_of_text(text, says):
    assert says in fault(text)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "it is a PNG picture"),
        (b"%PDF-1.7\n", "it is a PDF document"),
        (b"SQLite format 3\x00abc", "it is an SQLite database"),
        (b"BZh91AY&SY", "it is compressed with bzip2"),
        (bytes(range(256)) * 4, "holds binary data"),
        (b"x,y\n1,2\n3,\x00\n", "holds binary data"),
        (gzip.compress(b"x,y\n1,2\n3,4\n", mtime=0)[:-6], "is damaged"),
        (b"\x1f\x8bnonsense and more", "is damaged"),
        (b"PK\x03\x04 and then nothing", "is damaged: File is not a zip file"),
        (b"PAR1 and then nothing", "cannot be read as Parquet"),
        (b"PAR1" + b"\xff" * 100 + b"\xff\xff\xff\x7fPAR1", "cannot be read as Parquet"),
        (b"\xff\xfex\x00,\x00y\x00\n\x001", "is damaged"),
        (b'{"x": 1, "y": 2}\n{"x": 3,\n', "line 2 of `the stream` is not JSON"),
        (b'{"x": 1, "y": 2}\n[3]\n', "line 2 of `the stream` is no object"),
        (b'[{"x": 1, "y": 2},', "is not JSON"),
        (b"[{" + b'"a":' + b"[" * 100_000, "nested too deeply"),
        (b"[]", "has no rows"),
    ],
)
def test_faults_of_files(data, says):
    assert says in fault(data)


def test_a_missing_file_names_its_neighbour(tmp_path):
    (tmp_path / "measurements.csv").write_text("x,y\n1,2\n3,4\n")
    with pytest.raises(FitxError, match=r"there is no file") as caught:
        read(tmp_path / "mesurements.csv")
    assert "did you mean `measurements.csv`?" in caught.value.hint
    with pytest.raises(FitxError, match=r"no folder"):
        read(tmp_path / "nowhere" / "a.csv")


def test_a_directory_lists_its_tables(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n")
    with pytest.raises(FitxError, match=r"is a directory") as caught:
        read(tmp_path)
    assert "`a.csv`" in caught.value.hint


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("x,y\n1,2\n3,4\n")
    file.chmod(0)
    with pytest.raises(FitxError, match=r"permission denied"):
        read(file)


def test_impossible_paths():
    for path in ("a\0b", "x" * 5000):
        with pytest.raises(FitxError, match=r"cannot be read"):
            read(path)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "Yield"}, "did you mean `yield`?"),
        ({"target": "presure"}, "did you mean `pressure`?"),
        ({"features": ["nope"]}, "its columns are `pressure`, `yield`, `name`"),
        ({"weights": "w"}, "there is no column `w`"),
        ({"group": "g"}, "there is no column `g`"),
        ({"features": ["yield"], "target": "yield"}, "is both target and feature"),
        ({"features": ["pressure", "pressure"]}, "is named twice"),
        ({"features": []}, "no features are named"),
        ({"features": ["pressure"], "weights": "pressure"}, "is a feature and weights"),
        ({"missing": "maybe"}, "missing must be drop or error"),
        ({"sheet": "one"}, "has no sheets"),
    ],
)
def test_what_was_asked_for_is_at_fault(options, says):
    with pytest.raises(UsageError) as caught:
        read(io.BytesIO(b"pressure,yield,name\n1,2,a\n3,4,b\n"), **options)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"target": "name"}, "target column `name` in `the stream` holds text, in row 2: `a`"),
        ({"features": ["name"], "target": "y"}, "feature column `name` in `the stream` holds text"),
        ({"weights": "name"}, "weights column `name`"),
        ({"weights": "w"}, "weights column `w` in `the stream` is negative in row 3: -1"),
        ({"sigma": "w"}, "sigma column `w` in `the stream` is not above zero in row 3: -1"),
        ({"sigma": "s"}, "sigma column `s` in `the stream` is not above zero in row 2: 0"),
        ({"weights": "z"}, "weights column `z` in `the stream` is all zero"),
        ({"target": "e"}, "target column `e` in `the stream` is empty"),
    ],
)
def test_parts_ask_something_of_their_numbers(options, says):
    assert says in fault("name,x,w,s,z,e,y\na,1,2,0,0,,3\nb,2,-1,1,0,,4\nc,5,6,7,0,,8\n", **options)


def test_messages_show_no_control_characters():
    said = fault("x,y\n1,2\n\x1b[31mred,3\n5,6\n7,8\n")
    assert "\x1b" not in said
    assert len(fault("x,y\n1,2\n" + "z" * 9000 + ",3\n5,6\n7,8\n")) < 400


def test_a_stream_opened_as_text():
    with pytest.raises(FitxError, match="opened as text"):
        read(io.StringIO("x,y\n1,2\n"))


TOKENS = [*",; \n\"'x-#é%{[\\", "\t", "\r\n", "\x00", "1", "2.5", "1,5", "inf", "2020-01-01"]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(TOKENS), max_size=60).map("".join).map(str.encode)))
def test_any_bytes_are_a_table_or_a_fault_in_words(data):
    with contextlib.suppress(FitxError):
        found = read(io.BytesIO(data))
        assert np.isfinite(found.X).all()
        assert np.isfinite(found.y).all()
        assert len(found.rows) == len(found.y) == len(found.X) >= 2
    with contextlib.suppress(FitxError):
        assert len(read_columns(io.BytesIO(data), ["x"]).X) >= 1

"""Big tables: duckdb's path gives what the careful path gives, in bounded memory, and leaves the doubtful to it."""

from __future__ import annotations

import contextlib
import gzip
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fitx.errors import FitxError
from fitx.read import delimited, read, read_columns, store
from fitx.read import source as limits
from fitx.table import Table

FIELDS = ("feature_names", "target_name", "units", "warnings", "dates")


def both(data: bytes, monkeypatch, *, fast: bool | None = None, **options) -> Table:
    """The table by the careful path, checked against the one by duckdb; fast: whether duckdb must have done it."""
    monkeypatch.setattr(delimited, "DECIDING_ROWS", 5)
    done: list[bool] = []
    from fitx.read import big

    original = big.read_big
    monkeypatch.setattr(big, "read_big", lambda *a: (found := original(*a), done.append(found is not None))[0])
    outcomes = []
    for size in (2**30, 0):
        monkeypatch.setattr(limits, "BIG", size)
        try:
            outcomes.append(read(io.BytesIO(data), **options))
        except FitxError as error:
            outcomes.append(str(error))
    monkeypatch.undo()
    careful, quick = outcomes
    if fast is not None:
        assert done == [fast]
    if isinstance(careful, str):
        assert quick == careful
        raise FitxError(careful)
    same(careful, quick)
    return quick


def same(a: Table, b: Table) -> None:
    for name in FIELDS:
        assert getattr(a, name) == getattr(b, name)
    for name in ("X", "y", "rows", "weights", "sigma", "groups"):
        left, right = getattr(a, name), getattr(b, name)
        assert (left is None) == (right is None)
        if left is not None:
            np.testing.assert_array_equal(left, right)
            assert left.dtype == right.dtype
            assert left.flags.f_contiguous
            assert right.flags.f_contiguous


BODY = "".join(f"{i},{i / 7!r},run{i},{i * i}\n" for i in range(40))


@pytest.mark.parametrize(
    "text",
    [
        "a,b,name,y\n" + BODY,
        "# note\na,b,name,y\ns,m,,kg\n" + BODY,
        BODY,
        ("a,b,name,y\n" + BODY).replace("\n", "\r\n"),
        ("a,b,name,y\n" + BODY).replace(",", ";").replace(".", ","),
        ("a,b,name,y\n" + BODY).replace(",", "\t"),
        ("a,b,name,y\n" + BODY).replace(",", "|"),
        "a,b,name,y\n" + BODY + "41,,x,4\nNA,3,x,4\n44,nan,x,N/A\n45,null,x,?\n46,#N/A,x,-\n47,5,,1",
        "a,b,name,y\n" + BODY.replace("run3,", '"run ""3"", or 4",'),
        "a,b,name,y\n" + BODY + '"50", 5 ,"run",6\n',
        "a,b,name,y\n" + BODY + "\n\n\n",
        "a,b,name,y\n" + BODY + "41,1,x,4,\n",
    ],
)
def test_both_paths_agree_on_plain_tables(text, monkeypatch):
    both(text.encode(), monkeypatch, fast=True)


@pytest.mark.parametrize(
    "tail",
    [
        "# a comment\n41,1,x,4\n",
        "41,1,x,4\n\n42,1,x,4\n",
        "41,1.0D+03,x,4\n",
        "41,12%,x,4\n",
        "9007199254740993,1,x,4\n",
        "1e300,1,x,4\n",
        '41,1,"two\nlines",4\n42,1,x,4\n',
        "41,１,x,4\n",
    ],
)
def test_what_duckdb_might_read_otherwise_takes_the_careful_path(tail, monkeypatch):
    both(("a,b,name,y\n" + BODY + tail).encode(), monkeypatch, fast=False)


@pytest.mark.parametrize(
    ("tail", "says"),
    [
        ("41,oops,x,4\n", "column `b` in `the stream` has text in row 42: `oops`"),
        ("41,1_0,x,4\n", "has text in row 42: `1_0`"),
        ("41,inf,x,4\n", "column `b` in `the stream` has an infinite value in row 42: `inf`"),
        ("41,1,x\n", "line 42 of `the stream` has 3 cells where 4 are expected"),
        ("41,1,x,4,5\n", "line 42 of `the stream` has 5 cells where 4 are expected"),
        ('41,1,"x,4\n', "cannot be split into cells"),
    ],
)
def test_faults_in_big_tables_name_their_row(tail, says, monkeypatch):
    with pytest.raises(FitxError) as caught:
        both(("a,b,name,y\n" + BODY + tail).encode(), monkeypatch, fast=False)
    assert says in str(caught.value)


def test_parts_in_big_tables(monkeypatch):
    data = ("a,b,name,y\n" + BODY).encode()
    both(data, monkeypatch, fast=True, target="b", features=["y"], weights="a")
    both(data, monkeypatch, fast=False, group="name")


def test_text_that_could_be_sql(monkeypatch):
    names = '"a\'); DROP TABLE t; --","b""c","\'; drop table",y\n'
    found = both((names + BODY).encode(), monkeypatch, fast=True)
    assert found.feature_names == ("a'); DROP TABLE t; --", 'b"c')


@pytest.mark.parametrize("name", ["it's; --.csv", 'a"b.csv', "a[1].csv", "we ird é.csv", "$path.csv"])
def test_file_names_are_not_patterns_nor_sql(name, tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "DECIDING_ROWS", 5)
    monkeypatch.setattr(limits, "BIG", 0)
    (tmp_path / "a1.csv").write_text("a,b,name,y\n" + BODY * 2)
    file = tmp_path / name
    file.write_text("a,b,name,y\n" + BODY)
    assert len(read(file)) == 40


def test_gzip_and_standard_input_that_are_big(monkeypatch, tmp_path):
    data = ("a,b,name,y\n" + BODY).encode()
    both(gzip.compress(data), monkeypatch, fast=True)
    both(b"\xef\xbb\xbf" + data, monkeypatch, fast=True)
    both(b"\xef\xbb\xbf" + BODY.encode(), monkeypatch, fast=False)
    both(data.decode().encode("utf-16"), monkeypatch, fast=False)
    both(data.replace(b"run", b"l\xe4uft"), monkeypatch, fast=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_tables_by_both_paths(data, monkeypatch):
    cell = st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.integers(-(10**17), 10**17).map(str),
        st.sampled_from(["", "NA", "1e5", "-.5", " 7 ", '"8"', "1D3", "inf", "oops", "50%", "true", "1_0", "0x1"]),
    )
    plain = [f"{i},{i + 0.5}" for i in range(data.draw(st.integers(6, 12)))]
    rest = data.draw(st.lists(st.tuples(cell, cell).map(",".join), max_size=6))
    with contextlib.suppress(FitxError):  # both paths gave the same fault
        both("\n".join(["x,y", *plain, *rest]).encode(), monkeypatch)


@pytest.mark.parametrize("budget", [0, 1000, 2**20])
def test_columns_beyond_the_budget_go_to_temporary_files(budget, monkeypatch, tmp_path):
    data = ("a,b,name,y\n" + BODY + ",1,x,2\n").encode()
    expected = read(io.BytesIO(data), weights="a")
    monkeypatch.setattr(store, "BUDGET", budget)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = read(io.BytesIO(data), weights="a")
    same(expected, found)
    found.X[0, 0] = 5  # it is ours to write to
    assert not list(tmp_path.iterdir())
    assert read_columns(io.BytesIO(data), ["y", "b"]).X.shape == (41, 2)


def test_no_room_for_temporary_files(monkeypatch):
    monkeypatch.setattr(store, "BUDGET", 0)

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(FitxError, match="No space left on device"):
        read(io.BytesIO(("a,b,name,y\n" + BODY).encode()))


def test_a_small_table_imports_little(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n3,4\n5,7\n")
    code = (
        "import sys; from fitx.read import read; read(sys.argv[1]);"
        "print([m for m in ('duckdb', 'sympy', 'scipy', 'sklearn', 'pandas', 'json', 'gzip') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-P", "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

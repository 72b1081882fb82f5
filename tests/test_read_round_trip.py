"""A table written in any dialect reads back as it was."""

from __future__ import annotations

import gzip
import io
import re
import string

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fitx.read import read, read_columns

NAMES = st.text(string.ascii_letters + string.digits + "_°µé()[]'$-/*^{}= ", min_size=1, max_size=12).map(
    lambda name: "n" + " ".join(name.split())
)


COMMENTS = ["# a, b; c.", "% a, at noon, measured by hand alone", "// 1 2 3", ""]  # no lists of names


@st.composite
def tables(draw):
    """Names and columns: at least two rows, two columns."""
    names = draw(st.lists(NAMES, min_size=2, max_size=5, unique=True))
    value = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53).map(float)
    rows = draw(st.lists(st.tuples(*[value for _ in names]), min_size=2, max_size=12))
    return names, np.array(rows)


@st.composite
def dialects(draw):
    """How to write: delimiter, decimal mark, quoting, line end, codec, comments, trailing delimiter, gzip."""
    delimiter = draw(st.sampled_from([",", ";", "\t", "|", " ", "   "]))
    return {
        "delimiter": delimiter,
        "decimal": "." if delimiter == "," else draw(st.sampled_from([".", ","])),
        "quoted": draw(st.booleans()),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "codec": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])),
        "comments": draw(st.lists(st.sampled_from(COMMENTS), max_size=3)),
        "trailing": delimiter.strip() != "" and draw(st.booleans()),
        "packed": draw(st.booleans()),
    }


def write(names, rows, dialect) -> bytes:
    def quoted(text: str) -> str:
        return f'"{text}"' if dialect["quoted"] or " " in text else text

    def line(cells) -> str:
        return dialect["delimiter"].join(map(quoted, cells)) + (dialect["delimiter"] if dialect["trailing"] else "")

    lines = [line(names)] if names else []
    lines += [line(repr(float(v)).replace(".", dialect["decimal"]) for v in row) for row in rows]
    data = dialect["end"].join([*dialect["comments"], *lines]).encode(dialect["codec"])
    return gzip.compress(data) if dialect["packed"] else data


@settings(max_examples=250, deadline=None)
@given(tables(), dialects())
def test_what_was_written_is_read(table, dialect):
    names, rows = table
    data = write(names, rows, dialect)
    found = read(io.BytesIO(data))
    assert (*found.feature_names, found.target_name) == tuple(names)
    np.testing.assert_array_equal(np.column_stack([found.X, found.y]), rows)
    start = len(dialect["comments"]) + 2
    assert found.rows.tolist() == list(range(start, start + len(rows)))
    assert found.warnings == ()
    again = read_columns(io.BytesIO(data), names[::-1])
    np.testing.assert_array_equal(again.X, rows[:, ::-1])
    assert again.complete.all()


@settings(max_examples=100, deadline=None)
@given(tables(), dialects())
def test_without_a_header_too(table, dialect):
    names, rows = table
    # 0,0 100,0 may be two numbers or three, one of them in groups of digits: only names tell.
    plain = write(None, rows, {**dialect, "codec": "utf-8", "packed": False})
    assume(not re.search(rb"\d \d{3},", plain))
    found = read(io.BytesIO(write(None, rows, dialect)))
    expected = ("x", "y") if len(names) == 2 else (*(f"x{i + 1}" for i in range(len(names) - 1)), "y")
    assert (*found.feature_names, found.target_name) == expected
    np.testing.assert_array_equal(np.column_stack([found.X, found.y]), rows)

"""What one cell says."""

from __future__ import annotations

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitx.read.cells import Kind, classify, date, date_text, marked


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1", 1),
        (" 1.5 ", 1.5),
        ("1.0D+03", 1000),
        ("-2d-1", -0.2),
        ("+.5", 0.5),
        ("5.", 5),
        ("1E5", 1e5),
        ("1e999", math.inf),
    ],
)
def test_numbers(cell, value):
    assert classify(cell) == (Kind.NUMBER, value)


@pytest.mark.parametrize(
    "cell", ["1_000", "0x1F", "1+2j", "1e", "12 monkeys", "1.2.3", "abc", "--1", "1,2,3", "01,234", "3 5"]
)
def test_text(cell):
    assert classify(cell)[0] == Kind.TEXT


@pytest.mark.parametrize(
    ("cell", "decimal", "value"),
    [
        ("1,234,567", ".", 1234567),
        ("1,234.5", ".", 1234.5),
        ("-12,345,678.25", ".", -12345678.25),
        ("1.234,5", ",", 1234.5),
        ("1 234 567", ".", 1234567),
        ("1\u00a0234,5", ",", 1234.5),
        ("1'234.5", ".", 1234.5),
    ],
)
def test_thousands(cell, decimal, value):
    assert classify(cell, decimal) == (Kind.GROUPED, value)


@pytest.mark.parametrize(
    ("cell", "mark", "value"),
    [
        ("3.5 mm", "mm", 3.5),
        ("-3mm", "mm", -3),
        ("5 °C", "°C", 5),
        ("9.81 m/s2", "m/s2", 9.81),
        ("$5", "$", 5),
        ("-$1,234", "$", -1234),
        ("1.234,50 €", "€", 1234.5),
        ("CHF 1'000", "CHF", 1000),
    ],
)
def test_numbers_with_a_unit_or_a_currency(cell, mark, value):
    decimal = "," if "€" in cell else "."
    assert classify(cell, decimal) == (Kind.MARKED, value)
    assert marked(cell, decimal) == (mark, value)


@pytest.mark.parametrize("cell", ["1,234 mm", "2j", "1e", "0x", "5 mm long", "mm 5"])
def test_no_units(cell):
    assert classify(cell)[0] == Kind.TEXT


def test_one_group_is_unsure():
    assert classify("1,234") == (Kind.UNSURE, 1234)
    assert classify("1.234", ",") == (Kind.UNSURE, 1234)
    assert classify("1,234", ",") == (Kind.NUMBER, 1.234)
    assert classify("0,234")[0] == Kind.TEXT


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("2020-02-29", "2020-02-29"),
        ("2020-02-29 06:00", "2020-02-29T06:00:00"),
        ("2020-02-29T06:00:00.5", "2020-02-29T06:00:00.500000"),
        ("2020-02-29T06:00:00Z", "2020-02-29T06:00:00"),
        ("2020-02-29T06:00:00+02:00", "2020-02-29T04:00:00"),
        ("2020/2/29", "2020-02-29"),
        ("29.02.2020", "2020-02-29"),
        ("29.2.2020 18:30", "2020-02-29T18:30:00"),
        ("29-Feb-2020", "2020-02-29"),
        ("29 February 2020", "2020-02-29"),
        ("Feb 29, 2020", "2020-02-29"),
        ("2020-02", "2020-02-01"),
        ("1900-01-01", "1900-01-01"),
    ],
)
def test_dates(cell, iso):
    assert classify(cell)[0] == Kind.DATE
    assert date_text(date(cell)) == iso


@pytest.mark.parametrize(
    "cell", ["2021-02-29", "01/02/2020", "32.01.2020", "2020-13-01", "12:30", "29-Foo-2020", "2020-1-1-1"]
)
def test_no_dates(cell):
    assert date(cell) is None


@given(st.floats(allow_nan=False))
def test_every_float_is_read_exactly(value):
    assert classify(repr(value)) == (Kind.NUMBER, value)
    assert classify(repr(value).replace(".", ","), ",") == (Kind.NUMBER, value)


@given(st.text())
def test_any_text_has_a_kind(text):
    kind, value = classify(text)
    assert (kind in (Kind.TEXT, Kind.MISSING)) == math.isnan(value)


@given(st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(2255, 1, 1)))
def test_every_datetime_round_trips(moment):
    text = moment.isoformat()
    assert date_text(date(text)) == text.removesuffix("T00:00:00")

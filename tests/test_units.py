"""Texts of units mean dimensions; what is no unit is refused in words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitx.errors import UsageError
from fitx.units import describe, has_offset, parse_unit, read_dimensions, unit_texts


def of(text: str) -> dict[str, Fraction]:
    return {base.strip("[]"): e for base, e in parse_unit(text)}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("m/s^2", "m s-2"), ("m/s²", "m*s**-2"), ("kg m**2 s-2", "J"), ("N-m", "N·m"), ("W/m²/K", "W/(m^2 K)"),
        ("m per s", "mph"), ("kilometres per hour", "inch/day"), ("g/100 mL", "kg/m3"), ("1/s", "Hz"), ("s⁻¹", "Hz"),
        ("cmH2O", "Pa"), ("mmHg", "psi"), ("Ω m", "ohm*meter"), ("µm", "Å"), ("°C", "K"), ("deg F", "kelvin"),
        ("℃", "degC"), ("°", "rad"), ("%", "1"), ("ppm", "dimensionless"), ("pH", ""), ("1e3 m3", "litre"),
        ("Hz^(1/2)", "s^-0.5"), ("EUR/kWh", "€/J"), ("m^4 * s^(-3) * kg^1 * V^(-1)", "A*m^2"),
    ],
)  # fmt: skip
def test_two_texts_of_one_dimension(text: str, same: str) -> None:
    assert parse_unit(text) == parse_unit(same)


def test_dimensions_are_exponents() -> None:
    assert of("W/(m K)") == {"length": 1, "mass": 1, "temperature": -1, "time": -3}
    assert of("Hz^(1/2)") == {"time": Fraction(-1, 2)}
    assert of("%") == of("-") == of("radian") == {}
    assert of("EUR") != of("USD")
    assert describe(parse_unit("m/s^2")) == "length time^-2"
    assert describe(()) == "a plain number"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("foo", "`foo` is no unit that is known"), ("m/ss", "`ss` is no unit"), ("(m", "never closed"),
        ("m^", "exponent"), ("m**100", "out of range"), ("10**10**10", "cannot read"), ("a.u.", "no unit|cannot read"),
        ("m)", "cannot read"), ("/s/", "cannot read"), ("m^(1/0)", "no exponent"), ("x" * 90, "too long"),
        ("__import__('os')", "no unit|cannot read"),
    ],
)  # fmt: skip
def test_what_is_no_unit_is_said(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_unit(text)


@given(st.text(max_size=12))
def test_any_text_is_a_unit_or_a_usage_error(text: str) -> None:
    try:
        parse_unit(text)
    except UsageError as e:
        assert e.message


@given(st.dictionaries(st.sampled_from(["m", "kg", "s", "K", "V"]), st.integers(-9, 9), min_size=1))
def test_products_of_powers_add_up(exponents: dict[str, int]) -> None:
    text = " ".join(f"{u}^{e}" for u, e in exponents.items())
    total: dict[str, Fraction] = {}
    for u, e in exponents.items():
        for base, p in parse_unit(u):
            total[base] = total.get(base, Fraction(0)) + e * p
    assert dict(parse_unit(text)) == {base: e for base, e in total.items() if e}


def test_which_scales_have_a_zero_of_their_own() -> None:
    assert [u for u in ("°C", "degF", "℃", "K", "m", "%", "", "no unit", "delta_degC") if has_offset(u)] == [
        "°C", "degF", "℃",
    ]  # fmt: skip


def test_units_on_the_command_line() -> None:
    assert unit_texts('x=m, "a,b"=kg m/s^2,c=%') == {"x": "m", "a,b": "kg m/s^2", "c": "%"}
    assert unit_texts("") == {}
    for wrong in ("x", "=m", "x=m,x=s"):
        with pytest.raises(UsageError):
            unit_texts(wrong)


class TestColumns:
    def test_given_units_bind(self) -> None:
        found, remark = read_dimensions({"x": "m", "y": "m"}, ("x", "n"), "y", explicit=True)
        assert found == (parse_unit("m"), (), parse_unit("m"))
        assert not remark
        with pytest.raises(UsageError, match=r"`foo` is no unit that is known \(column `x`\)"):
            read_dimensions({"x": "foo"}, ("x",), "y", explicit=True)
        with pytest.raises(UsageError, match="no column `z`"):
            read_dimensions({"z": "m"}, ("x",), "y", explicit=True)

    def test_a_zero_that_is_arbitrary_is_remarked(self) -> None:
        found, remark = read_dimensions({"T": "°C"}, ("T",), "y", explicit=True)
        assert found == (parse_unit("K"), ())
        assert "arbitrary" in remark

    @pytest.mark.parametrize(("unit", "why"), [("", ""), ("foo", "`foo`"), ("°C", "arbitrary")])
    def test_units_of_a_table_count_only_when_all_can_be_read(self, unit: str, why: str) -> None:
        units = {"x": unit, "y": "m"} if unit else {"y": "m"}
        found, remark = read_dimensions(units, ("x",), "y", explicit=False)
        assert found is None
        assert why in remark
        assert "`x`" in remark
        assert read_dimensions({"x": "s", "y": "m"}, ("x",), "y", explicit=False)[0] is not None

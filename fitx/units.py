"""Texts of units to dimensions: "kg m/s^2", "W/m²/K", "m s-1", "°C", "%" to exponents of the base dimensions.

The grammar of products, quotients and powers is read here; what a single name means (`mmHg`, `kWh`, `Å`) says pint,
which is imported when the first unit is read. Sizes do not matter here, only dimensions: km and inch are one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from fitx.comma_list import comma_list
from fitx.errors import UsageError, did_you_mean

Dimension = tuple[tuple[str, Fraction], ...]  # (base dimension, exponent that is not 0), in alphabetical order
NONE: Dimension = ()

_LONGEST = 80
_LARGEST = 20  # exponent
_PLAIN = {"", "-", "--", "1", "none", "unitless", "dimensionless", "ratio", "fraction", "number", "ph", "index"}
_CURRENCIES = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"} | {
    c: c for c in ("EUR", "USD", "GBP", "JPY", "CHF", "CNY", "INR", "CAD", "AUD")
}
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<power>\*\*|\^)
    | (?P<raised>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]+\d[^\W\d]\w* | (?:[^\W\d_]|[%‰°'"$€£¥])(?:[^\W\d]|['"%°])*)(?P<exponent>[+-]?\d+(?!\w))?
    | (?P<sign>[-+](?=\d))
    | (?P<times>[*·⋅×.∙]|-(?=[^\W\d]))
    | (?P<over>[/÷])
    | (?P<open>\() | (?P<close>\))
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


def parse_unit(text: str) -> Dimension:
    """The dimension of a unit. Errors: UsageError for what is no unit, naming the part that is not known."""
    plain = " ".join(text.split())
    if plain.lower() in _PLAIN:
        return NONE
    if len(plain) > _LONGEST:
        raise UsageError(f"the unit `{plain[:40]}...` is too long")
    plain = re.sub(r"(?:°|\bdeg\.?) ?([CF])\b", r"deg\1", plain.replace("℃", "degC").replace("℉", "degF"))
    plain = re.sub(r"(?:°|\bdeg\.?) ?K\b", "K", plain)
    reader = _Reader(plain)
    found = reader.product()
    if reader.kind != "end":
        raise UsageError(f"cannot read the unit `{text}`", "write units such as m/s^2, kg m**2, W/(m K) or %")
    return _dimension(found)


def has_offset(text: str) -> bool:
    """True for a temperature scale whose zero is arbitrary (°C, °F)."""
    plain = text.strip().replace("℃", "degC").replace("℉", "degF")
    plain = re.sub(r"^(?:°|deg\.?) ?([CF])$", r"deg\1", plain)
    if not re.fullmatch(r"[^\W\d]\w*", plain):
        return False
    try:
        registry = _registry()
        return bool(registry.Quantity(0.0, plain).to_base_units().magnitude != 0)
    except Exception:  # what pint cannot convert has no zero to ask for
        return False


def read_dimensions(
    units: Mapping[str, str], names: Sequence[str], target: str, explicit: bool
) -> tuple[tuple[Dimension, ...] | None, str]:
    """Dimensions of the features and, last, of the target; and a remark for the user, "" where there is none.

    explicit: the user gave the units; columns not named are plain numbers, and what cannot be read is an error
    (UsageError). Otherwise they stand in the table: None, and the reason as the remark, unless all columns have one.
    """
    columns = [*names, target]
    if explicit:
        for name in units:
            if name not in columns:
                listed = ", ".join(f"`{c}`" for c in columns[:20])
                raise UsageError(f"there is no column `{name}` to have a unit", did_you_mean(name, columns) + listed)
        found = tuple(_of_column(c, units.get(c, "")) for c in columns)
        arbitrary = [c for c in columns if has_offset(units.get(c, ""))]
        if arbitrary:
            return found, (
                f"the zero of `{units[arbitrary[0]]}` (column `{arbitrary[0]}`) is arbitrary: it is taken as "
                "kelvin, to which no number can be added unless symbolic.free_constants=true"
            )
        return found, ""
    ignored = "the units in the table do not guide the search: "
    for c in columns:
        if c not in units:
            return None, f"{ignored}column `{c}` has none"
        if has_offset(units[c]):
            return None, f"{ignored}the zero of `{units[c]}` (column `{c}`) is arbitrary"
    try:
        return tuple(_of_column(c, units[c]) for c in columns), ""
    except UsageError as e:
        return None, ignored + e.message


def unit_texts(given: str) -> dict[str, str]:
    """Column -> unit from `x=m,"a,b"=m/s`. Errors: UsageError."""
    units: dict[str, str] = {}
    for item in comma_list(given):
        if not item.strip():
            continue
        name, equals, unit = item.rpartition("=")
        name = name.strip().strip('"')
        if not equals or not name:
            raise UsageError(f"`--units {item}` is not COLUMN=UNIT", "for example --units x=m,t=s,v=m/s")
        if name in units:
            raise UsageError(f"column `{name}` has two units", "name each column once")
        units[name] = unit.strip()
    return units


def describe(dimension: Dimension) -> str:
    """A dimension in words: "length time^-2"; "a plain number" for none."""
    if not dimension:
        return "a plain number"
    return " ".join(b.strip("[]") + ("" if e == 1 else f"^{e}") for b, e in dimension)


def _of_column(name: str, text: str) -> Dimension:
    try:
        return parse_unit(text)
    except UsageError as e:
        raise UsageError(f"{e.message} (column `{name}`)", e.hint) from None


def _dimension(exponents: Mapping[str, Fraction]) -> Dimension:
    return tuple(sorted((base, e) for base, e in exponents.items() if e))


class _Reader:
    """Tokens of a unit; `product` reads up to a closing parenthesis or the end."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.kind, self.token, self.exponent = "", "", ""
        self.next()

    def next(self) -> None:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            raise UsageError(f"cannot read the unit `{self.text}`", "write units such as m/s^2, kg m**2, W/(m K) or %")
        self.exponent = match["exponent"] or ""
        self.kind = next(k for k in _TOKEN.groupindex if k != "exponent" and match[k] is not None)
        self.token, self.at = match[self.kind], match.end()

    def product(self) -> dict[str, Fraction]:
        total: dict[str, Fraction] = {}
        sign = 1
        while True:
            number = self.kind == "number"
            for base, e in self.factor().items():
                total[base] = total.get(base, Fraction(0)) + sign * e
            if self.kind == "over" or (self.kind == "name" and self.token == "per"):
                sign = -1
                self.next()
            elif self.kind == "times":
                sign = 1
                self.next()
            elif self.kind in ("end", "close"):
                return total
            elif not number:  # g/100 mL is g/(100 mL)
                sign = 1  # a blank multiplies: W/m K is W K/m

    def factor(self) -> dict[str, Fraction]:
        if self.kind == "open":
            self.next()
            found = self.product()
            if self.kind != "close":
                raise UsageError(f"a parenthesis of the unit `{self.text}` is never closed")
            self.next()
        elif self.kind == "number":
            found = {}
            self.next()
        elif self.kind == "name":
            found, exponent = dict(_single(self.token)), self.exponent
            self.next()
            if exponent:
                return {b: e * _exponent(exponent) for b, e in found.items()}
        else:
            raise UsageError(f"cannot read the unit `{self.text}`", "write units such as m/s^2, kg m**2, W/(m K) or %")
        if self.kind in ("power", "raised"):
            return {b: e * p for p in [self.power()] for b, e in found.items()}
        return found

    def power(self) -> Fraction:
        if self.kind == "raised":
            text = self.token.translate(_SUPERSCRIPT)
            self.next()
            return _exponent(text)
        rest = self.text[self.at :]
        match = re.match(r"\s*\(\s*([+-]?[\d.]+(?:\s*/\s*\d+)?)\s*\)|\s*([+-]?\d+(?:\.\d+)?)", rest)
        if match is None:
            raise UsageError(f"cannot read the exponent in the unit `{self.text}`", "for example m^2, s**-1, Hz^(1/2)")
        self.at += match.end()
        self.next()
        return _exponent((match[1] or match[2]).replace(" ", ""))


def _exponent(text: str) -> Fraction:
    try:
        value = Fraction(text) if len(text) < 12 else Fraction(_LARGEST + 1)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"`{text}` is no exponent of a unit") from None
    if abs(value) > _LARGEST or value.denominator > 12:
        raise UsageError(f"the exponent {text} of a unit is out of range")
    return value


@functools.lru_cache(maxsize=1024)
def _single(name: str) -> Mapping[str, Fraction]:
    """Exponents of one name. Errors: UsageError."""
    if name in _CURRENCIES:
        return {f"[{_CURRENCIES[name]}]": Fraction(1)}
    if name.lower() in _PLAIN:
        return {}
    registry = _registry()
    try:
        found = registry.Unit(name).dimensionality
    except Exception:  # pint has many ways to say no
        known = [n for n in dir(registry) if 1 < len(n) < 20] if len(name) > 2 else []
        hint = did_you_mean(name, known) + "units are written as in m/s^2, kg, W/(m K), mmHg, %"
        raise UsageError(f"`{name}` is no unit that is known", hint) from None
    return {str(base): Fraction(str(e)).limit_denominator(12) for base, e in found.items() if e}


@functools.cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(cache_folder=None)

"""What one cell says: a number in one of its spellings, a date, true or false, nothing, or text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import IntEnum

NAN = float("nan")

#: Cells that say "no value here", in lower case: words, error values of spreadsheets, NaN as C libraries print it.
MISSING_WORDS = frozenset(
    {"", "na", "nan", "+nan", "-nan", "n/a", "#n/a", "#na", "null", "none", "nil", "-", "--", "?", ".", "<na>", "nat"}
    | {"\u2013", "\u2014", "\u2212", "\\n", "(null)", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"}
    | {"nan(ind)", "-nan(ind)", "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind", "1.#snan"}
)


class Kind(IntEnum):
    """The ways to read a cell."""

    MISSING = 0
    NUMBER = 1
    PERCENT = 2
    GROUPED = 3  # thousands separators, beyond doubt: 1,234,567 or 1,234.5
    UNSURE = 4  # 1,234: is it 1234 or 1.234?
    BOOL = 5
    DATE = 6
    TEXT = 7
    MARKED = 8  # a number with its unit, 3.5 mm, or with a sign of a currency, $5


#: Kinds that are numbers.
NUMERIC = (Kind.NUMBER, Kind.PERCENT, Kind.GROUPED, Kind.UNSURE)

_LONGEST = 2000  # characters of a number
_FORTRAN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)[dD][+-]?\d+")
_NO_LETTER = re.compile(r"([+-]?\d?\.\d{3,})([+-]\d{3})")  # 0.1234567-100: Fortran has no room for the E
_SIGNS = str.maketrans("\u2212\u2013\uff0d\uff0b", "---+")  # minus, en dash, and the full-width signs
_SPACED = re.compile(r"[+-]?\d{1,3}(?:([ '\u00a0\u202f\u2019])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")
_GROUPED = {
    mark: re.compile(
        rf"(?P<unsure>[+-]?[1-9]\d{{0,2}}{re.escape(mark)}\d{{3}})"
        rf"|[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+(?:{re.escape(point)}\d*)?(?:[eE][+-]?\d+)?"
    )
    for mark, point in ((",", "."), (".", ","))
}
_INDIAN = re.compile(r"[+-]?[1-9]\d?(?:,\d\d)+,\d{3}(?:\.\d*)?")  # 12,34,567.8
_DIGIT = re.compile(r"\d")
_CURRENCY = "[$€£¥₹₩₽₺]|(?:USD|EUR|GBP|JPY|CHF|CNY|INR|CAD|AUD|R|US|A|C)(?:\\$| )"
_AMOUNT = r"[+-]?[\d.,' \u00a0\u202f\u2019]*\d[.,]?(?:[eE][+-]?\d+)?"
_UNIT = r"(?:°|[^\W\d_])[^\W\d_]{0,4}(?:[23²³]|[/*·.^-][^\W_]{1,6})*|[%‰$€£¥₹₩₽₺]"
_MARKED = re.compile(
    rf"(?P<sign>[+-]?)(?:(?P<before>{_CURRENCY})\s?(?P<money>{_AMOUNT})|(?P<amount>{_AMOUNT})(?P<gap>\s?)(?P<after>{_UNIT}))"
)
_ALMOST = frozenset("eEdDxXjJiI")  # 1e, 0x, 2j: what begins or ends like this is no amount of anything

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?")
_TIME = r"(?:[ T](?P<H>\d\d?):(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.(?P<f>\d{1,6}))?)?)?"
_MONTH_NAMES = "january,february,march,april,may,june,july,august,september,october,november,december"
_MONTHS = {spelled: i for i, name in enumerate(_MONTH_NAMES.split(","), 1) for spelled in (name, name[:3])}
_WORD = r"(?P<b>[A-Za-z]{3,9})\.?"
_DATES = tuple(
    re.compile(form + _TIME)
    for form in (
        r"(?P<Y>\d{4})/(?P<m>\d\d?)/(?P<d>\d\d?)",
        r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<Y>\d{4})",
        r"(?P<d>\d\d?)[- ]" + _WORD + r"[- ,]+(?P<Y>\d{4})",
        _WORD + r" (?P<d>\d\d?),? (?P<Y>\d{4})",
        r"(?P<Y>\d{4})-(?P<m>\d\d)",
    )
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def classify(cell: str, decimal: str = ".") -> tuple[Kind, float]:
    """The kind of a cell and its value; dates in microseconds since 1970, missing and text as NaN.

    decimal: "." or ",", the mark before the decimals. Hexadecimal and complex numbers and 1_000 are text.
    An infinite value is a NUMBER; the caller refuses it, for it knows the row.
    """
    text = cell.strip()
    if len(text) > _LONGEST:
        return Kind.TEXT, NAN
    lower = text.lower()
    if lower in MISSING_WORDS:
        return Kind.MISSING, NAN
    value = number(text, decimal)
    if value is not None:
        return Kind.NUMBER, value
    if lower in ("true", "false"):
        return Kind.BOOL, float(lower == "true")
    if not _DIGIT.search(text):
        return Kind.TEXT, NAN
    if text.endswith("%"):
        value = number(text[:-1].rstrip(), decimal)
        return (Kind.TEXT, NAN) if value is None else (Kind.PERCENT, value)
    mark = "," if decimal == "." else "."
    if mark in text and (grouped := _GROUPED[mark].fullmatch(text)):
        value = number(text.replace(mark, ""), decimal)
        if value is not None:
            return (Kind.UNSURE if grouped["unsure"] else Kind.GROUPED), value
    if spaced := _SPACED.fullmatch(text):
        value = number(text.replace(spaced[1], ""), decimal)
        if value is not None:
            return Kind.GROUPED, value
    if decimal == "." and _INDIAN.fullmatch(text):
        return Kind.GROUPED, float(text.replace(",", ""))
    moment = date(text)
    if moment is not None:
        return Kind.DATE, moment
    found = marked(text, decimal)
    return (Kind.TEXT, NAN) if found is None else (Kind.MARKED, found[1])


def marked(text: str, decimal: str = ".") -> tuple[str, float] | None:
    """The mark and the value of a number that stands with a currency's sign or a unit, else None.

    After a currency's sign, 1,234 has a thousands separator; elsewhere that is in doubt, and so the cell is text.
    """
    found = _MARKED.fullmatch(text.strip().translate(_SIGNS))
    if found is None or (found["after"] in _ALMOST and not found["gap"]):
        return None
    kind, value = classify(found["money"] or found["amount"], decimal)
    if kind not in (Kind.NUMBER, Kind.GROUPED) and not (kind == Kind.UNSURE and found["before"]):
        return None
    mark = (found["before"] or found["after"]).strip()
    return mark, -value if found["sign"] == "-" else value


def number(text: str, decimal: str = ".") -> float | None:
    """The value of a plain number, Fortran's 1.0D+03 included, or None."""
    if decimal == ",":
        if "." in text:
            return None
        text = text.replace(",", ".")
    if "_" in text:  # float() takes 1_000; a table's 1_000 is a label
        return None
    try:
        return float(text)
    except ValueError:
        pass
    if _FORTRAN.fullmatch(text):
        return float(text.replace("D", "e").replace("d", "e"))
    if short := _NO_LETTER.fullmatch(text):
        return float(f"{short[1]}e{short[2]}")
    plain = text.translate(_SIGNS)
    return None if plain == text else number(plain, decimal)


def date(text: str) -> float | None:
    """Microseconds since 1970 of a date in ISO form or in a form that can be read one way only, else None.

    01/02/2020 can be read two ways and is not a date here. A zone offset is applied; without one the time stands as is.
    """
    try:
        if _ISO.fullmatch(text):
            moment = datetime.fromisoformat(text.replace("UTC", "Z").replace(" Z", "Z").replace(",", "."))
        else:
            found = next((m for form in _DATES if (m := form.fullmatch(text))), None)
            if found is None:
                return None
            part = found.groupdict()
            month = _MONTHS.get(part["b"].lower(), 0) if part.get("b") else int(part["m"])
            moment = datetime(
                int(part["Y"]),
                month,
                int(part.get("d") or 1),
                int(part["H"] or 0),
                int(part["M"] or 0),
                int(part["S"] or 0),
                int((part["f"] or "0").ljust(6, "0")),
            )
    except ValueError:  # the 30th of February
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return float((moment - _EPOCH) // _MICROSECOND)


def date_text(microseconds: float) -> str:
    """The date that `date` read, in ISO form, without the time at midnight."""
    moment = _EPOCH + timedelta(microseconds=int(microseconds))
    text = moment.replace(tzinfo=None).isoformat()
    return text.removesuffix("T00:00:00")

"""The readers of text from the command line: formulas, models, units, values, bounds, lists of columns.

The first byte says which. A formula that is read must be printed as text that gives the same formula again, and be
evaluated, derived, simplified and shown without an exception.
"""

from __future__ import annotations

import random

import numpy as np
from export_formulas import randoms

from fitx.errors import FitxError
from fitx.formula import parse
from fitx.formula.operators import OPERATORS
from fitx.formula.template import read_template
from fitx.parametric.asked import read_bounds, read_values
from fitx.units import parse_unit, unit_texts

from .mutations import NAMES, mutate_bytes, mutate_text

_TOKENS = [
    *"+-*/^(),<>=!&|~`\\\n\t;:'\"[]{}@#$%", "**", "<=", ">=", "==", "!=", "()", "((", "))", "`a b`", "``", "\\`",
    *NAMES,
    *OPERATORS, *(f"{name}(" for name in OPERATORS), "f(", "x)", "-(", "**-", "x**x", "1e5", "·", "²", "⁻¹",
    "m/s^2", "°C", "kg",
    "a=1", "a=0:10", "=:", "__import__", "lambda x: x", "x.y", "１", "\u2212", "\u200b", "(" * 500, "-" * 500,
    ")" * 500,
    "x" * 5000, "+x" * 2000, "sin(" * 300, "9" * 500,
]  # fmt: skip


def seeds(rng: random.Random) -> list[bytes]:
    """Printed formulas, and what the command line takes."""
    out = [b"\x00" + item.formula.text().encode() for item in randoms(60, rng.randrange(10**6))]
    out += [b"\x01" + t for t in (b"a*exp(-b*x) + c", b"f(x) + a", b"f(x, t)*a + b*exp(-c*t)", b"a*f(sin(x))")]
    out += [b"\x02" + t for t in (b"m/s^2", b"kg m**2", b"W/(m K)", "m²·s⁻¹".encode(), "°C".encode(), b"%", b"mmHg")]
    out += [b"\x03" + t for t in (b"a=1,b=2", b"a=-1e-3", b"`a b`=3")]
    out += [b"\x04" + t for t in (b"a=0:10", b"a=0:,b=:5", b"a=-inf:inf")]
    out += [b"\x05" + t for t in (b"x=m,t=s,v=m/s", b'"a,b"=m', b"")]
    return out


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Pieces of text change; sometimes bytes, or the kind of text."""
    if not data or rng.random() < 0.02:
        return bytes([rng.randrange(6)]) + data[1:]
    if rng.random() < 0.15:
        return data[:1] + mutate_bytes(data[1:], rng, [t.encode() for t in _TOKENS])
    text = mutate_text(data[1:].decode("utf-8", "replace"), rng, _TOKENS)
    return data[:1] + text.encode("utf-8", "replace")


def one(data: bytes) -> str:
    """Read the text as what its first byte says."""
    text = data[1:].decode("utf-8", "replace")
    kind = data[0] % 6 if data else 0
    try:
        if kind == 0:
            return _formula(text)
        if kind == 1:
            read_template(text).parameters(("x", "t"))
        elif kind == 2:
            parse_unit(text)
        elif kind == 3:
            read_values(text)
        elif kind == 4:
            read_bounds(text)
        else:
            for unit in unit_texts(text).values():
                parse_unit(unit)
    except FitxError as error:
        return str(error)
    return "accepted"


def _formula(text: str) -> str:
    f = parse(text)
    again = parse(f.text())
    if again != f or again.text() != f.text():
        raise AssertionError(f"printed and read again it is {again.text()[:200]} instead of {f.text()[:200]}")
    if f.complexity < 5000:
        names = f.variables
        X = np.array([[0.0] * len(names), [0.7] * len(names), [-2.5] * len(names), [np.nan] * len(names)])
        values = f.predict(X, names)
        if values.shape != (4,):
            raise AssertionError(f"values of shape {values.shape}")
        simple = f.simplify()
        if simple.complexity > f.complexity:
            raise AssertionError(f"simplified it is longer: {simple}")
        f.text(3)
        if names:
            f.derivative(names[0])
    return "accepted"

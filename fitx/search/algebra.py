"""Formulas from fitted constants: powers, products and sums as a person would write them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from fitx.formula import Const, Formula, call


def power(base: Formula, exponent: float) -> Formula:
    """base^exponent for a positive exponent: itself, square, cube, sqrt, or pow with a short fraction or a float."""
    if exponent == 1:
        return base
    if exponent == 0.5:
        return call("sqrt", base)
    short = Fraction(exponent).limit_denominator(12)
    return base ** (short if abs(float(short) - exponent) < 1e-12 else exponent)


def product(constant: float, factors: Iterable[tuple[Formula, float]]) -> Formula:
    """constant * prod f^e, negative exponents in the denominator, exponents of zero left out."""
    top: Formula | None = None if constant == 1 else Const(number(constant))
    bottom: Formula | None = None
    for f, e in factors:
        if e > 0:
            g = power(f, e)
            top = g if top is None else top * g
        elif e < 0:
            g = power(f, -e)
            bottom = g if bottom is None else bottom * g
    top = Const(1) if top is None else top
    return top if bottom is None else top / bottom


def linear(terms: Iterable[tuple[float, Formula]]) -> Formula:
    """sum of c * f; a term whose formula is the constant 1 is the constant."""
    total: Formula | None = None
    for c, f in terms:
        if c == 0:
            continue
        if isinstance(f, Const) and f.value == 1:
            part: Formula = Const(number(c))
        else:
            part = f if c == 1 else Const(number(c)) * f
        total = part if total is None else total + part
    return Const(0) if total is None else total


def number(value: float) -> int | float:
    """A float that is a whole number as an int."""
    return int(value) if value.is_integer() and abs(value) < 1e9 else value

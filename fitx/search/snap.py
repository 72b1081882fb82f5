"""Constants that are nearly simple numbers made simple: 0.5000000001 is 1/2, 6.283185307 is 2*pi, 9.81 stays."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from fitx.formula import Call, Const, Formula, call

Simple = tuple[Formula, float]

_ZERO = 1e-3  # constants below it may be zeros
_NUMERATOR = 100  # largest of a fraction
_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16)


def simple_forms(value: float, tolerance: float) -> list[Simple]:
    """Simple formulas within `tolerance` (relative) of `value`, simplest first: short decimals and fractions, multiples
    of pi and of 1/pi, square roots. Each with its value."""
    if not 1e-100 < abs(value) < 1e100:
        return []
    found: list[tuple[int, Simple]] = []

    def consider(multiple: float, wrap: Callable[[Fraction], Formula], unit: float, extra: int) -> None:
        for q in _DENOMINATORS:
            p = round(multiple * q)
            if p and abs(p / q - multiple) <= tolerance * abs(multiple) and abs(p) <= (1000 if q == 1 else _NUMERATOR):
                f = Fraction(p, q)
                odd = 1 if q > 4 and abs(p) > 9 else 0  # 35/12 is no simpler than 2.92
                found.append((extra + odd + len(str(abs(f))), (wrap(f), float(f) * unit)))
                return

    consider(value, lambda f: Const(f), 1.0, 0)
    consider(value / np.pi, lambda f: _times(f, call("pi")), np.pi, 2)
    consider(value * np.pi, lambda f: Const(f.numerator) / _times(Fraction(f.denominator), call("pi")), 1 / np.pi, 3)
    square = Fraction(value**2).limit_denominator(12)
    near = abs(np.sqrt(float(square)) - abs(value)) <= tolerance * abs(value)
    if near and 0 < square.numerator <= _NUMERATOR:
        found.append(
            (3 + len(str(square)), (_root(square, value < 0), float(np.copysign(np.sqrt(float(square)), value))))
        )
    for digits in range(1, 7):
        short = float(f"{value:.{digits}g}")
        if abs(short - value) <= tolerance * abs(value):
            found.append((digits + 2, (Const(short), short)))
            break
    found.sort(key=lambda s: s[0])
    return [s for _, s in found if abs(s[1] - value) <= 2 * tolerance * abs(value)]


def _times(f: Fraction, unit: Formula) -> Formula:
    if f == 1:
        return unit
    return (
        Const(f.numerator) * unit / f.denominator
        if f.denominator != 1 and f.numerator != 1
        else (unit / f.denominator if f.denominator != 1 else Const(f.numerator) * unit)
    )


def _root(f: Fraction, negative: bool) -> Formula:
    root = call("sqrt", Const(f))
    return -root if negative else root


def snap(f: Formula, costs: Callable[[Formula], bool], tolerance: float) -> Formula:
    """`f` with as many constants replaced by simple forms as `costs` (formula -> still as good?) allows.

    tolerance: relative distance at which a simple form is tried.
    """
    choices: list[Formula | None] = []
    for value in f.constants:
        exact = not isinstance(value, float)
        forms = [] if exact else simple_forms(float(value), tolerance)
        zero = not exact and abs(float(value)) < min(_ZERO, 10 * tolerance)
        choices.append(Const(0) if zero else forms[0][0] if forms else None)
    if not any(c is not None for c in choices):
        return f
    best = replaced(f, choices)
    if costs(best):
        return best
    kept: list[Formula | None] = [None] * len(choices)
    for i, choice in enumerate(choices):
        if choice is not None:
            kept[i] = choice
            if not costs(replaced(f, kept)):
                kept[i] = None
    return replaced(f, kept) if any(k is not None for k in kept) else f


def replaced(f: Formula, forms: list[Formula | None]) -> Formula:
    """`f` with its constants, in their order, replaced by these forms where they are not None."""
    it = iter(forms)

    def leaf(g: Formula) -> Formula:
        if isinstance(g, Const):
            new = next(it)
            return g if new is None else new
        return g

    def node(g: Call, args: list[Formula]) -> Formula:
        if g.op == "pow" and isinstance(args[1], Const) and args[1].value == 0:
            return Const(1)
        return call(g.op, *args)

    return f.fold(leaf, node)

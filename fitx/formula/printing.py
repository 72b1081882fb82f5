"""Formula to text, with no more parentheses than `parse` needs to read the same tree back."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from fitx.formula.operators import ATOM, COMPARISON, OPERATORS, POWER, PRODUCT, UNARY
from fitx.formula.tree import Call, Const, Formula, Number, Var

_WORD = re.compile(r"[^\W\d]\w*\Z")
RESERVED = frozenset(OPERATORS)
ESCAPES = {"\\": "\\\\", "`": "\\`", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

Piece = tuple[str, int]  # text and its precedence


def name_text(name: str) -> str:
    """A variable's name in a formula: bare when it is a word that means nothing else, else in backticks.

    Characters that could move a terminal's cursor or turn the direction of writing are written out, as in \\x1b.
    """
    if is_word(name) and name not in RESERVED:
        return name
    return "`" + "".join(ESCAPES.get(c) or (c if c.isprintable() else repr(c)[1:-1]) for c in name) + "`"


def is_word(name: str) -> bool:
    """Whether a name may stand without backticks. That of x² may not: it looks like a power."""
    return name.isidentifier() and _WORD.match(name) is not None


def round_to(value: float, digits: int | None) -> float:
    """`value` with `digits` significant decimal digits (None: all), as long as that is no larger than any double."""
    rounded = value if digits is None else float(f"{value:.{digits}g}")
    return rounded if math.isfinite(rounded) else value


def number_text(value: Number, digits: int | None = None) -> str:
    """A constant as text; floats keep a point or an exponent, so that they are read back as floats."""
    if isinstance(value, float):
        return re.sub(r"e([+-])0", r"e\1", repr(round_to(value, digits)))
    return str(value)


def text(f: Formula, digits: int | None = None) -> str:
    """The formula as text; `digits` significant digits for float constants (None: enough to be exact)."""

    def leaf(f: Formula) -> Piece:
        if isinstance(f, Var):
            return name_text(f.name), ATOM
        assert isinstance(f, Const)
        shown = number_text(f.value, digits)
        rank = PRODUCT if isinstance(f.value, Fraction) else ATOM
        return shown, min(rank, UNARY) if shown.startswith("-") else rank

    return f.fold(leaf, _node)[0]


def _node(f: Call, a: list[Piece]) -> Piece:
    op = OPERATORS[f.op]
    rank = op.precedence
    if f.op in _POWERS:
        exponent = _POWERS[f.op] or _wrap(a[1], ATOM)
        return f"{_wrap(a[0], ATOM)}**{exponent}", POWER
    if f.op == "neg":
        return f"-{_wrap(a[0], UNARY)}", UNARY
    if f.op == "hinge":
        return f"max(0, {a[0][0]})", ATOM
    if rank == PRODUCT:  # x*(-2), not x*-2
        right = _wrap(a[1], POWER)
        return f"{_wrap(a[0], PRODUCT)}{op.symbol}{right}", PRODUCT
    if op.symbol:
        return f"{_wrap(a[0], rank)} {op.symbol} {_wrap(a[1], rank + 1)}", rank
    return (f"{op.name}({', '.join(shown for shown, _ in a)})" if op.arity else op.name), ATOM


_POWERS = {"pow": "", "square": "2", "cube": "3"}
assert COMPARISON == 0  # conditions need no parentheses: they stand alone in an argument list


def _wrap(piece: Piece, least: int) -> str:
    return piece[0] if piece[1] >= least else f"({piece[0]})"

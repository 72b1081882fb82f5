"""Presentation MathML for web pages.

Not by SymPy's printer: it writes names as they are, so that `<script>` in a column's name would be one, has no
piecewise, and puts terms in an order of its own.
"""

from __future__ import annotations

from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING

from fitx.export.base import Format, for_reading
from fitx.export.names import GREEK, letter_and_index
from fitx.formula import Formula, Var
from fitx.formula.operators import PRODUCT, SUM
from fitx.formula.tree import Call, Const, Number

if TYPE_CHECKING:
    from fitx.result import Found

CALL, WHOLE = 8, 9  # rank of f(x), which stands in parentheses only under an exponent, and of what never does
Piece = tuple[str, int]
Open = tuple[str | list[str], int]  # a list: the parts of a chain a + b + c, which may grow
_NAMES = {"log": "ln", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "sign": "sgn", "hinge": "max"}
_FENCES = {"abs": ("|", "|"), "floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}
_SIGNS = {"add": "+", "sub": "−", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "="}
_TIMES, _APPLY = "<mo>\u2062</mo>", "<mo>\u2061</mo>"  # invisible


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _sign(text: str) -> str:
    return f"<mo>{escape(text)}</mo>"


def _fenced(inside: str, left: str = "(", right: str = ")") -> str:
    return _row(f'<mo fence="true">{left}</mo>', inside, f'<mo fence="true">{right}</mo>')


def _within(piece: Piece, rank: int) -> str:
    return piece[0] if piece[1] >= rank else _fenced(piece[0])


def _power(base: str, exponent: str) -> str:
    return f"<msup>{base}{exponent}</msup>"


def _number(value: Number) -> Piece:
    if value < 0:
        return _row(_sign("−"), _within(_number(-value), PRODUCT)), SUM
    if isinstance(value, Fraction):
        return f"<mfrac><mn>{value.numerator}</mn><mn>{value.denominator}</mn></mfrac>", WHOLE
    shown = str(value) if isinstance(value, int) else repr(value).removesuffix(".0")
    if "e" not in shown:
        return f"<mn>{shown}</mn>", WHOLE
    mantissa, exponent = shown.split("e")
    sign = _sign("−") if exponent.startswith("-") else ""
    power = _power("<mn>10</mn>", _row(sign, f"<mn>{int(exponent.strip('+-'))}</mn>"))
    return _row(f"<mn>{mantissa.removesuffix('.0')}</mn>", _sign("×"), power), PRODUCT


def _variable(name: str) -> Piece:
    known = letter_and_index(name)
    if known is None:
        shown = "".join(c if c.isprintable() else " " for c in name)
        return f"<mtext>{escape(shown)}</mtext>", WHOLE
    letter = f"<mi>{GREEK.get(known[0], known[0])}</mi>"
    return (f"<msub>{letter}<mtext>{known[1]}</mtext></msub>" if known[1] else letter), WHOLE


def _leaf(node: Formula) -> Open:
    if isinstance(node, Var):
        return _variable(node.name)
    assert isinstance(node, Const)
    return _number(node.value)


def _closed(piece: Open) -> Piece:
    return piece[0] if isinstance(piece[0], str) else _row(*piece[0]), piece[1]


def _chain(node: Call, args: list[Open], sign: str) -> Open:
    """A sum or product in one row however long, as browsers bear no rows a thousand deep."""
    rank = PRODUCT if node.op == "mul" else SUM
    begun, first = args[0][0], node.args[0]
    same = isinstance(first, Call) and first.op in (("mul",) if node.op == "mul" else ("add", "sub"))
    parts = begun if same and isinstance(begun, list) else [_within(_closed(args[0]), rank)]
    parts += [sign, _within(_closed(args[1]), rank + 1)]
    return parts, rank


def _node(node: Call, opened: list[Open]) -> Open:
    op = node.op
    if op in ("add", "sub"):
        return _chain(node, opened, _sign(_SIGNS[op]))
    if op == "mul":
        return _chain(node, opened, _sign("×") if isinstance(node.args[1], Const) else _TIMES)
    args = [_closed(piece) for piece in opened]
    texts = [text for text, _ in args]
    if op in _SIGNS:
        return _row(texts[0], _sign(_SIGNS[op]), texts[1]), 0
    if op == "div":
        return f"<mfrac>{texts[0]}{texts[1]}</mfrac>", WHOLE
    if op == "neg":
        return _row(_sign("−"), _within(args[0], PRODUCT)), SUM
    if op in ("pow", "square", "cube"):
        exponent = texts[1] if op == "pow" else f"<mn>{2 if op == 'square' else 3}</mn>"
        return _power(_within(args[0], WHOLE), exponent), CALL
    if op == "exp":
        return _power("<mi>e</mi>", texts[0]), CALL
    if op == "logistic":
        below = _row("<mn>1</mn>", _sign("+"), _power("<mi>e</mi>", _row(_sign("−"), _within(args[0], PRODUCT))))
        return f"<mfrac><mn>1</mn>{below}</mfrac>", WHOLE
    if op in ("sqrt", "cbrt"):
        return (f"<msqrt>{texts[0]}</msqrt>" if op == "sqrt" else f"<mroot>{_row(texts[0])}<mn>3</mn></mroot>"), WHOLE
    if op in _FENCES:
        return _fenced(texts[0], *_FENCES[op]), WHOLE
    if op == "pi":
        return "<mi>π</mi>", WHOLE
    if op == "piecewise":
        return _pieces(texts), CALL
    name = "<msub><mi>log</mi><mn>10</mn></msub>" if op == "log10" else f"<mi>{_NAMES.get(op, op)}</mi>"
    inside = _sign(",").join(["<mn>0</mn>", *texts] if op == "hinge" else texts)
    return _row(name, _APPLY, _fenced(inside)), CALL


def _pieces(args: list[str]) -> str:
    rows = [(args[i + 1], _row("<mtext>if </mtext>", args[i])) for i in range(0, len(args) - 1, 2)]
    rows.append((args[-1], "<mtext>otherwise</mtext>"))
    table = "".join(f"<mtr><mtd>{value}</mtd><mtd>{condition}</mtd></mtr>" for value, condition in rows)
    return _row('<mo fence="true">{</mo>', f'<mtable columnalign="left">{table}</mtable>')


def _write(found: Found, digits: int | None) -> str:
    f = for_reading(found, digits)
    words = "".join(c if c.isprintable() else " " for c in f.text())
    text, _ = _closed(f.fold(_leaf, _node))
    attributes = f'xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="{escape(words)}"'
    return f"<math {attributes}>{_row(text)}</math>"


FORMAT = Format("mathml", "presentation MathML for web pages", _write)

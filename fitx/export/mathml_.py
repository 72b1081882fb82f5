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


def _leaf(node: Formula) -> Piece:
    if isinstance(node, Var):
        return _variable(node.name)
    assert isinstance(node, Const)
    return _number(node.value)


def _node(node: Call, args: list[Piece]) -> Piece:
    op, texts = node.op, [text for text, _ in args]
    if op in _SIGNS:
        comparison = op not in ("add", "sub")
        left, right = (texts[0], texts[1]) if comparison else (_begun(node, args), _within(args[1], SUM + 1))
        return _row(left, _sign(_SIGNS[op]), right), 0 if comparison else SUM
    if op == "mul":
        times = _sign("×") if isinstance(node.args[1], Const) else _TIMES
        return _row(_begun(node, args), times, _within(args[1], PRODUCT + 1)), PRODUCT
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


_CHAINS = {"add": ("add", "sub"), "sub": ("add", "sub"), "mul": ("mul",)}


def _begun(node: Call, args: list[Piece]) -> str:
    """The left side of a sum or product; of a longer chain its parts, as browsers bear no rows a thousand deep."""
    first = node.args[0]
    if isinstance(first, Call) and first.op in _CHAINS[node.op]:
        return args[0][0].removeprefix("<mrow>").removesuffix("</mrow>")
    return _within(args[0], PRODUCT if node.op == "mul" else SUM)


def _pieces(args: list[str]) -> str:
    rows = [(args[i + 1], _row("<mtext>if </mtext>", args[i])) for i in range(0, len(args) - 1, 2)]
    rows.append((args[-1], "<mtext>otherwise</mtext>"))
    table = "".join(f"<mtr><mtd>{value}</mtd><mtd>{condition}</mtd></mtr>" for value, condition in rows)
    return _row('<mo fence="true">{</mo>', f'<mtable columnalign="left">{table}</mtable>')


def _write(found: Found, digits: int | None) -> str:
    f = for_reading(found, digits)
    words = "".join(c if c.isprintable() else " " for c in f.text())
    text, _ = f.fold(_leaf, _node)
    attributes = f'xmlns="http://www.w3.org/1998/Math/MathML" display="block" alttext="{escape(words)}"'
    return f"<math {attributes}>{_row(text)}</math>"


FORMAT = Format("mathml", "presentation MathML for web pages", _write)

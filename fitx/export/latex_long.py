"""LaTeX of formulas that are too long for SymPy, which takes minutes to order thousands of terms or breaks off."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from fitx.formula import Formula, Var
from fitx.formula.operators import PRODUCT, SUM
from fitx.formula.tree import Call, Const, Number

POWER, WHOLE = 8, 9
Piece = tuple[str, int]
_TEMPLATES = {
    "div": r"\frac{{{0}}}{{{1}}}", "sqrt": r"\sqrt{{{0}}}", "cbrt": r"\sqrt[3]{{{0}}}",
    "abs": r"\left|{0}\right|", "floor": r"\left\lfloor {0} \right\rfloor", "ceil": r"\left\lceil {0} \right\rceil",
    "logistic": r"\frac{{1}}{{1 + e^{{-\left({0}\right)}}}}", "pi": r"\pi",
}  # fmt: skip
_FUNCTIONS = {
    "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "log": r"\ln", "log10": r"\log_{10}",
    "sign": r"\operatorname{sgn}", "hinge": r"\max",
}  # fmt: skip
_COMPARISONS = {"lt": "<", "le": r"\le", "gt": ">", "ge": r"\ge", "eq": "="}


def number_latex(value: Number) -> Piece:
    """A constant with all its digits: 0.1, 1.5 \\cdot 10^{-9}, \\frac{1}{3}."""
    if value < 0:
        return f"- {number_latex(-value)[0]}", SUM
    if isinstance(value, Fraction):
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}", WHOLE
    shown = str(value) if isinstance(value, int) else repr(value).removesuffix(".0")
    if "e" not in shown:
        return shown, WHOLE
    mantissa, exponent = shown.split("e")
    return rf"{mantissa.removesuffix('.0')} \cdot 10^{{{int(exponent)}}}", PRODUCT


def long_latex(f: Formula, name: Callable[[str], str]) -> str:
    """The formula's own terms in their order. name: how a variable is set."""
    return f.fold(lambda node: _leaf(node, name), _node)[0]


def _leaf(node: Formula, name: Callable[[str], str]) -> Piece:
    if isinstance(node, Var):
        return name(node.name), WHOLE
    assert isinstance(node, Const)
    return number_latex(node.value)


def _within(piece: Piece, rank: int) -> str:
    return piece[0] if piece[1] >= rank else rf"\left({piece[0]}\right)"


def _node(node: Call, args: list[Piece]) -> Piece:
    op, texts = node.op, [text for text, _ in args]
    if op in ("add", "sub"):
        return f"{texts[0]} {'+' if op == 'add' else '-'} {_within(args[1], SUM + 1)}", SUM
    if op == "mul":
        times = r" \cdot" if isinstance(node.args[1], Const) else ""
        return f"{_within(args[0], PRODUCT)}{times} {_within(args[1], PRODUCT + 1)}", PRODUCT
    if op == "neg":
        return f"- {_within(args[0], PRODUCT)}", SUM
    if op in ("square", "cube", "pow"):
        exponent = texts[1] if op == "pow" else "2" if op == "square" else "3"
        return f"{{{_within(args[0], WHOLE)}}}^{{{exponent}}}", POWER
    if op == "exp":
        return f"e^{{{texts[0]}}}", POWER
    if op in _COMPARISONS:
        return f"{texts[0]} {_COMPARISONS[op]} {texts[1]}", 0
    if op in _TEMPLATES:
        return _TEMPLATES[op].format(*texts), WHOLE
    if op == "piecewise":
        pairs = [rf"{texts[i + 1]} & \text{{for}}\: {texts[i]}" for i in range(0, len(texts) - 1, 2)]
        lines = r" \\ ".join([*pairs, rf"{texts[-1]} & \text{{otherwise}}"])
        return rf"\begin{{cases}} {lines} \end{{cases}}", POWER
    inside = ", ".join(["0", *texts] if op == "hinge" else texts)
    function = _FUNCTIONS.get(op, "\\" + op)
    return rf"{function}\left({inside}\right)", POWER

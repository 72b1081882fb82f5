"""A formula in matplotlib's maths type, no wider than asked: digits go first, then terms, each cut said by dots."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from fitx.formula import Formula
from fitx.formula.operators import OPERATORS, PRODUCT, UNARY
from fitx.formula.tree import Call, Const, Var

Piece = tuple[str, int]  # maths type and its precedence
SUM, ATOM = 1, 5
_GREEK = frozenset(
    (
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega",
    )
)  # fmt: skip
_ESCAPES = {"\\": r"\backslash{}", "{": r"\{", "}": r"\}", "$": r"\$"}  # what \text{...} cannot hold
_FUNCTIONS = {
    "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "log": r"\ln", "log10": r"\log_{10}",
    **{k: rf"\{k}" for k in ("exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "min", "max")},
}  # fmt: skip
_SIGNS = {"lt": "<", "le": r"\leq", "gt": ">", "ge": r"\geq", "eq": "="}
LONGEST = 400  # nodes of a formula that is set in full


def printable(text: str) -> str:
    """Without control characters, which neither XML nor a terminal takes: they are written out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def name_math(name: str) -> str:
    """A column's name: x in italics, x1 and x_1 with an index, alpha as a letter, all else upright as it stands."""
    if m := re.fullmatch(r"([A-Za-z])_?([0-9]{1,3})?", name):
        return m[1] + (f"_{{{m[2]}}}" if m[2] else "")
    if name in _GREEK:
        return rf"\{name}"
    shown = printable(name[:60])
    parts = re.split(r"([\\{}$])", shown if shown.strip() else "?")
    return "{" + "".join(_ESCAPES.get(p, rf"\text{{{p}}}") for p in parts if p) + "}"


def number_math(value: int | float | Fraction, digits: int | None) -> Piece:
    """A constant, powers of ten set as such."""
    if isinstance(value, Fraction):
        return rf"\frac{{{value.numerator}}}{{{value.denominator}}}", PRODUCT
    text = repr(value) if digits is None or isinstance(value, int) else f"{value:.{digits}g}"
    mantissa, _, exponent = text.removesuffix(".0").partition("e")
    rank = UNARY if text.startswith("-") else ATOM
    if exponent:
        mantissa = mantissa.removesuffix(".0")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", min(rank, PRODUCT)
    return mantissa, rank


def formula_math(f: Formula, digits: int | None = None) -> str:
    """The whole formula in maths type; digits: of its constants, None for all."""

    def leaf(f: Formula) -> Piece:
        if isinstance(f, Var):
            return name_math(f.name), ATOM
        assert isinstance(f, Const)
        return number_math(f.value, digits)

    return f.fold(leaf, _node)[0]


def _wrap(piece: Piece, least: int) -> str:
    return piece[0] if piece[1] >= least else rf"\left({piece[0]}\right)"


def _node(f: Call, a: list[Piece]) -> Piece:
    name, op = f.op, OPERATORS[f.op]
    if name in ("add", "sub"):
        right = _wrap(a[1], ATOM if a[1][1] == UNARY else SUM + (name == "sub"))
        return f"{_wrap(a[0], SUM)} {op.symbol} {right}", SUM
    if name == "mul":
        right = _wrap(a[1], PRODUCT)
        dot = r" \cdot " if right[:1].isdigit() or right.startswith(r"\frac") else r"\,"
        return _wrap(a[0], PRODUCT) + dot + right, PRODUCT
    if name == "div":
        return rf"\frac{{{a[0][0]}}}{{{a[1][0]}}}", PRODUCT
    if name in ("pow", "square", "cube"):
        exponent = {"square": "2", "cube": "3"}.get(name) or a[1][0]
        return f"{{{_wrap(a[0], ATOM)}}}^{{{exponent}}}", ATOM - 1
    if name == "neg":
        return f"-{_wrap(a[0], PRODUCT)}", UNARY
    if name in ("sqrt", "cbrt"):
        return rf"\sqrt{'' if name == 'sqrt' else '[3]'}{{{a[0][0]}}}", ATOM
    around = {"abs": ("|", "|"), "floor": (r"\lfloor ", r"\rfloor "), "ceil": (r"\lceil ", r"\rceil ")}.get(name)
    if around:
        return rf"\left{around[0]}{a[0][0]}\right{around[1]}", ATOM
    if name in _SIGNS:
        return f"{a[0][0]} {_SIGNS[name]} {a[1][0]}", 0
    if name == "pi":
        return r"\pi", ATOM
    shown = _FUNCTIONS.get("max" if name == "hinge" else name, rf"\operatorname{{{name}}}")
    arguments = ["0", a[0][0]] if name == "hinge" else [text for text, _ in a]
    return rf"{shown}\left({', '.join(arguments)}\right)", ATOM


def forms(target: str, f: Formula) -> Iterator[str]:
    """The equation in maths type, shorter and shorter; the last one names no formula."""
    left = name_math(target)
    if f.complexity <= LONGEST:
        for digits in (None, 5, 4, 3):
            yield f"${left} = {formula_math(f, digits)}$"
        terms, signs = _terms(f)
        for k in range(min(len(terms) - 1, 12), 0, -1):
            head = "".join(
                (sign if i or sign == "-" else "") + " " + _wrap(_piece(t), PRODUCT)
                for i, (t, sign) in enumerate(zip(terms[:k], signs[:k], strict=True))
            )
            yield f"${left} = {head} + \\cdots$ ({len(terms)} terms)"
    yield f"${left}$: a formula of {f.complexity} nodes"


def _piece(f: Formula) -> Piece:
    text = formula_math(f, 3)
    return text, SUM if isinstance(f, Call) and f.op in ("add", "sub") else PRODUCT


def _terms(f: Formula) -> tuple[list[Formula], list[str]]:
    """The terms of a sum, in order, with their signs."""
    terms: list[Formula] = []
    signs: list[str] = []
    while isinstance(f, Call) and f.op in ("add", "sub"):
        terms.append(f.args[1])
        signs.append("+" if f.op == "add" else "-")
        f = f.args[0]
    return [f, *reversed(terms)], ["+", *reversed(signs)]


def fitting(target: str, f: Formula, width: Callable[[str], float], most: float) -> str:
    """The fullest form whose width(text) is at most `most`; plain text where matplotlib cannot set the names."""
    logging.getLogger("matplotlib.mathtext").setLevel(logging.ERROR)  # a letter that the font lacks is drawn as a box
    for text in forms(target, f):
        try:
            if len(text) < 4000 and width(text) <= most:
                return text
        except ValueError:
            break
    return f"{target[:40]}: a formula of {f.complexity} nodes".replace("$", r"\$")

"""Formula to the statements of a programming language, which lists only spellings that differ from name(a, b).

SymPy's code printers are no way to here: SymPy rewrites a formula before it prints it (x/x is 1, 0*x is 0, sums are
reordered), and what they print loses NaN in `fmax`, mixes whole numbers with floats (`1/3`, `10_i32.ln()` in Rust) or
has no counterpart (floor in Fortran). This fold keeps the formula's own operations in their order, as `predict` does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fitx.export.base import about, float_text, identifiers, rounded
from fitx.formula import Formula, Var
from fitx.formula.operators import COMPARISONS, OPERATORS, PRODUCT, SUM
from fitx.formula.tree import Call, Const, Number

if TYPE_CHECKING:
    from fitx.result import Found

NEGATIVE, WHOLE = SUM, 9  # rank of -a, and of what needs no parentheses anywhere


@dataclass(frozen=True, slots=True)
class Language:
    """How a language spells formulas.

    spellings: operator -> function name, or a template with {0} {1}, which gives something whole: a call, or something
    in parentheses; an argument between brackets and commas stands as it is, elsewhere in parentheses where it is not
    whole. select: template of (condition, value, other). number: a constant's literal. infinite: literals of NaN,
    infinity and -infinity, for parts without variables that have such a value. power: the template of a power, from
    its exponent if that is constant.
    pieces: a whole piecewise from its arguments, instead of `select` after `select`.
    longest: a part whose text is longer becomes a step of its own; twice: so does one that a template needs twice.
    fold_constants: parts without variables are computed here, by the formula's own evaluator.
    """

    spellings: Mapping[str, str]
    select: str
    number: Callable[[Number], str] = field(default=float_text)
    infinite: tuple[str, str, str] = ("NAN", "INFINITY", "(-INFINITY)")
    power: Callable[[Number | None], str] | None = None
    pieces: Callable[[list[str]], str] | None = None
    longest: int = 300
    deepest: int = 30
    twice: int = 0
    fold_constants: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """The steps (name, text), to be computed in this order, and the result's text. used: operators that occur."""

    steps: tuple[tuple[str, str], ...]
    result: str
    used: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text of a part. rank: how tightly it holds together. fixed: its value where it holds no variable."""

    text: str
    rank: int = WHOLE
    depth: int = 0
    fixed: float | None = None

    def within(self, rank: int) -> str:
        return self.text if self.rank >= rank else f"({self.text})"


def code(f: Formula, language: Language, names: Mapping[str, str], step: Callable[[int], str]) -> Code:
    """`f` in that language. names: feature -> identifier; step: number from 0 -> name of a step."""
    steps: list[tuple[str, str]] = []
    known: dict[str, str] = {}
    used: set[str] = set()

    def keep(text: str) -> str:
        """The name of a step that holds `text`; parts that are the same are one step."""
        if text not in known:
            known[text] = step(len(steps))
            steps.append((known[text], text))
        return known[text]

    def number(value: Number) -> _Piece:
        if not math.isfinite(value):
            return _Piece(language.infinite[0 if value != value else 1 if value > 0 else 2], fixed=float(value))
        shown = language.number(value)
        return _Piece(shown, NEGATIVE if shown.startswith("-") else WHOLE, fixed=float(value))

    def leaf(node: Formula) -> _Piece:
        if isinstance(node, Var):
            return _Piece(names[node.name])
        assert isinstance(node, Const)
        return number(node.value)

    def inner(node: Call, args: list[_Piece]) -> _Piece:
        used.add(node.op)
        fixed = None
        if all(a.fixed is not None for a in args) and node.op not in COMPARISONS:
            fixed = float(node.evaluate({}))
            if language.fold_constants or not 1e-300 < abs(fixed) < math.inf:
                return number(fixed)
        if node.op == "piecewise" and language.pieces is None:
            return _Piece(_select(language, [a.text for a in args], keep), fixed=fixed)
        text, rank = _spell(node, args, language, keep)
        # a chain a + b + c goes no deeper
        depth = max((a.depth + (k > 0 or rank == WHOLE) for k, a in enumerate(args)), default=0)
        if (len(text) > language.longest or depth > language.deepest) and node.op not in COMPARISONS:
            text, rank, depth = keep(text), WHOLE, 0
        return _Piece(text, rank, depth, fixed)

    result = f.fold(leaf, inner).text
    if steps and steps[-1][0] == result:
        result = steps.pop()[1]
    return Code(tuple(steps), result, frozenset(used))


def _select(language: Language, args: list[str], keep: Callable[[str], str]) -> str:
    shown, depth = args[-1], 0
    for i in range(len(args) - 3, -1, -2):
        shown = language.select.format(args[i], args[i + 1], shown)
        depth += 1
        if len(shown) > language.longest or depth == language.deepest:
            shown, depth = keep(shown), 0
    return shown


_CHAIN = {"add": SUM, "sub": SUM, "mul": PRODUCT, "div": PRODUCT}


def _spell(node: Call, args: list[_Piece], language: Language, keep: Callable[[str], str]) -> tuple[str, int]:
    op = node.op
    if op == "pi":
        return language.number(math.pi), WHOLE
    if op == "piecewise":
        assert language.pieces is not None
        return language.pieces([a.text for a in args]), WHOLE
    spelling = language.spellings.get(op, "")
    if op == "pow" and language.power is not None:
        spelling = language.power(node.args[1].value if isinstance(node.args[1], Const) else None)
    if "{" in spelling:
        texts = [a.within(WHOLE) for a in args]
        for i, a in enumerate(args):
            if spelling.count(f"{{{i}}}") > 1 and a.depth > 0 and len(a.text) > language.twice:
                texts[i] = keep(a.text)
        bare = [t if t != a.within(WHOLE) else a.text for t, a in zip(texts, args, strict=True)]
        return _ALONE.sub(r"\1{b\2}", spelling).format(*texts, **{f"b{i}": t for i, t in enumerate(bare)}), WHOLE
    symbol = OPERATORS[op].symbol
    if spelling == "" and op in COMPARISONS:
        return f"{args[0].text} {symbol} {args[1].text}", 0
    if spelling == "" and op == "neg":
        return f"-{args[0].within(WHOLE)}", NEGATIVE
    if op in _CHAIN and spelling[:1] in ("", "."):
        rank = _CHAIN[op]
        return f"{args[0].within(rank)} {spelling or symbol} {args[1].within(rank + 1)}", rank
    return f"{spelling or op}({', '.join(a.text for a in args)})", WHOLE


_ALONE = re.compile(r"([(]|, ?)\{(\d)\}(?=[,)])")  # an argument between brackets or commas needs no parentheses


def step_names(taken: Iterable[str]) -> Callable[[int], str]:
    """t1, t2, ... in names that are not `taken`, whatever their case."""
    prefix = "t"
    used = {t.lower() for t in taken}
    while any(re.fullmatch(rf"{prefix}\d+", t) for t in used):
        prefix += "_"
    return lambda k: f"{prefix}{k + 1}"


def wrapped(text: str, first: str, rest: str, end: str = "", width: int = 110) -> list[str]:
    """`first` + text broken at spaces; further lines begin with `rest`; `end` ends every line but the last."""
    lines: list[str] = []
    line = first
    fresh = True
    for word in text.split(" "):
        if not fresh and len(line) + len(word) + 1 > width:
            lines.append(line + end)
            line, fresh = rest, True
        line += word if fresh else f" {word}"
        fresh = False
    lines.append(line)
    return lines


@dataclass(frozen=True, slots=True)
class Function:
    """What a function in any language is made of. about: lines of its comment; unused: arguments it does not need."""

    arguments: tuple[str, ...]
    unused: tuple[str, ...]
    about: list[str]
    steps: tuple[tuple[str, str], ...]
    result: str


def function(found: Found, digits: int | None, language: Language, taken: Collection[str]) -> Function:
    """The parts of the function. taken: words that are no names in that language."""
    f = rounded(found.formula, digits)
    names = identifiers(found.features, taken)
    body = code(f, language, names, step_names([*names.values(), *taken]))
    needed = set(f.variables)
    unused = tuple(new for old, new in names.items() if old not in needed)
    return Function(tuple(names.values()), unused, about(found, digits, names), body.steps, body.result)

"""Formula to an expression of a programming language, which lists only spellings that differ from name(a, b)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fitx.export.base import float_text
from fitx.formula import Formula, Var
from fitx.formula.operators import COMPARISONS, OPERATORS
from fitx.formula.tree import Call, Const

Spelling = str | Callable[..., str]


@dataclass(frozen=True, slots=True)
class Language:
    """spellings: operator -> function name, a template with {0} {1}, or a function of the argument texts.

    select: template of (condition, value, other). number: a constant's literal. Every operation is put in parentheses,
    so that no precedence of any language matters.
    """

    spellings: Mapping[str, Spelling]
    select: str
    number: Callable[..., str] = field(default=float_text)


def expression(f: Formula, language: Language, names: Mapping[str, str], used: set[str] | None = None) -> str:
    """The expression's text. names: feature -> identifier. used: filled with the operators that occur."""

    def leaf(node: Formula) -> str:
        if isinstance(node, Var):
            return names[node.name]
        assert isinstance(node, Const)
        shown = language.number(node.value)
        return f"({shown})" if shown.startswith("-") else shown

    def inner(node: Call, args: list[str]) -> str:
        if used is not None:
            used.add(node.op)
        if node.op == "pi":
            return language.number(math.pi)
        if node.op == "piecewise":
            shown = args[-1]
            for i in range(len(args) - 3, -1, -2):
                shown = language.select.format(args[i], args[i + 1], shown)
            return shown
        spelling = language.spellings.get(node.op, "")
        if callable(spelling):
            return spelling(*args)
        if "{" in spelling:
            return spelling.format(*args)
        symbol = OPERATORS[node.op].symbol
        if not spelling and symbol and node.op != "pow":
            if node.op in COMPARISONS:
                return f"{args[0]} {symbol} {args[1]}"
            return f"(-{args[0]})" if node.op == "neg" else f"({args[0]} {symbol} {args[1]})"
        return f"{spelling or node.op}({', '.join(args)})"

    shown = f.fold(leaf, inner)
    return shown[1:-1] if isinstance(f, Call) and _one_group(shown) else shown


def _one_group(text: str) -> bool:
    """True when the first parenthesis closes at the end."""
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return i == len(text) - 1 and text[0] == "("
    return False

"""Which operators the search may use, what they cost, and what may not stand inside what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fitx.errors import UsageError, did_you_mean
from fitx.formula import Call, Formula

DEFAULT_OPERATORS = "+ - * / sqrt square exp log sin cos tanh cosh asin acos atan"
_SYMBOLS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow", "**": "pow"}
KNOWN = (
    "add", "sub", "mul", "div", "pow", "sqrt", "square", "exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh",
    "asin", "acos", "atan", "abs",
)  # fmt: skip

_FREE = frozenset(("add", "sub", "mul", "neg", "pow", "square", "cube", "pi", "abs"))

# Classes of functions for the rules of nesting, as bits.
TRIG, EXP, LOG, ROOT = 1, 2, 4, 8
_CLASS = {
    "sin": TRIG, "cos": TRIG, "tan": TRIG, "exp": EXP, "tanh": EXP, "sinh": EXP, "cosh": EXP, "log": LOG, "sqrt": ROOT,
}  # fmt: skip
_ALL = TRIG | EXP | LOG | ROOT


@dataclass(frozen=True, slots=True)
class Grammar:
    """operators: names allowed. extra_cost: added to an operator's cost in the library's order.

    forbidden: function name -> classes (bits) that its argument must not hold.
    """

    operators: frozenset[str]
    extra_cost: Mapping[str, int] = field(default_factory=dict)
    forbidden: Mapping[str, int] = field(default_factory=dict)

    def allows(self, name: str) -> bool:
        """Whether the operator may be used."""
        return name in self.operators

    def permits(self, formula: Formula) -> bool:
        """Whether the formula holds allowed operators only; arithmetic and constant powers come with + and *."""
        return all(f.op in self.operators or f.op in _FREE for f in formula.postorder() if isinstance(f, Call))

    def barred(self, name: str) -> int:
        """Classes that may not stand inside function `name`, as bits."""
        return self.forbidden.get(name, 0)


def function_class(name: str) -> int:
    """The function's class bit, 0 for arithmetic."""
    return _CLASS.get(name, 0)


def parse_grammar(operators: str = DEFAULT_OPERATORS, costs: str = "", forbidden: str = "") -> Grammar:
    """The grammar of the user's texts.

    operators: names and signs between blanks. costs: "exp=2 sin=3", added to the usual cost 1. forbidden: nestings such
    as "sin(exp) exp(exp)", besides the usual ones (no function of a function of another kind in the library).
    Errors: UsageError for an unknown operator.
    """
    names = frozenset(_name(word) for word in operators.replace(",", " ").split())
    extra = {}
    for word in costs.replace(",", " ").split():
        name, _, value = word.partition("=")
        if not value.lstrip("-").isdigit():
            raise UsageError(f"`symbolic.costs` takes NAME=WHOLE NUMBER, got `{word}`")
        extra[_name(name)] = max(0, int(value))
    # A function of a transcendental function is rarely a law and soon fills the library; of a root, dearer.
    barred = {"sin": _ALL, "cos": _ALL, "tan": _ALL, "tanh": _ALL, "cosh": _ALL, "sinh": _ALL, "log": _ALL,
              "exp": TRIG | EXP | LOG, "sqrt": ROOT}  # fmt: skip
    for word in forbidden.replace(",", " ").split():
        outer, _, inner = word.rstrip(")").partition("(")
        barred[_name(outer)] = barred.get(_name(outer), 0) | function_class(_name(inner))
    return Grammar(names | {"add", "mul"} if names else names, extra, barred)


def _name(word: str) -> str:
    name = _SYMBOLS.get(word, word)
    if name not in KNOWN:
        raise UsageError(
            f"no operator `{word}` for the search", did_you_mean(word, list(KNOWN)) + "known: " + " ".join(KNOWN)
        )
    return name

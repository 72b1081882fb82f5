"""The user's own formula: which names are columns, which are parameters, and a function that is not known.

    a*exp(-b*x) + c                    parameters a, b, c
    f(x, t) + a*exp(-b*t)              f is no known function: it stands for a formula of x and t that is to be found
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fitx.errors import UsageError, did_you_mean
from fitx.formula.operators import OPERATORS
from fitx.formula.parse import is_function, parse
from fitx.formula.tree import Call, Const, Formula, Var, call

_CALL = re.compile(r"`(?:[^`\\]|\\.)*`|(?<!\w)(?P<name>[^\W\d]\w*)\s*\(")
_LONGEST = 50_000  # characters of a model that is fitted
_DEEPEST = 200
_PIECE = re.compile(r"`(?:[^`\\]|\\.)*`|.", re.DOTALL)
_MARK = "\0"  # begins the name of the unknown function's place: no column is called so


@dataclass(frozen=True, slots=True)
class Template:
    """text: as given. tree: over columns and parameters, the unknown function as the variable `place`.

    function: the unknown function's name, "" where there is none; arguments: its arguments.
    """

    text: str
    tree: Formula
    function: str = ""
    arguments: tuple[Formula, ...] = ()

    @property
    def place(self) -> str:
        """The variable that stands for the unknown function."""
        return _MARK + self.function

    def parameters(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The names that are no columns, in order of appearance.

        Errors: UsageError where the unknown function holds one, or where nothing is left to fit.
        """
        for a in self.arguments:
            for name in a.variables:
                if name not in columns:
                    raise UsageError(
                        f"`{self.function}` is to be found as a function of columns; `{name}` is none",
                        did_you_mean(name, list(columns)) + "the columns are " + _listed(columns),
                    )
        found = tuple(n for n in self.tree.variables if n != self.place and n not in columns)
        if not found and not self.function:
            raise UsageError(
                f"there is nothing to fit in `{self.text}`: every name in it is a column",
                "names that are no columns are parameters; the columns are " + _listed(columns),
            )
        return found


def read_template(text: str) -> Template:
    """The template of a text such as "f(x, t) + a*exp(-b*t)"; "y = " may stand before it.

    Errors: UsageError with a caret under the spot; also for two unknown functions, or one with different arguments.
    """
    left, equals, right = text.partition("=")
    if equals and re.fullmatch(r"\s*([^\W\d]\w*|`[^`]*`)\s*", left) and not right.startswith("="):
        text = right
    if len(text) > _LONGEST:
        raise UsageError(
            f"the model has {len(text):,} characters; at most {_LONGEST:,} are fitted", "fit a part of it"
        )
    spans = [s for s in _CALL.finditer(text) if s["name"] and not is_function(s["name"])]
    if not spans:
        return Template(text.strip(), _shallow(parse(text)))
    names = list(dict.fromkeys(s["name"] for s in spans))
    known = [o for o in OPERATORS if is_function(o)]
    for name in names:
        close = did_you_mean(name, known) if len(name) > 2 else ""
        if close or name in OPERATORS:
            parse(text)  # says the same with a caret under the spot
            raise UsageError(f"no function named `{name}`", f"{close}the functions are {', '.join(known)}")
    if len(names) > 1:
        raise UsageError(
            f"{_listed(names)} are no known functions; only one function can be found at a time",
            f"the known functions are {', '.join(known)}; a product needs `*`",
        )
    name, pieces, arguments, at = names[0], [], [], 0
    for s, following in zip(spans, [*spans[1:], None], strict=True):
        end, parts = _arguments(text, s.end())
        if following is not None and following.start() < end:
            raise UsageError(f"`{name}` stands within itself in `{text.strip()}`", "give it columns as arguments")
        arguments.append(tuple(parse(p) for p in parts))
        pieces += [text[at : s.start()], f"`{_MARK}{name}`"]
        at = end
    if len(set(arguments)) > 1:
        raise UsageError(f"`{name}` has different arguments in `{text.strip()}`", "let it have the same everywhere")
    if not arguments[0] or len(set(arguments[0])) < len(arguments[0]):
        raise UsageError(f"`{name}` needs different columns as its arguments, for example {name}(x)")
    return Template(text.strip(), parse("".join([*pieces, text[at:]])), name, arguments[0])


def _shallow(tree: Formula) -> Formula:
    """The formula. Errors: UsageError where functions stand too deep inside each other to be derived in a moment."""

    def node(f: Call, depths: list[int]) -> int:
        if f.op in ("add", "sub", "mul"):
            return max(depths[0], *(d + 1 for d in depths[1:]))
        return max(depths, default=-1) + 1

    depth = tree.fold(lambda leaf: 0, node)
    if depth > _DEEPEST:
        raise UsageError(
            f"the parts of the model stand {depth:,} deep inside each other; at most {_DEEPEST} are fitted",
            "write it with fewer functions of functions",
        )
    return tree


def _arguments(text: str, start: int) -> tuple[int, list[str]]:
    """Where a call ends whose parenthesis opens before `start`, and the texts between its commas."""
    depth, at, parts = 1, start, [""]
    for piece in _PIECE.finditer(text, start):
        token = piece[0]
        depth += (token == "(") - (token == ")")
        if depth == 0:
            return piece.end(), [p for p in parts if p.strip() or len(parts) > 1]
        if token == "," and depth == 1:
            parts.append("")
        else:
            parts[-1] += token
        at = piece.end()
    raise UsageError(f"a parenthesis of `{text.strip()}` is never closed", text[start - 1 : at][:60])


Inverse = Callable[[Formula], Formula]


def solve_for(tree: Formula, name: str, value: Formula) -> Formula:
    """The formula of the variable `name` from `tree` = value.

    Errors: UsageError where it stands more than once, or inside an operator that cannot be undone.
    """
    if sum(isinstance(f, Var) and f.name == name for f in tree.postorder()) != 1:
        raise UsageError(f"`{name.strip(_MARK)}` stands more than once in the model", "write it so that it stands once")
    while isinstance(tree, Call):
        at = next(i for i, a in enumerate(tree.args) if name in a.variables)
        other = tree.args[1 - at] if len(tree.args) == 2 else Const(0)
        undo = _UNDO.get((tree.op, at if len(tree.args) == 2 else 0))
        if undo is None:
            raise UsageError(
                f"`{name.strip(_MARK)}` stands inside `{tree.op}` in the model, which cannot be undone",
                "let it stand in sums, products, powers, exp, log, sqrt, asin, acos, atan or tanh",
            )
        value = undo(value, other)
        tree = tree.args[at]
    return value


_UNDO: Mapping[tuple[str, int], Callable[[Formula, Formula], Formula]] = {
    ("add", 0): lambda y, b: y - b,
    ("add", 1): lambda y, b: y - b,
    ("sub", 0): lambda y, b: y + b,
    ("sub", 1): lambda y, b: b - y,
    ("mul", 0): lambda y, b: y / b,
    ("mul", 1): lambda y, b: y / b,
    ("div", 0): lambda y, b: y * b,
    ("div", 1): lambda y, b: b / y,
    ("pow", 0): lambda y, b: y ** (1 / b),
    ("pow", 1): lambda y, b: call("log", y) / call("log", b),
    ("neg", 0): lambda y, b: -y,
    ("exp", 0): lambda y, b: call("log", y),
    ("log", 0): lambda y, b: call("exp", y),
    ("log10", 0): lambda y, b: 10**y,
    ("sqrt", 0): lambda y, b: y**2,
    ("square", 0): lambda y, b: call("sqrt", y),
    ("cube", 0): lambda y, b: call("cbrt", y),
    ("cbrt", 0): lambda y, b: y**3,
    ("asin", 0): lambda y, b: call("sin", y),
    ("acos", 0): lambda y, b: call("cos", y),
    ("atan", 0): lambda y, b: call("tan", y),
    ("tanh", 0): lambda y, b: call("log", (1 + y) / (1 - y)) / 2,
    ("logistic", 0): lambda y, b: call("log", y / (1 - y)),
    ("sinh", 0): lambda y, b: call("log", y + call("sqrt", y**2 + 1)),
}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{n}`" for n in names[:20]) + (" ..." if len(names) > 20 else "")

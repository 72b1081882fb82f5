"""Text to Formula: a small operator-precedence parser with a size limit. Nothing is ever executed.

Grammar: numbers (whole ones stay exact), names, names in backticks (any column name), + - * / ** ^, unary minus and
plus, parentheses, name(arguments), and comparisons < <= > >= == as conditions of piecewise. Unary minus binds like
Python's: -x**2 is -(x**2), -2*x is (-2)*x. Iterative, so that depth is limited by the size alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fitx.errors import UsageError, did_you_mean
from fitx.formula.operators import COMPARISON, INFIX, OPERATORS, UNARY
from fitx.formula.tree import Call, Const, Formula, Var, call

MAX_LENGTH = 20_000_000  # characters: a barycentric formula through thousands of points fits, a runaway file does not

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]\w*)
    | `(?P<quoted>(?:[^`\\]|\\.)*)`
    | (?P<op>\*\*|<=|>=|==|[-+*/^<>(),])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_OPENING = re.compile(r"\s*\(")
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U(00(?:0[0-9a-f]|10)[0-9a-f]{4})|(.))", re.DOTALL)
_UNESCAPE = {"n": "\n", "r": "\r", "t": "\t"}
_ALIASES = {
    "Max": "max", "Min": "min", "Abs": "abs", "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "ceiling": "ceil", "sigmoid": "logistic", "expit": "logistic", "power": "pow",
}  # fmt: skip


def parse(text: str, rename: Callable[[str], Formula] = Var) -> Formula:
    """The formula that `text` means. rename: name -> Formula for each variable (default: Var of that name).

    Errors: UsageError with a caret under the spot.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"the formula has {len(text):,} characters; at most {MAX_LENGTH:,} are read")
    return _Parser(text, rename).run()


def _unescaped(match: re.Match[str]) -> str:
    """The character that an escape in a name stands for."""
    code = match[1] or match[2] or match[3]
    return chr(int(code, 16)) if code else _UNESCAPE.get(match[4], match[4])


def is_function(name: str) -> bool:
    """Whether `name(...)` is a call that the parser knows."""
    op = OPERATORS.get(_ALIASES.get(name, name))
    return op is not None and op.arity != 0 and op.precedence != COMPARISON


class _Parser:
    """Shunting-yard: `values` holds finished formulas, `pending` holds operators and open parentheses."""

    def __init__(self, text: str, rename: Callable[[str], Formula]) -> None:
        self.text, self.rename = text, rename
        self.values: list[Formula] = []
        # (kind, name, number of values below, position): kind is infix, neg, group or call.
        self.pending: list[tuple[str, str, int, int]] = []

    def fail(self, message: str, at: int, hint: str = "") -> UsageError:
        start = max(0, at - 60)
        line = self.text[start : at + 40].replace("\n", " ").replace("\t", " ")
        return UsageError(f"cannot read the formula: {message}\n\n    {line}\n    {' ' * (at - start)}^", hint)

    def run(self) -> Formula:
        at, operand = 0, False  # operand: the last token finished a value
        while True:
            match = _TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                at += len(self.text[at:]) - len(self.text[at:].lstrip())
                raise self.fail(f"unexpected `{self.text[at : at + 1]}`", at)
            kind, token, spot = match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)
            at = match.end()
            if kind == "end":
                break
            if kind == "op":
                operand = self.operator("**" if token == "^" else token, spot, operand)
                continue
            if operand:
                raise self.fail("an operator is missing here", spot, "write products with `*`")
            operand = True
            if kind == "number":
                self.number(token, spot)
            elif kind == "quoted":
                self.values.append(self.rename(_ESCAPED.sub(_unescaped, token)))
            else:
                operand, at = self.name(token, spot, at)
        if not operand:
            raise self.fail("the formula ends too early", len(self.text))
        self.reduce(COMPARISON - 1, len(self.text))
        if self.pending:
            raise self.fail("this parenthesis is never closed", self.pending[-1][3])
        self.refuse_comparison(0)
        return self.values.pop()

    def number(self, token: str, spot: int) -> None:
        whole = token.isdigit()
        if (whole and len(token) > 300) or (not whole and float(token) == float("inf")):
            raise self.fail("this number is too large", spot)
        value = Const(int(token) if whole else float(token))
        # A minus sign right before a number belongs to it, except before a power: -2*x, but -(2**x).
        follows = self.text[spot + len(token) :].lstrip()[:2] if self.pending and self.pending[-1][0] == "neg" else ""
        if self.pending and self.pending[-1][0] == "neg" and follows != "**" and follows[:1] != "^":
            self.pending.pop()
            value = Const(-value.value)
        self.values.append(value)

    def name(self, token: str, spot: int, end: int) -> tuple[bool, int]:
        """Push a variable, pi or the head of a call: (is a value finished, where to read on)."""
        if not token.isidentifier():
            raise self.fail(
                f"`{token[:40]}` is no name", spot,
                "write powers as x**2; a column of that name stands in backticks",
            )
        opening = _OPENING.match(self.text, end)
        called = opening is not None
        op = OPERATORS.get(_ALIASES.get(token, token))
        if called and (op is None or op.arity == 0 or op.precedence == COMPARISON):
            known = [o.name for o in OPERATORS.values() if o.arity and o.precedence != COMPARISON]
            raise self.fail(
                f"no function named `{token}`", spot,
                f"{did_you_mean(token, known)}the functions are {', '.join(known)}; a product needs `*`",
            )
        if opening is not None and op is not None:
            self.pending.append(("call", op.name, len(self.values), spot))
            return False, opening.end()
        if op is not None and token in OPERATORS:
            if op.arity == 0:
                self.values.append(call(op.name))
                return True, end
            raise self.fail(
                f"`{token}` is a function and needs its arguments in parentheses", spot,
                f"a column of that name is written `{token}` in backticks",
            )
        self.values.append(self.rename(token))
        return True, end

    def operator(self, token: str, spot: int, operand: bool) -> bool:
        if token == "(":
            if operand:
                raise self.fail("an operator is missing before this parenthesis", spot, "write products with `*`")
            self.pending.append(("group", "", len(self.values), spot))
            return False
        if not operand:
            if token == "-":
                self.pending.append(("neg", "neg", 0, spot))
            elif token != "+":
                raise self.fail(f"a value is missing before `{token}`", spot)
            return False
        if token in "),":
            self.reduce(COMPARISON - 1, spot)
            if not self.pending or (token == "," and self.pending[-1][0] != "call"):
                raise self.fail(f"unexpected `{token}`", spot)
            if token == ")":
                self.close(spot)
            return token == ")"
        op = INFIX[token]
        # ** binds from the right, all others from the left.
        self.reduce(op.precedence if token != "**" else op.precedence + 1, spot)
        self.pending.append(("infix", op.name, 0, spot))
        return False

    def reduce(self, precedence: int, spot: int) -> None:
        """Apply pending operators that bind at least as tightly as `precedence`."""
        while self.pending and self.pending[-1][0] in ("infix", "neg"):
            kind, name, _, at = self.pending[-1]
            if (UNARY if kind == "neg" else OPERATORS[name].precedence) < precedence:
                return
            self.pending.pop()
            arity = 1 if kind == "neg" else 2
            args = self.values[-arity:]
            del self.values[-arity:]
            self.values.append(self.build(name, args, at))

    def close(self, spot: int) -> None:
        kind, name, below, at = self.pending.pop()
        if kind == "group":
            self.refuse_comparison(spot)
            return
        args = self.values[below:]
        del self.values[below:]
        self.values.append(self.build(name, args, at))

    def refuse_comparison(self, spot: int) -> None:
        last = self.values[-1]
        if isinstance(last, Call) and OPERATORS[last.op].precedence == COMPARISON:
            raise self.fail("a comparison stands only as a condition of piecewise", spot)

    def build(self, name: str, args: list[Formula], at: int) -> Formula:
        try:
            return call(name, *args)
        except UsageError as e:
            raise self.fail(e.message, at) from None

"""Genomes: formula trees in postfix order, as tuples of tokens. Constants are free: they are always fitted.

A token is a float (a free constant), COLUMN + k (column k), FIXED + n (the whole number n) or an opcode of the core.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from fitx.formula import Call, Const, Formula, Var, call
from fitx.formula.operators import OPCODES, OPERATORS

Token = int | float
Genome = tuple[Token, ...]

COLUMN = 1000
FIXED = -1000
_WHOLE = 16  # largest whole exponent that stays as it is

UNARY = ("neg", "sqrt", "square", "cube", "exp", "log", "sin", "cos", "tan", "tanh", "sinh", "cosh", "asin", "acos",
         "atan", "abs", "cbrt", "log10", "logistic")  # fmt: skip
BINARY = ("add", "sub", "mul", "div", "pow")
NAMES: dict[int, str] = {OPCODES[name]: name for name in (*UNARY, *BINARY)}
ARITY: dict[int, int] = {OPCODES[name]: OPERATORS[name].arity for name in (*UNARY, *BINARY)}
POW, DIV, ADD, SUB, MUL = (OPCODES[n] for n in ("pow", "div", "add", "sub", "mul"))


def arity(token: Token) -> int:
    """Arguments that the token takes from the stack."""
    return ARITY.get(token, 0) if type(token) is int else 0


def start_of(genome: Sequence[Token], end: int) -> int:
    """First position of the subtree whose last token is at `end`."""
    need, i = 1, end
    while True:
        t = genome[i]
        need += ARITY.get(t, 0) - 1 if type(t) is int else -1
        if need == 0:
            return i
        i -= 1


def constants(genome: Genome) -> int:
    """Number of free constants."""
    return [type(t) for t in genome].count(float)


def folded(genome: Sequence[Token]) -> Genome:
    """The genome with operators of constants alone replaced by a constant."""
    if not _foldable(genome):
        return tuple(genome)
    out: list[Token] = []
    plain: list[bool] = []  # for each value on the stack: one constant token
    for t in genome:
        k = arity(t)
        if k == 0:
            out.append(t)
            plain.append(type(t) is float or (type(t) is int and t < 0))
            continue
        constant = all(plain[-k:])
        del plain[-k:]
        if constant:
            values = [_value(v) for v in out[-k:]]
            del out[-k:]
            out.append(_apply(NAMES[t], values))  # type: ignore[index]
        else:
            out.append(t)
        plain.append(constant)
    return tuple(out)


def _foldable(genome: Sequence[Token]) -> bool:
    """Whether an operator follows constants only."""
    run = 0  # constants just passed
    for t in genome:
        if type(t) is float or t < 0:
            run += 1
        elif t >= COLUMN:
            run = 0
        elif run >= ARITY[t]:  # type: ignore[index]
            return True
        else:
            run = 0
    return False


def _value(token: Token) -> float:
    return token if type(token) is float else float(token - FIXED)


_SIZES: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: float(abs(a) ** b),
    "neg": lambda a, b: -a,
    "sqrt": lambda a, b: math.sqrt(abs(a)),
    "square": lambda a, b: a * a,
    "exp": lambda a, b: math.exp(a),
    "log": lambda a, b: math.log(abs(a)),
    "sin": lambda a, b: math.sin(a),
    "cos": lambda a, b: math.cos(a),
}


def _apply(name: str, values: Sequence[float]) -> float:
    """Some constant of that size: it is fitted anyway."""
    a, b = values[0], values[-1]
    try:
        r = _SIZES[name](a, b) if name in _SIZES else a
    except (ArithmeticError, ValueError):
        return 1.0
    return r if abs(r) < 1e6 else 1.0


def genome_of(f: Formula, columns: Mapping[str, int]) -> Genome | None:
    """The genome of a formula, None where it holds what genomes cannot. Whole exponents stay fixed."""
    out: list[Token] = []
    for node in f.postorder():
        if isinstance(node, Var):
            out.append(COLUMN + columns[node.name])
        elif isinstance(node, Const):
            out.append(float(node.value))
        elif isinstance(node, Call) and node.op == "pi":
            out.append(math.pi)
        elif isinstance(node, Call) and node.op in (*UNARY, *BINARY):
            last = out[-1]
            if node.op == "pow" and type(last) is float and last.is_integer() and abs(last) <= _WHOLE:
                out[-1] = FIXED + int(last)
            out.append(OPCODES[node.op])
        else:
            return None
    return folded(out)


def formula_of(genome: Genome, columns: Sequence[Formula]) -> Formula:
    """The formula over these columns."""
    stack: list[Formula] = []
    for t in genome:
        if type(t) is float:
            stack.append(Const(t))
        elif t >= COLUMN:
            stack.append(columns[int(t) - COLUMN])
        elif t < 0:
            stack.append(Const(Fraction(int(t) - FIXED)))
        else:
            k = ARITY[int(t)]
            args = stack[-k:]
            del stack[-k:]
            stack.append(call(NAMES[int(t)], *args))
    return stack[0]

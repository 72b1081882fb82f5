"""How long a formula is to write down, in nats, where formulas are as common as in real laws.

Each node costs -log P(its kind | the function or power that it stands under), sums and products being looked through:
a sine under a sine is rare, a sine of a product is not. Counted in the readable laws of the benchmarks (321 laws, 4232
nodes) by tests/benchmarks/count_prior.py, smoothed towards the frequency of the kind anywhere, and rounded to 0.1 nats
(8 at most). A fitted constant costs log(n)/2 nats more, known as it is to 1/sqrt(n) of its range [Rissanen 1978]; whole
numbers and fractions p/q cost log(p q). [Guimera et al. 2020; back-off priors: Bartlett, Desmond and Ferreira 2023]
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from fitx.formula import Call, Const, Formula

_OF_OP = {
    "add": "sum", "sub": "sum", "mul": "product", "div": "product", "neg": "neg", "square": "square", "cube": "cube",
    "sqrt": "root", "exp": "exp", "log": "log", "log10": "log", "sin": "wave", "cos": "wave", "tan": "tangent",
    "asin": "arc", "acos": "arc", "atan": "arc", "sinh": "hyper", "cosh": "hyper", "tanh": "hyper", "logistic": "hyper",
}  # fmt: skip
# "real": an exponent that is no half number, of a column or product; "bent": of a sum.
KINDS = (
    "column", "number", "constant", "sum", "product", "neg", "square", "cube", "whole", "root", "half", "real", "bent",
    "power", "exp", "log", "wave", "tangent", "arc", "hyper", "other",
)  # fmt: skip
CONTEXTS = {
    "square": "square", "cube": "power", "whole": "power", "root": "root", "half": "power", "real": "real",
    "bent": "real", "power": "real", "exp": "exp", "log": "log", "wave": "wave", "tangent": "wave", "arc": "arc",
    "hyper": "hyper", "other": "other",
}  # fmt: skip
PLACES = ("top", "square", "power", "root", "real", "exponent", "exp", "log", "wave", "arc", "hyper", "other")
_TABLE = """
top       1.5  2.4  2.6  2.0  1.2  6.2  3.0  4.8  4.5  3.8  6.8  4.4  5.3  5.0  3.7  4.2  4.0  6.8  5.9  6.5  8.0
square    0.5  2.8  3.5  2.3  2.3  7.7  3.9  7.7  7.5  5.5  8.0  7.2  8.0  7.7  4.4  5.1  2.9  8.0  8.0  8.0  8.0
power     0.4  3.0  3.8  3.0  2.1  6.3  3.3  6.4  6.1  5.4  8.0  5.9  6.8  6.4  5.2  4.3  5.2  8.0  7.4  8.0  8.0
root      1.3  2.3  3.5  1.9  1.4  7.6  1.7  5.7  5.6  6.6  8.0  7.1  8.0  7.6  6.5  6.9  4.5  8.0  8.0  8.0  8.0
real      0.8  2.2  2.4  2.0  1.9  7.0  3.9  7.0  6.8  6.0  8.0  3.8  5.1  3.8  5.9  6.3  5.9  8.0  8.0  8.0  8.0
exponent  1.0  1.9  2.7  1.8  1.7  3.9  4.2  6.5  6.2  5.5  8.0  6.0  6.9  6.5  5.3  5.7  5.3  8.0  7.5  8.0  8.0
exp       1.0  3.3  2.1  2.8  1.2  3.0  3.8  7.7  7.4  6.7  8.0  5.6  8.0  5.7  4.6  4.2  6.5  8.0  8.0  8.0  8.0
log       0.9  2.0  2.8  2.0  1.6  6.9  3.8  6.9  6.7  4.7  8.0  4.9  7.4  6.9  5.8  6.2  5.7  8.0  7.9  8.0  8.0
wave      0.7  2.4  2.6  2.3  1.7  7.0  3.1  7.1  6.9  6.1  8.0  6.6  7.6  7.1  6.0  6.4  5.9  8.0  5.2  8.0  8.0
arc       1.1  2.9  2.5  2.4  1.2  5.9  3.2  6.0  5.7  3.8  7.9  5.5  6.4  6.0  4.8  5.2  2.9  7.9  7.0  7.6  8.0
hyper     0.9  2.8  3.0  2.5  1.2  5.5  3.4  5.6  5.4  3.4  7.5  5.1  6.1  5.6  4.5  4.9  4.4  7.5  6.6  7.2  8.0
other     1.2  2.4  2.7  2.1  1.3  5.2  3.0  5.2  5.0  4.2  7.1  4.7  5.7  5.2  4.1  4.5  4.0  7.1  6.2  6.8  8.0
"""
_PI = 2.3  # nats more than a whole number: about one in ten
_NATS = {
    (place, kind): float(v)
    for place, line in zip(PLACES, _TABLE.strip().splitlines(), strict=True)
    for kind, v in zip(KINDS, line.split()[1:], strict=True)
}


def structure_cost(f: Formula, n: int) -> float:
    """Nats for the formula alone, its constants known to n rows."""
    return sum(_NATS[place, kind] for place, kind in events(f)) + sum(_constants(f, n))


def _constants(f: Formula, n: int) -> Iterator[float]:
    """Nats for the value of each constant."""
    free = 0.5 * float(np.log(max(n, 2)))
    for g in f.postorder():
        if isinstance(g, Call) and not g.args:
            yield min(free, _PI)
    for value in f.constants:
        yield free if isinstance(value, float) else min(free, _size(value))


def _size(value: int | Fraction) -> float:
    """log of the numerator and the denominator."""
    return float(np.log(max(abs(value.numerator), 1) * value.denominator))


def events(f: Formula) -> Iterator[tuple[str, str]]:
    """(place, kind) of every node; a constant exponent belongs to its power."""
    stack: list[tuple[Formula, str]] = [(f, "top")]
    while stack:
        g, place = stack.pop()
        if isinstance(g, Const):
            yield place, "constant" if isinstance(g.value, float) else "number"
        elif not isinstance(g, Call):
            yield place, "column"
        elif not g.args:
            yield place, "number"  # pi
        else:
            kind = _kind(g)
            yield place, kind
            inside = CONTEXTS.get(kind, place)
            if g.op == "pow":
                stack.append((g.args[0], inside))
                if kind == "power":
                    stack.append((g.args[1], "exponent"))
            else:
                stack += [(_unsigned(a) if kind == "sum" else a, inside) for a in g.args]


def _unsigned(f: Formula) -> Formula:
    """A term without its sign: -a + b is b - a."""
    return f.args[0] if isinstance(f, Call) and f.op == "neg" else f


def _kind(g: Call) -> str:
    if g.op != "pow":
        return _OF_OP.get(g.op, "other")
    if not isinstance(g.args[1], Const):
        return "power"
    value = g.args[1].value
    if not isinstance(value, float) and value.denominator == 1:
        return "whole"
    if not isinstance(value, float) and value.denominator == 2:
        return "half"
    return "bent" if isinstance(g.args[0], Call) and g.args[0].op in ("add", "sub") else "real"

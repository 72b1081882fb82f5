"""The library: expressions of the active columns as values on the screening rows, each once, with their meaning.

The compiled `Library` holds values and drops duplicates; this module holds, for each number, how it was made. An
expression is a monomial (exponents in halves), f(scale * a) + offset, or a op scale * b.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx._core.search import Library as Values
from fitx.formula import Const, Formula, call
from fitx.search.algebra import number, product
from fitx.search.problem import Problem

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

MONOMIAL = -1
# Opcodes: the evaluator's, with 0 for the identity and 1 for the reciprocal.
AFFINE, INVERSE, ADD, SUB, MUL, DIV, POWER, SQRT, SQUARE, EXPONENTIAL, LOGARITHM = 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 13
SINE, COSINE, TANH, COSH = 15, 16, 23, 22
NAMES = {SQRT: "sqrt", SQUARE: "square", EXPONENTIAL: "exp", LOGARITHM: "log", SINE: "sin", COSINE: "cos",
         TANH: "tanh", COSH: "cosh"}  # fmt: skip
BINARY = (ADD, SUB, MUL, DIV, POWER)


class ExpressionLibrary:
    """Expressions by number, in the order in which they were made. Arrays below are indexed by number.

    op, a, b, scale, offset: how it was made; cost: length of its description; classes: bits of the functions inside;
    monomial: it is a product of powers of columns; holds: bits of the active columns in it.
    """

    def __init__(self, problem: Problem, capacity: int, threads: int) -> None:
        self.problem = problem
        self.threads = threads
        self.values = Values(np.ascontiguousarray(problem.screen_columns[list(problem.active)]), capacity)
        self.op = np.empty(capacity, np.int32)
        self.a = np.empty(capacity, np.int32)
        self.b = np.empty(capacity, np.int32)
        self.scale = np.empty(capacity)
        self.offset = np.empty(capacity)
        self.cost = np.empty(capacity, np.int32)
        self.classes = np.empty(capacity, np.int32)
        self.monomial = np.empty(capacity, bool)
        self.holds = np.zeros(capacity, np.int64)
        self._exponents: list[npt.NDArray[np.int8]] = []
        self._formulas: dict[int, Formula] = {}

    def __len__(self) -> int:
        return int(self.values.size)

    def add_monomials(self, exponents: npt.NDArray[np.int8], cost: Ints, limit: int) -> Ints:
        """Add monomials with exponents (m, active) in halves; returns the numbers of the new ones."""
        ids = self.values.extend_monomials(np.ascontiguousarray(exponents), limit, self.threads)
        new = ids >= 0
        at = ids[new]
        self.op[at], self.a[at], self.scale[at], self.offset[at] = MONOMIAL, -1, 1.0, 0.0
        self.b[at] = len(self._exponents) + np.arange(len(at))
        self._exponents.extend(exponents[new])
        bits = np.int64(1) << np.minimum(np.arange(exponents.shape[1]), 62)
        self.holds[at] = np.bitwise_or.reduce(np.where(exponents[new] != 0, bits, 0), axis=1)
        self.cost[at], self.classes[at], self.monomial[at] = cost[new], 0, True
        return np.asarray(at)

    def add(
        self, op: Ints, a: Ints, b: Ints, scale: Floats, offset: Floats, cost: Ints | int, classes: Ints, limit: int
    ) -> Ints:
        """Add candidates (arrays of one length; b = -1 for one argument); returns the numbers of the new ones."""
        ids = self.values.extend(op, a, b, scale, offset, limit, self.threads)
        new = ids >= 0
        at = ids[new]
        o, left, right = op[new], a[new], b[new]
        self.op[at], self.a[at], self.b[at], self.scale[at], self.offset[at] = o, left, right, scale[new], offset[new]
        self.cost[at] = cost if isinstance(cost, int) else cost[new]
        self.classes[at] = classes[new]
        self.holds[at] = self.holds[left] | np.where(right >= 0, self.holds[np.maximum(right, 0)], 0)
        both = self.monomial[left] & np.where(right >= 0, self.monomial[np.maximum(right, 0)], True)
        self.monomial[at] = both & np.isin(o, (MUL, DIV, SQUARE, SQRT, INVERSE))
        return np.asarray(at)

    def exponents_of(self, i: int) -> list[int] | None:
        """Exponents in halves of a monomial that was made as one, else None."""
        return self._exponents[int(self.b[i])].tolist() if self.op[i] == MONOMIAL else None

    def formula(self, i: int) -> Formula:
        """The expression in the names of the table."""
        known = self._formulas.get(i)
        if known is None:
            known = self._formulas[i] = self._build(i)
        return known

    def _build(self, i: int) -> Formula:
        op, scale, offset = int(self.op[i]), float(self.scale[i]), float(self.offset[i])
        if op == MONOMIAL:
            columns = [self.problem.formulas[k] for k in self.problem.active]
            exponents = self._exponents[int(self.b[i])]
            odd = [
                bool(e % 2) and not self.problem.positive[k]
                for e, k in zip(exponents, self.problem.active, strict=True)
            ]
            bases = [call("abs", f) if o else f for f, o in zip(columns, odd, strict=True)]
            return product(1.0, [(f, int(e) / 2) for f, e in zip(bases, exponents, strict=True)])
        a = self.formula(int(self.a[i]))
        if op in BINARY:
            b = self.formula(int(self.b[i]))
            b = b if scale == 1 else Const(number(scale)) * b
            name = {ADD: "add", SUB: "sub", MUL: "mul", DIV: "div", POWER: "pow"}[op]
            f = call(name, a, b)
            return f if offset == 0 else f + Const(number(offset))
        if op == INVERSE:
            return 1 / a
        scaled = a if scale == 1 else -a if scale == -1 else _scale(scale) * a
        f = scaled if op == AFFINE else call(NAMES[op], scaled)
        if offset == 0:
            return f
        return Const(number(offset)) + f if op == AFFINE else f + Const(number(offset))


def _scale(value: float) -> Formula:
    """A scale of the grammar as a formula: multiples of pi are written as such."""
    for times, form in ((np.pi, call("pi")), (2 * np.pi, 2 * call("pi")), (0.5 / np.pi, 1 / (2 * call("pi")))):
        if abs(value) == times:
            return form if value > 0 else -form
    if abs(value) == 1 / 3:
        return Const(1 if value > 0 else -1) / Const(3)
    return Const(number(value))

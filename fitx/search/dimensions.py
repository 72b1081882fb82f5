"""Which formulas are dimensionally valid: sums of like to like, functions of plain numbers.

Every node gets a dimension: a vector of exponents of the base dimensions, plus, where constants may carry units, a
linear form in the constants' unknown dimensions. What a node asks for ("these two are equal", "this is a plain number")
is a linear equation; the formula is valid if all of them can hold at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from fitx.formula import Call, Const, Formula, Var
from fitx.formula.operators import COMPARISONS
from fitx.units import Dimension

Vector = tuple[Fraction, ...]
Unknowns = Mapping[int, Fraction]
Quantity = tuple[Vector, Unknowns]  # known part, and coefficients of the constants' dimensions

_NONE: Unknowns = {}
_PLAIN = frozenset((
    "exp", "log", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "logistic",
    "floor", "ceil",
))  # fmt: skip
_SAME = frozenset(("add", "sub", "min", "max"))
_POWERS = {"sqrt": Fraction(1, 2), "cbrt": Fraction(1, 3), "square": Fraction(2), "cube": Fraction(3)}
_SHORT = 30  # nodes of a formula whose loss the user should know of
_NEAR = 0.03  # an exponent so close to a half is one that noise moved


class _InvalidError(Exception):
    """The formula asks for what cannot be."""


@dataclass(slots=True)
class Units:
    """Dimensions of the columns and of the target; what a formula must have to be proposed.

    free_constants: numbers may carry any unit. rejected: (relative error, formula) of the best short one turned down.
    """

    columns: Mapping[str, Vector]
    target: Vector
    bases: tuple[str, ...]
    free_constants: bool = False
    rejected: tuple[float, Formula] | None = field(default=None)

    @classmethod
    def of(cls, names: Sequence[str], dimensions: Sequence[Dimension], free_constants: bool = False) -> Units:
        """Of the columns `names` and, the last of `dimensions`, of the target."""
        bases = tuple(sorted({base for d in dimensions for base, _ in d}))
        vectors = [tuple(dict(d).get(base, Fraction(0)) for base in bases) for d in dimensions]
        return cls(dict(zip(names, vectors[:-1], strict=True)), vectors[-1], bases, free_constants)

    @property
    def trivial(self) -> bool:
        """Nothing has a dimension: every formula is valid."""
        return not self.bases

    def permits(self, formula: Formula, error: float = np.inf) -> bool:
        """Whether the formula is valid and has the target's dimension. error: remembered if it is turned down."""
        return self._judge(formula, error, 0.0)

    def plausible(self, formula: Formula, error: float = np.inf) -> bool:
        """The same, with exponents that are nearly halves taken as such: constants not yet refined."""
        return self._judge(formula, error, _NEAR)

    def _judge(self, formula: Formula, error: float, slack: float) -> bool:
        if self._consistent(formula, slack):
            return True
        if formula.complexity <= _SHORT and error < (self.rejected[0] if self.rejected else np.inf):
            self.rejected = (error, formula)
        return False

    def dimension(self, formula: Formula) -> Vector | None:
        """The dimension of a formula whose numbers are plain; None where it is not valid."""
        equations: list[Quantity] = []
        try:
            known, unknown = _Walk(self, False, equations, 0.0).run(formula)
            return None if any(unknown.values()) or not _solvable(equations) else known
        except _InvalidError:
            return None

    def _consistent(self, formula: Formula, slack: float) -> bool:
        if self.trivial:
            return True
        equations: list[Quantity] = []
        try:
            found = _Walk(self, self.free_constants, equations, slack).run(formula)
            _require(equations, _minus(found, (self.target, _NONE)))
        except _InvalidError:
            return False
        return _solvable(equations)


def _minus(a: Quantity, b: Quantity) -> Quantity:
    known = tuple([p - q for p, q in zip(a[0], b[0], strict=True)])
    if not b[1]:
        return known, a[1]
    unknown = dict(a[1])
    for i, c in b[1].items():
        unknown[i] = unknown.get(i, Fraction(0)) - c
    return known, {i: c for i, c in unknown.items() if c}


def _times(a: Quantity, factor: Fraction) -> Quantity:
    return tuple([factor * p for p in a[0]]), {i: factor * c for i, c in a[1].items()} if a[1] else _NONE


def _require(equations: list[Quantity], q: Quantity) -> None:
    """q is a plain number: at once where it is known, else later with the others."""
    if q[1]:
        equations.append(q)
    elif any(q[0]):
        raise _InvalidError


@dataclass(slots=True)
class _Walk:
    units: Units
    free: bool
    equations: list[Quantity]
    slack: float
    count: int = 0

    def run(self, formula: Formula) -> Quantity:
        return formula.fold(self.leaf, self.node)

    @property
    def none(self) -> Quantity:
        return (Fraction(0),) * len(self.units.bases), _NONE

    def leaf(self, f: Formula) -> Quantity:
        if isinstance(f, Var):
            return self.units.columns[f.name], _NONE
        if isinstance(f, Const) and (self.free or f.value == 0):  # zero metres are zero seconds
            self.count += 1
            return self.none[0], {self.count: Fraction(1)}
        return self.none

    def node(self, f: Call, a: list[Quantity]) -> Quantity:
        op, equations = f.op, self.equations
        if op in ("mul", "div"):
            return _minus(a[0], _times(a[1], Fraction(-1))) if op == "mul" else _minus(a[0], a[1])
        if op in _SAME:
            _require(equations, _minus(a[0], a[1]))
            return a[0] if not a[0][1] else a[1]
        if op in _POWERS:
            return _times(a[0], _POWERS[op])
        if op in _PLAIN:
            _require(equations, a[0])
            return self.none
        if op == "pow":
            return self.power(f, a)
        if op in ("neg", "abs", "hinge"):
            return a[0]
        if op in COMPARISONS:
            _require(equations, _minus(a[0], a[1]))
            return self.none
        if op == "piecewise":
            values = [*a[1:-1:2], a[-1]]
            for v in values[1:]:
                _require(equations, _minus(values[0], v))
            return values[0]
        return self.none  # pi, sign

    def power(self, f: Call, a: list[Quantity]) -> Quantity:
        exponent = f.args[1]
        if exponent.variables:
            for q in a:
                _require(self.equations, q)
            return self.none
        value = float(exponent.value) if isinstance(exponent, Const) else float(exponent.evaluate({}))
        if not abs(value) < 1e6:
            raise _InvalidError
        return _times(a[0], rational(value, self.slack))


def rational(value: float, slack: float = 0.0) -> Fraction:
    """An exponent as a fraction: a short one within rounding or, with slack, the nearest half."""
    half = Fraction(round(2 * value), 2)
    if abs(float(half) - value) <= slack:
        return half
    for most, near in ((12, max(1e-9, slack / 10)), (1000, 1e-13)):
        short = Fraction(value).limit_denominator(most)
        if abs(float(short) - value) <= near:
            return short
    return Fraction(value)


def _solvable(equations: list[Quantity]) -> bool:
    """Whether unknown dimensions exist that make every equation's left side a plain number (Gauss)."""
    rows = [(list(known), dict(unknown)) for known, unknown in equations]
    while rows:
        known, unknown = rows.pop()
        if not unknown:
            if any(known):
                return False
            continue
        pivot, c = next(iter(unknown.items()))
        for other_known, other in rows:
            factor = other.pop(pivot, Fraction(0)) / c
            if factor:
                for i, v in unknown.items():
                    if i != pivot:
                        left = other.get(i, Fraction(0)) - factor * v
                        if left:
                            other[i] = left
                        else:
                            other.pop(i, None)
                for i, v in enumerate(known):
                    other_known[i] -= factor * v
    return True

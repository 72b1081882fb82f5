"""A formula and its derivatives by its float constants, compiled once and evaluated for many values of these."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fitx import _core
from fitx.formula.operators import OPCODES
from fitx.formula.program import compile_formula
from fitx.formula.tree import Const, Formula, Var, call

Array = npt.NDArray[np.float64]

_SLOT = "\0constant "  # no column is called so: a table's names have no control characters


@dataclass(frozen=True, slots=True, eq=False)
class Tangent:
    """Programs of f and of df/dc_k, one after the other; constants: theirs, the first `count` being c itself."""

    codes: npt.NDArray[np.int32]
    operands: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    constants: Array
    count: int

    def values(self, c: Array, columns: Array) -> Array:
        """(n,) values of f with its float constants c (p,), for columns (d, n)."""
        end = int(self.offsets[1])
        values: Array = self._evaluate(c, columns, self.codes[:end], self.operands[:end], self.offsets[:2])[0]
        return values

    def derivatives(self, c: Array, columns: Array) -> Array:
        """(p, n) derivatives by the float constants, there."""
        begin = int(self.offsets[1])
        offsets = self.offsets[1:] - begin
        return self._evaluate(c, columns, self.codes[begin:], self.operands[begin:], offsets)

    def _evaluate(
        self,
        c: Array,
        columns: Array,
        codes: npt.NDArray[np.int32],
        operands: npt.NDArray[np.int32],
        offsets: npt.NDArray[np.int64],
    ) -> Array:
        constants = self.constants.copy()
        constants[: self.count] = c
        values: Array = _core.evaluate(codes, operands, offsets, constants, columns, 1)
        return values


def tangent(f: Formula, names: tuple[str, ...]) -> Tangent:
    """The tangent of `f` over columns called `names`; formulas that differ in float constants alone share it."""
    count = 0

    def leaf(g: Formula) -> Formula:
        nonlocal count
        if isinstance(g, Const) and isinstance(g.value, float):
            count += 1
            return Var(f"{_SLOT}{count - 1}")
        return g

    shape = f.fold(leaf, lambda g, args: call(g.op, *args))
    return _compiled(shape, count, names)


@lru_cache(maxsize=512)
def _compiled(shape: Formula, count: int, names: tuple[str, ...]) -> Tangent:
    columns = {name: i for i, name in enumerate(names)}
    columns |= {f"{_SLOT}{k}": len(names) + k for k in range(count)}
    codes, operands, constants, lengths = [], [], [np.zeros(count)], [0]
    offset = count
    for g in (shape, *(shape.derivative(f"{_SLOT}{k}") for k in range(count))):
        p = compile_formula(g, columns)
        code, operand = p.codes.copy(), p.operands.copy()
        operand[code == OPCODES["const"]] += offset
        slots = (code == OPCODES["var"]) & (operand >= len(names))
        code[slots] = OPCODES["const"]
        operand[slots] -= len(names)
        offset += len(p.constants)
        codes.append(code)
        operands.append(operand)
        constants.append(p.constants)
        lengths.append(len(code))
    return Tangent(
        np.concatenate(codes),
        np.concatenate(operands),
        np.cumsum(lengths).astype(np.int64),
        np.concatenate(constants),
        count,
    )

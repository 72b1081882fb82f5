"""Values of several formulas that share parameters: compiled once, only the parameters' numbers change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fitx import _core
from fitx.formula.operators import OPCODES
from fitx.formula.program import compile_formula
from fitx.formula.tree import Formula

Array = npt.NDArray[np.float64]


class Compiled:
    """formulas: over columns, called `names`, and parameters."""

    def __init__(self, formulas: Sequence[Formula], names: Sequence[str], parameters: Sequence[str]) -> None:
        d, p = len(names), len(parameters)
        # Parameters are compiled as further columns, then made constants: the first p of them.
        places = {name: d + i for i, name in enumerate(parameters)} | {name: i for i, name in enumerate(names)}
        codes, operands, constants = [], [], [np.zeros(p)]
        offsets, taken = [0], p
        for f in formulas:
            program = compile_formula(f, places)
            operand = program.operands + taken * (program.codes == OPCODES["const"])
            parameter = (program.codes == OPCODES["var"]) & (operand >= d)
            codes.append(np.where(parameter, OPCODES["const"], program.codes))
            operands.append(np.where(parameter, operand - d, operand))
            constants.append(program.constants)
            taken += len(program.constants)
            offsets.append(offsets[-1] + len(program.codes))
        self._codes = np.concatenate(codes).astype(np.int32)
        self._operands = np.concatenate(operands).astype(np.int32)
        self._offsets = np.array(offsets, np.int64)
        self._constants = np.concatenate(constants)
        self._count = p

    def __call__(self, values: npt.ArrayLike, columns: Array) -> Array:
        """(formulas, n) for the parameters' values (p,) and columns (d, n), C-contiguous; NaN where undefined."""
        constants = self._constants.copy()
        constants[: self._count] = values
        found: Array = _core.evaluate(self._codes, self._operands, self._offsets, constants, columns, 1)
        return found

    def many(self, values: Array, columns: Array) -> Array:
        """(s, formulas, n) for s lots of values (s, p)."""
        s, length, taken = len(values), len(self._codes), len(self._constants)
        if s == 1:
            return self(values[0], columns)[None]
        constants = np.tile(self._constants, (s, 1))
        constants[:, : self._count] = values
        is_const = (self._codes == OPCODES["const"]).astype(np.int32)
        operands = self._operands + np.arange(s, dtype=np.int32)[:, None] * (taken * is_const)
        starts = np.arange(s, dtype=np.int64)[:, None] * length + self._offsets[:-1]
        offsets = np.append(starts.ravel(), s * length)
        codes = np.tile(self._codes, s)
        found: Array = _core.evaluate(codes, operands.astype(np.int32).ravel(), offsets, constants.ravel(), columns, 1)
        return found.reshape(s, len(self._offsets) - 1, columns.shape[1])

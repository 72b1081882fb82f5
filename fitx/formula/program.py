"""Formula to the compiled evaluator's program: tokens in postfix order, with piecewise lowered to select."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError
from fitx.formula.operators import OPCODES
from fitx.formula.tree import Const, Formula, Var


@dataclass(frozen=True, slots=True)
class Program:
    """codes, operands: (L,) int32, postfix; constants: (C,) float64."""

    codes: npt.NDArray[np.int32]
    operands: npt.NDArray[np.int32]
    constants: npt.NDArray[np.float64]


def compile_formula(f: Formula, columns: Mapping[str, int]) -> Program:
    """The program of `f`; columns: variable name -> column. Errors: FitxError for a variable that has no column."""
    codes: list[int] = []
    operands: list[int] = []
    constants: list[float] = []
    for node in f.postorder():
        operand = 0
        if isinstance(node, Var):
            if node.name not in columns:
                known = ", ".join(f"`{c}`" for c in columns) or "none"
                raise FitxError(f"the formula needs a column `{node.name}`", f"the columns given are: {known}")
            code, operand = OPCODES["var"], columns[node.name]
        elif isinstance(node, Const) or node.op == "pi":  # type: ignore[attr-defined]
            code, operand = OPCODES["const"], len(constants)
            constants.append(float(node.value) if isinstance(node, Const) else math.pi)
        elif node.op == "piecewise":  # type: ignore[attr-defined]
            # c1 v1 c2 v2 other -> select(c1, v1, select(c2, v2, other))
            pieces = len(node.args) // 2
            codes += [OPCODES["select"]] * pieces
            operands += [0] * pieces
            continue
        else:
            code = OPCODES[node.op]  # type: ignore[attr-defined]
        codes.append(code)
        operands.append(operand)
    return Program(np.array(codes, np.int32), np.array(operands, np.int32), np.array(constants, np.float64))

"""The compiled kernels, as `fitx._core` offers them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_Int32 = np.ndarray[Any, np.dtype[np.int32]]
_Int64 = np.ndarray[Any, np.dtype[np.int64]]

def operator_names() -> list[str]:
    """The operators by opcode: `var` and `const` first, then those that take operands from the stack."""

def isa() -> str:
    """The instruction set in use: baseline, avx2 or avx512."""

def set_isa(name: str) -> None:
    """Use another instruction set; ValueError for one that this CPU or build lacks. For tests and benchmarks."""

def available_isas() -> list[str]:
    """The instruction sets that were compiled in and that this CPU has, slowest first."""

def evaluate(
    codes: _Int32,
    operands: _Int32,
    offsets: _Int64,
    constants: NDArray[np.float64],
    columns: NDArray[np.float64],
    threads: int = 1,
) -> NDArray[np.float64]:
    """The values of P postfix programs on n rows: shape (P, n).

    Token i of program p is codes[i], operands[i] with offsets[p] <= i < offsets[p + 1]. The operand of `var` is a row
    of `columns`, shape (d, n); that of `const` an index into `constants`; other operators ignore theirs and take
    their values from the stack. Every operator means what NumPy's does (IEEE, NaN where undefined), to 4 ulp.
    The result is the same, bit for bit, for any number of threads. Small work stays on one thread.

    ValueError for a malformed program: unknown opcode, column or constant out of range, an operator without its
    operands, a stack that does not end with one value.
    """

def evaluate32(
    codes: _Int32,
    operands: _Int32,
    offsets: _Int64,
    constants: NDArray[np.float64],
    columns: NDArray[np.float32],
    threads: int = 1,
) -> NDArray[np.float32]:
    """As `evaluate`, in single precision throughout: for screening, where a few digits decide."""

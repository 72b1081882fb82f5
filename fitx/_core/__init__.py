"""The only door to the compiled kernels (C++, nanobind): arrays in, arrays out, without the GIL.

Arrays are C-contiguous and of exactly the dtype that is named; anything else is a TypeError, never a silent copy.
Sizes, indices and programs are checked (ValueError); memory that runs out is a MemoryError, on whichever thread.
The kernels exist for several instruction sets and the best that the CPU has is used; the environment variable
`FITX_ISA` (baseline, avx2 or avx512) or `set_isa` choose another.
"""

from __future__ import annotations

try:
    from fitx._core import _native as _native
except ImportError as e:  # most often the source folder, which shadows the installed package
    raise ImportError(
        "fitx's compiled core is not in this folder: run from another folder, or `pip install -e .` here"
    ) from e

from fitx._core._native import (
    available_isas,
    chebyshev_gram,
    enclose,
    evaluate,
    evaluate32,
    isa,
    moments,
    operator_names,
    set_isa,
)

__all__ = [
    "available_isas",
    "chebyshev_gram",
    "enclose",
    "evaluate",
    "evaluate32",
    "isa",
    "moments",
    "operator_names",
    "set_isa",
]

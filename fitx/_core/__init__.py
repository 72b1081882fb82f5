"""The only door to the compiled kernels (C++, nanobind): arrays in, arrays out, without the GIL."""

from __future__ import annotations

from fitx._core._native import available_isas, evaluate, evaluate32, isa, operator_names, set_isa

__all__ = ["available_isas", "evaluate", "evaluate32", "isa", "operator_names", "set_isa"]

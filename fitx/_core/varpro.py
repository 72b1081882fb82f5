"""The batch fit of inner constants; see varpro_kernels.hpp for the atoms and bind_varpro.cpp for the arguments."""

from __future__ import annotations

from fitx._core._native import varpro_columns, varpro_fit

__all__ = ["varpro_columns", "varpro_fit"]

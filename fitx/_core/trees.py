"""The batch fit of the constants of formula trees; see tree_lm.hpp and the stub for the arguments."""

from __future__ import annotations

from fitx._core._native import tree_fit

__all__ = ["tree_fit"]

"""The search of the MARS forward pass; see mars_search.hpp for what it keeps and fitx/mars/forward.py for the loop."""

from __future__ import annotations

from fitx._core._native import MarsSearch

__all__ = ["MarsSearch"]

"""Parts of a model file's JSON, each of the kind that it must be: else TypeError, or ValueError for its value."""

from __future__ import annotations

import math
from typing import Any

_WORDS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}  # JSON has no such numbers: they go as text
_LARGEST = 10**15
_DEEPEST = 8


def number(v: Any) -> float | None:
    """A number, or "inf", "-inf" or "nan"; None stays None."""
    if v is None:
        return None
    if isinstance(v, str) and v in _WORDS:
        return _WORDS[v]
    if isinstance(v, bool) or not isinstance(v, int | float):
        raise TypeError(f"a number is needed, got {_shown(v)}")
    return float(v)


def finite(v: Any) -> float:
    """A finite number."""
    found = number(v)
    if found is None or not math.isfinite(found):
        raise ValueError(f"a finite number is needed, got {_shown(v)}")
    return found


def whole(v: Any, largest: int = _LARGEST) -> int:
    """A whole number from 0 to `largest`."""
    if isinstance(v, bool) or not isinstance(v, int):
        raise TypeError(f"a whole number is needed, got {_shown(v)}")
    if not 0 <= v <= largest:
        raise ValueError("a whole number is out of range")
    return v


def text(v: Any) -> str:
    """Text."""
    if not isinstance(v, str):
        raise TypeError(f"text is needed, got {_shown(v)}")
    return v


def texts(v: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(v, list):
        raise TypeError(f"a list is needed, got {_shown(v)}")
    return tuple(text(part) for part in v)


def plain(v: Any, depth: int = _DEEPEST) -> Any:
    """Text, finite numbers, truth values and None, in lists and dictionaries that are not deep."""
    if depth == 0:
        raise ValueError("it is nested too deeply")
    if isinstance(v, dict):
        return {text(key): plain(part, depth - 1) for key, part in v.items()}
    if isinstance(v, list):
        return [plain(part, depth - 1) for part in v]
    if isinstance(v, str):
        return text(v)
    if isinstance(v, float):
        return finite(v)
    if isinstance(v, int) and abs(v) > 2**64:
        raise ValueError("a whole number is too large")
    return v


def _shown(v: Any) -> str:
    return f"{v!r:.60}" if v is None or isinstance(v, bool | float | str) else type(v).__name__

"""Formats of a formula: one file a format, found by being in this folder. See `base.py` for the interface."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from fitx.errors import UsageError, did_you_mean
from fitx.export.base import Format

if TYPE_CHECKING:
    from fitx.result import Found

# Found without importing them: `fitx --help` lists the names.
FORMATS = tuple(
    sorted(m.name.strip("_") for m in pkgutil.iter_modules(__path__) if m.name.endswith("_") and m.name != "base")
)


def format_names(begun: str) -> list[str]:
    """The formats whose names begin so, for shell completion."""
    return [name for name in FORMATS if name.startswith(begun)]


@cache
def get_format(name: str) -> Format:
    """The format of that name. Errors: UsageError with the nearest name."""
    if name not in FORMATS:
        raise UsageError(
            f"no format named `{name}`", f"{did_you_mean(name, list(FORMATS))}the formats are {', '.join(FORMATS)}"
        )
    module = importlib.import_module(f"fitx.export.{name}_")
    found: Format = module.FORMAT
    return found


def export(found: Found, name: str, digits: int | None = None) -> str:
    """The formula of `found` in the format `name`, without a line end. digits: significant digits of its constants."""
    if digits is not None and not 1 <= digits <= 17:
        raise UsageError(f"the number of digits is between 1 and 17, got {digits}")
    return get_format(name).write(found, digits)

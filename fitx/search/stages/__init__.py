"""Stages: one a file, found by being here. A stage yields formulas for the table's target; the engine judges them."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from fitx.search.stages.base import Stage


@lru_cache(maxsize=1)
def all_stages() -> tuple[Stage, ...]:
    """Every stage in this package, by family and rank."""
    found: list[Stage] = []
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        if module == "base":
            continue
        names = vars(importlib.import_module(f"{__name__}.{module}"))
        found += [
            c()
            for c in names.values()
            if isinstance(c, type) and issubclass(c, Stage) and c.__module__.endswith("." + module)
        ]
    return tuple(sorted(found, key=lambda s: (s.family, s.rank)))


def stages_of(family: str) -> list[Stage]:
    """The stages of one family, cheapest first."""
    return [s for s in all_stages() if s.family == family]

"""Finds the fitters: files in `fitx/fitters/`, and classes of other packages (entry-point group `fitx.fitters`)."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import warnings
from functools import cache

from fitx.errors import FitxWarning, UsageError, did_you_mean
from fitx.fitters.base import Fitter

GROUP = "fitx.fitters"


@cache
def all_fitters() -> dict[str, Fitter]:
    """Name -> fitter, in alphabetical order. A plug-in that is broken is left out with a warning."""
    found: dict[str, Fitter] = {}
    import fitx.fitters

    for module in pkgutil.iter_modules(fitx.fitters.__path__):
        if module.name != "base":
            _take(found, vars(importlib.import_module(f"fitx.fitters.{module.name}")), f"fitx.fitters.{module.name}")
    for entry in importlib.metadata.entry_points(group=GROUP):
        try:
            cls = entry.load()
            if not (isinstance(cls, type) and issubclass(cls, Fitter)):
                raise TypeError(f"{entry.value} is not a subclass of fitx.fitters.base.Fitter")
            if cls.name in found:
                raise ValueError(f"a method named `{cls.name}` is there already")
            found[cls.name] = cls()
        except Exception as e:  # whatever a plug-in does wrong, the others go on
            warnings.warn(f"plug-in `{entry.name}` ({entry.value}) is left out: {e}", FitxWarning, stacklevel=2)
    return dict(sorted(found.items()))


def _take(found: dict[str, Fitter], names: dict[str, object], module: str) -> None:
    for value in names.values():
        if isinstance(value, type) and issubclass(value, Fitter) and value.__module__ == module:
            found[value.name] = value()


@cache
def _built_in(name: str) -> Fitter | None:
    """The fitter of that name where the file is called so, too."""
    import fitx.fitters

    if name == "base" or name not in {m.name for m in pkgutil.iter_modules(fitx.fitters.__path__)}:
        return None
    found: dict[str, Fitter] = {}
    _take(found, vars(importlib.import_module(f"fitx.fitters.{name}")), f"fitx.fitters.{name}")
    return found.get(name)


def get_fitter(name: str) -> Fitter:
    """The fitter of that name or alias. Errors: UsageError with the nearest name."""
    built_in = _built_in(name)  # found without looking at the other files and at plug-ins, which takes time
    if built_in is not None:
        return built_in
    fitters = all_fitters()
    by_name = {alias: f for f in fitters.values() for alias in (f.name, *f.aliases)}
    if name not in by_name:
        raise UsageError(f"no method named `{name}`", f"{did_you_mean(name, list(by_name))}`fitx methods` lists all")
    return by_name[name]

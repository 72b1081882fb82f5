"""How to fit: the settings, which are the flags of `fitx fit` and the keywords of `fitx.fit`, and their checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx.errors import UsageError
from fitx.fitters.base import Fitter
from fitx.link import Link
from fitx.plugins import all_fitters, get_fitter
from fitx.progress import Improvement, Status
from fitx.robust import check_losses
from fitx.split import check_split


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fit; the flags of `fitx fit`. options: "METHOD.NAME" -> value.
    units: column -> unit, as the user gave them (columns left out are plain numbers); None: those of the table.
    model: the user's formula; per_group: its parameters with a value for each number in column `group`; start, bounds,
    fix: by the name of a parameter, where to begin, between what, and what it is.
    losses: what the constants minimise; of several the one whose formulas predict best by `metric` (rmse or mae).
    range: (lo, hi) that the formula may not leave. allow_poles: choose formulas that break among the rows, too.
    progress: called with each improvement, status: with what is going on. save: file that gets each improvement; the
    result is not written to it."""

    methods: tuple[str, ...] = ("auto",)
    holdout: float = 0.25
    split: str = "random"
    groups: npt.NDArray[Any] | None = None
    seed: int = 0
    time_limit: float | None = None
    jobs: int | None = None
    max_complexity: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, str] | None = None
    losses: tuple[str, ...] = ("linear",)
    metric: str = "rmse"
    range: tuple[float, float] | None = None
    allow_poles: bool = False
    model: str | None = None
    per_group: tuple[str, ...] = ()
    group: str | None = None
    start: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    fix: Mapping[str, float] = field(default_factory=dict)
    progress: Callable[[Improvement], None] | None = None
    status: Callable[[Status], None] | None = None
    save: str | Path | None = None


def with_model(s: Settings) -> Settings:
    """The settings with the user's formula as options of the method that fits it, and with poles where they may be."""
    if s.allow_poles:
        s = replace(s, options={"rational.poles": True, **s.options})
    if s.model is None:
        return s
    given: dict[str, Any] = {"formula": s.model, "per_group": ",".join(s.per_group), "group": s.group or ""}
    given |= {k: v for k, v in {"start": s.start, "bounds": s.bounds, "fix": s.fix}.items() if v}
    return replace(s, options={**s.options, **{f"model.{k}": v for k, v in given.items()}})


def check_settings(s: Settings) -> None:
    """Errors: UsageError for figures out of range and for options of methods that are not there."""
    check_split(s.split, s.holdout)
    if s.time_limit is not None and not s.time_limit > 0:
        raise UsageError(f"the time limit is a number of seconds above 0, got {s.time_limit:g}")
    if s.jobs is not None and s.jobs < 1:
        raise UsageError(f"the number of jobs is at least 1, got {s.jobs}")
    if not isinstance(s.seed, int | np.integer) or s.seed < 0:
        raise UsageError(f"the seed is a whole number from 0 up, got {s.seed}", "the same seed gives the same formula")
    if s.max_complexity is not None and s.max_complexity < 1:
        raise UsageError(f"the complexity is at least 1, got {s.max_complexity}")
    check_losses(s.losses, s.metric)
    if s.range is not None:
        Link(*s.range)
    if s.model is None and (s.per_group or s.group):
        raise UsageError("parameters by group are those of a model", 'give one with --model "a*x + b"')
    if s.model is None and (s.start or s.bounds or s.fix):
        raise UsageError("start, bounds and fixed values are those of a model's parameters", 'give --model "a*x + b"')
    if s.model is not None:
        from fitx.formula.template import read_template
        from fitx.parametric.asked import Asked

        read_template(s.model)
        Asked.of(s.start, s.bounds, s.fix)
    if s.units:
        from fitx.units import parse_unit

        for unit in s.units.values():
            parse_unit(unit)
    for key, value in s.options.items():
        method, dot, option = key.partition(".")
        if not dot:
            raise UsageError(f"`{key}` is no option", "write METHOD.OPTION=VALUE, for example poly.degree=3")
        get_fitter(method).resolve_options({option: value})


def choose_fitters(s: Settings) -> list[Fitter]:
    """The fitters that compete: those named, or for `auto` all that enter contests; a model before them, or alone."""
    chosen: dict[str, Fitter] = {}
    if s.model is not None:
        chosen["model"] = get_fitter("model")
    for name in s.methods if s.model is None or tuple(s.methods) != ("auto",) else ():
        if name == "auto":
            chosen.update(all_fitters())
        else:
            chosen[get_fitter(name).name] = get_fitter(name)
    return list(chosen.values())

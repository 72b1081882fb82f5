"""What the user asks of parameters: where to start, bounds, values that they keep; read, and checked by name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fitx.errors import UsageError, did_you_mean
from fitx.parametric.rows import Bounds, Limits, Values


def read_values(text: str) -> Values:
    """'a=1, b=2.5' as name -> value. Errors: UsageError."""
    return {name: _number(value, f"`{name}={value}`") for name, value in _pairs(text, "a=1,b=2")}


def read_bounds(text: str) -> dict[str, tuple[float, float]]:
    """'a=0:10, b=:5, c=1:' as name -> (lower, upper), infinite where open. Errors: UsageError."""
    found = {}
    for name, value in _pairs(text, "a=0:10, or a=0: where it is open"):
        low, colon, high = value.partition(":")
        if not colon:
            raise UsageError(f"`{name}={value}` gives no two bounds", "write a=0:10, a=0: or a=:10")
        said = f"`{name}={value}`"
        found[name] = (
            _number(low, said) if low.strip() else -math.inf,
            _number(high, said) if high.strip() else math.inf,
        )
    return found


def _pairs(text: str, example: str) -> list[tuple[str, str]]:
    found = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, value = part.rpartition("=")
        if not equals or not name.strip() or not value.strip():
            raise UsageError(f"`{part}` is not understood", f"write {example}")
        found.append((name.strip().strip("`"), value.strip()))
        if found[-1][0] in [other for other, _ in found[:-1]]:
            raise UsageError(f"`{found[-1][0]}` stands twice in `{text}`", "name each parameter once")
    return found


def _number(text: Any, said: str) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = math.nan
    if math.isnan(value):
        raise UsageError(f"{said}: `{text}` is no number")
    return value


@dataclass(frozen=True, slots=True)
class Asked:
    """start, fix: parameter -> value; bounds: parameter -> (lower, upper)."""

    start: Values = field(default_factory=dict)
    bounds: Bounds = field(default_factory=dict)
    fix: Values = field(default_factory=dict)

    @staticmethod
    def of(start: Mapping[str, Any], bounds: Mapping[str, Any], fix: Mapping[str, Any]) -> Asked:
        """From what the user gave in Python or on the command line.

        Errors: UsageError for what is no number, for bounds that are reversed, and where the three contradict.
        """
        ends: dict[str, tuple[float, float]] = {}
        for name, pair in bounds.items():
            try:
                low, high = pair
            except (TypeError, ValueError):
                raise UsageError(
                    f"the bounds of `{name}` are two numbers, got {pair!r}", "None leaves an end open: (0, None)"
                ) from None
            said = f"the bounds of `{name}`"
            low = -math.inf if low is None else _number(low, said)
            high = math.inf if high is None else _number(high, said)
            if low == math.inf or high == -math.inf:
                raise UsageError(f"{said} lie beyond every number", "a=0: leaves the upper end open")
            if low > high:
                raise UsageError(f"{said} are reversed: {low:g} is above {high:g}", "the lower one comes first")
            ends[str(name)] = (low, high)
        asked = Asked(_finite(start, "the start"), ends, _finite(fix, "the fixed value"))
        for name, value in (*asked.start.items(), *asked.fix.items()):
            low, high = ends.get(name, (-math.inf, math.inf))
            if not low <= value <= high:
                kind = "start" if name in asked.start else "fixed value"
                raise UsageError(f"the {kind} of `{name}`, {value:g}, lies outside its bounds {low:g} to {high:g}")
        for name in asked.start:
            if name in asked.fix:
                raise UsageError(f"`{name}` is fixed: it has no start", "give it to --start or to --fix, not both")
        return asked

    def check(self, parameters: Sequence[str], columns: Iterable[str]) -> None:
        """Errors: UsageError for names that are no parameters of the model, and where nothing is left to fit."""
        columns = list(columns)
        for flag, names in (("start", self.start), ("bounds", self.bounds), ("fix", self.fix)):
            for name in names:
                if name in parameters:
                    continue
                verb = {"start": "have a start", "bounds": "have bounds", "fix": "be fixed"}[flag]
                why = "is a column" if name in columns else "does not occur in the model"
                listed = ", ".join(f"`{p}`" for p in parameters) or "none"
                raise UsageError(
                    f"`{name}` cannot {verb}: it {why}",
                    f"{did_you_mean(name, list(parameters))}the parameters are {listed}",
                )
        if parameters and all(p in self.fix for p in parameters):
            raise UsageError("every parameter is fixed: there is nothing to fit", "fix fewer of them")

    def spread(self, like: Mapping[str, str]) -> Asked:
        """The same for parameters by group: what is asked of `a` holds for each of those that are like it."""

        def each(given: Mapping[str, Any]) -> dict[str, Any]:
            names = {p: p if p in given else base for p, base in like.items()}
            return {p: given[name] for p, name in names.items() if name in given}

        return Asked(each(self.start), each(self.bounds), each(self.fix))

    def limits(self, loss: str) -> Limits:
        """Of the parameters that are free."""
        return Limits({p: b for p, b in self.bounds.items() if p not in self.fix}, loss)


def _finite(given: Mapping[str, Any], what: str) -> Values:
    found = {}
    for name, value in given.items():
        number = _number(value, f"{what} of `{name}`")
        if math.isinf(number):
            raise UsageError(f"{what} of `{name}` must be finite, got {number:g}")
        found[str(name)] = number
    return found

"""Which formulas may be chosen: none that breaks where the next rows may lie.

A pole, an undefined region or an overflow is looked for in the box of the rows' columns, each widened by a tenth of its
range on both sides, but not across zero where a column has one sign: that goes down to a tenth of its smallest value.
By what a formula leaves of y:

- It leaves more than 2 percent of y's variance, so it is a description, not a law: it is refused when it breaks
  anywhere in that box, or takes extreme values near the rows.
- It leaves less: what happens in corners of the box that no row comes near is its own (1/(a - b), where a > b in all
  rows), but between neighbouring rows it must not break, and in one column it must be defined all over the box.
- It is right to a thousandth of y's standard deviation: a law, whose poles are its own; the user is told of those
  between the rows.

Unless it is exact but for rounding, a formula with a wave that turns faster than the rows can show is refused, too
(`fitx.waves`).

Where every formula is refused, as when one curve was asked for, the best is kept, with a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.box import WIDER, Box, around, beside, box_of, widened
from fitx.fitters.base import Data, Proposal
from fitx.formula import Formula
from fitx.formula.evaluate import predict
from fitx.formula.hazards import SAFE, UNKNOWN, UNSAFE, Finding, survey
from fitx.front import Candidate, choose
from fitx.score import score, spread
from fitx.search.guard import REACH, has_poles, points_between, steady
from fitx.waves import aliased

Array = npt.NDArray[np.float64]

GUARDED_ROWS = 5000  # at most this many rows for the places between rows
_MUCH = 0.02  # share of y's variance that a formula leaves, from which on it is no law
_EXACT = 1e-18  # share up to which it is exact but for rounding
_LAW = 1e-6  # share up to which it is one without noise


@dataclass(frozen=True, slots=True)
class Ground:
    """Where formulas must not break: box and its widened one, points (d, m) near the rows, those among them between
    neighbouring rows, X: (n, d) and y: (n,) the rows, and the limits of values that are no pole. known: what was found
    of formulas."""

    names: tuple[str, ...]
    box: Box
    wide: Box
    points: Array
    between: Array
    y: Array
    limit: tuple[float, float]
    X: Array
    full: float  # mean square of what the mean leaves, in units of the largest |y|
    known: dict[tuple[Formula, int], bool] = field(default_factory=dict)

    @staticmethod
    def of(data: Data, others: Data | None = None) -> Ground:
        """That of the rows of `data`, in the box of these and of `others`."""
        box = box_of(data) if others is None or others is data else around(box_of(data), box_of(others))
        points = points_between(np.ascontiguousarray(data.X.T[:, :: -(-data.n // GUARDED_ROWS)]), beyond=WIDER)
        low, high = float(data.y.min()), float(data.y.max())
        margin = REACH * (high - low)
        between = np.ascontiguousarray(points[:, : points.shape[1] // 2])
        wide = {k: widened(*ends) for k, ends in box.items()}
        full = spread(data.y / (max(abs(low), abs(high)) or 1.0), data.weights)
        return Ground(data.names, box, wide, points, between, data.y, (low - margin, high + margin), data.X, full)

    def whole(self, f: Formula) -> bool:
        """Whether `f` breaks nowhere in the widened box and takes no extreme values near the rows; a curve of one
        column not at the ends of the widened range, either."""
        found = survey(f, self.wide, self.limit)
        if found.verdict == UNSAFE or (found.verdict == UNKNOWN and has_poles(f, self._at(self.points))):
            return False
        if len(f.variables) == 1:
            v = f.evaluate({k: beside(*ends) for k, ends in self.box.items()})
            if not ((v >= self.limit[0]) & (v <= self.limit[1])).all():
                return False
        return self._steady(f, self.points)

    def connected(self, f: Formula) -> bool:
        """Whether `f` breaks nowhere between neighbouring rows."""
        verdict = survey(f, self.box, self.limit).verdict
        if verdict == SAFE or (verdict == UNSAFE and len(f.variables) == 1):
            return verdict == SAFE
        return not has_poles(f, self._at(self.between)) and self._steady(f, self.between)

    def bears(self, f: Formula, share: float) -> bool:
        """Whether a formula that leaves that share of y's variance may be chosen."""
        if share <= _EXACT:
            return True
        key = f, 0 if share <= _LAW else 1 if share <= _MUCH else 2
        if key not in self.known:
            self.known[key] = not aliased(f, self.X, self.names) and self._bears(f, key[1])
        return self.known[key]

    def _bears(self, f: Formula, much: int) -> bool:
        """As `bears`. much: whether it leaves nothing but noise too small to see (0), little (1) or much (2)."""
        if much == 0:
            return True
        return self.whole(f) if much == 2 else self.connected(f) and self._defined(f)

    def _defined(self, f: Formula) -> bool:
        """Whether a formula of one column is defined all over the widened range; of several, that is not asked."""
        if len(f.variables) > 1:
            return True
        found = survey(f, self.wide, self.limit)
        return found.verdict != UNSAFE or found.what != "undefined"

    def _at(self, points: Array) -> Callable[[Formula], Array]:
        return lambda g: predict(g, points.T, self.names)

    def _steady(self, f: Formula, points: Array) -> bool:
        return steady(lambda x: predict(f, x.T, self.names), points, self.y)


_WORDS = {"pole": "has a pole", "undefined": "is undefined", "overflow": "overflows"}


def _told(found: Finding) -> str:
    place = [f"`{name}` = {value:.3g}" for name, value in found.place.items()]
    listed = ", ".join(place[:3]) + (", ..." if len(place) > 3 else "")
    return _WORDS[found.what] + (f" near {listed}" if place else "")


def choose_safe(
    candidates: list[Candidate], floor: float, ground: Ground, metric: str, allow_poles: bool = False
) -> Candidate:
    """The choice among the candidates that break nowhere (see above); of all where `allow_poles` or all do.

    floor: as for `fitx.front.choose`.
    """
    best = choose(candidates, floor)
    if allow_poles or len(candidates) == 1:
        return best
    chosen, left = best, list(candidates)
    while not sound(chosen, ground, metric):
        left = [c for c in left if c is not chosen]
        if not left:
            return best
        chosen = choose(left, floor)
    return chosen


def sound(c: Candidate, ground: Ground, metric: str) -> bool:
    """Whether a candidate may be chosen (see above)."""
    return ground.bears(c.proposal.formula, _share(c.error, ground.full, metric))


def _share(error: float, full: float, metric: str) -> float:
    """Of y's variance; mean absolute errors are squared."""
    if not full > 0:
        return 0.0 if error == 0 else np.inf
    return (error if metric == "rmse" else error * error) / full


def trouble(f: Formula, data: Data, share: float, closely: bool) -> str:
    """A warning that says where a formula that was chosen, and leaves that share of y's variance, breaks, or "".

    closely: wherever that is in the widened box, not only where it would have been refused or lies between rows.
    """
    ground = Ground.of(data)
    if ground.whole(f) if closely or share > _MUCH else ground.connected(f):
        return ""
    for box, where in ((ground.box, "inside the data's range"), (ground.wide, "just outside the data's range")):
        found = survey(f, box, ground.limit)
        if found.verdict == UNSAFE:
            return f"the formula {_told(found)} ({where})"
    return ""


def _rmse(f: Formula, data: Data) -> float:
    rmse = score(data.y, predict(f, data.X, data.names), data.weights).rmse
    return rmse if rmse is not None and np.isfinite(rmse) else np.inf


def refit_safely(p: Proposal, data: Data, share: float) -> Proposal:
    """`p` refitted to `data`; as it is where only its refitted constants make it break, where it cannot be, or where
    its search, repeated, goes astray and what is found fits these rows worse."""
    if p.refit is None:
        return p
    new = p.refit(data)
    if new.formula == p.formula:
        return new
    if p.repeated and _rmse(p.formula, data) < _rmse(new.formula, data):
        return p
    ground = Ground.of(data)
    return p if not ground.bears(new.formula, share) and ground.bears(p.formula, share) else new

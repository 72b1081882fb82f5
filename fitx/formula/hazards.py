"""Where a formula breaks within a box: poles, undefined regions and overflows, found or excluded.

Interval arithmetic excludes them on the whole box, or else on its parts: boxes that may hold one are cut again, along
the variable that tells most, until none is left (safe), a point in one shows it (unsafe, with the place), or the work
is more than is worth it (unknown). A singularity whose neighbourhood is harmless down to the last digits, as that of
sin(x)/x, is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.formula.intervals import OVERFLOW, Array, Enclosures, compile_on, enclosures, values
from fitx.formula.program import Program
from fitx.formula.tree import Formula

SAFE, UNSAFE, UNKNOWN = "safe", "unsafe", "unknown"

SAMPLES = 200  # points that are tried before boxes are cut
PARTS = 64  # boxes that a round makes of few
MOST_BOXES = 1024  # at once
MOST_WORK = 100_000  # boxes times nodes
MOST_ROUNDS = 60
FOLLOWED = 2  # boxes that are followed to a place, before all are cut
NARROW = 1e-2  # share of the box within which a value beyond the limit is owed to what lies there
EDGE = 1e-14  # share of the box that is narrow enough to end
INSIDE = 0.414213562373095  # where in a box its point lies: seldom where functions have their zeros
FAR = 1e5  # times the largest usual value: beyond the limit where none is given

Told = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Finding:
    """verdict: SAFE, UNSAFE or UNKNOWN. what: "pole", "undefined" or "overflow" where unsafe, and `place` where."""

    verdict: str
    what: str = ""
    place: Mapping[str, float] = field(default_factory=dict)


def survey(
    formula: Formula, box: Mapping[str, tuple[float, float]], limit: tuple[float, float] | None = None
) -> Finding:
    """Whether `formula` has a pole, is undefined or overflows on the box {variable: (lo, hi)}.

    limit: values that the formula leaves only where it has a pole; a pole too weak for that is none. The same box and
    formula: the same finding.
    """
    used = frozenset(formula.variables)
    names = [v for v in box if v in used]
    if not names:
        value = float(formula.evaluate({}))
        return Finding(SAFE) if np.isfinite(value) else Finding(UNSAFE, "undefined" if value != value else "overflow")
    ends = np.array([box[v] for v in names], np.float64)
    low, high = np.ascontiguousarray(ends[:, :1]), np.ascontiguousarray(ends[:, 1:])
    program = compile_on(formula, names)
    whole = enclosures(program, low, high)
    if not whole.flags[0]:
        return Finding(SAFE)
    search = _Search(program, names, low[:, 0], high[:, 0] - low[:, 0], limit)
    found = search.sampled(int(whole.flags[0]))
    if found is None and len(names) > 1:
        found = search.cut(low, high, whole, dive=True)
        found = found if found.verdict == UNSAFE else None
    return found or search.cut(low, high, whole)


class _Search:
    """The search for a place in one box."""

    def __init__(
        self, program: Program, names: list[str], low: Array, width: Array, limit: tuple[float, float] | None
    ) -> None:
        self.program, self.names, self.low, self.width = program, names, low, width
        rng = np.random.default_rng(len(names))
        d = len(names)
        self.points = low[:, None] + width[:, None] * rng.uniform(size=(d, SAMPLES))
        usual = values(self.program, self.points)
        self.at_points = usual
        if limit is None:
            size = np.abs(usual[np.isfinite(usual)])
            most = FAR * (float(np.median(size)) + 1e-300) if len(size) else np.inf
            limit = (-most, most)
        self.limit = limit

    def sampled(self, flags: int) -> Finding | None:
        """A place among the samples and the corners, if there is one."""
        d = len(self.names)
        corners = np.array(np.meshgrid(*[[0.0, 1.0]] * min(d, 5), indexing="ij")).reshape(min(d, 5), -1)
        corners = np.vstack([corners, np.resize([0.0, 1.0], (d - len(corners), corners.shape[1]))])
        points = np.hstack([self.points, self.low[:, None] + self.width[:, None] * corners])
        v = np.concatenate([self.at_points, values(self.program, points[:, SAMPLES:])])
        for i in np.flatnonzero(~np.isfinite(v))[:4]:
            value = float(v[i])
            if i >= SAMPLES and np.isnan(value):  # of a corner that may be so alone: sin(x)/x at 0
                near = self.beside(points[:, i])
                if ((near >= self.limit[0]) & (near <= self.limit[1])).all():
                    continue
                value = value if np.isnan(near).any() else np.inf
            return self.found(points[:, i], value, flags)
        return None

    def beside(self, point: Array) -> Array:
        """Values on the way from the point into the box."""
        share = np.logspace(-12, -2, 21) * INSIDE
        middle = self.low + self.width * INSIDE
        return values(self.program, point[:, None] + share * (middle - point)[:, None])

    def found(self, point: Array, value: float, flags: int, told: Told | None = None) -> Finding:
        """The finding at a point; told: (d,) whether the place depends on that variable."""
        what = "undefined" if value != value else "overflow" if flags & OVERFLOW and np.isinf(value) else "pole"
        keep = told if told is not None and told.any() else np.ones(len(point), bool)
        return Finding(UNSAFE, what, {n: float(p) for n, p, k in zip(self.names, point, keep, strict=True) if k})

    def cut(self, low: Array, high: Array, e: Enclosures, dive: bool = False) -> Finding:
        """Cut boxes (d, m) with flags until none is left, or a place is found. dive: follow a few only, for a place."""
        complete = not dive
        seen: Finding | None = None
        work = MOST_WORK / max(1, len(self.program.codes))
        for _ in range(MOST_ROUNDS):
            d, m = low.shape
            parts = max(2, PARTS // (m * d))
            low, high, e = self._split(low, high, e, parts)
            work -= m * d * parts
            left = e.flags != 0
            low, high = np.ascontiguousarray(low[:, left]), np.ascontiguousarray(high[:, left])
            e = Enclosures(e.lo[left], e.hi[left], e.flags[left], e.blame[left])
            if low.shape[1] == 0:
                return seen or Finding(SAFE if complete else UNKNOWN)
            points = low + (high - low) * INSIDE
            v = values(self.program, points)
            share = (high - low) / np.where(self.width > 0, self.width, 1.0)[:, None]
            narrow = share <= NARROW
            beyond = ~((v >= self.limit[0]) & (v <= self.limit[1]))
            isolated = np.isnan(v) & (share <= 1e-12).any(axis=0)
            bad = np.flatnonzero((~np.isfinite(v) & ~isolated) | (beyond & ~isolated & narrow.any(axis=0)))
            if len(bad):
                i = int(bad[np.argmin(np.where(np.isfinite(v[bad]), 0, 1))])
                seen = self.found(points[:, i], float(v[i]), int(e.flags[i]), narrow[:, i])
                if seen.what != "pole" or share[:, i][narrow[:, i]].max() < 1e-5:
                    return seen
                low, high, e, complete = *_take([i], low, high, e), False  # to the place itself
                continue
            if (share <= EDGE).all():
                return seen or Finding(SAFE if complete else UNKNOWN)
            if seen is None and (work < 0 or low.shape[1] > MOST_BOXES):
                break
            if dive and low.shape[1] > FOLLOWED:
                order = np.argsort(-np.abs(v), kind="stable")
                low, high, e = _take(order[:: -(-len(order) // FOLLOWED)].tolist(), low, high, e)
        return seen or Finding(UNKNOWN)

    def _split(self, low: Array, high: Array, e: Enclosures, parts: int) -> tuple[Array, Array, Enclosures]:
        """Each box in `parts` along the variable where the parts are least to blame, or else the widest."""
        d, m = low.shape
        at = np.linspace(0.0, 1.0, parts + 1)
        found: list[tuple[Array, Array, Enclosures]] = []
        for j in range(d):
            a, b = np.repeat(low, parts, axis=1), np.repeat(high, parts, axis=1)
            cuts = low[j][:, None] + (high[j] - low[j])[:, None] * at
            cuts[:, -1] = high[j]
            a[j], b[j] = cuts[:, :-1].ravel(), cuts[:, 1:].ravel()
            found.append((a, b, enclosures(self.program, a, b)))
        if d == 1:
            return found[0]
        blame = np.array([(f[2].blame * (f[2].flags != 0)).reshape(m, parts).mean(axis=1) for f in found])
        share = (high - low) / np.where(self.width > 0, self.width, 1.0)[:, None]
        blame[share <= EDGE] = np.inf
        least = blame.min(axis=0)
        tied = (blame <= least * (1 + 1e-9)) | (blame > 0.999 * e.blame) & (least > 0.999 * e.blame)
        best = np.where(tied, share, -1.0).argmax(axis=0)
        pick = np.repeat(best, parts)
        each = np.arange(m * parts)
        a = np.stack([f[0] for f in found])[pick, :, each].T
        b = np.stack([f[1] for f in found])[pick, :, each].T
        take = [np.stack([getattr(f[2], k) for f in found])[pick, each] for k in ("lo", "hi", "flags", "blame")]
        return np.ascontiguousarray(a), np.ascontiguousarray(b), Enclosures(*take)


def _take(which: list[int], low: Array, high: Array, e: Enclosures) -> tuple[Array, Array, Enclosures]:
    """Those boxes."""
    few = Enclosures(e.lo[which], e.hi[which], e.flags[which], e.blame[which])
    return np.ascontiguousarray(low[:, which]), np.ascontiguousarray(high[:, which]), few

"""A range that a formula cannot leave, for any method: y = middle + half * tanh(g), and the method finds g.

The method is given z = atanh((y - middle) / half) with weights by the delta method, and knows nothing of the range.
Each of its proposals is then refined in the units of y, by refits to the working response

    z = g + (y - h(g)) / h'(g),   weights w h'(g)**2,   h(g) = middle + half tanh(g)

which is the Gauss-Newton step for y; so errors of parameters are those of the fit to y. [Nelder & Wedderburn 1972,
doi:10.2307/2344614]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

import numpy as np

from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Array, Context, Data, Pause, Proposal
from fitx.formula import Const, Formula, call
from fitx.formula.evaluate import predict
from fitx.formula.tree import Number
from fitx.units import NONE

WIDEST = 1e150
FAR = 0.1  # of the width: a target further beyond an end than this is no noise
ROUNDS = 20  # of refits
SETTLED = 1e-10  # relative change of the loss at which refits end
STEEP = 1e-4  # smallest tanh'(g) that a working response is divided by

T = TypeVar("T")
Propose = Callable[[Data, Context], Iterator[Proposal | Pause]]


def range_option(text: str) -> tuple[float, float]:
    """'-1,1' as two numbers."""
    try:
        lo, hi = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError("two numbers LO,HI such as `-1,1`") from None
    return lo, hi


@dataclass(frozen=True, slots=True)
class Link:
    """h(g) = middle + half * tanh(g), which never leaves [lo, hi].

    Errors: UsageError unless lo < hi, and both finite and so near that squares of their distance are.
    """

    lo: float
    hi: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.lo) and np.isfinite(self.hi) and self.lo < self.hi):
            raise UsageError(
                f"a range is two numbers, the lower one first. Got {self.lo:g},{self.hi:g} instead", "for example 0,1"
            )
        if not self.hi / 2 - self.lo / 2 < WIDEST:
            raise UsageError(f"the range {self.lo:g},{self.hi:g} is too wide to compute with", "leave it out")

    @property
    def ends(self) -> tuple[Number, Number]:
        """(middle, half): exact where that keeps the range, so that no rounding of constants can leave it."""
        lo, hi = Fraction(Decimal(repr(float(self.lo)))), Fraction(Decimal(repr(float(self.hi))))
        middle, half = (lo + hi) / 2, (hi - lo) / 2
        short = max(middle.denominator, half.denominator, abs(middle.numerator), half.numerator) < 10**6
        if short and float(middle) + float(half) <= self.hi and float(middle) - float(half) >= self.lo:
            return _plain(middle), _plain(half)
        m, h = float(middle), float(half)
        while m + h > self.hi or m - h < self.lo:
            h = float(np.nextafter(h, 0))
        return m, h

    def value(self, g: Array) -> Array:
        """h(g)."""
        middle, half = map(float, self.ends)
        return np.asarray(middle + half * np.tanh(g))

    def slope(self, g: Array) -> Array:
        """h'(g) = half / cosh(g)**2, from a small positive number up."""
        half = float(self.ends[1])
        return np.asarray(half * np.maximum(1.0 - np.tanh(g) ** 2, STEEP))

    def formula(self, g: Formula) -> Formula:
        """The formula of h(g)."""
        middle, half = self.ends
        inner = call("tanh", g)
        wave = inner if half == 1 else Const(half) * inner
        return wave if middle == 0 else Const(middle) + wave

    def check(self, y: Array) -> str:
        """A warning that counts targets at or beyond the ends, or "". Errors: FitxError for one far beyond."""
        width = self.hi - self.lo
        beyond = np.maximum(self.lo - y, y - self.hi)
        worst = int(np.argmax(beyond))
        if beyond[worst] > FAR * width:
            raise FitxError(
                f"row {worst + 1} of those to fit has target {y[worst]:g}, far outside the range {self.lo:g} to "
                f"{self.hi:g}",
                "give a range that holds the targets",
            )
        count = int((beyond >= 0).sum())
        if not count:
            return ""
        rows = "1 row has its target" if count == 1 else f"{count} rows have their targets"
        return f"{rows} at an end of the range {self.lo:g} to {self.hi:g} or beyond, where the formula cannot get"

    def transformed(self, data: Data) -> Data:
        """Data for the method to begin with: z = atanh of the scaled target, which is kept off the ends by a share of
        1/(2n) [Smithson & Verkuilen 2006, doi:10.1037/1082-989X.11.1.54]; weights w h'(z)**2."""
        middle, half = (self.lo + self.hi) / 2, (self.hi - self.lo) / 2
        inside = 1.0 - 1.0 / max(data.n, 10)
        z = np.arctanh(np.clip((data.y - middle) / half, -inside, inside))
        return self._working(data, z, z)

    def _working(self, data: Data, g: Array, z: Array) -> Data:
        slope = self.slope(g)
        weights = slope**2 if data.weights is None else data.weights * slope**2
        if not data.absolute:  # only their ratios matter
            weights = weights / (weights.max() or 1.0)
        dimensions = None if data.dimensions is None else (*data.dimensions[:-1], NONE)
        return replace(data, y=z, weights=weights, dimensions=dimensions)

    def _loss(self, data: Data, g: Array) -> float:
        r = (data.y - self.value(g)) / (self.hi - self.lo)
        loss = float(np.sum(r * r if data.weights is None else data.weights * r * r))
        return loss if np.isfinite(loss) else np.inf

    def proposals(
        self, propose: Propose, data: Data, context: Context, rounds: int = ROUNDS
    ) -> Iterator[Proposal | Pause]:
        """What `propose` gives for the transformed data, refined for y and put through the link."""
        for p in propose(self.transformed(data), context):
            yield p if isinstance(p, Pause) else self._linked(self._refined(p, data, rounds), rounds)

    def _refined(self, p: Proposal, data: Data, rounds: int) -> Proposal:
        """The proposal at its optimum for y; as it is where its method cannot refit it, or would search again."""
        refit = p.refit
        if refit is None or p.repeated:
            return p
        return self._settled(p, refit, lambda q: predict(q.formula, data.X, data.names), data, rounds)

    def _settled(self, found: T, fit: Callable[[Data], T], values: Callable[[T], Array], data: Data, rounds: int) -> T:
        """The last of found, fit(working response at it), ... that is better than the one before. values: g (n,)."""
        g = values(found)
        least = self._loss(data, g)
        for _ in range(rounds if np.isfinite(least) else 0):
            try:
                new = fit(self._working(data, g, g + (data.y - self.value(g)) / self.slope(g)))
            except FitxError:
                break
            g = values(new)
            loss = self._loss(data, g)
            if not loss <= least:
                break
            found, gain, least = new, least - loss, loss
            if gain <= SETTLED * least:
                break
        return found

    def _linked(self, p: Proposal, rounds: int) -> Proposal:
        refit = p.refit

        def again(rows: Data) -> Proposal:
            assert refit is not None
            return self._linked(self._refined(refit(self.transformed(rows)), rows, rounds), rounds)

        def judged(rows: Data, X: Array) -> Array:
            fit = p.values_beside(rows, X)
            first = fit(self.transformed(rows))
            g = first if p.repeated else self._settled(first, fit, lambda g: g[: rows.n], rows, rounds)
            return self.value(g[rows.n :])

        return replace(
            p,
            formula=self.formula(p.formula),
            structure=None if p.structure is None else self.formula(p.structure),
            noise=None,
            refit=None if refit is None else again,
            judge=None if p.judge is None else judged,
        )


def _plain(v: Fraction) -> Number:
    return v.numerator if v.denominator == 1 else v

"""Interpolation: the polynomial of lowest degree through every point.

Up to 30 points its coefficients are exact: x = 1, 2, 3 and y = 10, 12, 4 give -5*x**2 + 17*x - 2, in whole numbers.
Beyond, or where powers cannot carry it in double precision, it is written in u = (x - middle) / half or in barycentric
form, which is stable for thousands of points. [Berrut & Trefethen 2004, doi:10.1137/S0036144502417715]
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from fitx.errors import FitxError
from fitx.fitters.base import Array, Context, Data, Entry, Fitter, Parameter, Proposal
from fitx.formula import Formula, Var
from fitx.formula.polynomial import barycentric, power_sum, scaled
from fitx.formula.tree import Number
from fitx.numerics import barycentric as stable
from fitx.numerics.convert import substitute
from fitx.numerics.lagrange import EXACT_UP_TO, interpolate_exact, merge_repeats

if TYPE_CHECKING:
    from fitx.look import Look

MOST_POINTS = 2000  # beyond, the formula would have a term for each, and take the square of that in time
CARRIED = 2e-10  # largest miss at the points, relative to the largest |y|, of a form that still passes through them
SWINGS = 100.0  # Lebesgue constant from which the user is warned
LONGEST = 9999  # largest denominator of a fraction that is shown as one


class Lagrange(Fitter):
    """The polynomial of lowest degree through every point of one feature, in exact fractions up to 30 points.

    For points without noise. Points with one x and different y are an error. Named only: it takes no part in `auto`.
    """

    name = "lagrange"
    summary = "the polynomial through every point, exact up to 30 points, barycentric beyond; one feature"
    good_for = "few exact points of one feature: the polynomial through all of them, in exact fractions"
    not_for = "noise"
    papers = ("Berrut and Trefethen 2004, Barycentric Lagrange interpolation, doi:10.1137/S0036144502417715",)
    example = "fitx fit data.csv --method lagrange"
    aliases = ("interpolate",)
    fixed_structures = True

    def declines(self, data: Data) -> str:
        """Needs exactly one feature, and not too many points."""
        if data.d != 1:
            return f"needs one feature, got {data.d} (name one with `--features`)"
        points = data.n if data.n <= MOST_POINTS else len(np.unique(data.X[:, 0]))
        if points <= MOST_POINTS:
            return ""
        return f"passes through {MOST_POINTS:,} points at most, got {points:,} (`--method spline` takes more)"

    def enters(self, data: Data, look: Look) -> Entry:
        """Not unasked."""
        return Entry(why_not="passes through the noise as well, and says nothing between the points")

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        """The one interpolant. Errors: FitxError naming points with equal x and different y."""
        if why := self.declines(data):
            raise FitxError(f"method `lagrange` {why}", "`--method poly` takes more")
        yield interpolant(data)


def interpolant(data: Data) -> Proposal:
    """The proposal for these points; refitting passes through the new points."""
    x, y = merge_repeats(data.X[:, 0], data.y)
    notes = _warnings(x, data)
    if len(x) <= EXACT_UP_TO:
        exact = interpolate_exact(x, y)
        middle, half = _scaling(x)
        for u, c in ((Var(data.names[0]), exact), (scaled(data.names[0], middle, half), None)):
            numbers = [_number(v) for v in (c if c is not None else substitute(exact, middle, half))]
            formula = _carried(numbers, u, x, y, data.names[0])
            if formula is not None:
                if c is None:
                    notes = (*notes, f"powers of `{data.names[0]}` cannot carry this: it is in powers of `{u}`")
                parameters = tuple(Parameter(f"c{k}", float(v or 0)) for k, v in enumerate(numbers))
                return Proposal(formula, "interpolation", parameters, None, interpolant, notes)
    w = stable.weights(x)
    formula = barycentric(data.names[0], x.tolist(), y.tolist(), w.tolist())
    return Proposal(formula, "interpolation", (), None, interpolant, notes)


def _carried(c: list[Number | None], u: Formula, x: Array, y: Array, name: str) -> Formula | None:
    """The sum of powers of u, if in double precision it still passes through the points."""
    finite = [v for v in c if v is not None]
    if len(finite) < len(c):
        return None
    formula = power_sum(finite, [[k] for k in range(len(finite))], [u])
    missed = np.abs(formula.predict(x[:, None], (name,)) - y)
    return formula if (missed <= CARRIED * np.max(np.abs(y))).all() else None


def _number(value: Fraction) -> Number | None:
    """Whole, a short decimal, a small fraction, else the nearest float64; None where that is none."""
    if value.denominator == 1 and abs(value) < 2**53:
        return int(value)
    try:
        nearest = float(value)
    except OverflowError:
        return None
    if nearest == 0.0 or (value.denominator <= LONGEST and Fraction(repr(nearest)) != value):
        return value if value.denominator <= LONGEST else None
    return nearest


def _scaling(x: Array) -> tuple[float, float]:
    """Middle and half width of the points, rounded to whole numbers where they are large enough."""
    lo, hi = float(x[0]), float(x[-1])
    middle, half = lo / 2 + hi / 2, hi / 2 - lo / 2 or 1.0
    return (float(round(middle)), float(round(half))) if half >= 4 else (middle, half)


def _warnings(x: Array, data: Data) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if data.weights is not None:
        notes = ("weights do not matter to `lagrange`, which passes through every point; `--method poly` uses them",)
    growth = stable.lebesgue_constant(x)
    if growth > SWINGS:
        notes = (
            *notes,
            f"between these {len(x)} points the interpolant can swing: an error in `{data.target}` grows up to "
            f"{growth:.1g} times (Lebesgue constant); `--method poly` is steadier",
        )
    return notes

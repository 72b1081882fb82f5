"""Cubic splines in one feature, as piecewise polynomials: few knots where they are needed, or through every point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Array, Context, Data, Entry, Fitter, Option, Proposal
from fitx.formula import Formula
from fitx.formula.spline import write
from fitx.numerics import spline_interpolation as through
from fitx.numerics.polynomial import scale
from fitx.numerics.powers import scaling
from fitx.numerics.smoothing import smoothed
from fitx.numerics.spline import Pieces, Rows, degree_for, least_squares
from fitx.numerics.spline_knots import knots_by_size

if TYPE_CHECKING:
    from fitx.look import Look

SIZES = (0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40)  # numbers of knots that are tried
SEARCHED_ROWS = 100_000  # rows that numbers of knots are compared on; the constants come from all rows in the end
BETTER = 0.995  # of the residual deviation of fewer knots that more of them must fall below
ENOUGH = 1e-6  # of the spread of y, at which more knots would only make the formula longer
FEW_POINTS = 40  # up to which curves through every point are tried unasked, where rows with equal x agree
MOST_PIECES = 400  # of a curve through every point, where it is asked for
FAR = 60  # binary exponent of x from which it is written in (x - middle) / half
SLOPES = {"natural": through.natural, "pchip": through.pchip, "akima": through.akima}


class Spline(Fitter):
    """A cubic for each stretch between neighbouring knots, smooth where they meet; as many as held-out rows ask for.

    Least squares: values, slopes and curvatures agree at the knots. The number of knots is that which predicts held-out
    rows best; their places are found by removing those that matter least from many. `kind` asks for others: `smoothing`
    (penalised curvature, generalised cross-validation, then as few knots as show it), `natural` (through every point,
    curvature zero at the ends), `pchip` (through every point, monotone where they are), `akima` (through every point,
    steps do not swing). Rows with equal x are averaged by their weights. Beyond the ends the first and the last cubic
    go on; with `periodic` the whole repeats.
    """

    name = "spline"
    summary = "cubic splines in one feature, knots chosen on held-out rows; smoothing, PCHIP, Akima, natural, periodic"
    good_for = "one feature: any smooth curve, in few cubic pieces or through every point, monotone, periodic"
    not_for = "a law, beyond the ends"
    papers = (
        "de Boor 1978, A practical guide to splines",
        "Fritsch and Butland 1984, on monotone pieces (pchip), doi:10.1137/0905021",
        "Akima 1970, A new method of interpolation and smooth curve fitting, doi:10.1145/321607.321609",
    )
    example = "fitx fit data.csv --method spline --set spline.kind=pchip"
    fixed_structures = True
    options = (
        Option("kind", str, None, "kind of curve; least squares if not given, and through few points where they agree",
               ("least_squares", "smoothing", "natural", "pchip", "akima")),
        Option("knots", int, None, "number of knots between the ends; chosen on held-out rows if not given"),
        Option("periodic", bool, False, "the curve repeats: least squares, and through every point with `natural`"),
        Option("period", float, None, "after which a periodic curve repeats; by default the range of the feature"),
    )  # fmt: skip

    def declines(self, data: Data) -> str:
        """Needs exactly one feature."""
        return "" if data.d == 1 else f"needs one feature, got {data.d} (name one with `--features`)"

    def enters(self, data: Data, look: Look) -> Entry:
        """Where there is noise, so that no law is at hand; without it a spline only comes near the law."""
        why = "" if look.noise and look.distinct > 2 else "comes near a law and never gives it"
        return Entry(0.8, self.declines(data) or why)

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        """One proposal for each number of knots that lowers the residuals; then curves through every point."""
        if data.d != 1:
            raise FitxError(f"method `spline` {self.declines(data)}", "`--method mars` takes several")
        kind, knots, periodic, period = (context.options[k] for k in ("kind", "knots", "periodic", "period"))
        if knots is not None and knots < 0:
            raise UsageError(f"`spline.knots` must be 0 or more. Got {knots} instead")
        if period is not None and not (period > 0 and np.isfinite(period)):
            raise UsageError(f"`spline.period` must be above 0. Got {period:g} instead")
        if (periodic or period) and kind in ("pchip", "akima", "smoothing"):
            raise UsageError(f"`spline.kind={kind}` cannot be periodic", "`least_squares` and `natural` can")
        maker = Maker(data.names[0], periodic or period is not None, period)
        if kind in SLOPES:
            yield maker.interpolant(data, kind)
            return
        if kind == "smoothing":
            yield maker.smoothing(data)
            return
        data = data.every(-(-data.n // SEARCHED_ROWS))
        yield from maker.by_size(data, knots, context)
        rows = maker.rows(data)
        agree = np.array_equal(rows.y, rows.merged().y[np.searchsorted(rows.distinct, rows.x)])
        if kind is None and knots is None and agree and 4 <= len(rows.distinct) <= FEW_POINTS:
            for each in ("natural",) if maker.periodic else ("natural", "pchip"):
                yield maker.interpolant(data, each)


@dataclass(slots=True)
class Maker:
    """Proposals for one feature. cache: knots by size for tables seen before: folds ask for them once for each size."""

    name: str
    periodic: bool
    period: float | None
    cache: dict[bytes, dict[int, Array]] = field(default_factory=dict)

    def rows(self, data: Data) -> Rows:
        """The rows in order, scaled by powers of two where they are far from one; those of a period beyond the first
        moved into it."""
        x = data.X[:, 0]
        if self.period is not None:
            x = x - self.period * np.floor(x / self.period)
        ex, ey = self._exponents(data)
        return Rows.of(np.ldexp(x, -ex), np.ldexp(data.y, -ey), data.weights)

    def by_size(self, data: Data, knots: int | None, context: Context) -> Iterator[Proposal]:
        """Least squares with each number of knots, or that which was asked for."""
        rows, path = self.rows(data), self._path(data)
        least = np.inf
        for size in SIZES if knots is None else (knots,):
            if np.isfinite(least) and context.expired():
                return
            if size not in path:
                if knots is None:
                    return
                raise FitxError(
                    f"{len(rows.distinct)} different `{self.name}` do not determine {size} knots",
                    f"ask for up to {max(path)} with `--set spline.knots={max(path)}`",
                )
            pieces = least_squares(rows, path[size], self.periodic)
            dof = len(rows.x) - 2 * size - degree_for(rows) - 1
            norm = float(np.linalg.norm(rows.root * (rows.y - pieces.evaluate(rows.x))))
            sigma = norm / np.sqrt(dof) if dof > 0 else 0.0
            if size == 0 or sigma < BETTER * least or knots is not None:
                least = min(least, sigma)
                yield self._least_squares(data, size)
            middle = float(np.average(rows.y, weights=rows.root**2))
            spread = float(np.linalg.norm(rows.root * (rows.y - middle)))
            if norm <= max(ENOUGH * spread, 1e-14 * float(np.linalg.norm(rows.root * rows.y))):
                return

    def interpolant(self, data: Data, kind: str) -> Proposal:
        """The curve of that kind through every point."""
        rows = self.rows(data).merged()
        if len(rows.x) > MOST_PIECES + 1:
            raise FitxError(
                f"a curve through {len(rows.x)} points has {len(rows.x) - 1} pieces, which is no formula any more",
                f"`--set spline.kind=least_squares` takes few pieces; up to {MOST_PIECES + 1} points are taken",
            )
        x, y = rows.x, rows.y
        if len(x) == 1:
            pieces = Pieces(np.array([x[0], x[0] + 1.0]), y[:, None])
        elif self.periodic:
            ends = self._ends(data)
            if self.period is None:
                y = np.append(y[:-1], y[0])
                y[[0, -1]] = (rows.y[0] + rows.y[-1]) / 2
            else:
                x, y = np.append(x, x[0] + (ends[1] - ends[0])), np.append(y, y[0])
            pieces = through.hermite(x, y, through.periodic(x, y))
        else:
            pieces = through.hermite(x, y, SLOPES[kind](x, y))
        label = f"{kind} through {len(rows.x)} points"
        return Proposal(self._formula(data, pieces), label, (), None, lambda other: self.interpolant(other, kind))

    def smoothing(self, data: Data) -> Proposal:
        """The smoothing spline, shown by the least-squares spline of fewest knots that is as good as equal to it."""
        rows = self.rows(data).binned().merged()
        smooth = Rows(rows.x, smoothed(rows.x, rows.y, rows.root**2), rows.root, rows.distinct)
        near = 0.1 * float(np.sqrt(np.mean((rows.y - smooth.y) ** 2))) + 1e-6 * float(np.std(smooth.y))
        path = knots_by_size(smooth, SIZES[-1])
        for size in sorted(path):
            pieces = least_squares(smooth, path[size])
            if float(np.sqrt(np.mean((pieces.evaluate(smooth.x) - smooth.y) ** 2))) <= near:
                break
        return Proposal(self._formula(data, pieces), f"smoothing, shown with {size} knots", (), None, self.smoothing)

    def _least_squares(self, data: Data, size: int) -> Proposal:
        def refit(rows: Data) -> Proposal:
            return self._least_squares(rows, size)

        def judge(rows: Data, X: Array) -> Array:
            ex, ey = self._exponents(rows)
            v = X[:, 0]
            if self.periodic:
                lo, hi = np.ldexp(self._ends(rows), ex)
                v = v - (hi - lo) * np.floor((v - lo) / (hi - lo))
            return np.asarray(np.ldexp(self._pieces(rows, size).evaluate(np.ldexp(v, -ex)), ey))

        formula = self._formula(data, self._pieces(data, size))
        return Proposal(formula, f"{size} knot{'s' * (size != 1)}", (), None, refit, (), judge)

    def _pieces(self, data: Data, size: int) -> Pieces:
        path = self._path(data)
        if size not in path:
            raise FitxError(f"{data.n} rows do not determine {size} knots")
        return least_squares(self.rows(data), path[size], self.periodic)

    def _path(self, data: Data) -> dict[int, Array]:
        rows = self.rows(data)
        key = blake2b(rows.x.tobytes() + rows.y.tobytes() + rows.root.tobytes()).digest()
        if key not in self.cache:
            self.cache[key] = knots_by_size(rows, SIZES[-1], self._ends(data), periodic=self.periodic)
        return self.cache[key]

    def _ends(self, data: Data) -> tuple[float, float]:
        x, ex = data.X[:, 0], self._exponents(data)[0]
        lo, hi = (float(x.min()), float(x.max())) if self.period is None else (0.0, self.period)
        if lo == hi:
            hi = lo + (abs(lo) or 1.0)
        return float(np.ldexp(lo, -ex)), float(np.ldexp(hi, -ex))

    def _exponents(self, data: Data) -> tuple[int, int]:
        """Powers of two that x and y are divided by; that of x is 0 where knots can be read as they are."""
        ex = scale(np.append(data.X[:, 0], self.period or 0.0))[1]
        return (ex if abs(ex) > FAR else 0), scale(data.y)[1]

    def _formula(self, data: Data, pieces: Pieces) -> Formula:
        """The pieces in units of x, or of u = (x - middle) / half, and of y."""
        x = data.X[:, 0]
        ex, ey = self._exponents(data)
        powers = np.arange(pieces.c.shape[1])
        with np.errstate(over="ignore", under="ignore"):
            c = np.ldexp(pieces.c, ey)
            form = scaling(x) if ex else None
            knots = pieces.knots
            if form is not None:
                knots = (np.ldexp(knots, ex) - form[0]) / form[1]
                c = c * np.ldexp(form[1], -ex) ** powers
        if not np.isfinite(c).all():
            raise FitxError("the coefficients of this spline are beyond double precision", "scale the columns")
        period = float(knots[-1] - knots[0]) if self.periodic and len(data.y) > 1 else None
        return write(Pieces(knots, c), self.name, x, data.y, form, period)

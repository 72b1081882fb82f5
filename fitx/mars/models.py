"""From rows to models of one response: the pruning path with rounded knots, in units that cannot overflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fitx.mars.basis import Basis, from_steps
from fitx.mars.forward import ForwardOptions, Step, forward_pass
from fitx.mars.hinges import HingeBasisFunction, SmoothedHingeBasisFunction
from fitx.mars.linear import solve, triangle
from fitx.mars.pruning import PruningPath, prune
from fitx.mars.rounding import rounded
from fitx.mars.terms import BasisFunction, ConstantBasisFunction, LinearBasisFunction

Array = npt.NDArray[np.float64]
Terms = list[BasisFunction]

SAMPLE = 20_000  # rows on which rounded knots are tried
DUST = 1e-14  # share of y's length that is rounding
EXACT = 1e-24  # share of the sum of squares below which nothing is left to fit


@dataclass(frozen=True, slots=True)
class Units:
    """Powers of two, one for each column and one for y, by which they are divided: no digit is lost."""

    x: npt.NDArray[np.int64]
    y: int

    @staticmethod
    def of(X: Array, y: Array) -> Units:
        """Those that bring each column, and y, to a largest value between 1/2 and 1."""
        return Units(np.frexp(np.abs(X).max(axis=0))[1].astype(np.int64), int(np.frexp(np.abs(y).max())[1]))

    def columns(self, X: Array) -> Array:
        """X in these units."""
        return np.asfortranarray(np.ldexp(X, -self.x))

    def step(self, s: Step, sign: int) -> Step:
        """A step with its knot from the table's units (sign -1), or back to them (1)."""
        return replace(s, knot=float(np.ldexp(s.knot, sign * self.x[s.variable]))) if s.kind == "hinge" else s

    def table_term(self, term: BasisFunction) -> BasisFunction:
        """A term with its knots as the table has them."""
        made: BasisFunction = ConstantBasisFunction()
        for f in reversed(term.chain()):
            unit = int(self.x[f.variable])
            if isinstance(f, SmoothedHingeBasisFunction):
                t, left, right = (float(np.ldexp(t, unit)) for t in (f.knot, f.knot_minus, f.knot_plus))
                made = SmoothedHingeBasisFunction(made, t, left, right, f.knot_idx, f.variable, f.reverse, f.label)
            elif isinstance(f, HingeBasisFunction):
                knot = float(np.ldexp(f.knot, unit))
                made = HingeBasisFunction(made, knot, f.knot_idx, f.variable, f.reverse, f.label)
            else:
                made = LinearBasisFunction(made, f.variable, f.label)
        return made

    def table_coefficients(self, terms: Terms, c: Array) -> Array:
        """Coefficients (m,) for the table's units."""
        powers = [self.y - sum(int(self.x[f.variable]) for f in term.chain()) for term in terms]
        with np.errstate(over="ignore", under="ignore"):
            return np.asarray(np.ldexp(c, powers))


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in units. X (n, d), y (n,), weights (n,) at most 1, or None."""

    X: Array
    y: Array
    weights: Array | None

    @staticmethod
    def of(units: Units, X: Array, y: Array, weights: Array | None) -> Rows:
        """The table's rows in these units; those of weight zero count for nothing."""
        if weights is not None and not weights.all():
            X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        w = None if weights is None else weights / weights.max()
        return Rows(units.columns(X), np.ldexp(y, -units.y), w)

    def triangle(self, terms: Sequence[BasisFunction], every: int = 1) -> Array:
        """R of the QR decomposition of the weighted terms and, last, y."""
        X, y = self.X[::every], self.y[::every]
        root = None if self.weights is None else np.sqrt(self.weights[::every])

        def block(rows: slice) -> Array:
            part = np.column_stack([values(terms, X[rows]), y[rows]])
            return part if root is None else part * root[rows, None]

        return triangle(len(X), block)

    def coefficients(self, terms: Terms) -> Array:
        """(m,) by least squares; 0 for a term that stays below the rounding of y on these rows."""
        R = self.triangle(terms)
        c = solve(R, 1)[0][0]
        lengths = np.linalg.norm(R, axis=0)
        return np.where(np.abs(c) * lengths[:-1] <= DUST * lengths[-1], 0.0, c)


@dataclass(frozen=True, slots=True)
class ModelPath:
    """The models of a pruning path. subsets: from all terms down to the constant; best: the best by GCV; exact: it
    leaves nothing to fit; stopped: why the forward pass ended."""

    basis: Basis
    subsets: tuple[tuple[int, ...], ...]
    best: int
    exact: bool
    stopped: str

    def sizes(self, beyond: int) -> list[int]:
        """Numbers of terms of the models, up to some beyond the best, or up to the best where that is exact."""
        largest = len(self.subsets[self.best]) + (0 if self.exact else beyond)
        return sorted(len(s) for s in self.subsets if len(s) <= largest)

    def model(self, size: int) -> Terms:
        """The terms of the largest model of at most `size` terms."""
        subset = next(s for s in self.subsets if len(s) <= size or len(s) == 1)
        return [self.basis[k] for k in subset]


def model_path(
    rows: Rows, units: Units, names: Sequence[str], options: ForwardOptions, *,
    smooth: bool, rounding: bool, stop: Callable[[], bool],
) -> ModelPath:  # fmt: skip
    """Forward pass, rounding of knots, pruning, and smoothing where asked."""
    path = forward_pass(rows.X, rows.y[:, None], options=options, weights=rows.weights, stop=stop)
    steps = path.steps
    R, pruned = _pruned(rows, steps, names, options.penalty)
    if rounding and len(steps) > 1:
        steps = _rounded(rows, units, names, steps, pruned.subsets[pruned.best])
        R, pruned = _pruned(rows, steps, names, options.penalty)
    basis = from_steps(steps, names)
    exact = float(pruned.rss[pruned.best]) <= EXACT * float(np.sum(R[:, -1] ** 2))
    subsets = tuple(tuple(int(k) for k in s) for s in pruned.subsets)
    return ModelPath(basis.smooth(rows.X) if smooth else basis, subsets, int(pruned.best), exact, path.stopped)


def values(terms: Sequence[BasisFunction], X: Array) -> Array:
    """(n, m): the terms at rows X without missing values."""
    missing = np.zeros(X.shape, dtype=np.bool_)
    B = np.empty((len(X), len(terms)), order="F")
    for k, term in enumerate(terms):
        term.apply(X, missing, B[:, k])
    return B


def _pruned(
    rows: Rows, steps: Sequence[Step], names: Sequence[str], penalty: float
) -> tuple[Array, PruningPath]:
    """R of the terms and y, and the pruning path."""
    R = rows.triangle(list(from_steps(steps, names)))
    B, Y = np.asfortranarray(R[:, :-1]), np.ascontiguousarray(R[:, -1:])
    return R, prune(B, Y, penalty=penalty, rows=len(rows.y))


def _rounded(
    rows: Rows, units: Units, names: Sequence[str], steps: Sequence[Step], best: Sequence[int]
) -> tuple[Step, ...]:
    """The steps with knots that are round in the table's units; tried on the best model and on all terms."""
    every = -(-len(rows.y) // SAMPLE)

    def losses(trial: Sequence[Step]) -> Array:
        R = rows.triangle(list(from_steps([units.step(s, -1) for s in trial], names)), every)
        rss = np.array([solve(part, 1)[1][0] for part in (R, R[:, [*best, R.shape[1] - 1]])])
        return np.asarray(np.maximum(rss, EXACT * float(np.sum(R[:, -1] ** 2))))

    table = rounded([units.step(s, 1) for s in steps], np.ldexp(rows.X, units.x), len(rows.y[::every]), losses)
    return tuple(units.step(s, -1) for s in table)

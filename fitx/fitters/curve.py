"""Named curves: the catalogue of `fitx.curves`, each family at its optimum, cheapest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitx.curves import FAMILIES, Family
from fitx.curves.family import FEATURES
from fitx.curves.fit import ROWS, SHAPE_ROWS, Curve, curve, find, polish, spread, why_not
from fitx.curves.place import Place
from fitx.curves.starts import Shape
from fitx.errors import FitxError, UsageError, did_you_mean
from fitx.fitters.base import Array, Context, Data, Entry, Fitter, Option, Parameter, Pause, Proposal
from fitx.formula import Var
from fitx.parametric import Limits, Rows, Solution, covariance
from fitx.parametric.uncertainty import noise
from fitx.parametric.words import remarks
from fitx.rescaled import rescaled

if TYPE_CHECKING:
    from fitx.look import Look

_MANY = 20_000  # rows on which families compete; the constants come from all in the end
_SAME = 1e-3  # of the residuals' size: curves that differ less are one
_LEFT = 0.98  # of the loss near the optimum, at least, at the optimum
_EXACT = 1e-9  # of the size of y
_TURNS = 6  # of y over its feature, up to which named curves are likely


def _only(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.strip() for n in text.split(",") if n.strip()))


class Curves(Fitter):
    """Named curves of one or two features, from lines to spectra, without starting values.

    Nonlinear least squares: linear parameters are solved for, the others start from the shape of the data (variable
    projection, Golub and Pereyra 1973). Parameters come with standard errors. Weights multiply the squared residual.
    """

    name = "curve"
    summary = "named curves with parameters that mean something: growth, decay, peaks, waves, saturation, surfaces"
    good_for = "the curve of your field, with errors of its parameters: `fitx methods curve` lists 123"
    not_for = "three features or more"
    papers = (
        "Golub and Pereyra 1973, on variable projection, doi:10.1137/0710036",
        "the source of each curve stands beside it",
    )
    example = "fitx fit data.csv --method curve --set curve.only=line,power,exponential"
    fixed_structures = True
    reweights = True
    options = (Option("only", str, "", "only these families, names between commas: gompertz,logistic"),)

    def declines(self, data: Data) -> str:
        """Needs one or two features."""
        return "" if data.d in (1, 2) else f"needs one feature or two, got {data.d}"

    def details(self) -> Sequence[str]:
        """The catalogue: names, formulas and what the parameters mean."""
        wide = max(len(f.name) for f in FAMILIES)
        lines = ["", "families, of the feature x or the features x and z:"]
        for f in FAMILIES:
            lines += [f"  {f.name:{wide}}  {f.formula}", f"  {'':{wide}}    {f.meaning} [{f.source}]"]
        return lines

    def enters(self, data: Data, look: Look) -> Entry:
        """Early where a curve of few turns or a wave is likely."""
        few = look.monotone or look.periodic or look.turns <= _TURNS or look.noise > 0
        return Entry(0.5 if few else 3.0, self.declines(data))

    def propose(self, data: Data, context: Context) -> Iterator[Proposal | Pause]:
        """The families asked for, or every one that applies, by number of parameters and size; equal curves once.

        Without names, those that gain nothing over simpler ones (BIC) are left out.
        """
        yield from rescaled(self._curves, data, context)

    def _curves(self, data: Data, context: Context) -> Iterator[Proposal]:
        asked = _only(context.options["only"])
        curves = [curve(f) for f in _chosen(asked)]
        curves.sort(key=lambda c: (len(c.parameters), c.model.tree.complexity))
        reasons: list[str] = []
        seen: list[tuple[Array, float]] = []
        fits = {order: Fitting(data, order) for order in ((0,), (0, 1), (1, 0)) if len(order) == data.d}
        for c in curves:
            for order, fitting in fits.items():
                if order == (1, 0) and not c.family.ordered:
                    continue
                if context.expired():
                    return
                if context.max_complexity is not None and c.model.tree.complexity > context.max_complexity:
                    continue
                found = fitting.proposal(c, bool(asked))
                if isinstance(found, str):
                    reasons.append(f"`{c.family.name}` {found}")
                elif _new(found, fitting, seen):
                    yield found
        if asked and not seen:
            raise FitxError("no curve could be fitted: " + "; ".join(dict.fromkeys(reasons)))


def _chosen(asked: tuple[str, ...]) -> list[Family]:
    by_name = {f.name: f for f in FAMILIES}
    for name in asked:
        if name not in by_name:
            raise UsageError(
                f"there is no curve called `{name}`",
                f"{did_you_mean(name, list(by_name))}`fitx methods curve` lists them with their formulas",
            )
    return [by_name[n] for n in asked] or list(FAMILIES)


@dataclass(slots=True)
class Fitting:
    """The rows of one order of the features, ready for any family. rough, best: the families fitted so far, on
    the few rows and on all."""

    data: Data
    order: tuple[int, ...]
    rows: Rows
    few: Rows
    shape: Shape
    rough: list[Place]
    best: list[Place]

    def __init__(self, data: Data, order: tuple[int, ...]) -> None:
        self.data, self.order = data, order
        self.rows = spread(_rows(data, order), _MANY)
        self.few = spread(self.rows, ROWS)
        some = spread(self.rows, SHAPE_ROWS)
        self.shape = Shape(some.columns, some.y)
        self.rough, self.best = [], []

    @property
    def names(self) -> tuple[str, ...]:
        """The features in this order."""
        return tuple(self.data.names[k] for k in self.order)

    def proposal(self, c: Curve, asked: bool) -> Proposal | str:
        """The family at its optimum; or why there is none, in words."""
        why = why_not(c, self.rows, self.names, self.data.target)
        if why:
            return why
        with np.errstate(all="ignore"):
            found = find(c, self.few, self.shape)
            if found is None:
                return "is undefined on these rows"
            start, loss = found
            rough = self._place(c, self.few, loss)
            if not asked and any(rough.is_hopeless(other) for other in self.rough):
                return "is much worse than simpler curves"
            self.rough.append(rough)
            if not asked and self.few is self.rows and self._gains_nothing(self._place(c, self.few, _LEFT * loss)):
                return "gains nothing over simpler curves"
            found = polish(c, start, self.rows)
            if found is None:
                return "is undefined on these rows"
            best = _solution(c, *found, self.rows)
            if not asked and best.rank < len(c.parameters):
                return "has parameters that these data cannot tell apart"
            if not asked and not all(low <= best.values[p] <= high for p, (low, high) in c.family.within.items()):
                return "has parameters beyond what they are in practice"
            place = self._place(c, self.rows, best.loss)
            if not asked and self._gains_nothing(place):
                return "gains nothing over simpler curves"
            self.best.append(place)
            return _proposal(c, start, best, self.rows, self.data, self.order, asked)

    def _gains_nothing(self, place: Place) -> bool:
        return any(place.is_beaten(other) for other in self.best)

    def _place(self, c: Curve, rows: Rows, loss: float) -> Place:
        target = rows.y * rows.root
        least = _EXACT**2 * float(target @ target) or float(np.finfo(float).tiny)
        return Place(len(c.parameters), c.model.tree.complexity, len(rows.y), max(loss, least), len(c.nonlinear) > 0)


def _rows(data: Data, order: tuple[int, ...]) -> Rows:
    return Rows(np.ascontiguousarray(data.X.T[list(order)]), data.y, FEATURES[: len(order)], data.weights)


def _solution(c: Curve, p: Array, loss: float, rows: Rows) -> Solution:
    with np.errstate(all="ignore"):
        J = c.model.jacobian(p, rows) * np.reshape(rows.root, (-1, 1))
    values = dict(zip(c.parameters, map(float, p), strict=True))
    return Solution(values, loss, np.where(np.isfinite(J), J, 0.0), rows.scale)


def _proposal(
    c: Curve, start: Array, best: Solution, rows: Rows, data: Data, order: tuple[int, ...], words: bool
) -> Proposal:
    """words: say what is to be said of the parameters, which takes time."""
    matrix, dof = covariance(best, len(rows.y), data.absolute)
    if matrix is not None and not np.isfinite(matrix).all():
        matrix = None
    errors: dict[str, float] = {}
    if matrix is not None:
        errors = dict(zip(c.parameters, map(float, np.sqrt(np.diag(matrix))), strict=True))
    notes: tuple[str, ...] = ()
    if words:
        with np.errstate(all="ignore"):
            notes, unknown = remarks(c.model, best, rows, Limits(), c.parameters, errors)
        errors = {p: e for p, e in errors.items() if p not in unknown}
    names = tuple(data.names[k] for k in order)
    label = c.family.name + (f" (x = {names[0]}, z = {names[1]})" if c.family.ordered else "")

    def fitted(other: Rows) -> Solution:
        found = None
        if len(other.y) >= len(c.parameters):
            with np.errstate(all="ignore"):
                found = polish(c, start, other)
        if found is None:
            raise FitxError(f"the curve {label} cannot be fitted to {len(other.y)} rows")
        return _solution(c, *found, other)

    def refit(other: Data) -> Proposal:
        rows = _rows(other, order)
        with np.errstate(all="ignore"):
            defined = np.flatnonzero(np.isfinite(c.model.value(start, rows)))
        if len(defined) < other.n:  # rows that were held out may lie where the curve is undefined
            rows = _rows(other.take(defined), order)
        return _proposal(c, start, fitted(rows), rows, other, order, True)

    def judge(other: Data, X: Array) -> Array:
        values = fitted(_rows(other, order)).values
        held = np.ascontiguousarray(X.T[list(order)])
        with np.errstate(all="ignore"):
            return c.model.value([values[p] for p in c.parameters], Rows(held, held[0], FEATURES[: len(order)]))

    tree = c.model.tree.substitute({f: Var(n) for f, n in zip(FEATURES, names, strict=False)})
    return Proposal(
        c.at(best.values, names),
        label,
        tuple(Parameter(p, v, errors.get(p), dof) for p, v in best.values.items()),
        matrix,
        refit,
        notes,
        judge,
        structure=None if set(names) & set(c.parameters) else tree,
        noise=None if data.absolute else noise(best, dof),
    )


def _new(p: Proposal, fitting: Fitting, seen: list[tuple[Array, float]]) -> bool:
    """Whether the curve's values are new; and remembers them."""
    from fitx.formula.evaluate import evaluate_columns

    few = fitting.few
    with np.errstate(all="ignore"):
        scale = float(np.abs(few.y).max()) or 1.0
        values = evaluate_columns(p.formula, few.columns, fitting.names) / scale
        size = float(np.sqrt(np.mean((few.y / scale - values) ** 2)))
        for other, residual in seen:
            if np.sqrt(np.mean((values - other) ** 2)) <= _SAME * min(size, residual) + _EXACT:
                return False
    seen.append((values, size))
    return True

"""Named curves: the catalogue of `fitx.curves`, each family at its optimum, cheapest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fitx.curves import FAMILIES, Family
from fitx.curves.fit import ROWS, Curve, Rows, curve, find, polish, why_not
from fitx.curves.starts import Shape
from fitx.errors import FitxError, UsageError, did_you_mean
from fitx.fitters.base import Array, Context, Data, Fitter, Option, Parameter, Proposal

_MANY = 20_000  # rows on which families compete; the constants come from all in the end
_SAME = 1e-3  # of the residuals' size: curves that differ less are one
_WORSE = 2.0  # times the loss of a simpler curve, from which on a curve is not proposed
_EXACT = 1e-9  # of the size of y


def _only(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.strip() for n in text.split(",") if n.strip()))


class Curves(Fitter):
    """Named curves of one or two features, from lines to spectra, without starting values.

    Nonlinear least squares: linear parameters are solved for, the others start from the shape of the data (variable
    projection, Golub and Pereyra 1973). Parameters come with standard errors. Weights multiply the squared residual.
    """

    name = "curve"
    summary = "named curves with parameters that mean something: growth, decay, peaks, waves, saturation, surfaces"
    fixed_structures = True
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

    def propose(self, data: Data, context: Context) -> Iterator[Proposal]:
        """Every family that applies, or those asked for, by number of parameters and size; equal curves once."""
        asked = _only(context.options["only"])
        curves = [curve(f) for f in _chosen(asked)]
        curves.sort(key=lambda c: (len(c.parameters), c.tree.complexity))
        reasons: list[str] = []
        seen: list[tuple[Array, float]] = []
        fits = {order: Fitting(data, order) for order in ((0,), (0, 1), (1, 0)) if len(order) == data.d}
        for c in curves:
            for order, fitting in fits.items():
                if order == (1, 0) and not c.family.ordered:
                    continue
                if context.expired():
                    return
                if not asked and context.max_complexity is not None and c.tree.complexity > context.max_complexity:
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
    """The rows of one order of the features, ready for any family. best: sizes and losses of those fitted so far."""

    data: Data
    order: tuple[int, ...]
    rows: Rows
    few: Rows
    shape: Shape
    best: list[tuple[int, float]]

    def __init__(self, data: Data, order: tuple[int, ...]) -> None:
        self.data, self.order = data, order
        self.rows = _rows(data, order).sample(_MANY)
        self.few = self.rows.sample(ROWS)
        self.shape = Shape(self.few.columns, self.few.y)
        self.best = []

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
            if not asked and any(loss > _WORSE * other and size <= c.tree.complexity for size, other in self.best):
                return "is much worse than simpler curves"
            self.best.append((c.tree.complexity, loss))
            return _fitted(c, start, self.rows, self.data, self.order, asked)


def _rows(data: Data, order: tuple[int, ...]) -> Rows:
    columns = np.ascontiguousarray(data.X.T[list(order)])
    scale = float(np.abs(data.y).max()) or 1.0
    return Rows(columns, data.y, 1.0 / scale if data.weights is None else np.sqrt(data.weights) / scale)


def _fitted(c: Curve, start: Array, rows: Rows, data: Data, order: tuple[int, ...], asked: bool) -> Proposal | str:
    from fitx.search.parameters import Solution, covariance

    found = polish(c, start, rows)
    if found is None or not np.isfinite(found[0]).all():
        return "is undefined on these rows"
    p, loss = found
    with np.errstate(all="ignore"):
        J = (c.gradient(p, rows.columns) * rows.root).T
    scale = float(np.abs(data.y).max()) or 1.0
    solution = Solution({}, loss, np.where(np.isfinite(J), J, 0.0), scale)
    notes: tuple[str, ...] = ()
    if solution.rank < len(p):
        if not asked:
            return "has parameters that these data cannot tell apart"
        notes = (f"the data cannot tell all parameters of `{c.family.name}` apart: other values fit as well",)
    matrix, dof = covariance(solution, len(rows.y), data.absolute)
    if matrix is not None and not np.isfinite(matrix).all():
        matrix = None
    errors = [None] * len(p) if matrix is None else [float(np.sqrt(matrix[i, i])) for i in range(len(p))]
    names = tuple(data.names[k] for k in order)
    label = c.family.name + (f" (x = {names[0]}, z = {names[1]})" if c.family.ordered else "")

    def refit(other: Data) -> Proposal:
        few = why_not(c, other_rows := _rows(other, order), names, other.target)
        again = few or _fitted(c, start, other_rows, other, order, True)
        if isinstance(again, str):
            raise FitxError(f"the curve {label} {again}")
        return again

    def judge(other: Data, X: Array) -> Array:
        other_rows = _rows(other, order)
        with np.errstate(all="ignore"):
            best = polish(c, start, other_rows)
            if best is None:
                raise FitxError(f"the curve {label} is undefined on these rows")
            return np.asarray(c.values(best[0], np.ascontiguousarray(X.T[list(order)]))[0])

    parameters = tuple(Parameter(k, float(v), e, dof) for k, v, e in zip(c.parameters, p, errors, strict=True))
    return Proposal(c.at(p, names), label, parameters, matrix, refit, notes, judge)


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

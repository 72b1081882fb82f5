"""The parameters of a formula by nonlinear least squares: starts from the scales of the data, linear ones solved for.

Parameters in which the formula is linear are eliminated while starts are compared (variable projection, Golub and
Pereyra 1973); the best starts are then refined jointly with exact derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product as combinations

import numpy as np
import numpy.typing as npt

from fitx.formula import Call, Const, Formula, Var
from fitx.formula.evaluate import evaluate_columns
from fitx.formula.parametric import Compiled

Array = npt.NDArray[np.float64]
Values = dict[str, float]

_ROWS = 300  # on which starts are compared
_MANY = 20_000  # on which the best starts are refined
_STARTS = 1500
_REFINED = 12
_EXACT = 1e-28


@dataclass(frozen=True, slots=True)
class Rows:
    """columns: (d, n), C-contiguous; y: (n,); weights: (n,) or None; names: (d,)."""

    columns: Array
    y: Array
    names: tuple[str, ...]
    weights: Array | None = None

    @property
    def scale(self) -> float:
        """The largest |y|, which residuals are in units of, so that no square over- or underflows."""
        return float(np.abs(self.y).max()) or 1.0

    @property
    def root(self) -> Array | float:
        """What residuals are multiplied by: square roots of the weights, over the scale."""
        return 1.0 / self.scale if self.weights is None else np.sqrt(self.weights) / self.scale

    def sample(self, most: int) -> Rows:
        """At most so many rows, spread over the table."""
        n = len(self.y)
        if n <= most:
            return self
        chosen = np.unique(np.linspace(0, n - 1, most).astype(int))
        weights = None if self.weights is None else self.weights[chosen]
        return Rows(np.ascontiguousarray(self.columns[:, chosen]), self.y[chosen], self.names, weights)

    def value(self, f: Formula) -> Array:
        """Values (n,); NaN where undefined."""
        return evaluate_columns(f, self.columns, self.names)


@dataclass(frozen=True, slots=True)
class Solution:
    """values by name; loss: sum of weighted squared residuals over the rows' scale squared; jacobian: (n, p), likewise
    weighted and over the scale, in the parameters' order; scale: that of the rows."""

    values: Values
    loss: float
    jacobian: Array = field(repr=False)
    scale: float = 1.0

    @property
    def rank(self) -> int:
        """Of the Jacobian, its columns scaled to length 1: below p where the rows cannot tell the parameters apart."""
        size = _lengths(self.jacobian.T)
        if not size.all() or not np.isfinite(size).all():
            return int((size > 0).sum())
        return int(np.linalg.matrix_rank(self.jacobian / size, tol=1e-9 * np.sqrt(len(size))))


class ParametricFormula:
    """A formula over columns and parameters. like: parameter -> the one whose start it takes (that of its group)."""

    def __init__(self, tree: Formula, parameters: Sequence[str], like: Mapping[str, str] | None = None) -> None:
        self.tree, self.parameters = tree, tuple(parameters)
        self.like = {p: (like or {}).get(p, p) for p in self.parameters}
        self.gradient = {p: tree.derivative(p) for p in self.parameters}
        linear: list[str] = []
        for p in self.parameters:
            if not {*linear, p} & set(self.gradient[p].variables):
                linear.append(p)
        self.linear = tuple(linear)
        self.nonlinear = tuple(p for p in self.parameters if p not in linear)
        rest = tree.substitute(dict.fromkeys(linear, 0))
        self._formulas = {
            "value": [tree],
            "gradient": [self.gradient[p] for p in self.parameters],
            "linear": [rest, *(self.gradient[p] for p in linear)],
        }
        self._compiled: dict[tuple[str, tuple[str, ...]], Compiled] = {}

    def _values(self, what: str, p: npt.ArrayLike, rows: Rows) -> Array:
        key = (what, rows.names)
        if key not in self._compiled:
            self._compiled[key] = Compiled(self._formulas[what], rows.names, self.parameters)
        return self._compiled[key](p, rows.columns)

    def at(self, values: Mapping[str, float]) -> Formula:
        """The formula with numbers for its parameters."""
        return self.tree.substitute({p: Const(float(values[p])) for p in self.parameters})

    def solve_linear(self, values: Mapping[str, float], rows: Rows) -> tuple[Values, float]:
        """The linear parameters at their optimum, the others as they are; and the loss, inf where undefined."""
        with np.errstate(all="ignore"):
            rest, *columns = self._values("linear", [values[p] for p in self.parameters], rows) * rows.root
            return self._solved(values, rows.y * rows.root - rest, np.array(columns))

    def _solved(self, values: Mapping[str, float], r: Array, A: Array) -> tuple[Values, float]:
        if not self.linear:
            loss = float(r @ r)
            return dict(values), loss if np.isfinite(loss) else np.inf
        size = _lengths(A)
        if not (np.isfinite(r).all() and np.isfinite(size).all()):
            return dict(values), np.inf
        size[size == 0] = 1.0
        c = np.linalg.lstsq((A / size[:, None]).T, r, rcond=1e-12)[0] / size
        r = r - c @ A
        return {**values, **dict(zip(self.linear, map(float, c), strict=True))}, float(r @ r)

    def refine(self, values: Mapping[str, float], rows: Rows, steps: int = 200) -> Solution | None:
        """All parameters at a (local) optimum, from `values`; None where the formula is undefined there."""
        from scipy.optimize import least_squares

        names = self.parameters
        def residual(p: Array) -> Array:
            if not np.isfinite(p).all():
                return np.full(len(rows.y), np.nan)
            return np.asarray((self._values("value", p, rows)[0] - rows.y) * rows.root)

        def jacobian(p: Array) -> Array:
            J = (self._values("gradient", p, rows) * rows.root).T
            return np.where(np.isfinite(J), J, 0.0)

        x = np.array([float(values[k]) for k in names])
        with np.errstate(all="ignore"):
            if not np.isfinite(residual(x)).all():
                return None
            if self.nonlinear:
                tolerance = 1e-15
                found = least_squares(
                    residual, x, jacobian, method="trf", x_scale="jac", ftol=tolerance, xtol=tolerance, gtol=None,
                    max_nfev=steps,
                )  # fmt: skip
                x = found.x
            r = residual(x)
            solved, loss = self.solve_linear(dict(zip(names, map(float, x), strict=True)), rows)
            if loss <= float(r @ r):
                x = np.array([solved[k] for k in names])
                r = residual(x)
            return Solution(dict(zip(names, map(float, x), strict=True)), float(r @ r), jacobian(x), rows.scale)

    def solve(self, rows: Rows, rng: np.random.Generator) -> Solution | None:
        """The best of refinements from many starts; None where the formula is undefined for all of them."""
        ones = dict.fromkeys(self.parameters, 1.0)
        if not self.nonlinear:
            return self.refine(self.solve_linear(ones, rows)[0], rows)
        few = rows.sample(_ROWS)
        tried: list[tuple[float, int, Values]] = []
        with np.errstate(all="ignore"):
            for i, start in enumerate(self._starts(few, rng)):
                values, loss = self.solve_linear({**ones, **start}, few)
                if np.isfinite(loss):
                    tried.append((loss, i, values))
        tried.sort(key=lambda t: t[:2])
        rough: list[Solution] = []
        for _, _, values in tried[:_REFINED]:
            found = self.refine(values, few, 60)
            if found is not None:
                rough.append(found)
        rough.sort(key=lambda s: s.loss)
        many = rows.sample(_MANY)
        total = float(np.square(many.y * many.root).sum())
        best: Solution | None = None
        for s in rough[:3]:
            found = self.refine(s.values, many)
            if found is not None and (best is None or found.loss < best.loss):
                best = found
            if best is not None and best.loss <= _EXACT * total:
                break
        return best if best is None or many is rows else self.refine(best.values, rows, 30)

    def _starts(self, rows: Rows, rng: np.random.Generator) -> list[Values]:
        """Starts of the nonlinear parameters, those that are alike together."""
        bases = list(dict.fromkeys(self.like[p] for p in self.nonlinear))
        waves = {self.like[p] for p in self._in_waves()}
        grids = [self._grid(rows, base in waves) for base in bases]
        if np.prod([float(len(g)) for g in grids]) <= _STARTS:
            chosen = [list(c) for c in combinations(*grids)]
        else:
            chosen = [[float(rng.choice(g)) for g in grids] for _ in range(_STARTS)]
        return [{p: c[bases.index(self.like[p])] for p in self.nonlinear} for c in chosen]

    def _in_waves(self) -> set[str]:
        inside: set[str] = set()
        for f in self.tree.postorder():
            if isinstance(f, Call) and f.op in ("sin", "cos", "tan"):
                inside.update(set(f.variables) & set(self.nonlinear))
        return inside

    def _grid(self, rows: Rows, wave: bool) -> list[float]:
        """Both signs of: powers near 1, reciprocals of the columns' spans, spans, and places within the columns."""
        sizes = [0.3, 1.0, 3.0]
        places: list[float] = []
        used = set(self.tree.variables)
        for name, x in zip(rows.names, rows.columns, strict=True):
            span = float(np.ptp(x))
            if name not in used or not span > 0:
                continue
            sizes += [k / span for k in (0.3, 1.0, 3.0, 10.0, 30.0)] + [k * span for k in (0.1, 0.3, 1.0)]
            places += [float(q) for q in np.quantile(x, (0.1, 0.35, 0.65, 0.9))]
            if wave:
                sizes += [0.5 * np.pi * k / span for k in range(1, 61)]
        return [*sizes, *(-s for s in sizes[:11]), *places]


def covariance(s: Solution, n: int, absolute: bool) -> tuple[Array | None, int]:
    """(p, p) covariance of the parameters, and the degrees of freedom n - rank; None without any."""
    rank = s.rank
    dof = n - rank
    if dof <= 0 or not np.isfinite(s.jacobian).all():
        return None, dof
    size = _lengths(s.jacobian.T)
    size[size == 0] = 1.0
    J = s.jacobian / size
    spread = 1 / s.scale if absolute else np.sqrt(s.loss / dof)
    root = spread / size
    with np.errstate(all="ignore"):
        inverse = np.asarray(np.linalg.pinv(J.T @ J, rcond=1e-14, hermitian=True) * np.outer(root, root), np.float64)
    return inverse, dof


def _lengths(rows: Array) -> Array:
    """Euclidean length of each row, without overflow."""
    with np.errstate(all="ignore"):
        most = np.abs(rows).max(axis=1)
        unit = np.where(most > 0, most, 1.0)
        return np.asarray(np.sqrt(((rows / unit[:, None]) ** 2).sum(axis=1)) * unit)


def free_constants(f: Formula, prefix: str) -> tuple[Formula, Values]:
    """`f` with its float constants as variables named prefix1, prefix2, ..., and their values."""
    values: Values = {}

    def leaf(g: Formula) -> Formula:
        if isinstance(g, Const) and isinstance(g.value, float):
            values[f"{prefix}{len(values) + 1}"] = g.value
            return Var(f"{prefix}{len(values)}")
        return g

    from fitx.formula import call

    return f.fold(leaf, lambda g, a: call(g.op, *a)), values

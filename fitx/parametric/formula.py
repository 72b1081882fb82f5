"""A formula with parameters: its values and exact derivatives, its linear parameters solved for, its local optimum.

Parameters in which the formula is linear are eliminated while starts are compared (variable projection, Golub and
Pereyra 1973, doi:10.1137/0710036); the best are then refined jointly with exact derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula
from fitx.formula.parametric import Compiled
from fitx.parametric.rows import Limits, Rows, Solution, Values

if TYPE_CHECKING:
    from fitx.parametric.starts import Start

Array = npt.NDArray[np.float64]

_RANK = 1e-12  # relative singular value below which a linear parameter is not solved for
_NOTHING = 1e-10  # of a column's length
_REWEIGHTED = 6


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
            "nonlinear": [self.gradient[p] for p in self.nonlinear],
        }
        self._compiled: dict[tuple[str, tuple[str, ...]], Compiled] = {}

    def fix(self, values: Mapping[str, float]) -> ParametricFormula:
        """The formula with these parameters fixed: it has the others only."""
        free = [p for p in self.parameters if p not in values]
        numbers = {p: Const(float(v)) for p, v in values.items()}
        return ParametricFormula(self.tree.substitute(numbers), free, {p: self.like[p] for p in free})

    def at(self, values: Mapping[str, float]) -> Formula:
        """The formula with numbers for its parameters."""
        return self.tree.substitute({p: Const(float(values[p])) for p in self.parameters})

    def value(self, p: npt.ArrayLike, rows: Rows) -> Array:
        """(n,) for the parameters' values in their order; NaN where undefined."""
        found: Array = self._values("value", p, rows)[0]
        return found

    def jacobian(self, p: npt.ArrayLike, rows: Rows) -> Array:
        """(n, p) derivatives of `value` by the parameters."""
        return self._values("gradient", p, rows).T

    def _values(self, what: str, p: npt.ArrayLike, rows: Rows) -> Array:
        key = (what, rows.names)
        if key not in self._compiled:
            self._compiled[key] = Compiled(self._formulas[what], rows.names, self.parameters)
        return self._compiled[key](p, rows.columns)

    def solve_linear(self, values: Mapping[str, float], rows: Rows, limits: Limits = Limits()) -> tuple[Values, float]:  # noqa: B008
        """The linear parameters at their optimum, the others as they are; and the loss, inf where undefined.

        For a robust loss: the optimum by reweighting, and the sum of absolute residuals.
        """
        with np.errstate(all="ignore"):
            rest, *columns = self._values("linear", [values[p] for p in self.parameters], rows) * rows.root
            r, A = rows.y * rows.root - rest, np.array(columns).reshape(-1, len(rows.y))
            if not (np.isfinite(r).all() and np.isfinite(A).all()):
                return dict(values), np.inf
            c = _solved(A, r, *limits.of(self.linear))
            left = r - c @ A
            if limits.loss != "linear":
                for _ in range(_REWEIGHTED if self.linear else 0):
                    small = 1e-3 * float(np.median(np.abs(left))) or 1e-300
                    w = 1 / np.sqrt(np.maximum(np.abs(left), small))
                    c = _solved(A * w, r * w, *limits.of(self.linear))
                    left = r - c @ A
                loss = float(np.abs(left).sum())
            else:
                loss = float(left @ left)
        return {**values, **dict(zip(self.linear, map(float, c), strict=True))}, loss if np.isfinite(loss) else np.inf

    def project(self, values: Mapping[str, float], rows: Rows, limits: Limits, steps: int) -> Values | None:
        """The nonlinear parameters near a local optimum, the linear ones solved for at every step.

        The Jacobian is Kaufman's [1975, doi:10.1007/BF01932995], nearly exact where residuals are small.
        """
        from fitx.numerics.nonlinear import least_squares
        from fitx.numerics.trust_region import lengths

        names = self.nonlinear
        low, high = limits.of(names)

        last: tuple[bytes, Values] = (b"", {})

        def at(x: Array) -> Values:
            nonlocal last
            if last[0] != x.tobytes():
                given = {**values, **dict(zip(names, map(float, x), strict=True))}
                last = x.tobytes(), self.solve_linear(given, rows)[0]
            return last[1]

        def residual(x: Array) -> Array:
            full = at(x)
            return np.asarray((self.value([full[p] for p in self.parameters], rows) - rows.y) * rows.root)

        def jacobian(x: Array) -> Array:
            found = at(x)
            full = [found[p] for p in self.parameters]
            J = (self._values("nonlinear", full, rows) * rows.root).T
            if not self.linear:
                return J
            A = (self._values("linear", full, rows)[1:] * rows.root).T
            size = np.abs(A).max(axis=0, initial=0.0)
            U, s, _ = np.linalg.svd(A / np.where(size > 0, size, 1.0), full_matrices=False)
            Q = U[:, s > _RANK * s[0]]
            rest = np.asarray(J - Q @ (Q.T @ J))
            # A parameter that only does what a linear one does: nothing but rounding is left of it.
            rest[:, lengths(rest) <= _NOTHING * lengths(J)] = 0.0
            return rest

        x = np.array([float(values[p]) for p in names])
        try:
            s = least_squares(residual, jacobian, x, bounds=(low, high), steps=steps, exact=False)
        except np.linalg.LinAlgError:  # the columns grew beyond all numbers
            return None
        return None if s.status == "undefined" else at(s.values)

    def refine(
        self, values: Mapping[str, float], rows: Rows, steps: int = 1000, limits: Limits = Limits()  # noqa: B008
    ) -> Solution | None:  # fmt: skip
        """All parameters at a (local) optimum, from `values`; None where the formula is undefined there."""
        from fitx.numerics.nonlinear import least_squares

        names = self.parameters
        root = rows.root

        def residual(p: Array) -> Array:
            if not np.isfinite(p).all():
                return np.full(len(rows.y), np.nan)
            return np.asarray((self.value(p, rows) - rows.y) * root)

        def jacobian(p: Array) -> Array:
            J = self._values("gradient", p, rows)
            J *= root
            return J.T

        start = [float(values[k]) for k in names]
        if not self.nonlinear and not limits.bounds and limits.loss == "linear":
            solved, _ = self.solve_linear(dict(zip(names, start, strict=True)), rows)
            start = [solved[k] for k in names]
        with np.errstate(all="ignore"):
            s = least_squares(residual, jacobian, start, bounds=limits.of(names), loss=limits.loss, steps=steps)
        if s.status == "undefined":
            return None
        found = dict(zip(names, map(float, s.values), strict=True))
        bound = tuple(p for p, b in zip(names, s.at_bound, strict=True) if b)
        return Solution(
            found, s.loss, s.jacobian, rows.scale, s.residual, s.status, bound, (limits.loss, s.scale)
        )  # fmt: skip

    def solve(
        self,
        rows: Rows,
        rng: np.random.Generator,
        *,
        starts: Sequence[Start] = (),
        limits: Limits = Limits(),  # noqa: B008
        expired: Callable[[], bool] = lambda: False,
    ) -> Solution | None:
        """The best of refinements from many starts; None where the formula is undefined for all of them.

        starts: values to begin at; a nonlinear parameter that one of them leaves out is sought. None given: all are.
        """
        from fitx.parametric.starts import search

        return search(self, rows, rng, starts, limits, expired)


def _solved(A: Array, r: Array, low: Array, high: Array) -> Array:
    """argmin ||r - c A|| for low <= c <= high, A (k, n): those that break a bound are put there, one after another."""
    k = len(A)
    c, free = np.zeros(k), np.ones(k, bool)
    most = np.abs(A).max(axis=1, initial=0.0)
    most[most == 0] = 1.0
    size = np.sqrt(np.square(A / most[:, None]).sum(axis=1)) * most
    size[size == 0] = 1.0
    while free.any():
        try:
            solved = np.linalg.lstsq((A[free] / size[free, None]).T, r - c[~free] @ A[~free], rcond=_RANK)[0]
        except np.linalg.LinAlgError:
            return np.full(k, np.nan)
        c[free] = solved / size[free]
        beyond = np.maximum(low - c, c - high) * size
        worst = int(np.argmax(np.where(free, beyond, -np.inf)))
        if not beyond[worst] > 0:
            break
        c[worst] = np.clip(c[worst], low[worst], high[worst])
        free[worst] = False
    return c

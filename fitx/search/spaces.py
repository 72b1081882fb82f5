"""Spaces: T(y) or log|T(y)| against expressions or their logarithms, modulo a base that every fit may use for free.

In the space with base {1, log x_1, ..., log x_d}, logarithms on both sides and all of the base projected out, one dot
product tests y = T^-1(c * prod x_i^a_i * g^b) for every real c, a_i and b at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, call
from fitx.search.grammar import Grammar
from fitx.search.noise import row_weights, within
from fitx.search.problem import Problem
from fitx.search.targets import Target, targets_for

Array = npt.NDArray[np.float64]

_ALIKE = 0.98  # cosine of weights that count as the same
_LEAST_ROWS = 0.2  # of the rows on which a target has to be defined


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of space. base: "one", "quadratic" {1, x, x^2}, "powers" {1, log x}, "waves" (powers and log|sin x|,
    log|cos x|, log|1 - cos x|), "additive" {1, x, x^2, 1/x, sin x, cos x, sin^2 x}. log: log|T(y)| is explained;
    log_features: by logarithms of expressions. only_y: only T(y) = y."""

    name: str
    base: str
    log: bool
    log_features: bool
    only_y: bool = False


PRODUCTS = Kind("products", "powers", True, True)
SUMS = Kind("sums", "one", False, False)
WAVES = Kind("waves", "waves", True, True)
QUADRATIC = Kind("quadratic", "quadratic", False, False)
EXPONENTS = Kind("exponents", "powers", True, False)
WAVE_EXPONENTS = Kind("wave exponents", "waves", True, False, only_y=True)
ADDITIVE = Kind("additive", "additive", False, False)


@dataclass(slots=True)
class Space:
    """One space of one problem. base: formulas (of which the logarithm is taken if kind.log, but for the first, 1).

    basis: (k, screen) orthonormal; targets: those that apply; units: (t, screen) their projections scaled to length 1;
    weight: (screen,). With noise a space has targets of alike weights only, for which residuals have variance 1; chi2:
    (t,) the sum of squares of what the base leaves of each, in these units.
    """

    kind: Kind
    problem: Problem
    base: list[Formula]
    basis: Array
    targets: list[Target]
    units: Array
    weight: Array
    kept: npt.NDArray[np.bool_]  # rows of `base_values` that are finite on the screening rows
    name: str = ""
    chi2: Array = field(default_factory=lambda: np.empty(0))

    def project(self, v: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Rows of v (m, screen) without the base, unit length; and which rows have something left."""
        with np.errstate(all="ignore"):
            w = v * self.weight
            before = (w * w).sum(axis=1)
            w = w - (w @ self.basis.T) @ self.basis
            w = w - (w @ self.basis.T) @ self.basis
            after = (w * w).sum(axis=1)
            ok = np.isfinite(before) & (after > 1e-11 * before)
            return np.where(ok[:, None], w / np.sqrt(np.where(ok, after, 1.0))[:, None], 0.0), ok

    def base_values(self, columns: Array) -> Array:
        """Base on rows given by `columns` (d, m) (k, m), logarithms taken; not finite where undefined."""
        return base_values(self.kind, self.problem, columns)[0][self.kept]


def make_space(kind: Kind, problem: Problem, grammar: Grammar) -> Space:
    """The space of that kind; targets that do not apply to the problem's y are left out."""
    space = _empty(kind, problem, problem.rows.weight)
    y = problem.y[problem.rows.screen]
    if np.isfinite(y).all():
        set_targets(space, _applicable(kind, problem, grammar), y)
    return space


def make_noisy_spaces(kind: Kind, problem: Problem, grammar: Grammar) -> list[Space]:
    """The spaces of that kind where y is noisy: the first one for y itself, then one for each group of targets with
    alike weights of the rows."""
    rows, sigma = problem.rows, problem.sigma
    assert sigma is not None
    y, sigma = problem.y[rows.screen], sigma[rows.screen]
    spaces: list[Space] = []
    for target in _applicable(kind, problem, grammar):
        w = rows.weight * row_weights(target.forward, y, sigma, kind.log)
        if (w > 0).sum() < _LEAST_ROWS * rows.weight.sum():
            continue
        for space in spaces:
            cosine = float(w @ space.weight) / float(np.sqrt((w @ w) * (space.weight @ space.weight)))
            if cosine > _ALIKE and np.array_equal(w > 0, space.weight > 0):
                break
        else:
            spaces.append(space := _empty(kind, problem, w, target.name if spaces else ""))
        space.targets.append(target)
    for space in spaces:
        set_targets(space, space.targets, y, scaled=True)
    return [space for space in spaces if space.targets]


def _applicable(kind: Kind, problem: Problem, grammar: Grammar) -> list[Target]:
    rows = problem.rows.screen
    y = within(problem.y[rows], None if problem.sigma is None else problem.sigma[rows])
    found = [t for t in targets_for(y, grammar.operators) if (t.log if kind.log else t.raw)]
    return [t for t in found if not kind.only_y or t.name == "y"]


def _empty(kind: Kind, problem: Problem, weight: Array, name: str = "") -> Space:
    values, base = base_values(kind, problem, problem.screen_columns)
    finite = np.atleast_1d(np.isfinite(values).all(axis=1))
    values, base = values[finite], [f for f, ok in zip(base, finite, strict=True) if ok]
    basis = _orthonormal(values * weight)
    name = f"{kind.name} {name}" if name else kind.name
    return Space(kind, problem, base, basis, [], np.empty((0, len(weight))), weight, finite, name)


def set_targets(space: Space, targets: Sequence[Target], y: Array, scaled: bool = False) -> None:
    """Set these targets on the screening values y, without those that the base explains or leaves undefined (where the
    weight is not 0). scaled: each target's weights have a scale of their own, so that chi2 counts variances of it."""
    if not targets:
        return
    with np.errstate(all="ignore"):
        values = np.array([t.forward(y) for t in targets])
        if space.kind.log:
            values = np.log(np.abs(values))
        values[:, space.weight == 0] = 0.0
        ok = np.isfinite(values).all(axis=1)
        values = np.where(ok[:, None], values, 1.0)
        units, some = space.project(values)
    good = ok & some
    space.targets = [t for t, g in zip(targets, good, strict=True) if g]
    space.units = np.ascontiguousarray(units[good])
    if scaled:
        sigma = space.problem.sigma
        assert sigma is not None
        rows = space.problem.rows
        own = [rows.weight * row_weights(t.forward, y, sigma[rows.screen], space.kind.log) for t in space.targets]
        scale = [float(np.sqrt(w @ w)) / max(float(np.sqrt(space.weight @ space.weight)), 1e-300) for w in own]
        space.chi2 = ((units[good] * (values[good] * space.weight)).sum(axis=1) * np.array(scale)) ** 2


def base_values(kind: Kind, problem: Problem, columns: Array) -> tuple[Array, list[Formula]]:
    """Values (k, m) and formulas of a base; in log spaces the values are logarithms of the formulas."""
    rows: list[Array] = [np.ones(columns.shape[1])]
    base: list[Formula] = [Const(1)]

    def add(values: Array, f: Formula) -> None:
        rows.append(values)
        base.append(f)

    with np.errstate(all="ignore"):
        if kind.base in ("powers", "waves"):
            for x, f in zip(columns, problem.formulas, strict=True):
                add(np.log(np.abs(x)), f)
        for k in problem.active:
            x, f = columns[k], problem.formulas[k]
            if kind.base == "waves":
                add(np.log(np.abs(np.sin(x))), call("sin", f))
                add(np.log(np.abs(np.cos(x))), call("cos", f))
                add(np.log(np.abs(1 - np.cos(x))), 1 - call("cos", f))
            if kind.base in ("quadratic", "additive"):
                add(x, f)
                add(x * x, f**2)
            if kind.base == "additive":
                add(1 / x, 1 / f)
                if len(problem.active) <= 5:
                    add(np.sin(x), call("sin", f))
                    add(np.cos(x), call("cos", f))
                    add(np.sin(x) ** 2, call("sin", f) ** 2)
    return np.array(rows), base


def _orthonormal(rows: Array) -> Array:
    """Orthonormal rows of the same span; dependent ones dropped."""
    kept: list[Array] = []
    for v in rows:
        before = float(v @ v)
        for _ in range(2):
            for q in kept:
                v = v - (v @ q) * q
        after = float(v @ v)
        if before > 0 and after > 1e-14 * before:
            kept.append(v / np.sqrt(after))
    return np.array(kept).reshape(-1, rows.shape[1])

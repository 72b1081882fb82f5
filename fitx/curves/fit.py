"""The best values of a family's parameters: starts are screened on some rows, the best improved, one polished."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product as combinations

import numpy as np
import numpy.typing as npt

from fitx.curves.family import FEATURES, Family
from fitx.curves.starts import Shape
from fitx.formula import Formula, Var, parse
from fitx.formula.parametric import Compiled
from fitx.numerics.separable import Separable, improve, screen
from fitx.parametric import ParametricFormula, Rows

Array = npt.NDArray[np.float64]

ROWS = 300  # on which starts are compared
SHAPE_ROWS = 1000  # from which they are estimated
_STARTS = 360  # at most
_ROUGH, _BETTER = 6, 3  # starts that are improved a little, and further
_ROUGH_STEPS, _BETTER_STEPS, _STEPS = 6, 16, 60
_ROUGHLY, _FULLY = 1e-6, 1e-11  # shares of the loss at which steps end
_BLOCK = 400_000  # values of a column held at once while starts are screened


@dataclass(frozen=True, slots=True)
class Curve:
    """A family ready to be fitted. model: over FEATURES and parameters; linear, nonlinear: places of the parameters."""

    family: Family
    model: ParametricFormula
    linear: npt.NDArray[np.intp]
    nonlinear: npt.NDArray[np.intp]
    columns: Compiled
    slopes: Compiled

    @property
    def parameters(self) -> tuple[str, ...]:
        """Their names, in the order of the formula."""
        return self.model.parameters

    def problem(self, rows: Rows) -> Separable:
        """The least-squares problem on these rows."""
        x, root = rows.columns, rows.root
        return Separable(
            np.asarray(rows.y * root),
            lambda p: self.columns.many(p, x) * root,
            lambda p: self.slopes.many(p, x) * root,
            self.linear,
            self.nonlinear,
        )

    def at(self, values: Mapping[str, float], names: Sequence[str]) -> Formula:
        """The formula with numbers for the parameters and the columns' own names."""
        return self.model.at(values).substitute({f: Var(n) for f, n in zip(FEATURES, names, strict=False)})


def curve(family: Family) -> Curve:
    """The family, compiled once."""
    return _compiled(family.name, family.formula)


@cache
def _compiled(name: str, text: str) -> Curve:
    from fitx.curves import FAMILIES

    family = next(f for f in FAMILIES if f.name == name)
    tree = parse(text)
    model = ParametricFormula(tree, [v for v in tree.variables if v not in FEATURES])
    rest = tree.substitute(dict.fromkeys(model.linear, 0))
    names = FEATURES[: max(1, family.features)]
    slopes = [model.gradient[p] for p in model.nonlinear]
    return Curve(
        family,
        model,
        np.array([model.parameters.index(p) for p in model.linear], np.intp),
        np.array([model.parameters.index(p) for p in model.nonlinear], np.intp),
        Compiled([rest, *(model.gradient[p] for p in model.linear)], names, model.parameters),
        Compiled(slopes or [rest], names, model.parameters),
    )


def spread(rows: Rows, most: int) -> Rows:
    """At most so many rows, at random, the same ones every time: rows at even steps would hide waves between them."""
    n = len(rows.y)
    if n <= most:
        return rows
    chosen = np.sort(np.random.default_rng(n).choice(n, most, replace=False))
    weights = None if rows.weights is None else rows.weights[chosen]
    return Rows(np.ascontiguousarray(rows.columns[:, chosen]), rows.y[chosen], rows.names, weights)


def find(c: Curve, rows: Rows, shape: Shape) -> tuple[Array, float] | None:
    """Values (p,) near the optimum by the rows, and the loss; None where the formula is undefined for all starts."""
    problem = c.problem(rows)
    if not len(c.nonlinear):
        values, losses = screen(problem, np.ones((1, len(c.parameters))))
        return (values[0], float(losses[0])) if np.isfinite(losses[0]) else None
    starts = _starts(c, shape)
    if not len(starts):
        return None
    step = max(1, _BLOCK // (len(rows.y) * (1 + len(c.linear))))
    found = [screen(problem, starts[i : i + step]) for i in range(0, len(starts), step)]
    tried, loss = np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])
    for count, steps in ((_ROUGH, _ROUGH_STEPS), (_BETTER, _BETTER_STEPS), (1, 0)):
        best = np.argsort(loss, kind="stable")[:count]
        tried, loss = tried[best], loss[best]
        if not np.isfinite(loss[0]):
            return None
        tried, loss = improve(problem, tried, steps, _ROUGHLY) if steps else (tried, loss)
    return np.asarray(tried[0]), float(loss[0])


def polish(c: Curve, start: Array, rows: Rows) -> tuple[Array, float] | None:
    """Values (p,) at the optimum near `start`, and the loss; None where the formula is undefined there."""
    found, loss = improve(c.problem(rows), start[None], _STEPS, _FULLY)
    if not np.isfinite(loss[0]) or not np.isfinite(found[0]).all():
        return None
    return _tidy(c, found[0], rows.sample(ROWS)), float(loss[0])


def _starts(c: Curve, shape: Shape) -> Array:
    family = c.family
    names = [c.parameters[k] for k in c.nonlinear]
    lots: list[Mapping[str, float]]
    with np.errstate(all="ignore"):
        if callable(family.starts):
            try:
                lots = list(family.starts(shape))
            except np.linalg.LinAlgError:  # columns of 1e-310, whose reciprocals are infinite
                lots = []
        else:
            grids = [list(dict.fromkeys(family.starts[n](shape))) for n in names]
            lots = [dict(zip(names, values, strict=True)) for values in combinations(*grids)]
    lots = lots[:: max(1, -(-len(lots) // _STARTS))]
    starts = np.ones((len(lots), len(c.parameters)))
    for i, k in enumerate(c.nonlinear):
        starts[:, k] = [lot[names[i]] for lot in lots]
    return starts[np.isfinite(starts).all(axis=1)]


def _tidy(c: Curve, p: Array, rows: Rows) -> Array:
    """The same curve with positive widths, amplitudes and rates, and phases between -pi and pi."""
    at = {name: k for k, name in enumerate(c.parameters)}
    q = p.copy()
    for w in dict.fromkeys(w for _, w, _ in c.family.waves):
        if q[at[w]] < 0:  # sin(-w*x + p) = sin(w*x + pi - p)
            q[at[w]] *= -1
            for _, v, phase in c.family.waves:
                if v == w:
                    q[at[phase]] = np.pi - q[at[phase]]
    for a, _, phase in c.family.waves:
        if q[at[a]] < 0:
            q[at[a]] *= -1
            q[at[phase]] += np.pi
        q[at[phase]] = np.angle(np.exp(1j * q[at[phase]]))
    if c.family.step is not None:
        limit, rise, rate = (at[name] for name in c.family.step)
        if q[rate] < 0:  # 1/(1 + exp(-u)) = 1 - 1/(1 + exp(u))
            q[limit], q[rise], q[rate] = q[limit] + q[rise], -q[rise], -q[rate]
        return q
    before = c.model.value(p, rows)
    for k in c.nonlinear:
        if q[k] < 0:
            flipped = q.copy()
            flipped[k] *= -1
            with np.errstate(all="ignore"):
                after = c.model.value(flipped, rows)
            q = flipped if np.array_equal(before, after) else q
    return q


Applies = Callable[[Array], bool]
_FEATURE: Mapping[str, Applies] = {
    "any": lambda v: True,
    "nonnegative": lambda v: bool((v >= 0).all()),
    "positive": lambda v: bool((v > 0).all()),
    "fraction": lambda v: bool(((v > 0) & (v < 1)).all()),
}


def why_not(c: Curve, rows: Rows, names: Sequence[str], target: str) -> str:
    """Why the family does not apply to the rows, in words; "" when it does."""
    f, p = c.family, len(c.parameters)
    words = {"nonnegative": "0 or more", "positive": "above 0", "fraction": "between 0 and 1"}
    if f.features not in (0, len(names)):
        return f"needs {f.features} feature{'s' if f.features > 1 else ''}, got {len(names)}"
    for name, column in zip(names, rows.columns, strict=True):
        if not _FEATURE[f.x](column):
            return f"needs `{name}` {words[f.x]} in every row"
    if not _FEATURE[f.y](rows.y):
        return f"needs `{target}` {words[f.y]} in every row"
    if len(rows.y) < p + (p > 1):
        return f"has {p} parameters, too many for {len(rows.y)} rows"
    if f.features == 1 and p > 1 and len(np.unique(rows.columns[0])) < p:
        return f"has {p} parameters, more than there are different `{names[0]}`"
    return ""

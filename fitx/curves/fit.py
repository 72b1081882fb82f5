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
from fitx.formula import Const, Formula, Var, parse
from fitx.formula.parametric import Compiled
from fitx.numerics.separable import Separable, improve, screen

Array = npt.NDArray[np.float64]

ROWS = 200  # on which starts are compared
_STARTS = 360  # at most
_ROUGH, _BETTER = 6, 3  # starts that are improved a little, and further
_ROUGH_STEPS, _BETTER_STEPS, _STEPS = 6, 16, 60
_ROUGHLY, _FULLY = 1e-6, 1e-11  # shares of the loss at which steps end
_BLOCK = 400_000  # values of a column held at once while starts are screened


@dataclass(frozen=True, slots=True)
class Rows:
    """columns: (d, n), C-contiguous; y: (n,); root: roots of the weights over the scale of y, (n,) or a number."""

    columns: Array
    y: Array
    root: Array | float

    @property
    def target(self) -> Array:
        """y times root."""
        return np.asarray(self.y * self.root)

    def sample(self, most: int) -> Rows:
        """At most so many rows, spread over the table."""
        n = len(self.y)
        if n <= most:
            return self
        chosen = np.unique(np.linspace(0, n - 1, most).astype(int))
        root = self.root if isinstance(self.root, float) else self.root[chosen]
        return Rows(np.ascontiguousarray(self.columns[:, chosen]), self.y[chosen], root)


@dataclass(frozen=True, slots=True)
class Curve:
    """A family ready to be fitted. tree: over FEATURES and parameters; linear, nonlinear: places of the parameters."""

    family: Family
    tree: Formula
    parameters: tuple[str, ...]
    linear: npt.NDArray[np.intp]
    nonlinear: npt.NDArray[np.intp]
    values: Compiled
    columns: Compiled
    slopes: Compiled
    gradient: Compiled

    def problem(self, rows: Rows) -> Separable:
        """The least-squares problem on these rows."""
        x, root = rows.columns, rows.root
        return Separable(
            rows.target,
            lambda p: self.columns.many(p, x) * root,
            lambda p: self.slopes.many(p, x) * root,
            self.linear,
            self.nonlinear,
        )

    def at(self, p: Array, names: Sequence[str]) -> Formula:
        """The formula with numbers for the parameters and the columns' own names."""
        numbers: dict[str, Formula] = {k: Const(float(v)) for k, v in zip(self.parameters, p, strict=True)}
        return self.tree.substitute({**numbers, **{f: Var(n) for f, n in zip(FEATURES, names, strict=False)}})


def curve(family: Family) -> Curve:
    """The family, compiled once."""
    return _compiled(family.name, family.formula)


@cache
def _compiled(name: str, text: str) -> Curve:
    from fitx.curves import FAMILIES

    family = next(f for f in FAMILIES if f.name == name)
    tree = parse(text)
    parameters = tuple(v for v in tree.variables if v not in FEATURES)
    gradient = {p: tree.derivative(p) for p in parameters}
    linear: list[str] = []
    for p in parameters:
        if not {*linear, p} & set(gradient[p].variables):
            linear.append(p)
    nonlinear = [p for p in parameters if p not in linear]
    rest = tree.substitute(dict.fromkeys(linear, 0))

    def compiled(formulas: list[Formula]) -> Compiled:
        return Compiled(formulas, FEATURES[: max(1, family.features)], parameters)

    return Curve(
        family,
        tree,
        parameters,
        np.array([parameters.index(p) for p in linear], np.intp),
        np.array([parameters.index(p) for p in nonlinear], np.intp),
        compiled([tree]),
        compiled([rest, *(gradient[p] for p in linear)]),
        compiled([gradient[p] for p in nonlinear] or [rest]),
        compiled([gradient[p] for p in parameters]),
    )


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
    return (_tidy(c, found[0], rows.sample(ROWS)), float(loss[0])) if np.isfinite(loss[0]) else None


def _starts(c: Curve, shape: Shape) -> Array:
    family = c.family
    names = [c.parameters[k] for k in c.nonlinear]
    lots: list[Mapping[str, float]]
    with np.errstate(all="ignore"):
        if callable(family.starts):
            lots = list(family.starts(shape))
        else:
            grids = [list(dict.fromkeys(family.starts[n](shape))) for n in names]
            lots = [dict(zip(names, values, strict=True)) for values in combinations(*grids)]
    lots = lots[:: -(-len(lots) // _STARTS)]
    starts = np.ones((len(lots), len(c.parameters)))
    for i, k in enumerate(c.nonlinear):
        starts[:, k] = [lot[names[i]] for lot in lots]
    return starts[np.isfinite(starts).all(axis=1)]


def _tidy(c: Curve, p: Array, rows: Rows) -> Array:
    """The same curve with positive widths and amplitudes, and phases between -pi and pi."""
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
    before = c.values(p, rows.columns)[0]
    for k in c.nonlinear:
        if q[k] < 0:
            flipped = q.copy()
            flipped[k] *= -1
            with np.errstate(all="ignore"):
                after = c.values(flipped, rows.columns)[0]
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

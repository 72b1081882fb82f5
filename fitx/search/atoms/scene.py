"""What the atoms work on: arguments, multipliers, bases and targets of a problem as values on samples of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, call
from fitx.search.stages.base import Work
from fitx.search.targets import Target, targets_for

Array = npt.NDArray[np.float64]

_TARGETS = ("y", "log y", "1/y", "y^2", "sqrt y", "exp y", "1/y^2", "log(1/y-1)")
SQRT = Target(
    "1/sqrt y", lambda y: 1 / np.sqrt(y), lambda f: 1 / f**2, lambda lo, hi: lo > 0, needs=()
)  # friction factors
FIT_ROWS = 256


@dataclass(frozen=True, slots=True)
class Column:
    """values: (n,) on all rows of the problem; formula: in the names of the table; kind: x, log, square, ..."""

    values: Array
    formula: Formula
    kind: str
    of: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Base:
    """Terms that are linear: numbers of columns in `Scene.terms`."""

    name: str
    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """arguments, multipliers (the first is 1), terms of the bases; targets with their values (t, n) on all rows."""

    arguments: tuple[Column, ...]
    multipliers: tuple[Column, ...]
    terms: tuple[Column, ...]
    bases: tuple[Base, ...]
    targets: tuple[Target, ...]
    target_values: Array
    pairs: tuple[tuple[int, int], ...]
    d: int
    one: Column

    def rows(self, columns: tuple[Column, ...], rows: npt.NDArray[np.intp]) -> Array:
        """(k, rows) of the columns, C-contiguous."""
        return np.ascontiguousarray(np.array([c.values[rows] for c in columns]).reshape(len(columns), len(rows)))

    def orthonormal(self, rows: npt.NDArray[np.intp], weight: Array) -> tuple[Array, npt.NDArray[np.int32]]:
        """The bases as orthonormal rows one below the other, times sqrt(weight), and where each begins."""
        found, start = [np.zeros((0, len(rows)))], [0]
        for base in self.bases:
            if base.terms:
                A = np.array([self.terms[k].values[rows] * weight for k in base.terms])
                A /= np.maximum(np.sqrt((A * A).sum(axis=1, keepdims=True)), 1e-300)
                found.append(np.linalg.qr(A.T)[0].T)
            start.append(start[-1] + len(base.terms))
        return np.ascontiguousarray(np.concatenate(found)), np.array(start, np.int32)


def make_scene(work: Work) -> Scene | None:
    """The scene of a problem.

    None where it has no usable columns or a target that does not vary.
    """
    problem = work.problem
    y = problem.y
    if not problem.active or not np.isfinite(y).all() or not np.ptp(y) > 0:
        return None
    active = [k for k in problem.active if np.isfinite(problem.columns[k]).all() and np.ptp(problem.columns[k]) > 0]
    if not active:
        return None
    g = work.grammar
    one = Column(np.ones_like(y), Const(1), "1", ())
    plain = [Column(problem.columns[k], problem.formulas[k], "x", (k,)) for k in active]
    logs = [
        Column(np.log(c.values), call("log", c.formula), "log", c.of)
        for c in plain
        if c.values.min() > 0 and g.allows("log") and g.allows("exp")
    ]
    squares = [Column(c.values**2, c.formula**2, "square", c.of) for c in plain]
    inverses = [Column(1 / c.values, 1 / c.formula, "inverse", c.of) for c in plain if np.abs(c.values).min() > 0]
    roots = [
        Column(np.sqrt(c.values), call("sqrt", c.formula), "root", c.of)
        for c in plain
        if c.values.min() >= 0 and g.allows("sqrt")
    ]
    products = [
        Column(a.values * b.values, a.formula * b.formula, "product", a.of + b.of) for a, b in combinations(plain, 2)
    ]
    ratios = [
        Column(a.values / b.values, a.formula / b.formula, "ratio", a.of + b.of)
        for a in plain
        for b in plain
        if a is not b and np.abs(b.values).min() > 0
    ]
    shares = [
        Column(np.log(c.values / (1 - c.values)), call("log", c.formula / (1 - c.formula)), "logit", c.of)
        for c in plain
        if c.values.min() > 0 and c.values.max() < 1 and g.allows("log") and g.allows("exp")
    ]
    arguments = [*plain, *logs, *squares, *inverses, *roots, *shares, *products, *ratios]
    if len(plain) > 3:
        arguments = [*plain, *logs, *inverses]
    multipliers = [one, *plain, *inverses]
    if len(plain) == 1:
        multipliers += [*roots, *squares]
        if inverses:
            multipliers.append(
                Column(inverses[0].values ** 2, 1 / plain[0].formula ** 2, "inverse square", plain[0].of)
            )
    elif len(plain) == 2:
        multipliers += [*products, *ratios]
    arguments, multipliers = _finite(arguments), _finite(multipliers)
    number = {(c.kind, c.of): i for i, c in enumerate(arguments)}
    pairs: list[tuple[int, int]] = []
    for c in plain:
        for first, second in (("x", "square"), ("log", "x"), ("log", "inverse"), ("x", "inverse"), ("log", "square")):
            if (first, c.of) in number and (second, c.of) in number:
                pairs.append((number[first, c.of], number[second, c.of]))
    for a, b in combinations(plain, 2):
        for first, second in (
            ("x", "x"),
            ("log", "log"),
            ("x", "inverse"),
            ("inverse", "x"),
            ("x", "square"),
            ("square", "x"),
            ("log", "x"),
            ("x", "log"),
        ):
            if (first, a.of) in number and (second, b.of) in number:
                pairs.append((number[first, a.of], number[second, b.of]))
    terms, bases = _bases(one, plain, logs, squares, inverses, products)
    found = [t for t in targets_for(y, g.operators) if t.name in _TARGETS]
    if y.min() > 0:
        found.append(SQRT)
    with np.errstate(all="ignore"):
        values = np.array([t.forward(y) for t in found])
    good = np.isfinite(values).all(axis=1) & (np.ptp(values, axis=1) > 0)
    targets = tuple(t for t, ok in zip(found, good, strict=True) if ok)
    return Scene(
        tuple(arguments), tuple(multipliers), terms, bases, targets, values[good], tuple(pairs), len(plain), one
    )


def _finite(columns: list[Column]) -> list[Column]:
    return [c for c in columns if np.isfinite(c.values).all() and (c.kind == "1" or np.ptp(c.values) > 0)]


def _bases(
    one: Column,
    plain: list[Column],
    logs: list[Column],
    squares: list[Column],
    inverses: list[Column],
    products: list[Column],
) -> tuple[tuple[Column, ...], tuple[Base, ...]]:
    sets: list[tuple[str, list[Column]]] = [("", []), ("1", [one]), ("1 x", [one, *plain])]
    if logs:
        sets += [("1 log", [one, *logs]), ("1 x log", [one, *plain, *logs])]
    sets.append(("x", list(plain)))
    if 2 <= len(logs) <= 3:  # translog
        both = [Column(a.values * b.values, a.formula * b.formula, "log log", ()) for a, b in combinations(logs, 2)]
        sets.append(("1 log ll", [one, *logs, *both]))
    if len(plain) == 1:
        sets.append(("1 x x2", [one, *plain, *squares]))
        if inverses:
            sets.append(("1 1/x", [one, *inverses]))
    elif len(plain) <= 4:
        sets += [("xx", list(products)), ("1 x xx", [one, *plain, *products])]
    terms: list[Column] = []
    bases = []
    for name, columns in sets:
        if len(columns) > 8:
            continue
        for c in columns:
            if not any(c is t for t in terms):
                terms.append(c)
        bases.append(Base(name, tuple(next(i for i, t in enumerate(terms) if t is c) for c in columns)))
    return tuple(terms), tuple(bases)

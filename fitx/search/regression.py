"""Sparse linear models of functions of the columns, whose search is so short that every fold can repeat it.

    T(y) = c_0 + sum_k c_k g_k(x),    T one of y, log y, 1/y,

the g_k chosen one after the other, each the one that explains most of what is left [Efroymson 1960], from the columns
alone or also from their squares, roots, logarithms, inverses and products. The coefficients are shrunk a little where
that is asked for [Hoerl and Kennard 1970]. A proposal here is a recipe: which T, which g, how many, how much shrinkage;
folds repeat the choice of the g_k too, so that the error they find is the recipe's and owes nothing to the choice.
On tables without a law, and on small ones, this is hard to beat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError
from fitx.fitters.base import Data, Proposal
from fitx.formula import Const, Formula, Var, call
from fitx.search.algebra import linear
from fitx.search.grammar import Grammar

Array = npt.NDArray[np.float64]

TERMS, ROWS_A_FURTHER, MOST_TERMS = 10, 40, 20  # at most so many, and one more for so many rows
ROWS_A_TERM = 4
FEW_ROWS = 5  # below: no folds could choose among functions of columns
MOST_ROWS = 5000  # that a recipe is fitted to: more would not change a sum of ten terms
SHRINKAGES = (0.0, 0.1)
_PRODUCTS = 12  # columns whose products are tried: those that explain most by themselves
_WIDE = 1.5  # ratio of the largest to the least value, from which on a function of a column is not the column again
_SPREAD = 100.0  # the same for y, beyond which 1/y is a matter of few rows
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Recipe:
    """target: "y", "log" or "inverse"; rich: functions and products besides the columns; shrinkage: relative to the
    variance of a term; terms: how many at most."""

    target: str
    rich: bool
    shrinkage: float
    terms: int

    @property
    def label(self) -> str:
        """In words."""
        kind = "rich" if self.rich else "linear"
        return f"{kind} regression of {self.target}, {self.terms} terms, shrunk by {self.shrinkage:g}"


@dataclass(frozen=True, slots=True)
class Term:
    """A function of one or two columns. kind: "x", "square", "sqrt", "log", "inverse" or "product"."""

    kind: str
    i: int
    j: int = 0

    def values(self, X: Array) -> Array:
        """On the rows of X (n, d)."""
        x = X[:, self.i]
        with np.errstate(all="ignore"):
            if self.kind == "x":
                return x
            if self.kind == "square":
                return x * x
            if self.kind == "product":
                return np.asarray(x * X[:, self.j])
            if self.kind == "inverse":
                return 1 / x
            return np.sqrt(x) if self.kind == "sqrt" else np.log(x)

    def formula(self, names: tuple[str, ...]) -> Formula:
        """As a formula."""
        x: Formula = Var(names[self.i])
        if self.kind == "x":
            return x
        if self.kind == "product":
            return x * Var(names[self.j])
        return 1 / x if self.kind == "inverse" else call(self.kind, x)


@dataclass(frozen=True, slots=True)
class Model:
    """T(y) = offset + sum of coefficients times terms."""

    target: str
    offset: float
    coefficients: tuple[float, ...]
    terms: tuple[Term, ...]

    def predict(self, X: Array) -> Array:
        """y on the rows of X (n, d)."""
        t = np.full(len(X), self.offset)
        for c, term in zip(self.coefficients, self.terms, strict=True):
            with np.errstate(all="ignore"):
                t = t + c * term.values(X)
        with np.errstate(all="ignore"):
            return t if self.target == "y" else np.exp(t) if self.target == "log" else 1 / t

    def formula(self, names: tuple[str, ...]) -> Formula:
        """As a formula."""
        parts = [(c, t.formula(names)) for c, t in zip(self.coefficients, self.terms, strict=True)]
        f = linear([*parts, (self.offset, Const(1))]).simplify()
        return f if self.target == "y" else call("exp", f) if self.target == "log" else 1 / f


@dataclass(slots=True)
class Regressions:
    """Models by recipe and rows: the path of a recipe holds those of fewer terms, so that each is found once."""

    grammar: Grammar
    _paths: dict[tuple[bytes, str, bool, float], list[Model]] = field(default_factory=dict)

    def proposals(self, data: Data) -> Iterator[Proposal]:
        """Every recipe for the data, the mean first."""
        yield self.proposal(Recipe("y", False, 0.0, 0), data)
        few = data.n < FEW_ROWS
        targets = ("y",) if few else targets_of(data.y, self.grammar)
        for target, rich, shrinkage in product(targets, (False,) if few else (False, True), SHRINKAGES):
            for k in range(1, len(self._path(data, target, rich, shrinkage))):
                yield self.proposal(Recipe(target, rich, shrinkage, k), data)

    def proposal(self, recipe: Recipe, data: Data) -> Proposal:
        """The recipe's formula for the data, to be repeated on others."""
        f = self.model(recipe, data).formula(data.names)
        return Proposal(
            f, recipe.label, refit=lambda rows: self.proposal(recipe, rows),
            judge=lambda rows, X: self.model(recipe, rows).predict(X), repeated=True,
        )  # fmt: skip

    def model(self, recipe: Recipe, data: Data) -> Model:
        """Errors: FitxError where T is not defined for these rows."""
        path = self._path(data, recipe.target, recipe.rich, recipe.shrinkage)
        return path[min(recipe.terms, len(path) - 1)]

    def _path(self, data: Data, target: str, rich: bool, shrinkage: float) -> list[Model]:
        data = data.every(-(-data.n // MOST_ROWS))
        weights = b"" if data.weights is None else data.weights.tobytes()
        key = data.X.tobytes() + data.y.tobytes() + weights, target, rich, shrinkage
        if key not in self._paths:
            self._paths[key] = path_of(data, target, rich, shrinkage, self.grammar)
        return self._paths[key]


def targets_of(y: Array, grammar: Grammar) -> tuple[str, ...]:
    """The T for which y is suitable."""
    found = ["y"]
    low, high = float(y.min()), float(y.max())
    if low > 0 and high > _WIDE * low:
        if grammar.allows("exp"):
            found.append("log")
        if grammar.allows("div") and high < _SPREAD * low:
            found.append("inverse")
    return tuple(found)


def path_of(data: Data, target: str, rich: bool, shrinkage: float, grammar: Grammar) -> list[Model]:
    """Models of 0, 1, 2, ... terms. Errors: FitxError where T is not defined for these rows."""
    X, y = data.X, data.y
    root = np.ones(data.n) if data.weights is None else np.sqrt(data.weights / data.weights.mean())
    if target != "y":
        if not y.min() > 0:
            raise FitxError("y is not positive on these rows")
        # Errors of T(y) as they count in y, by the delta method.
        root = root * y / np.sqrt(np.mean(y * y)) if target == "log" else root * y * y / np.sqrt(np.mean(y**4))
    t = y if target == "y" else np.log(y) if target == "log" else 1 / y
    w = root * root / float(root @ root)
    terms, values = dictionary(X, t - w @ t, root, rich, grammar)
    mean = values @ w
    centre = float(w @ t)
    Z = (values - mean[:, None]) * root
    size = np.sqrt((Z * Z).mean(axis=1))
    Z = Z / np.maximum(size, 1e-300)[:, None]
    r = (t - centre) * root
    order = _order(Z, r, min(TERMS + data.n // ROWS_A_FURTHER, MOST_TERMS, data.n // ROWS_A_TERM))
    models = [Model(target, centre, (), ())]
    for k in range(1, len(order) + 1):
        A = Z[order[:k]]
        gram = A @ A.T / data.n + (shrinkage * np.sqrt(k) * k / data.n + _TINY) * np.eye(k)
        c = np.linalg.solve(gram, A @ r / data.n) / size[order[:k]]
        models.append(Model(
            target, centre - float(c @ mean[order[:k]]), tuple(map(float, c)), tuple(terms[i] for i in order[:k])
        ))  # fmt: skip
    return models


def _order(Z: Array, r: Array, most: int) -> list[int]:
    """Rows of Z (m, n) of unit size, in the order in which they explain most of what is left of r (n,)."""
    V, live, chosen = Z.copy(), np.ones(len(Z), bool), []
    n = len(r)
    for _ in range(min(most, len(Z))):
        left = (V * V).mean(axis=1)
        live &= left > 1e-4
        if not live.any():
            break
        gain = np.where(live, (V @ r) ** 2 / np.maximum(left, 1e-12), -1.0)
        best = int(np.argmax(gain))
        q = V[best] / np.sqrt(left[best] * n)
        r = r - (r @ q) * q
        V = V - np.outer(V @ q, q)
        live[best] = False
        chosen.append(best)
    return chosen


def dictionary(X: Array, t: Array, root: Array, rich: bool, grammar: Grammar) -> tuple[list[Term], Array]:
    """Terms and their values (m, n): columns that vary and, if rich, functions and products of these."""
    varying = [j for j in range(X.shape[1]) if np.isfinite(X[:, j]).all() and np.ptp(X[:, j]) > 0]
    terms = [Term("x", j) for j in varying]
    if rich:
        for j in varying:
            low, high = float(X[:, j].min()), float(X[:, j].max())
            if len(np.unique(X[:, j])) < 3:
                continue
            terms.append(Term("square", j))
            if low > 0 and high > _WIDE * low:
                terms += [Term(k, j) for k in ("sqrt", "log") if grammar.allows(k)]
                if grammar.allows("div"):
                    terms.append(Term("inverse", j))
        strength = [abs(float(np.corrcoef(X[:, j], t * root)[0, 1])) if np.ptp(t) > 0 else 0.0 for j in varying]
        best = sorted(varying[k] for k in np.argsort(-np.array(strength), kind="stable")[:_PRODUCTS])
        terms += [Term("product", i, j) for i, j in combinations(best, 2)]
    values = np.array([term.values(X) for term in terms]).reshape(len(terms), len(X))
    good = np.isfinite(values).all(axis=1)
    good &= np.ptp(values, axis=1) > _TINY * np.abs(values).max(axis=1, initial=1e-300)
    return [term for term, ok in zip(terms, good, strict=True) if ok], values[good]

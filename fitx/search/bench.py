"""The workbench of one problem in one round: its library, its spaces and their features, and what came close."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx._core.search import search_correlate
from fitx.formula import Formula, Var
from fitx.search.budget import Budget
from fitx.search.clear import cleared
from fitx.search.fit import fit_structure, structure_of
from fitx.search.grammar import Grammar
from fitx.search.library import (
    ADD,
    AFFINE,
    DIV,
    EXPONENTIAL,
    INVERSE,
    MONOMIAL,
    MUL,
    POWER,
    SQRT,
    SQUARE,
    SUB,
    TANH,
    ExpressionLibrary,
)
from fitx.search.problem import Problem
from fitx.search.spaces import Kind, Space, make_noisy_spaces, make_space
from fitx.search.sparse import NODE
from fitx.search.table import Table
from fitx.search.targets import Target

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


_PROJECTION = 4e-6  # seconds for one feature, with a reserve
_EACH = 3  # structures of each target that are fitted whatever the others are
_Y = Var("y")


@dataclass(frozen=True, slots=True)
class Features:
    """panels: (p, screen, 32) float32; ids: their numbers in the library; primary: how many of them, the first ones,
    take part in pairs and dearer stages."""

    panels: npt.NDArray[np.float32]
    ids: Ints
    primary: int


@dataclass(slots=True)
class Near:
    """Pairs of features that came close for one target: scores (m,) and positions (m, 2), best first."""

    score: Array
    index: Ints


@dataclass(frozen=True, slots=True)
class Hit:
    """A structure that may be the law of noisy data. score: its description length on the screening rows, in nats."""

    score: float
    space: Space
    target: Target
    ids: tuple[int, ...]


@dataclass(slots=True)
class Workbench:
    """One problem's library with what is derived from it, made when first asked for."""

    problem: Problem
    library: ExpressionLibrary
    grammar: Grammar
    table: Table
    threads: int
    budget: Budget
    tolerance: float = 1e-12  # 1 - R2 on the screening rows below which a structure is worth a fit
    near: dict[tuple[str, str], Near] = field(default_factory=dict)
    best: dict[tuple[str, str, int], float] = field(default_factory=dict)
    counted: Callable[[int], None] = lambda n: None
    _spaces: dict[str, Space] = field(default_factory=dict)
    _groups: dict[str, list[Space]] = field(default_factory=dict)
    room: float = math.inf  # bytes for features; beyond, those that were made first are made anew
    _features: dict[str, Features] = field(default_factory=dict)
    _most: dict[str, int] = field(default_factory=dict)  # expressions that become features

    def space(self, kind: Kind) -> Space:
        """The space of that kind; where y is noisy the one for y itself."""
        if kind.name not in self._spaces:
            groups = self.spaces(kind) if self.noisy else []
            self._spaces[kind.name] = groups[0] if groups else make_space(kind, self.problem, self.grammar)
        return self._spaces[kind.name]

    @property
    def noisy(self) -> bool:
        """Whether y is noisy, so that structures are ranked instead of being right or wrong."""
        return self.problem.sigma is not None

    def spaces(self, kind: Kind) -> list[Space]:
        """The space of that kind; where y is noisy one for each group of targets with alike weights."""
        if not self.noisy:
            return [self.space(kind)]
        if kind.name not in self._groups:
            self._groups[kind.name] = make_noisy_spaces(kind, self.problem, self.grammar)
        return self._groups[kind.name]

    def features(self, kind: Kind, space: Space | None = None) -> Features:
        """All expressions of the library as features of that kind's space, or of one of its spaces, in its order."""
        name = kind.name if space is None else space.name
        if name not in self._features:
            space = self.space(kind) if space is None else space
            order, primary = feature_order(self.library, kind.log_features)
            # One call that cannot be interrupted: no more than a quarter of the time that is left the first time; made
            # anew they are as many, since their positions are kept.
            most = self._most.setdefault(name, max(2000, int(self.budget.left / 4 / _PROJECTION * self.threads)))
            order, primary = order[:most], min(primary, most)
            self._make_room(4 * len(order) * len(space.weight))
            basis = space.basis if len(space.basis) else np.zeros((0, len(space.weight)))
            panels, ids = self.library.values.project(
                order, kind.log_features, space.weight, np.ascontiguousarray(basis), self.threads
            )
            first = np.zeros(len(self.library), bool)
            first[order[:primary]] = True
            self._features[name] = Features(panels, ids, int(first[ids].sum()))
        return self._features[name]

    def _make_room(self, size: int) -> None:
        while self._features and size + sum(f.panels.nbytes for f in self._features.values()) > self.room:
            del self._features[next(iter(self._features))]

    def forget_features(self, kind: Kind | None = None) -> None:
        """Give the memory back: that of the kind, or of all."""
        if kind is None:
            self._features.clear()
            return
        for name in [kind.name, *(space.name for space in self._groups.get(kind.name, ()))]:
            self._features.pop(name, None)

    def correlations(self, kind: Kind, space: Space | None = None) -> npt.NDArray[np.float32]:
        """(t, padded): correlation of each feature with each target."""
        units = (self.space(kind) if space is None else space).units.astype(np.float32)
        return np.asarray(search_correlate(self.features(kind, space).panels, units, self.threads))

    def exact(self, space: Space, ids: Ints) -> Array:
        """The features `ids` in float64: (m, screen)."""
        v = self.library.values.values(np.ascontiguousarray(ids, np.int32))
        if space.kind.log_features:
            with np.errstate(all="ignore"):
                v = np.log(np.abs(v))
        return space.project(v)[0]

    def misfit(self, space: Space, unit: Array, ids: Ints) -> float:
        """1 - R2 of a unit target on a few features, orthogonalised: right to rounding also where these are alike."""
        basis: list[Array] = []
        r = unit
        for v in self.exact(space, ids):
            for _ in range(2):
                for q in basis:
                    v = v - (v @ q) * q
            norm = float(v @ v)
            if norm > 1e-18:
                basis.append(v / np.sqrt(norm))
                r = r - (r @ basis[-1]) * basis[-1]
        return float(r @ r)

    def fit(self, space: Space, target: Target, ids: npt.ArrayLike, shift: Formula | None = None) -> list[Formula]:
        """Formulas of the structure with these expressions as terms."""
        terms = [self.library.formula(int(i)) for i in np.atleast_1d(ids)]
        found = fit_structure(structure_of(space, target, terms, shift), self.table)
        if space.kind.log_features and found:
            plain = [cleared(f) or f for f in terms]
            if plain != terms:
                found = [*fit_structure(structure_of(space, target, plain, shift), self.table), *found]
        return found

    def hits(self, space: Space, t: int, r2: Array, ids: Ints, most: int) -> list[Hit]:
        """The best of the structures with R2 r2 (m,) and expressions ids (m, q) for target t of a noisy space.

        The description length is m/2 log(chi2) and NODE nats for each node, in the library's measure of length.
        """
        rows = int((space.weight > 0).sum())
        target = space.targets[t]
        nodes = self.library.cost[ids].sum(axis=1) + ids.shape[1] + 1.5 * (target.inverse(_Y).complexity - 1)
        chi2 = np.maximum(space.chi2[t] * (1 - r2), 1e-300)
        score = rows / 2 * np.log(chi2) + NODE * nodes
        order = np.argsort(score, kind="stable")[:most]
        return [Hit(float(score[i]), space, target, tuple(int(k) for k in ids[i])) for i in order]

    def best_fits(self, hits: list[Hit], most: int) -> Iterator[Formula]:
        """Formulas of the best hits, and of the best of each target."""
        hits.sort(key=lambda h: h.score)
        count: dict[tuple[str, str], int] = {}
        for position, h in enumerate(hits):
            key = h.space.name, h.target.name
            count[key] = count.get(key, 0) + 1
            if position < most or count[key] <= _EACH:
                yield from self.fit(h.space, h.target, list(h.ids))

    def improves(self, space: Space, target: Target, terms: int, r2: float) -> bool:
        """Whether r2 is the best yet for this space, target and number of terms (so that it is worth a fit)."""
        key = (space.kind.name, target.name, terms)
        if r2 <= self.best.get(key, 0.0):
            return False
        self.best[key] = r2
        return True


def feature_order(lib: ExpressionLibrary, log: bool) -> tuple[Ints, int]:
    """Expressions by length of description, those that only singles use last; and how many come before these.

    In log space products of known factors carry nothing new: sums and functions are primary; in raw space all but sums.
    """
    n = len(lib)
    op, scale, cost = lib.op[:n], lib.scale[:n], lib.cost[:n]
    unit = np.abs(scale) == 1
    function = (op >= EXPONENTIAL) | (op == AFFINE)
    sums = (op == ADD) | (op == SUB)
    powers = op == POWER
    key = 4 * cost + 2 * ((op == SQRT) | (op == TANH)) + 3 * (function & ~unit)
    if log:
        unary = ~np.isin(op, (MONOMIAL, MUL, DIV, ADD, SUB, POWER))
        primary = sums | powers | (unary & ~np.isin(op, (SQUARE, SQRT, INVERSE)))
        of_monomial = primary & unary & lib.monomial[np.maximum(lib.a[:n], 0)]
        short = 4 * lib.cost[np.maximum(lib.a[:n], 0)] + 4 * ~unit - 4 - 4 * ((op == AFFINE) & unit)
        # Of long monomials, waves and logarithms come later.
        plain = np.isin(op, (AFFINE, EXPONENTIAL)) & ~((op == EXPONENTIAL) & (lib.offset[:n] > 0))
        short = short + 2 * (~plain & (lib.cost[np.maximum(lib.a[:n], 0)] > 2))
        key = np.where(of_monomial, short, key - 4 * sums - 4 * powers)
    else:
        primary = ~sums & (op != AFFINE)
        key = key - 4 * lib.monomial[:n]
    order = np.argsort(key + 1_000_000 * ~primary, kind="stable").astype(np.int32)
    return order, int(primary.sum())

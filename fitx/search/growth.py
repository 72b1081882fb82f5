"""How a library grows: bottom-up by cost, then monomials, functions of monomials, and monomials times short atoms.

The order within a cost, and which scales are tried where, decide which laws are reached in a given time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx.search.budget import Budget
from fitx.search.grammar import Grammar, function_class
from fitx.search.library import (
    ADD,
    AFFINE,
    COSINE,
    DIV,
    INVERSE,
    LOGARITHM,
    MUL,
    NAMES,
    POWER,
    SINE,
    SQRT,
    SQUARE,
    SUB,
    TANH,
    ExpressionLibrary,
)  # fmt: skip
from fitx.search.problem import Problem
from fitx.search.shapes import (
    OF_MONOMIALS,
    ONE_PLUS,
    PLAIN,
    PLAIN_OF_MONOMIALS,
    SCALED_EXP,
    SCALED_TRIG,
    Unary,
    monomial_exponents,
)  # fmt: skip

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Batch = tuple[Ints, Ints, Ints, Floats, Floats]  # op, a, b, scale, offset of candidates

_LARGE = 10_000  # expressions from which on a library has much room for variable powers
_CHUNK = 32_768  # candidates between two looks at the clock


@dataclass(frozen=True, slots=True)
class Size:
    """generic: expressions made bottom-up; monomials: of these; total: with functions of monomials and products."""

    generic: int
    monomials: int
    total: int


def grow(problem: Problem, size: Size, grammar: Grammar, budget: Budget, threads: int) -> ExpressionLibrary:
    """The library of a problem's active columns. Stops early, with what there is, when the budget is spent."""
    lib = ExpressionLibrary(problem, size.total + 16, threads)
    grower = _Grower(lib, grammar, budget)
    grower.bottom_up(size.generic)
    generic = len(lib)
    grower.monomials(size.monomials, size.total)
    grower.sums_of_powers(len(lib) + (size.total - len(lib)) // 4)
    grower.variable_powers(len(lib) + (size.total - len(lib)) // (8 if size.total > _LARGE else 10))
    grower.functions_of_monomials(PLAIN_OF_MONOMIALS, len(lib) + (size.total - len(lib)) // 2)
    grower.logarithms_of_sums(len(lib) + (size.total - len(lib)) // 6)
    grower.functions_of_monomials(OF_MONOMIALS, len(lib) + (size.total - len(lib)) // 2)
    grower.monomials_times_atoms(min(generic, 4000), size.total)
    return lib


@dataclass(slots=True)
class _Grower:
    lib: ExpressionLibrary
    grammar: Grammar
    budget: Budget

    def bottom_up(self, limit: int) -> None:
        """Levels of cost 1, 2, ...: every operator on every pair of cheaper expressions, until `limit`."""
        d = len(self.lib.problem.active)
        columns = self.lib.add_monomials(2 * np.eye(d, dtype=np.int8), np.ones(d, np.int32), limit)
        levels: list[Ints] = [np.empty(0, np.int32), columns.astype(np.int32)]
        for cost in range(2, 14):
            made: list[Ints] = []
            for batch in self._level(levels, cost):
                if len(self.lib) >= limit or self.budget.expired():
                    return
                made.append(self._add(*batch, cost=cost, limit=limit))
            levels.append(np.concatenate(made) if made else np.empty(0, np.int32))

    def _level(self, levels: list[Ints], cost: int) -> Iterator[Batch]:
        if cost >= 3:
            yield from self._apply(levels[cost - 2], [*SCALED_TRIG, *SCALED_EXP, (TANH, 1, 0), *ONE_PLUS])
        for c in range(1, cost // 2 + 1):
            yield from self._combine(levels[c], levels[cost - c], c == cost - c)
        yield from self._apply(levels[cost - 1], PLAIN)

    def _apply(self, ids: Ints, functions: Sequence[Unary]) -> Iterator[Batch]:
        """f(s a) + o for each a and then each function, where the grammar allows the nesting."""
        known = [f for f in functions if f[0] not in NAMES or self.grammar.allows(NAMES[f[0]])]
        if not len(ids) or not known:
            return
        step = max(1, _CHUNK // len(known))
        op, scale, offset = (np.array(column) for column in zip(*known, strict=True))
        for i in range(0, len(ids), step):
            a = np.repeat(ids[i : i + step], len(known))
            o = np.tile(op.astype(np.int32), len(ids[i : i + step]))
            s, t = (
                np.tile(scale.astype(float), len(a) // len(known)),
                np.tile(offset.astype(float), len(a) // len(known)),
            )
            inside = self.lib.op[a]
            keep = (self.lib.classes[a] & self._barred(o)) == 0
            keep &= ~((o == SQUARE) & np.isin(inside, (SQRT, INVERSE)))
            keep &= ~((o == SQRT) & np.isin(inside, (SQUARE, SQRT, INVERSE)))
            keep &= ~((o == INVERSE) & (inside == INVERSE))
            keep &= ~((o == AFFINE) & (inside == AFFINE))
            a, o = a[keep], o[keep]
            yield o, a, np.full(len(a), -1, np.int32), s[keep], t[keep]

    def _combine(self, left: Ints, right: Ints, same: bool) -> Iterator[Batch]:
        """a*b, a/b, b/a, a+b, a-b for each a of `left` and b of `right` (b later than a where they are the same)."""
        step = max(1, _CHUNK // max(1, 5 * len(right)))
        pattern = np.array([MUL, DIV, DIV, ADD, SUB], np.int32)
        for i in range(0, len(left), step):
            a = np.repeat(left[i : i + step], len(right))
            b = np.tile(right, len(left[i : i + step]))
            if same:
                a, b = a[b > a], b[b > a]
            op = np.tile(pattern, len(a))
            swap = np.tile(np.array([False, False, True, False, False]), len(a))
            a, b = np.repeat(a, 5), np.repeat(b, 5)
            yield op, np.where(swap, b, a), np.where(swap, a, b), np.ones(len(a)), np.zeros(len(a))

    def monomials(self, count: int, limit: int) -> None:
        """Monomials with exponents +-1/2 to +-4, cheapest first; half powers only of positive columns."""
        active = list(self.lib.problem.active)
        exponents, cost = monomial_exponents(len(active), count)
        odd = (exponents % 2 != 0) & ~self.lib.problem.positive[active]
        keep = ~odd.any(axis=1)
        if not self.grammar.allows("sqrt"):
            keep &= ~(exponents % 2 != 0).any(axis=1)
        self.lib.add_monomials(exponents[keep], cost[keep], limit)

    def sums_of_powers(self, limit: int) -> None:
        """x^p +- y^p and x^p +- y^p +- z^p (or +- 1) for p = 2, 1/2, 3, 4, -1, -2."""
        lib, d = self.lib, len(self.lib.problem.active)
        if d > 12:
            return
        for p, cost in ((4, 2), (-2, 1), (1, 2), (6, 3), (8, 3), (-4, 2)):
            if p % 2 and not lib.problem.positive[list(lib.problem.active)].all():
                continue
            powers = self._number_of(p * np.eye(d, dtype=np.int8), cost, limit)
            powers = powers[powers >= 0]
            pairs: list[Ints] = []
            for batch in self._sums(powers, powers, later=True):
                pairs.append(self._add(*batch, cost=2 * cost, limit=limit))
            sums = np.concatenate(pairs) if pairs else np.empty(0, np.int32)
            for batch in self._apply(sums, [(AFFINE, 1, 1), (AFFINE, 1, -1), (AFFINE, -1, 1)]):
                self._add(*batch, cost=2 * cost + 1, limit=limit)
            for batch in self._sums(sums, powers, later=False):
                self._add(*batch, cost=3 * cost, limit=limit)

    def _number_of(self, exponents: npt.NDArray[np.int8], cost: int, limit: int) -> Ints:
        """Numbers of these monomials, made now or before."""
        lib = self.lib
        lib.add_monomials(exponents, np.full(len(exponents), cost, np.int32), limit)
        wanted = {tuple(e): i for i, e in enumerate(exponents.tolist())}
        out = np.full(len(exponents), -1, np.int32)
        for i in np.flatnonzero(lib.monomial[: len(lib)]):
            e = lib.exponents_of(int(i))
            if e is not None and tuple(e) in wanted:
                out[wanted[tuple(e)]] = i
        return out

    def _sums(self, left: Ints, right: Ints, later: bool) -> Iterator[Batch]:
        a, b = np.repeat(left, len(right)), np.tile(right, len(left))
        if later:
            a, b = a[b > a], b[b > a]
        if len(a):
            o = np.tile(np.array([ADD, SUB], np.int32), len(a))
            yield o, np.repeat(a, 2), np.repeat(b, 2), np.ones(len(o)), np.zeros(len(o))

    def variable_powers(self, limit: int) -> None:
        """a^b for short positive a (x, 1 +- x, x/y, 1 + x/y ...) and short b (y, -y, 1/y, 1 - 1/y, y/(1 - y) ...)."""
        lib = self.lib
        if not (self.grammar.allows("exp") and self.grammar.allows("log")) or len(lib.problem.active) < 2:
            return
        n = min(len(lib), 4000)
        op, cost, classes = lib.op[:n], lib.cost[:n], lib.classes[:n]
        plain = np.flatnonzero((classes == 0) & (cost <= 4) & (op != SQUARE)).astype(np.int32)
        plain = plain[np.argsort(cost[plain], kind="stable")]
        bases, exponents = plain[:300], plain[:80]
        a, b = np.repeat(bases, len(exponents)), np.tile(exponents, len(bases))
        total = cost[a] + cost[b] + 1
        # A column in both the base and the exponent is rare.
        rare = 3 * ((lib.holds[a] & lib.holds[b]) != 0)
        order = np.argsort(total + rare, kind="stable")[:_CHUNK]
        a, b, total = a[order], b[order], total[order].astype(np.int32)
        for offset, share in ((0.0, 1.0), (-1.0, 0.3), (1.0, 0.1)):
            m = int(share * len(a))
            o, one = np.full(m, POWER, np.int32), np.ones(m)
            most = len(lib) + int((limit - len(lib)) * (0.6 if offset == 0 else 0.7 if offset < 0 else 1.0))
            self._add(o, a[:m], b[:m], one, offset * one, cost=total[:m] + int(offset != 0), limit=most)

    def _cheapest_monomials(self) -> Ints:
        ids = np.flatnonzero(self.lib.monomial[: len(self.lib)]).astype(np.int32)
        return ids[np.argsort(self.lib.cost[ids], kind="stable")]

    def functions_of_monomials(self, functions: Sequence[Unary], limit: int) -> None:
        """f(s m) + o for every monomial m, cheapest first."""
        for batch in self._apply(self._cheapest_monomials(), functions):
            if len(self.lib) >= limit or self.budget.expired():
                return
            self._add(*batch, cost=self.lib.cost[batch[1]] + 1, limit=limit)

    def logarithms_of_sums(self, limit: int) -> None:
        """log(1 + s m): explaining log y, a monomial times it is a power (1 + s m) with a monomial as exponent."""
        lib, n = self.lib, len(self.lib)
        op, a = lib.op[:n], np.maximum(lib.a[:n], 0)
        # 1 + x/y may have been met as (x + y)/y first.
        quotient = np.isin(op, (MUL, DIV)) & np.isin(lib.op[a], (ADD, SUB)) & (lib.cost[:n] <= 4)
        ids = np.flatnonzero(((op == AFFINE) & lib.monomial[a]) | quotient).astype(np.int32)
        ids = ids[np.argsort(lib.cost[ids], kind="stable")]
        for batch in self._apply(ids, [(LOGARITHM, 1, 0)]):
            if len(lib) >= limit or self.budget.expired():
                return
            self._add(*batch, cost=lib.cost[batch[1]] + 1, limit=limit)

    def monomials_times_atoms(self, among: int, limit: int) -> None:
        """m * a and m / a for every monomial m and every short atom a (sin x, x - y, 1 + x, squares of these)."""
        lib, n = self.lib, min(among, len(self.lib))
        op, inside = lib.op[:n], lib.op[np.maximum(lib.a[:n], 0)]
        simple = np.isin(op, (SINE, COSINE, ADD, SUB, AFFINE))
        square = (op == SQUARE) & np.isin(inside, (ADD, SUB, SINE, COSINE))
        atoms = np.flatnonzero((simple | square) & ~lib.monomial[:n] & (lib.cost[:n] <= 3)).astype(np.int32)
        if not len(atoms):
            return
        ids = self._cheapest_monomials()
        step = max(1, _CHUNK // (2 * len(atoms)))
        for i in range(0, len(ids), step):
            if len(lib) >= limit or self.budget.expired():
                return
            m = np.repeat(ids[i : i + step], 2 * len(atoms))
            a = np.tile(np.repeat(atoms, 2), len(ids[i : i + step]))
            o = np.tile(np.array([MUL, DIV], np.int32), len(m) // 2)
            self._add(o, m, a, np.ones(len(m)), np.zeros(len(m)), cost=lib.cost[m] + lib.cost[a], limit=limit)

    def _add(self, op: Ints, a: Ints, b: Ints, scale: Floats, offset: Floats, cost: Ints | int, limit: int) -> Ints:
        lib = self.lib
        classes = lib.classes[a] | np.where(b >= 0, lib.classes[np.maximum(b, 0)], 0) | self._class(op)
        return lib.add(op, a, b, scale, offset, cost, classes, limit)

    def _class(self, op: Ints) -> Ints:
        return _table({code: function_class(name) for code, name in NAMES.items()})[op]

    def _barred(self, op: Ints) -> Ints:
        return _table({code: self.grammar.barred(name) for code, name in NAMES.items()})[op]


def _table(entries: dict[int, int]) -> Ints:
    table = np.zeros(64, np.int32)
    for code, value in entries.items():
        table[code] = value
    return table

"""Dimensionless groups: y = m F(p_1, ..., p_k), where m is a product of powers of columns that has y's dimension and
the p_i are products of powers that have none (Buckingham 1914).

As many columns as there are independent dimensions repeat; every other column, and y, is divided by their powers. Which
columns repeat is a choice: those that give the shortest products come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice
from typing import overload

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, Var
from fitx.search.algebra import product
from fitx.search.dimensions import Units, Vector
from fitx.search.problem import Problem

Array = npt.NDArray[np.float64]
Exponents = tuple[Fraction, ...]  # one for each column

_CHOICES = 30_000  # sets of repeating columns that are compared
_EXTREME = 1e6  # median of a group beyond which it is scaled
_DENOMINATOR = 1000  # exponents are ratios of small determinants


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """All columns of the table on the rows of a problem, constant ones as well; or those of a reduced problem, whose
    `formulas` over the table's names say what they are. values: (d, n)."""

    names: tuple[str, ...]
    values: Array
    formulas: tuple[Formula, ...] = ()

    def without(self, names: set[str]) -> Columns:
        """The columns but those."""
        kept = [i for i, n in enumerate(self.names) if n not in names]
        if len(kept) in (0, len(self.names)):
            return self
        return Columns(tuple(self.names[i] for i in kept), self.values[kept])

    def value(self, exponents: Exponents) -> Array:
        """The product of powers."""
        with np.errstate(all="ignore"):
            out = np.ones(self.values.shape[1])
            for x, e in zip(self.values, exponents, strict=True):
                if e:
                    out = out * x ** (int(e) if e.denominator == 1 else float(e))
        return out

    def formula(self, exponents: Exponents) -> Formula:
        """The product of powers as a formula."""
        formulas = self.formulas or tuple(Var(n) for n in self.names)
        return product(1.0, [(f, float(e)) for f, e in zip(formulas, exponents, strict=True) if e])


class WhenAsked(Sequence[Problem]):
    """Problems that are made when the first is asked for: most laws are found before."""

    def __init__(self, make: Callable[[], tuple[Problem, ...]]) -> None:
        self._make = make
        self._made: tuple[Problem, ...] | None = None

    @property
    def _problems(self) -> tuple[Problem, ...]:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __len__(self) -> int:
        return len(self._problems)

    @overload
    def __getitem__(self, i: int) -> Problem: ...
    @overload
    def __getitem__(self, i: slice) -> tuple[Problem, ...]: ...
    def __getitem__(self, i: int | slice) -> Problem | tuple[Problem, ...]:
        return self._problems[i]


@dataclass(frozen=True, slots=True)
class Choice:
    """y / factor as a function of groups. cost: length of the description of all."""

    factor: Exponents
    groups: tuple[Exponents, ...]
    cost: float


def group_problems(problem: Problem, columns: Columns, units: Units, most: int = 5) -> list[Problem]:
    """The problem as y / m over the groups that vary, for the `most` shortest choices.

    Empty where nothing has a dimension, y's dimension cannot be made, or no group varies.
    """
    found: list[Problem] = []
    for choice in choices(columns, units):
        varying = [g for g in choice.groups if np.ptp(columns.value(g)) > 0]
        if not varying:
            break
        found.append(_problem(problem, columns, choice.factor, varying, len(found) + 1))
        if len(found) == most:
            break
    return found


def reduced_groups(problem: Problem, units: Units, most: int) -> list[Problem]:
    """Dimensionless groups of a reduced problem's columns, such as x1 - x2; its target may be y over a product."""
    names = tuple(f"column {k + 1}" for k in range(problem.d))
    found = [units.dimension(f) for f in problem.formulas]
    factor = units.dimension(problem.lift(Const(1)))
    vectors = [v for v in found if v is not None]
    if factor is None or len(vectors) < len(found):
        return []
    target = tuple(t - f for t, f in zip(units.target, factor, strict=True))
    here = Units(dict(zip(names, vectors, strict=True)), target, units.bases)
    return group_problems(problem, Columns(names, problem.columns, problem.formulas), here, most)


def monomials(columns: Columns, y: Array, units: Units, most: int = 3) -> list[Formula]:
    """c m for the shortest products m of y's dimension, c by least squares: the simplest formulas that are valid."""
    found: dict[Exponents, Formula] = {}
    for choice in islice(choices(columns, units), 10 * most):
        e = choice.factor
        v = columns.value(e)
        size = float(np.abs(v).max())
        v = v / size
        found.setdefault(e, Const(float(y @ v) / float(v @ v) / size) * columns.formula(e))
    return list(found.values())[:most]


def reachable(vectors: Sequence[Vector], target: Vector) -> bool:
    """Whether a product of powers of the columns has the target's dimension."""
    return _rank([*vectors, target]) == _rank(vectors)


def choices(columns: Columns, units: Units) -> Iterator[Choice]:
    """Choices of repeating columns whose products are finite and can be divided by, cheapest first, each once."""
    vectors = [units.columns[name] for name in columns.names]
    if units.trivial or not reachable(vectors, units.target):
        return
    d, zero = len(vectors), (Fraction(0),) * len(vectors)
    # The rows of the reduced matrix are independent dimensions; its columns are the table's columns and, last, y.
    rows = _reduced([list(row) for row in zip(*vectors, units.target, strict=True)], d + 1)[0]
    rows = [row for row in rows if any(row)]
    if not rows:
        yield Choice(zero, tuple(_unit(d, k) for k in range(d)), 0.0)
        return
    A = np.array([[float(v) for v in row] for row in rows])
    sets = np.array(list(islice(combinations(np.flatnonzero(A[:, :-1].any(axis=0)), len(rows)), _CHOICES)))
    square = A[:, sets].transpose(1, 0, 2)
    independent = np.abs(np.linalg.det(square)) > 1e-9
    sets = sets[independent]
    powers = np.linalg.solve(square[independent], np.broadcast_to(A, (len(sets), *A.shape)))  # (sets, rank, d + 1)
    cost = _costs(powers)
    seen: set[tuple[Exponents, tuple[Exponents, ...]]] = set()
    for i in np.argsort(np.round(cost, 6), kind="stable"):
        products = []
        for k in range(d + 1):
            e = [Fraction(0)] * d
            for r, p in zip(sets[i], powers[i][:, k], strict=True):
                e[int(r)] = Fraction(float(p)).limit_denominator(_DENOMINATOR)
            if k < d:
                e = [-v for v in e]
                e[k] += 1
            products.append(tuple(e))
        factor = products.pop()
        groups = tuple(_whole(e) for k, e in enumerate(products) if k not in sets[i])
        if (factor, groups) in seen:
            continue
        seen.add((factor, groups))
        m = columns.value(factor)
        if _finite(m) and (m != 0).all() and all(_finite(columns.value(g)) for g in groups):
            yield Choice(factor, groups, float(cost[i]))


def _costs(powers: Array) -> Array:
    """Sum over all products of their exponents, their columns and, for roots, one more; powers: (sets, rank, d + 1)."""
    size = np.abs(powers)
    root = (np.abs(powers - np.round(powers)) > 1e-6).any(axis=1)
    return np.asarray((size.sum(axis=1) + 0.5 * (size > 1e-9).sum(axis=1) + root).sum(axis=1))


def _problem(problem: Problem, columns: Columns, m: Exponents, basis: list[Exponents], number: int) -> Problem:
    values: list[Array] = []
    formulas: list[Formula] = []
    for e in basis:
        v, f = columns.value(e), columns.formula(e)
        size = float(np.median(np.abs(v)))
        if size > 0 and not 1 / _EXTREME < size < _EXTREME:
            unit = 10.0 ** round(np.log10(size))
            v, f = v / unit, f / unit
        values.append(v)
        formulas.append(f)
    made = problem.with_columns(np.array(values), formulas, f"groups {number}")
    return made.divided(columns.value(m), columns.formula(m), made.active, "") if any(m) else made


def _finite(v: Array) -> bool:
    return bool(np.isfinite(v).all()) and float(np.abs(v).max()) < 1e280


def _unit(d: int, k: int) -> Exponents:
    return tuple([Fraction(int(i == k)) for i in range(d)])


def _whole(e: Exponents) -> Exponents:
    """The shortest multiple in whole numbers."""
    multiple = int(np.lcm.reduce([v.denominator for v in e]))
    numbers = [int(v * multiple) for v in e]
    divisor = int(np.gcd.reduce(numbers))
    return tuple([Fraction(v // divisor) for v in numbers])


def _rank(vectors: Sequence[Vector]) -> int:
    return len(_reduced([list(v) for v in vectors], len(vectors[0]))[1]) if vectors else 0


def _reduced(rows: list[list[Fraction]], width: int) -> tuple[list[list[Fraction]], list[int]]:
    """Reduced row echelon form and its pivot columns."""
    pivots: list[int] = []
    at = 0
    for k in range(width):
        r = next((i for i in range(at, len(rows)) if rows[i][k]), None)
        if r is None:
            continue
        rows[at], rows[r] = rows[r], rows[at]
        c = rows[at][k]
        rows[at] = [v / c for v in rows[at]]
        for i in range(len(rows)):
            if i != at and rows[i][k]:
                f = rows[i][k]
                rows[i] = [v - f * w for v, w in zip(rows[i], rows[at], strict=True)]
        pivots.append(k)
        at += 1
    return rows, pivots


def in_turn(groups: Sequence[list[Problem]], own: list[Problem]) -> list[Problem]:
    """Variants of the problems over groups and of the problem itself, taken from each in turn, the last of `own` last.

    The first of the shortest groups comes first, then the first of the problem's own.
    """
    if not groups:
        return own
    lists = [groups[0], own[:-1], *groups[1:]]
    found = [variants[i] for i in range(max(map(len, lists))) for variants in lists if i < len(variants)]
    return [*found, *own[-1:]]

"""Columns that enter in one term or one factor only, taken off: T(y) = F(others) + c g, or |y| = F(others) |g|^b.

F is anything: Chebyshev polynomials of the other columns stand for it, and with these projected out of T(y) and of all
expressions g of a small library that hold the column, one correlation tests each g. F need not be well approximated:
the search of what is left, in one column less, is exact. Done again and again, a sum of structured terms becomes a
series of single ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import gcd

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula, Var, call
from fitx.formula.evaluate import evaluate_columns
from fitx.search.algebra import power
from fitx.search.budget import Budget
from fitx.search.exponents import corrected, likely_factors
from fitx.search.grammar import Grammar
from fitx.search.growth import Size, grow
from fitx.search.library import ExpressionLibrary
from fitx.search.problem import Problem
from fitx.search.reduce import chebyshev_terms
from fitx.search.snap import simple_forms
from fitx.search.targets import Target, targets_for

Array = npt.NDArray[np.float64]

_ROWS = 512
_LIBRARY = Size(2000, 4000, 16000)
_TARGETS = ("y", "1/y", "y^2", "1/y^2")
_SIZEABLE = 1e-3  # share of T(y)'s variance that the column must explain
_CLOSE = 0.85  # R2 of a term, without what the other columns explain
_EACH = 2  # terms of a column and target
_ALIKE = 1 - 1e-6  # correlation of terms that differ by a function of the other columns
_NODE = 0.15  # what a node of the term costs, in units of log(misfit)
_MOST = 8
_BLOCK = 1024  # expressions at a time
# Simple factors of a term.
_FACTORS = np.array([
    sign * p / q * unit
    for sign in (1, -1) for unit in (1.0, np.pi, 1 / np.pi) for p in (1, 2, 3, 4) for q in (1, 2, 3, 4, 8)
    if gcd(p, q) == 1
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Term:
    """target None: a factor, |y| ~ |g|^c. misfit: 1 - R2 without what the other columns explain."""

    target: Target | None
    column: int
    expression: Formula
    c: float
    misfit: float


def peeled(problem: Problem, grammar: Grammar, threads: int = 1) -> Iterator[Problem]:
    """Problems with one term or factor taken off and its column left out, the clearest first."""
    if len(problem.active) < 2 or len(problem.rows.check) < 60 or not np.isfinite(problem.y).all():
        return
    check = problem.rows.check
    # The core takes rows by the sixteen.
    rows = check[np.linspace(0, len(check) - 1, min(len(check) // 16 * 16, _ROWS)).astype(int)]
    names = tuple(f"_{k}" for k in range(problem.d))
    sample = replace(
        problem, rows=replace(problem.rows, screen=rows, weight=np.ones(len(rows))), formulas=tuple(map(Var, names))
    )
    library = grow(sample, _LIBRARY, grammar, Budget(np.inf), threads)
    made = 0
    for term in _terms(sample, library, grammar):
        g = term.expression
        values_of_g = evaluate_columns(g, problem.columns, names)
        if not np.isfinite(values_of_g).all():
            continue
        g = g.substitute(dict(zip(names, problem.formulas, strict=True)))
        for child in _without(problem, term, g, values_of_g):
            yield child
            made += 1
            if made == _MOST:
                return


def _terms(problem: Problem, library: ExpressionLibrary, grammar: Grammar) -> list[_Term]:
    rows = problem.rows.screen
    x, y = problem.columns[:, rows], problem.y[rows]
    targets: list[Target | None] = [t for t in targets_for(y, grammar.operators) if t.name in _TARGETS]
    with np.errstate(all="ignore"):
        goals = [np.log(np.abs(y)) if t is None else t.forward(y) for t in (*targets, None)]
    tables = (_Table.of(library, logs=False), _Table.of(library, logs=True))
    factor: list[Target | None] = [None]
    factors = likely_factors(problem, x, grammar)
    cost = library.cost[: len(library)]
    found: list[_Term] = []
    for position, k in enumerate(problem.active):
        basis = _basis(x[[j for j in problem.active if j != k]])
        if basis is None:
            continue
        holds = (library.holds[: len(library)] >> position) & 1 == 1
        left = [goal - (goal @ basis.T) @ basis for goal in goals]
        for table, which in ((tables[0], targets), (tables[1], factor)):
            norm = table.norm(basis)
            for target in which:
                goal, t = (v[-1] if target is None else v[targets.index(target)] for v in (goals, left))
                total = float(t @ t)
                if not (np.isfinite(total) and total > _SIZEABLE * float(((goal - goal.mean()) ** 2).sum())):
                    continue
                for i, c, misfit, g in _clearest(table, t, basis, np.where(holds, norm, np.inf), cost):
                    f = library.formula(i)
                    found.append(_Term(target, k, f, c, misfit))
                    if target is not None:
                        better = corrected(g, f, c, factors, basis, t)
                        found += [_Term(target, k, *better)] if better and better[2] < misfit else []
    found.sort(key=lambda f: float(np.log(max(f.misfit, 1e-5))) + _NODE * f.expression.complexity)
    return found


@dataclass(frozen=True, slots=True)
class _Table:
    """The values of a library or their logarithms, scaled to at most 1 in float32 for a first look; zeros where not
    finite. In float64 they are made anew for the few that are asked for: all would take four times the memory."""

    library: ExpressionLibrary
    logs: bool
    scaled: npt.NDArray[np.float32]
    square: npt.NDArray[np.float32]

    @staticmethod
    def of(library: ExpressionLibrary, *, logs: bool) -> _Table:
        """The table of all expressions, (m, n)."""
        scaled = np.empty((len(library), len(library.problem.rows.screen)), np.float32)
        table = _Table(library, logs, scaled, np.empty(len(library), np.float32))
        for start in range(0, len(library), _BLOCK):
            block = slice(start, min(start + _BLOCK, len(library)))
            values = table.values(np.arange(block.start, block.stop))
            size = np.abs(values).max(axis=1)
            ok = np.isfinite(size) & (size > 0)
            scaled[block] = np.where(ok[:, None], values / np.where(ok, size, 1.0)[:, None], 0.0)
        np.einsum("ij,ij->i", scaled, scaled, out=table.square)
        return table

    def values(self, ids: npt.NDArray[np.intp]) -> Array:
        """(k, n)."""
        values = self.library.values.values(ids.astype(np.int32))
        with np.errstate(divide="ignore"):
            return np.log(np.abs(values)) if self.logs else values

    def norm(self, basis: Array) -> Array:
        """Squared lengths of the scaled rows without the basis; infinite for those of which little is left."""
        inside = self.scaled @ basis.T.astype(np.float32)
        norm = self.square - np.einsum("ij,ij->i", inside, inside)
        return np.where(norm > 1e-4 * self.square, norm, np.inf)


def _clearest(
    table: _Table, t: Array, basis: Array, norm: Array, cost: npt.NDArray[np.int32]
) -> Iterator[tuple[int, float, float, Array]]:
    """Number, c, misfit and values of the best rows by misfit and cost, in float64, without those that differ from a
    better one by what the others explain only. t: without the basis; norm: infinite for rows that are not asked for."""
    total = float(t @ t)
    rough = 1 - (table.scaled @ t.astype(np.float32)) ** 2 / (norm * total)
    ids = np.lexsort((np.arange(len(cost)), np.log(np.maximum(rough, 1e-6)) + 0.5 * cost))[: 8 * _EACH]
    v = table.values(ids)
    left = v - (v @ basis.T) @ basis
    square = (left * left).sum(axis=1)
    inner = left @ t
    with np.errstate(all="ignore"):
        misfit = 1 - inner**2 / (square * total)
    score = np.where(np.isfinite(norm[ids]), np.log(np.maximum(misfit, 1e-9)) + 0.5 * cost[ids], np.inf)
    chosen: list[int] = []
    for i in np.lexsort((ids, score)):
        alike = any(abs(float(left[i] @ left[j])) > _ALIKE * np.sqrt(square[i] * square[j]) for j in chosen)
        if np.isfinite(score[i]) and misfit[i] < 1 - _CLOSE and not alike:
            chosen.append(int(i))
            yield int(ids[i]), float(inner[i] / square[i]), float(misfit[i]), v[i]
            if len(chosen) == _EACH:
                return


def _basis(others: Array) -> Array | None:
    terms = chebyshev_terms(others, others.shape[1] // 6)
    if terms is None:
        return None
    q, r = np.linalg.qr(terms.T)
    return np.ascontiguousarray(q[:, np.abs(np.diag(r)) > 1e-9 * np.abs(r[0, 0])].T)


def _without(problem: Problem, term: _Term, g: Formula, values: Array) -> Iterator[Problem]:
    """What is left without the term or the factor, for simple numbers near c."""
    lift, target = problem.lift, term.target
    active = tuple(k for k in problem.active if k != term.column)
    if target is None:
        b = round(2 * term.c) / 2
        if not b or abs(b - term.c) > 0.1:
            return
        signed = float(b).is_integer() or values.min() > 0
        base, size = (g, values) if signed else (call("abs", g), np.abs(values))
        if (size == 0).any():
            return
        factor = power(base, b) if b > 0 else 1 / power(base, -b)
        yield problem.divided(size**b, factor, active, f" over {term.column + 1}")
        return
    with np.errstate(all="ignore"):
        goal = target.forward(problem.y)
    near = np.abs(_FACTORS / term.c - 1)
    for i in np.argsort(near, kind="stable")[:2]:
        if near[i] > np.clip(0.5 * np.sqrt(term.misfit), 0.01, 0.2):
            return
        c = float(_FACTORS[i])
        simple = simple_forms(c, 1e-12)[0][0]
        left = simple * g

        def back(f: Formula, left: Formula = left) -> Formula:
            return lift(target.inverse(f + left))

        yield replace(
            problem, y=goal - c * values, active=active, lift=back,
            label=f"{problem.label} {target.name} less {term.column + 1}",
        )  # fmt: skip

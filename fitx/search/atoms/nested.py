"""The dictionary two levels deep: atoms of library expressions, and of atoms.

T(y) = base + c f(z(g)): g is an expression of a small library, two of its terms, or an atom at a start of its
constants. Those of f come from the batch fit with g as it is; the best are fitted again as trees, with those of g.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, Var
from fitx.formula.evaluate import evaluate_columns
from fitx.search.atoms.scene import Column, Scene
from fitx.search.atoms.shapes import NUMBER, OUTERS, Argument
from fitx.search.budget import Budget
from fitx.search.evolve.batch import Rows, fit_batch
from fitx.search.evolve.genome import Genome, formula_of, genome_of
from fitx.search.grammar import Grammar
from fitx.search.growth import Size, grow
from fitx.search.problem import Problem
from fitx.search.table import Table
from fitx.search.targets import Target

Array = npt.NDArray[np.float64]

ARGUMENTS = 250  # the structures' numbers have room for 256
_TERMS = 14  # of which two are added inside
_ROUNDING = 1e-11  # relative size of an offset that is none
_EXACT = 1e-15  # error of a fitted tree that may be a law
_COARSE, _FINE = 12, 40  # iterations


def shadow_of(problem: Problem) -> Problem:
    """The problem with its columns under names of their own, without what its y is of the table's target."""
    names = tuple(Var(f"u{k}") for k in range(problem.d))
    return replace(problem, formulas=names, lift=_same)


def _same(f: Formula) -> Formula:
    return f


def table_of(shadow: Problem, table: Table) -> Table:
    """The shadow's rows as a table."""
    names = [f"u{k}" for k in range(shadow.d)]
    return Table(shadow.columns, shadow.y, names, shadow.rows.check, table.weights, table.threads, table.floor)


def with_library(scene: Scene, shadow: Problem, size: Size, most: int, grammar: Grammar, budget: Budget) -> Scene:
    """The scene with expressions of a small library as arguments, and two short ones together."""
    library = grow(shadow, size, grammar, budget, 1)
    known = {c.formula.simplify() for c in scene.arguments}
    order = np.argsort(library.cost[: len(library)], kind="stable")
    found: list[Column] = []
    for i in order[: 3 * most].tolist():
        f = library.formula(i).simplify()
        if f in known or isinstance(f, Const):
            continue
        known.add(f)
        if (column := _column(f, shadow, i)) is not None:
            found.append(column)
        if len(found) == most:
            break
    terms = [c for c in (*scene.arguments, *found) if c.kind != "expression" or c.formula.complexity <= 5][:_TERMS]
    arguments = tuple([*terms, *(c for c in found if not any(c is t for t in terms))][:ARGUMENTS])
    before = {frozenset((scene.arguments[i].formula, scene.arguments[j].formula)) for i, j in scene.pairs}
    pairs = [
        (i, j)
        for i in range(len(terms))
        for j in range(i + 1, len(terms))
        if frozenset((terms[i].formula, terms[j].formula)) not in before
    ]
    return replace(scene, arguments=arguments, pairs=tuple(pairs))


def with_atoms(scene: Scene, shadow: Problem, grammar: Grammar) -> Scene:
    """The scene with atoms as arguments, and each together with a column."""
    plain = [c for c in scene.arguments if c.kind == "x"]
    inner = [c for c in scene.arguments if c.kind in ("x", "log", "product", "ratio", "square")]
    found: list[Column] = []
    for c in inner:
        for f in _starts(c, grammar):
            if (column := _column(f, shadow, len(found))) is not None:
                found.append(column)
    arguments = (*plain, *found)[:ARGUMENTS]
    pairs = [(i, j) for i in range(len(plain)) for j in range(len(plain), min(len(arguments), len(plain) + 24))]
    return replace(scene, arguments=arguments, pairs=tuple(pairs))


def _column(f: Formula, shadow: Problem, number: int) -> Column | None:
    with np.errstate(all="ignore"):
        v = evaluate_columns(f, shadow.columns, [f"u{k}" for k in range(shadow.d)])
    if not np.isfinite(v).all() or not 1e-8 < float(np.ptp(v)) < 1e8:
        return None
    return Column(v, f, "expression", (-1 - number,))


def _starts(c: Column, grammar: Grammar) -> Iterator[Formula]:
    """Atoms of one argument at a few constants."""
    lo, hi = float(c.values.min()), float(c.values.max())
    w = hi - lo

    def atom(name: str, *terms: float, constant: float = 0.0, own: float = 0.0) -> Iterator[Formula]:
        outer = OUTERS[NUMBER[name]]
        if all(grammar.allows(need) for need in outer.needs):
            z = sum(terms) * c.values + constant
            sign = 1 if z.min() > 0 else -1 if z.max() < 0 else 0
            if sign or not outer.signed:
                yield outer.formula(Argument(tuple((t, c.formula) for t in terms), constant, sign, own, c.formula))

    for s in (-2.5, -0.8, 0.8, 2.5):
        yield from atom("exp", s / w)
    for t in (0.1, 0.6, 3.0):
        for name in ("reciprocal", "log", "sqrt"):
            yield from atom(name, 1.0, constant=-lo + t * w)
    for k in (0.5, 1.3, 2.1, 3.0, 4.0):
        for phase in (0.4, 2.0):
            yield from atom("wave", k * np.pi / w, constant=phase)
    if lo > 0 and c.kind != "log":
        for p in (-1.5, -0.4, 0.3, 1.5, 2.5):
            yield from atom("power", 1.0, own=p)


@dataclass(slots=True)
class Freed:
    """Trees of T(y) fitted with all their constants. tried: those that were."""

    shadow: Problem
    problem: Problem
    floor: float
    threads: int
    tried: set[Genome]

    def formulas(self, target: Target, trees: Sequence[Formula], others: int) -> Iterator[Formula]:
        """Formulas for the table's target: the exact ones, or the best `others`."""
        names = {f"u{k}": k for k in range(self.shadow.d)}
        genomes: list[Genome] = []
        for f in trees:
            g = genome_of(f, names)
            shape = () if g is None else tuple(0.0 if type(t) is float else t for t in g)
            if g is not None and len(g) <= 40 and shape not in self.tried:
                self.tried.add(shape)
                genomes.append(g)
        if not genomes:
            return
        rows = self.shadow.rows.check
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, 128).astype(int))]
        with np.errstate(all="ignore"):
            z = np.ascontiguousarray(target.forward(self.shadow.y[rows]))
        fitted = fit_batch(
            genomes, Rows(np.ascontiguousarray(self.shadow.columns[:, rows]), z), _COARSE, _FINE, self.threads
        )
        size = float(np.abs(z).max())
        exact = max(_EXACT, 1e3 * self.floor)
        order = np.argsort(fitted.error, kind="stable")
        good = int((fitted.error < exact).sum())
        for k in order[: good or others].tolist():
            if not np.isfinite(fitted.error[k]):
                continue
            f = formula_of(fitted.genome(k, genomes[k]), self.problem.formulas)
            offset, factor = float(fitted.linear[k, 0]), float(fitted.linear[k, 1])
            f = f if abs(factor - 1) <= _ROUNDING else Const(factor) * f
            f = f if abs(offset) <= _ROUNDING * size else Const(offset) + f
            yield self.problem.lift(target.inverse(f))

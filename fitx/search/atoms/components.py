"""A part of a separable law: a function of one column or two, known to a few digits, as short formulas for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from fitx.formula import Call, Const, Formula, Var
from fitx.formula.evaluate import evaluate_columns
from fitx.formula.tree import as_formula
from fitx.search.algebra import linear
from fitx.search.atoms.driver import Atoms
from fitx.search.atoms.fits import Fits
from fitx.search.atoms.formulas import alone, formula
from fitx.search.atoms.scene import make_scene
from fitx.search.atoms.separable import Separation
from fitx.search.budget import Budget
from fitx.search.grammar import Grammar
from fitx.search.problem import Problem
from fitx.search.rows import spread_rows
from fitx.search.stages.base import Work
from fitx.search.table import Table

Array = npt.NDArray[np.float64]

_MOST = 24  # formulas for a part


@dataclass(frozen=True, slots=True)
class Candidate:
    """formula: of the names u0, u1 of the columns; error: relative; constants: how many."""

    formula: Formula
    error: float
    constants: int


def candidates(
    columns: Array, values: Array, kind: str, misfit: float, grammar: Grammar, budget: Budget, threads: int
) -> list[Candidate]:
    """Short formulas f. kind "factor": for exp(values) up to a factor; "term": for `values` up to a constant; "whole":
    for `values`.

    columns: (1 or 2, n). misfit: the error of `values` as a share of their variance; nothing better is looked for.
    """
    names = tuple(f"u{k}" for k in range(len(columns)))
    y = np.exp(values - values.mean()) if kind == "factor" else values
    free = kind != "term"
    tolerance = float(np.clip(100 * misfit, 1e-18, 1e-3))
    columns = np.ascontiguousarray(columns)
    rows = spread_rows(columns, y, np.random.default_rng(0))
    problem = Problem(columns, tuple(Var(n) for n in names), y, rows, tuple(range(len(names))))
    table = Table(columns, y, names, rows.check)
    work = Work(problem, table, grammar)
    scene = make_scene(work)
    if scene is None:
        return []
    atoms = Atoms(work, scene, budget, threads)
    # Small values decide in other spaces, and are known to fewer digits; `values` themselves have the last word.
    loose = np.array([1.0 if name == "y" else 1e5 for name in (t.name for t in scene.targets)]) * tolerance
    atoms.exact = float(loose.max())
    found: list[Candidate] = []
    names_of = [t.name for t in scene.targets]
    wanted = [t for t, name in enumerate(names_of) if name == "y" or (free and name in ("log y", "1/y", "y^2"))]
    one = scene.one.formula
    with_one = [b for b, base in enumerate(scene.bases) if one in [scene.terms[k].formula for k in base.terms]]
    bases = [b for b in range(len(scene.bases)) if free or b in with_one]
    for g in alone(atoms):
        found.append(Candidate(g, table.error_on_check(g), _count(g)))
    if not found or min(c.constants for c in found) > 1:
        atoms.evaluate(plain=True)
        some = bases if len(columns) == 1 else [b for b in bases if len(scene.bases[b].terms) <= 3]
        fits = [atoms.refined(atoms.singles(60, some, wanted, True), 120)]
        if not _good(fits[0], tolerance):
            atoms.evaluate()
            fits.append(atoms.refined(atoms.singles(40, some, wanted), 120))
        if not any(_good(f, tolerance) for f in fits) and len(columns) == 1:
            first = [b for b in some if len(scene.bases[b].terms) <= 2][:3]
            fits.append(atoms.refined(atoms.pairs(300, first, wanted[:1]), 120))
        for f in fits:
            for k in np.flatnonzero(f.error < loose[f.of[:, 1]])[:40]:
                if (shown := formula(atoms, f, int(k))) is not None:
                    found.append(Candidate(shown[1], table.error_on_check(shown[1]), shown[0]))
    found = [c for c in found if c.error < 30 * tolerance]
    if not found:
        return []
    best = min(c.error for c in found)
    shortest: dict[str, Candidate] = {}
    for c in sorted(found, key=lambda c: (c.constants, c.formula.complexity, c.error)):
        if c.error <= max(1e3 * best, 10 * misfit):
            shortest.setdefault(c.formula.text(5), c)
    return list(shortest.values())[:_MOST]


def _good(fits: Fits, tolerance: float) -> bool:
    return bool((fits.error < 0.1 * tolerance).any())


def joined(parts: Sequence[Formula], s: Separation, columns: Array, names: Sequence[str]) -> Formula | None:
    """k + sum of the parts, or c + k times their product: T(y) by `s`; None where it is undefined.

    Constants that the parts share with k are left out, so that all that remain can be told. columns: all of `names`.
    """
    if s.product:
        factors = [_leading_one(f) for f in parts]
        if s.signed:
            shape = np.prod([evaluate_columns(f, columns, names) for f in factors], axis=0)
            k = float(shape @ (s.total - s.constant)) / float(shape @ shape)
            whole = reduce(lambda a, b: a * b, factors, as_formula(k))
            return whole + s.constant if np.isfinite(k) else None
        values = np.sum([np.log(np.abs(evaluate_columns(f, columns, names))) for f in factors], axis=0)
        sign = s.sign * float(np.prod([np.sign(np.median(evaluate_columns(f, columns, names))) for f in factors]))
        k = sign * float(np.exp(np.mean(s.total - values)))
        if not np.isfinite(k):
            return None
        whole = reduce(lambda a, b: a * b, factors, as_formula(k))
        return whole + s.constant if s.constant else whole
    terms = [(c, g) for f in parts for c, g in terms_of(f) if not isinstance(g, Const)]
    total = linear(terms)
    k = float(np.mean(s.total - evaluate_columns(total, columns, names)))
    return total + k if np.isfinite(k) else None


def terms_of(f: Formula) -> list[tuple[float, Formula]]:
    """`f` as sum of coefficient times formula; a constant as coefficient of 1."""
    if isinstance(f, Call) and f.op in ("add", "sub"):
        sign = 1.0 if f.op == "add" else -1.0
        return terms_of(f.args[0]) + [(sign * c, g) for c, g in terms_of(f.args[1])]
    if isinstance(f, Call) and f.op == "neg":
        return [(-c, g) for c, g in terms_of(f.args[0])]
    if isinstance(f, Const):
        return [(float(f.value), Const(1))]
    if isinstance(f, Call) and f.op == "mul" and isinstance(f.args[0], Const):
        return [(float(f.args[0].value) * c, g) for c, g in terms_of(f.args[1])]
    if isinstance(f, Call) and f.op == "div" and isinstance(f.args[1], Const):
        return [(c / float(f.args[1].value), g) for c, g in terms_of(f.args[0])]
    if isinstance(f, Call) and f.op == "div" and isinstance(f.args[0], Const) and f.args[0].value != 1:
        return [(float(f.args[0].value), 1 / f.args[1])]
    return [(1.0, f)]


def _leading_one(f: Formula) -> Formula:
    terms = terms_of(f)
    lead = next((c for c, g in terms if c and not isinstance(g, Const)), 1.0)
    return linear((c / lead, g) for c, g in terms)


def _count(f: Formula) -> int:
    return sum(isinstance(v, float) for v in f.constants)

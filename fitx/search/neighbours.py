"""Local search under noise: from the best formulas to those one change away, as long as descriptions get shorter.

A formula that fits to within the noise is often the law but for a part: a logarithm where the law has a root, a power
and a hyperbolic tangent where it has x + c, a term too much. All changes of one part are fitted at once in the core,
roughly on some rows; those of shortest description on all check rows; the best are polished and changed in turn.
[Beam search over edits; compare the local moves of the Bayesian machine scientist, Guimera et al. 2020]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, Var, call
from fitx.search.budget import Budget
from fitx.search.description import description, polished
from fitx.search.edits import Edits, arranged
from fitx.search.evolve.asked import Asked
from fitx.search.evolve.batch import Fitted, Rows, fit_batch, values_of
from fitx.search.evolve.genome import Genome, Token, constants, formula_of, genome_of
from fitx.search.evolve.tidy import tidied
from fitx.search.evolve.variation import make_alphabet
from fitx.search.grammar import Grammar
from fitx.search.table import Table

Array = npt.NDArray[np.float64]

_ROWS = 256  # on which all changes are fitted
_COARSE, _FINE = 8, 15  # iterations in single and double precision
BEAM, WIDE = 4, 8  # formulas that are changed in one round
_ROUNDS = 10
_IDLE = 2  # rounds without a shorter description after which there is no more
_FITTED = 48  # changes of one formula that are fitted on all check rows
_POLISHED = 14  # formulas of a round whose constants are made simple
_NODE = 1.9  # nats of a node, until a formula is worth counting
_NODES, _CONSTANTS = 40, 9  # of a formula that is changed: more take long, and are no laws
_WORK = 200_000  # nodes fitted for each formula of a round, after which there is an end
_BEHIND = 40.0  # nats behind the best within which formulas are changed


@dataclass(slots=True)
class Neighbours:
    """Formulas around the best ones. known: those that were changed already."""

    table: Table
    grammar: Grammar
    threads: int = 1
    known: set[tuple[Token | None, ...]] = field(default_factory=set)
    evaluated: int = 0
    _asked: dict[tuple[str, ...], Asked] = field(default_factory=dict)

    def run(self, seeds: Sequence[Formula], budget: Budget, width: int = BEAM) -> Iterator[tuple[Formula, float]]:
        """Polished formulas with their errors on the check rows, those of each round best first."""
        t, n = self.table, len(self.table.check_y)
        used = sorted({v for f in seeds for v in f.variables}, key=t.names.index)
        places = {v: k for k, v in enumerate(used)}
        edits = Edits.of(self.grammar, len(used))
        columns = np.ascontiguousarray(t.check_columns[[t.names.index(v) for v in used]])
        formulas = [Var(v) for v in used]
        full = Rows(columns, t.check_y, t.check_weights)
        some = np.unique(np.linspace(0, n - 1, min(n, _ROWS)).astype(int))
        few = Rows(
            np.ascontiguousarray(columns[:, some]), t.check_y[some],
            None if t.check_weights is None else t.check_weights[some],
        )  # fmt: skip
        key = tuple(used)
        if key not in self._asked:
            self._asked[key] = Asked(few, make_alphabet(self.grammar, len(used)))
        asked = self._asked[key]
        beam = [(description(f, t.error_on_check(f), n), k, f) for k, f in enumerate(seeds)]
        beam.sort(key=lambda b: b[:2])
        best, idle, work = beam[0][0] if beam else np.inf, 0, 0
        for _ in range(_ROUNDS):
            found: list[tuple[float, int, Formula]] = []
            changed = 0
            for d, _, f in beam:
                if changed == width or d > best + _BEHIND or work > _WORK * width or budget.expired():
                    break
                g = genome_of(arranged(f), places)
                if g is None or _shape(g) in self.known or len(g) > _NODES or constants(g) > _CONSTANTS:
                    continue
                self.known.add(_shape(g))
                changed += 1
                before = self.evaluated
                found += self._changed(g, edits, asked, full, formulas, len(found))
                work += len(g) * (self.evaluated - before)
            fresh: list[tuple[float, int, Formula]] = []
            for _, f in _distinct(found, _POLISHED):
                if budget.expired():
                    break
                f, error = polished(f, t)
                if np.isfinite(error) and self.grammar.permits(f):  # a root may have come in as an exponent
                    fresh.append((description(f, error, n), len(fresh), f))
                    yield f, error
            if not fresh:
                return
            least = min(fresh)[0]
            idle = 0 if least < best - 0.5 else idle + 1
            best = min(best, least)
            if idle == _IDLE:
                return
            beam = sorted([*fresh, *beam], key=lambda b: b[0])

    def _changed(
        self, genome: Genome, edits: Edits, asked: Asked, full: Rows, formulas: list[Var], start: int
    ) -> list[tuple[float, int, Formula]]:
        """The most promising changes of a genome, with their descriptions."""
        n = len(full.y)
        changes = list(dict.fromkeys([*edits.around(genome), *asked.grafts(genome)]))
        if not changes:
            return []
        self.evaluated += len(changes)
        rough = fit_batch(changes, asked.rows, _COARSE, 0, self.threads)
        order = _shortest(rough, changes, n)[:_FITTED]
        kept = [rough.genome(k, changes[k]) for k in order]
        if not kept:
            return []
        fine = fit_batch(kept, full, 0, _FINE, self.threads)
        fitted = [fine.genome(k, g) for k, g in enumerate(kept)]
        factor, error = _without_offset(values_of(fitted, full.columns), full)
        out = []
        for k, g in enumerate(fitted):
            if not fine.error[k] < 1:
                continue
            f, e = Const(float(fine.linear[k, 1])) * formula_of(g, formulas), float(fine.error[k])
            if n / 2 * np.log(error[k] / max(e, 1e-300)) < 0.5 * np.log(n) + _NODE:
                f, e = Const(float(factor[k])) * formula_of(g, formulas), float(error[k])
            else:
                f = Const(float(fine.linear[k, 0])) + f
            f = tidied(f).simplify()
            if self.grammar.permits(f):
                out.append((description(f, e, n), start + k, f))
        return out


def _without_offset(v: Array, rows: Rows) -> tuple[Array, Array]:
    """b (P,) of y = b f for the values v (P, n) of f, and the relative errors."""
    w = np.ones(len(rows.y)) if rows.weights is None else rows.weights
    total = float(w @ (rows.y - np.average(rows.y, weights=w)) ** 2)
    with np.errstate(all="ignore"):
        factor = v @ (w * rows.y) / ((v * v) @ w)
        error = ((rows.y - factor[:, None] * v) ** 2) @ w / total
    good = np.isfinite(factor) & np.isfinite(error)
    return np.where(good, factor, 0.0), np.where(good, error, np.inf)


def _shortest(fitted: Fitted, genomes: Sequence[Genome], n: int) -> list[int]:
    """Numbers of the genomes of finite error, by their descriptions, those that are as good and as long only once.

    Constants that cannot be told apart count once, and so do the nodes that hold them."""
    free = np.array([constants(g) for g in genomes])
    twice = np.maximum(free - fitted.rank, 0)
    nodes = np.array([len(g) for g in genomes]) - 2 * twice
    with np.errstate(all="ignore"):
        misfit = n / 2 * np.log(np.maximum(fitted.error, 1e-300))
        length = misfit + _NODE * nodes + 0.5 * np.log(n) * (free - twice)
    chosen: dict[tuple[float, float], int] = {}
    for k in np.argsort(length, kind="stable").tolist():
        if np.isfinite(length[k]):
            chosen.setdefault((round(float(misfit[k]), 2), round(float(length[k]), 1)), k)
    return list(chosen.values())


def _distinct(found: list[tuple[float, int, Formula]], most: int) -> Iterator[tuple[float, Formula]]:
    """The shortest descriptions, each structure and each error once."""
    seen: set[float | Formula] = set()
    count = 0
    for d, _, f in sorted(found, key=lambda c: c[:2]):
        structure = f.fold(lambda g: Const(1) if isinstance(g, Const) else g, lambda g, args: call(g.op, *args))
        if structure in seen or round(d, 4) in seen:
            continue
        seen |= {structure, round(d, 4)}
        yield d, f
        count += 1
        if count == most:
            return


def _shape(g: Genome) -> tuple[Token | None, ...]:
    return tuple(None if type(t) is float else t for t in g)

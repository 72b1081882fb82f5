"""Laws with an expression inside a function with constants: sin(a x z + b x^2), log(a + x z^2), exp(a sin(b x))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from fitx.formula import Formula, Var, call
from fitx.search.budget import Budget
from fitx.search.growth import Size
from fitx.search.stages.base import Stage, Work

_FEW = 4  # columns up to which it is tried


class AtomsOfExpressions(Stage):
    """One atom of an expression or of two; the best are fitted again with all their constants."""

    name = "atoms of expressions"
    family = "nested"
    rank = 0

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Exact laws first, then the best."""
        if _worth(work):
            yield from _search(work, budget, _QUICK)


class NestedAtoms(Stage):
    """The same with more starts, atoms of atoms, and a second atom beside the best."""

    name = "nested atoms"
    family = "late"
    rank = 0

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Exact laws first, then the best."""
        assert work.effort is not None
        effort = _EFFORT.get(work.effort.name)
        if effort is not None and _worth(work):
            yield from _search(work, budget, effort)


def _worth(work: Work) -> bool:
    return len(work.problem.active) <= _FEW and work.problem.sigma is None


@dataclass(frozen=True, slots=True)
class _Effort:
    """size, most: the library and its expressions that are arguments; keep: starts of each base and target;
    survivors: fitted to the end; trees: fitted with all constants; beam: given a second atom, each: of so many, where
    0 without atoms of atoms, too."""

    size: Size
    most: int
    keep: int
    survivors: int
    trees: int
    beam: int
    each: int


_QUICK = _Effort(Size(400, 150, 700), 120, 40, 120, 60, 0, 0)
_EFFORT = {
    "small": _Effort(Size(400, 150, 700), 160, 60, 250, 150, 30, 20),
    "medium": _Effort(Size(1500, 300, 2500), 240, 150, 500, 400, 80, 40),
}


def _search(work: Work, budget: Budget, effort: _Effort) -> Iterator[Formula]:
    from fitx.search.atoms.driver import Atoms
    from fitx.search.atoms.fits import Fits
    from fitx.search.atoms.formulas import formula
    from fitx.search.atoms.nested import Freed, shadow_of, table_of, with_atoms, with_library
    from fitx.search.atoms.scene import make_scene
    from fitx.search.atoms.starts import nested

    assert work.bench is not None
    threads = work.bench.threads
    shadow = shadow_of(work.problem)
    own = Work(shadow, table_of(shadow, work.table), work.grammar)
    plain = make_scene(own)
    if plain is None:
        return
    targets = plain.targets
    # Formulas stay those of T(y): trees are fitted there.
    plain = replace(plain, targets=tuple(replace(t, name=f"T {t.name}", inverse=lambda f: f) for t in targets))
    freed = Freed(shadow, work.problem, work.table.floor, threads, set())
    small = [b for b, base in enumerate(plain.bases) if len(base.terms) <= 1 + plain.d][:4]
    main = [t for t, target in enumerate(targets) if target.name in ("y", "log y", "1/y", "y^2", "exp y")]
    first = [t for t, target in enumerate(targets) if target.name == "y"]
    scenes = [with_library(plain, shadow, effort.size, effort.most, work.grammar, budget)]
    if effort.beam:
        scenes.append(with_atoms(plain, shadow, work.grammar))
    for scene in scenes:
        if not scene.arguments or budget.expired():
            continue
        atoms = Atoms(own, scene, budget, threads, nested)
        atoms.evaluate(plain=True)
        work.bench.counted(len(atoms.grid.atoms) * len(main) * len(small))

        def offered(fits: Fits, most: int, atoms: Atoms = atoms) -> Iterator[Formula]:
            """As fitted where exact, and the best fitted again with all their constants."""
            trees: dict[int, list[Formula]] = {}
            for k in range(len(fits.error)):
                if sum(map(len, trees.values())) >= most or not fits.error[k] < 1:
                    break
                if (one := formula(atoms, fits, k)) is not None:
                    t = int(fits.of[k, 1])
                    if fits.error[k] < atoms.exact:
                        yield work.problem.lift(targets[t].inverse(_back(one[1], work)))
                    trees.setdefault(t, []).append(one[1])
            for t, some in trees.items():
                yield from freed.formulas(targets[t], some, 1)

        singles = atoms.refined(atoms.singles(effort.keep, small, main, True), effort.survivors)
        yield from offered(singles, effort.trees)
        if not effort.beam:
            continue
        beam = singles.take(np.flatnonzero(np.isin(singles.of[:, 1], first))[: effort.beam])
        pairs = atoms.refined(atoms.extended(beam, effort.each), effort.survivors)
        yield from offered(pairs, effort.trees)


def _back(f: Formula, work: Work) -> Formula:
    """The formula in the names of the table."""
    columns = {f"u{k}": g for k, g in enumerate(work.problem.formulas)}
    return f.fold(lambda leaf: columns[leaf.name] if isinstance(leaf, Var) else leaf, lambda g, a: call(g.op, *a))

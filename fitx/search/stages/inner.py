"""Laws with constants inside, sums of up to three atoms: T(y) = base + sum_k c_k m_k(x) f_k(z_k(x; theta))."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.budget import Budget
from fitx.search.stages.base import Stage, Work

if TYPE_CHECKING:
    from fitx.search.atoms.driver import Atoms

_FULL = 1  # columns up to which it comes before the scans
_FEW = 3  # columns up to which it comes in the first round at all


class OneAtom(Stage):
    """One atom of a dictionary fitted by variable projection; for one column, where the dictionary is small."""

    name = "one atom"
    family = "library"
    rank = 5

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Exact laws first, then the best."""
        assert work.effort is not None
        if work.effort.name == "small" and len(work.problem.active) <= _FULL:
            yield from _first(work, budget, _EFFORT["small"])


class InnerConstants(Stage):
    """One atom, then two, then three; for one column, after the products and the sums without inner constants. With
    more columns it comes later."""

    name = "inner constants"
    family = "deep"
    rank = 0
    dear = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Exact laws first, then the best of each number of atoms."""
        assert work.effort is not None
        after = work.kind is not None and work.kind.name == "sums"
        if work.effort.name == "small" and after and len(work.problem.active) <= _FULL:
            yield from _search(work, budget, _EFFORT["small"])


class InnerConstantsLater(Stage):
    """The same with a few columns, and with more starts in the second round."""

    name = "more inner constants"
    family = "late"
    rank = 1
    dear = True

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Exact laws first, then the best of each number of atoms."""
        assert work.effort is not None
        columns = len(work.problem.active)
        if work.effort.name == "small" and _FULL < columns <= _FEW:
            yield from _search(work, budget, _EFFORT["small"])
        elif work.effort.name == "medium":
            yield from _search(work, budget, _EFFORT["medium"])


def _atoms(work: Work, budget: Budget) -> Atoms | None:
    """The grid of atoms without multipliers; None where y does not allow any."""
    from fitx.search.atoms.driver import Atoms
    from fitx.search.atoms.scene import make_scene

    assert work.bench is not None
    scene = make_scene(work)
    if scene is None:
        return None
    atoms = Atoms(work, scene, budget, work.bench.threads)
    atoms.evaluate(plain=True)
    return atoms


def _choices(atoms: Atoms) -> tuple[list[int], list[int]]:
    """Small bases and the targets that are tried first."""
    scene = atoms.scene
    small = [b for b in range(len(scene.bases)) if len(scene.bases[b].terms) <= max(2, scene.d + 1)][:5]
    return small, [t for t in range(len(scene.targets)) if scene.targets[t].name in ("y", "log y", "1/y")]


def _first(work: Work, budget: Budget, effort: _Effort) -> Iterator[Formula]:
    """Formulas of one atom, without multipliers, in small bases."""
    from fitx.search.atoms.formulas import alone, formulas

    atoms = _atoms(work, budget)
    if atoms is None:
        return
    yield from alone(atoms)
    small, first = _choices(atoms)
    yield from formulas(atoms, atoms.refined(atoms.singles(160, small, first, True), effort.survivors))


def _search(work: Work, budget: Budget, effort: _Effort) -> Iterator[Formula]:
    """Formulas of one atom, of two and of three."""
    from fitx.search.atoms.fits import joined, none
    from fitx.search.atoms.formulas import alone, formulas

    assert work.bench is not None
    atoms = _atoms(work, budget)
    if atoms is None:
        return
    yield from alone(atoms)
    scene = atoms.scene
    every, all_bases = range(len(scene.targets)), range(len(scene.bases))
    small, first = _choices(atoms)
    paired = [t for t in every if scene.targets[t].name in ("y", "log y", "1/y", "y^2")]
    singles = atoms.refined(atoms.singles(160, small, first, True), effort.survivors)
    yield from formulas(atoms, singles)
    rest = atoms.singles(effort.plain, all_bases, [t for t in every if t not in first], True)
    more = atoms.singles(effort.plain, [b for b in all_bases if b not in small], first, True)
    yield from formulas(atoms, atoms.refined(joined(rest, more), effort.survivors))
    atoms.evaluate()
    work.bench.counted(len(atoms.grid.atoms) * len(scene.targets) * len(scene.bases))
    beam = joined(singles, atoms.refined(atoms.singles(effort.keep, all_bases, every), effort.survivors))
    yield from formulas(atoms, beam)
    pairs = none(2)
    for t in paired:
        found = atoms.refined(atoms.pairs(effort.pairs, small, [t]), 2 * effort.survivors)
        yield from formulas(atoms, found, 1)
        pairs = joined(pairs, found)
    beam = beam.take(_spread(beam.of, effort.beam))
    pairs = joined(pairs, atoms.refined(atoms.extended(beam, effort.each), effort.survivors))
    yield from formulas(atoms, pairs)
    pairs = pairs.take(_spread(pairs.of, effort.third))
    yield from formulas(atoms, atoms.refined(atoms.extended(pairs, effort.each), effort.survivors))


@dataclass(frozen=True, slots=True)
class _Effort:
    """plain, keep: starts for each base and target, without and with multipliers; survivors are fitted to the end;
    pairs: of the grid; beam: single atoms given a second one, third: pairs given a third, each: candidates for it."""

    plain: int
    keep: int
    survivors: int
    pairs: int
    beam: int
    each: int
    third: int


_EFFORT = {"small": _Effort(100, 60, 200, 400, 40, 40, 10), "medium": _Effort(200, 120, 400, 1000, 100, 60, 30)}


def _spread(of: npt.NDArray[np.int32], most: int) -> npt.NDArray[np.intp]:
    """The first `most` of the list, of each base and target no more than a quarter."""
    count: dict[tuple[int, int], int] = {}
    chosen = []
    for k, (b, t) in enumerate(of.tolist()):
        count[b, t] = count.get((b, t), 0) + 1
        if count[b, t] <= max(2, most // 4):
            chosen.append(k)
    return np.array(chosen[:most], int)

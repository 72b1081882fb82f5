"""Laws with constants inside, sums of up to three atoms: T(y) = base + sum_k c_k m_k(x) f_k(z_k(x; theta))."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Formula
from fitx.search.budget import Budget
from fitx.search.stages.base import Stage, Work


class InnerConstants(Stage):
    """Atoms of a dictionary fitted by variable projection: one, then two, then three."""

    name = "inner constants"
    family = "library"
    rank = 5

    def run(self, work: Work, budget: Budget) -> Iterator[Formula]:
        """Exact laws first, then the best of each number of atoms."""
        try:
            from fitx.search.atoms.driver import Atoms
            from fitx.search.atoms.scene import make_scene
        except ImportError:  # a core compiled before this stage was written
            return
        assert work.effort is not None
        assert work.bench is not None
        effort = _EFFORT.get(work.effort.name)
        scene = make_scene(work) if effort else None
        if effort is None or scene is None:
            return
        atoms = Atoms(work, scene, budget, work.bench.threads)
        keep, survivors, beam, each, third = effort
        atoms.evaluate()
        singles = atoms.refined(atoms.singles(keep), survivors)
        work.bench.counted(len(atoms.atoms) * len(scene.targets) * len(scene.bases))
        yield from atoms.formulas(singles)
        pairs = atoms.refined(atoms.extended(singles.take(_spread(singles.of, beam)), each), survivors)
        yield from atoms.formulas(pairs)
        if third:
            triples = atoms.refined(atoms.extended(pairs.take(_spread(pairs.of, third)), each), survivors)
            yield from atoms.formulas(triples)


# By effort: starts fitted for each target and base, survivors fitted to the end, of which `beam` are given a second
# atom, `each` candidates for it, and how many pairs are given a third.
_EFFORT = {"small": (60, 200, 40, 40, 10), "medium": (200, 600, 200, 80, 60)}


def _spread(of: npt.NDArray[np.int32], most: int) -> npt.NDArray[np.intp]:
    """The first `most` of the list, of each base and target no more than a quarter."""
    count: dict[tuple[int, int], int] = {}
    chosen = []
    for k, (b, t) in enumerate(of.tolist()):
        count[b, t] = count.get((b, t), 0) + 1
        if count[b, t] <= max(2, most // 4):
            chosen.append(k)
    return np.array(chosen[:most], int)

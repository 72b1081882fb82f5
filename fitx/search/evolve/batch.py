"""A generation in the core: the constants of many genomes fitted at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx._core import evaluate
from fitx._core.trees import tree_fit
from fitx.search.evolve.genome import COLUMN, FIXED, Genome

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """What genomes are fitted to: columns (d, n), y (n,), weights (n,) or None."""

    columns: Array
    y: Array
    weights: Array | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """Relative errors (P,), linear constants (P, 9), ranks (P,), and the genomes' constants, all one after another."""

    error: Array
    linear: Array
    rank: npt.NDArray[np.int32]
    constants: Array
    starts: list[int]
    evaluations: int

    def genome(self, k: int, genome: Genome) -> Genome:
        """Genome k with its constants as fitted."""
        at = self.starts[k]
        out = list(genome)
        for i, t in enumerate(out):
            if type(t) is int and t >= 0:
                continue
            if type(t) is float:
                out[i] = float(self.constants[at])
            at += 1
        return tuple(out)


@dataclass(frozen=True, slots=True)
class Programs:
    """Genomes as the core takes them. starts: (P,), where each genome's constants begin."""

    codes: npt.NDArray[np.int32]
    operands: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    constants: Array
    free: npt.NDArray[np.int8]
    starts: list[int]


def programs_of(genomes: Sequence[Genome]) -> Programs:
    """All genomes, one after another."""
    codes: list[int] = []
    operands: list[int] = []
    offsets = [0]
    values: list[float] = []
    free: list[int] = []
    starts: list[int] = []
    for g in genomes:
        starts.append(len(values))
        for t in g:
            if type(t) is float:
                codes.append(1)
                operands.append(len(values))
                values.append(t)
                free.append(1)
            elif t >= COLUMN:
                codes.append(0)
                operands.append(t - COLUMN)  # type: ignore[arg-type]
            elif t < 0:
                codes.append(1)
                operands.append(len(values))
                values.append(float(t - FIXED))
                free.append(0)
            else:
                codes.append(t)  # type: ignore[arg-type]
                operands.append(0)
        offsets.append(len(codes))
    return Programs(
        np.array(codes, np.int32), np.array(operands, np.int32), np.array(offsets, np.int64),
        np.array(values, np.float64), np.array(free, np.int8), starts,
    )  # fmt: skip


def fit_batch(genomes: Sequence[Genome], rows: Rows, coarse: int, fine: int, threads: int = 1) -> Fitted:
    """Fits y = a + b f(x; theta) for every genome f; coarse, fine: iterations in single and double precision."""
    p = programs_of(genomes)
    constants, linear, error, rank, evaluations = tree_fit(
        p.codes, p.operands, p.offsets, p.constants, p.free, rows.columns, rows.y, rows.weights, coarse, fine, threads
    )
    return Fitted(error, linear, rank, constants, p.starts, int(evaluations.sum()))


def values_of(genomes: Sequence[Genome], columns: Array) -> Array:
    """Values (P, n) of the genomes as they are."""
    p = programs_of(genomes)
    return evaluate(p.codes, p.operands, p.offsets, p.constants, columns)

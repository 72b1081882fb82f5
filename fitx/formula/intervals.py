"""Interval arithmetic over formulas: what values a formula can take on a box of its variables, and what can go wrong.

Every operator of the table has its exact range (even powers, whole turns of waves, domains), rounded outward. A
variable that stands several times counts as several, so that bounds are wide on wide boxes; `fitx.formula.hazards` cuts
boxes until they tell. [Moore, Kearfott & Cloud 2009, doi:10.1137/1.9780898717716]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx import _core
from fitx.errors import UsageError
from fitx.formula.program import Program, compile_formula
from fitx.formula.tree import Formula

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.int32]

UNDEFINED, POLE, OVERFLOW = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Enclosure:
    """lo <= value <= hi wherever the formula is a number; NaN ends: it is one nowhere.

    undefined: it may be NaN somewhere. pole: it may grow beyond all bounds near some point. overflow: it may leave
    double precision. Without these three it is a finite number on the whole box.
    """

    lo: float
    hi: float
    undefined: bool
    pole: bool
    overflow: bool

    @property
    def safe(self) -> bool:
        """Whether the formula is a finite number on the whole box, for sure."""
        return not (self.undefined or self.pole or self.overflow)


@dataclass(frozen=True, slots=True)
class Enclosures:
    """Those of m boxes: lo, hi: (m,); flags: (m,) sums of UNDEFINED, POLE, OVERFLOW; blame: (m,) summed widths of the
    operands that raise the flags: the column to cut is the one where the parts' blame is least."""

    lo: Array
    hi: Array
    flags: Flags
    blame: Array


def bounds(formula: Formula, box: Mapping[str, tuple[float, float]]) -> Enclosure:
    """The enclosure of `formula` on the box {variable: (lo, hi)}.

    Errors: FitxError for a variable that the box lacks, UsageError for ends that are not finite or not in order.
    """
    for name, (lo, hi) in box.items():
        if not (np.isfinite(lo) and np.isfinite(hi) and lo <= hi):
            raise UsageError(f"the box of `{name}` needs two finite ends, the lower one first; got {lo:g} and {hi:g}")
    ends = np.array(list(box.values()), np.float64).reshape(-1, 2)
    e = enclosures(compile_on(formula, list(box)), ends[:, :1].copy(), ends[:, 1:].copy())
    undefined, pole, overflow = (bool(e.flags[0] & flag) for flag in (UNDEFINED, POLE, OVERFLOW))
    return Enclosure(float(e.lo[0]), float(e.hi[0]), undefined, pole, overflow)


def compile_on(formula: Formula, names: Sequence[str]) -> Program:
    """The program of `formula` whose columns are called `names`."""
    return compile_formula(formula, {name: i for i, name in enumerate(names)})


def enclosures(program: Program, low: Array, high: Array) -> Enclosures:
    """Those of a program on m boxes; low, high: (d, m), C-contiguous."""
    lo, hi, flags, blame = _core.enclose(program.codes, program.operands, program.constants, low, high)
    return Enclosures(lo, hi, flags, blame)


def values(program: Program, columns: Array) -> Array:
    """The program's values (m,) at the columns (d, m)."""
    columns = np.ascontiguousarray(columns)
    offsets = np.array([0, len(program.codes)], np.int64)
    found: Array = _core.evaluate(program.codes, program.operands, offsets, program.constants, columns, 1)[0]
    return found

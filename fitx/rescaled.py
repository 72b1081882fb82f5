"""Columns of extreme size for a method whose own arithmetic would leave the numbers there are, or lose them: it is
given them in units of a power of ten that brings them near one, x / 1e-300, and time stamps from a round number near
the first, x - 1.7e9; its formulas are written in what was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from fitx.fitters.base import Array, Context, Data, Pause, Proposal
from fitx.formula import Const, Formula, Var

ORDINARY = 1e40  # a column whose largest magnitude lies between its reciprocal and this keeps its unit
NARROW = 1e-4  # range of a column beside its values, below which its smooth functions of these are lines
LOST = 1e-9  # range of the target beside its values, below which sums of its squares tell little of it

Propose = Callable[[Data, Context], Iterator[Proposal | Pause]]


@dataclass(frozen=True, slots=True)
class Rescaled:
    """Features become (x - origin) / unit, origin and unit: (d,); the target becomes (y - y_origin) / y_unit."""

    origin: Array
    unit: Array
    y_origin: float
    y_unit: float

    @staticmethod
    def of(data: Data, shift: bool = True) -> Rescaled | None:
        """That of the rows of `data`; None where all columns are ordinary. shift: features, too, have origins."""
        ends = [(float(v.min()), float(v.max())) for v in (*data.X.T, data.y)]
        origin = [_origin(*e, NARROW) if shift else 0.0 for e in ends[:-1]] + [_origin(*ends[-1], LOST)]
        unit = [_unit(lo - o, hi - o) for (lo, hi), o in zip(ends, origin, strict=True)]
        if not any(origin) and all(u == 1.0 for u in unit):
            return None
        return Rescaled(np.array(origin[:-1]), np.array(unit[:-1]), origin[-1], unit[-1])

    def data(self, data: Data) -> Data:
        """The rows in these units."""
        return replace(data, X=self.rows(data.X), y=(data.y - self.y_origin) / self.y_unit)

    def rows(self, X: Array) -> Array:
        """The rows X (m, d) in these units."""
        return np.asfortranarray((X - self.origin) / self.unit)

    def formula(self, f: Formula, names: tuple[str, ...]) -> Formula:
        """A formula of rescaled columns as one of the columns."""
        new: dict[str, Formula] = {}
        for name, origin, unit in zip(names, self.origin.tolist(), self.unit.tolist(), strict=True):
            shifted = Var(name) - _constant(origin) if origin else Var(name)
            new[name] = shifted / Const(unit) if unit != 1.0 else shifted
        f = f.substitute(new)
        f = f if self.y_unit == 1.0 else Const(self.y_unit) * f
        return f + _constant(self.y_origin) if self.y_origin else f

    def values(self, v: Array) -> Array:
        """Values of the target from those of the rescaled one."""
        return np.asarray(v * self.y_unit + self.y_origin)

    def proposal(self, p: Proposal, names: tuple[str, ...]) -> Proposal:
        """A proposal for rescaled rows as one for the rows."""
        refit, judge = p.refit, p.judge
        return replace(
            p,
            formula=self.formula(p.formula, names),
            structure=None if p.structure is None else self.formula(p.structure, names),
            noise=None if p.noise is None else p.noise * self.y_unit,
            refit=None if refit is None else lambda rows: self.proposal(refit(self.data(rows)), names),
            judge=None if judge is None else lambda rows, X: self.values(judge(self.data(rows), self.rows(X))),
        )


def rescaled(
    propose: Propose, data: Data, context: Context, *, shift: bool = True
) -> Iterator[Proposal | Pause]:
    """What `propose` gives for the rows, by way of rescaled ones where a column is extreme. shift: features that
    range narrowly about a large number are counted from a number near it."""
    r = Rescaled.of(data, shift)
    for p in propose(data if r is None else r.data(data), context):
        yield p if r is None or isinstance(p, Pause) else r.proposal(p, data.names)


def _unit(lo: float, hi: float) -> float:
    """The power of ten at the largest magnitude; 1 where that is ordinary."""
    largest = max(abs(lo), abs(hi))
    if largest == 0.0 or 1.0 / ORDINARY <= largest <= ORDINARY:
        return 1.0
    return float(f"1e{int(np.clip(np.floor(np.log10(largest)), -307, 307))}")


def _origin(lo: float, hi: float, narrow: float) -> float:
    """A round number at most a range below the smallest value; 0 where the range is not narrow."""
    span = hi - lo
    if not 0 < span < narrow * min(abs(lo), abs(hi)):
        return 0.0
    digits = int(np.floor(np.log10(span)))
    return round(float(np.floor(lo / 10.0**digits)) * 10.0**digits, -digits)


def _constant(value: float) -> Const:
    return Const(int(value) if value.is_integer() and abs(value) < 2**53 else value)

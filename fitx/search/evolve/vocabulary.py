"""Short expressions with their values on the rows: what a subtree may be replaced by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from fitx.formula.operators import OPCODES
from fitx.search.evolve.batch import values_of
from fitx.search.evolve.genome import COLUMN, Genome
from fitx.search.evolve.variation import Alphabet

Array = npt.NDArray[np.float64]

MOST = 3000  # expressions
_FUNCTIONS = ("square", "sqrt", "exp", "log", "sin", "cos")
_SCALES = (0.5, 2.0, -1.0)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """genomes: (m,); unit: (m, n) float32, their values less the mean over the standard deviation."""

    genomes: list[Genome]
    mean: Array
    spread: Array
    unit: npt.NDArray[np.float32]


def make_vocabulary(alphabet: Alphabet, columns: Array) -> Vocabulary:
    """Columns, functions of columns with a scale, their products, quotients, sums and powers, and functions of these;
    each once up to a factor and an offset."""
    genomes = list(dict.fromkeys(islice(_candidates(alphabet), 2 * MOST)))
    with np.errstate(all="ignore"):
        v = values_of(genomes, columns)
        mean, spread = v.mean(axis=1), v.std(axis=1)
        good = np.isfinite(v).all(axis=1) & (np.abs(v).max(axis=1) < 1e8)
        good &= spread > 1e-9 * np.maximum(np.abs(mean), 1e-3)
        unit = (v - mean[:, None]) / spread[:, None]
        largest = np.take_along_axis(unit, np.nan_to_num(np.abs(unit)).argmax(axis=1)[:, None], axis=1)
        keys = np.round(unit * np.sign(largest), 6)
    first: dict[bytes, int] = {}
    for i in np.flatnonzero(good).tolist():
        first.setdefault(keys[i].tobytes(), i)
    chosen = list(first.values())[:MOST]
    return Vocabulary([genomes[i] for i in chosen], mean[chosen], spread[chosen], unit[chosen].astype(np.float32))


def _candidates(alphabet: Alphabet) -> Iterator[Genome]:
    functions = [OPCODES[n] for n in _FUNCTIONS if OPCODES[n] in alphabet.unary]
    mul, add, sub, div, power = (OPCODES[n] for n in ("mul", "add", "sub", "div", "pow"))
    columns: list[Genome] = [(COLUMN + k,) for k in range(alphabet.columns)]
    inverses: list[Genome] = [(1.0, *c, div) for c in columns] if div in alphabet.binary else []
    first: list[Genome] = [*columns, *((*c, f) for c in columns for f in functions), *inverses]
    yield from first
    scaled = [(*c, s, mul, f) for c in columns for f in functions if f not in (OPCODES["sqrt"], OPCODES["log"])
              for s in _SCALES]  # fmt: skip
    yield from scaled
    binary = [op for op in (mul, add, sub, div) if op in alphabet.binary]
    pairs = [(*a, *b, op) for i, a in enumerate(columns) for j, b in enumerate(columns) for op in binary
             if i != j or op == mul]  # fmt: skip
    yield from pairs
    if power in alphabet.binary:
        yield from ((*a, *b, power) for a in columns for b in columns)
    yield from ((*p, f) for p in pairs for f in functions)
    wide = [*first, *scaled]
    for i, a in enumerate(wide):
        for j, b in enumerate(wide):
            for op in binary:
                if i < j or (op in (sub, div) and i != j):
                    yield (*a, *b, op)
    yield from ((*p, *c, mul) for p in pairs for c in columns)

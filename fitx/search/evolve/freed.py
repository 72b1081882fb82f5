"""Near misses with more constants freed: a scale and an offset inside every function, exponents, offsets of columns."""

from __future__ import annotations

from fitx.formula.operators import OPCODES
from fitx.search.evolve.genome import ADD, ARITY, COLUMN, FIXED, MUL, NAMES, POW, SUB, Genome, Token, start_of

_EXPONENTS = {OPCODES["square"]: 2.0, OPCODES["cube"]: 3.0, OPCODES["sqrt"]: 0.5}
_NUDGE = 1.02  # starts beside the value that is the near miss: some derivatives vanish there
_MOST = 40  # variants of one genome


def freed(genome: Genome) -> list[Genome]:
    """The genome with a free constant at one further place each, and at all arguments of functions at once."""
    found: dict[Genome, None] = {}
    everywhere: list[Token] = []
    for t in genome:
        if type(t) is int and ARITY.get(t) == 1 and t not in _EXPONENTS:
            everywhere += [_NUDGE, MUL, 0.01, ADD]
        everywhere.append(t)
    if len(everywhere) > len(genome):
        found[tuple(everywhere)] = None
    for i, t in enumerate(genome):
        before, after = genome[:i], genome[i + 1 :]
        if type(t) is float:
            continue
        if t >= COLUMN:
            found[(*before, t, 0.01, ADD, *after)] = None
        elif t < 0 and i + 1 < len(genome) and genome[i + 1] == POW:
            found[(*before, float(t - FIXED) * _NUDGE, *after)] = None
        elif t in _EXPONENTS:
            found[(*before, _EXPONENTS[int(t)] * _NUDGE, POW, *after)] = None
            found[(*before, 0.01, ADD, t, *after)] = None
        elif ARITY.get(int(t)) == 1:
            found[(*before, _NUDGE, MUL, t, *after)] = None
            found[(*before, 0.01, ADD, t, *after)] = None
        elif t in (ADD, SUB) and type(genome[i - 1]) is not float:
            found[(*before, _NUDGE, MUL, t, *after)] = None
        elif NAMES.get(int(t)) in ("mul", "div") and type(genome[i - 1]) is not float:
            # An offset of either factor.
            found[(*before, 0.01, ADD, t, *after)] = None
            middle = start_of(genome, i - 1)
            found[(*genome[:middle], 0.01, ADD, *genome[middle:])] = None
    return list(found)[:_MOST]

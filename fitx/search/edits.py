"""All formulas one change away from a genome: a part replaced, left out, wrapped, joined with a column, or a function
or an operator exchanged for another. Their constants are free, and start near what changes nothing where that can be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from fitx.formula import Call, Const, Formula, call
from fitx.formula.operators import OPCODES
from fitx.search.evolve.genome import (
    ADD,
    COLUMN,
    DIV,
    FIXED,
    MUL,
    POW,
    SUB,
    Genome,
    Token,
    arity,
    constants,
    folded,
    start_of,
)
from fitx.search.grammar import Grammar

_FUNCTIONS = ("log", "sqrt", "square", "exp", "sin", "cos")
_FEW = 4  # columns up to which atoms of two of them are tried
_NODES, _CONSTANTS = 40, 9  # of an edited genome, or a few more than before
_SCALED = ("exp", "sin", "cos")  # functions whose argument gets a scale


@dataclass(frozen=True, slots=True)
class Edits:
    """functions: opcodes; atoms: what a part may be replaced by; columns: how many; power: whether ^ is allowed."""

    functions: tuple[int, ...]
    scaled: tuple[int, ...]
    atoms: tuple[Genome, ...]
    columns: int

    @staticmethod
    def of(grammar: Grammar, columns: int) -> Edits:
        """The edits that a grammar allows."""
        functions = tuple(OPCODES[n] for n in _FUNCTIONS if grammar.allows(n))
        scaled = tuple(OPCODES[n] for n in _SCALED if grammar.allows(n))
        return Edits(functions, scaled, tuple(_atoms(functions, scaled, columns)), columns)

    def around(self, genome: Genome) -> list[Genome]:
        """Every genome that is one change away, each once, within the limits of size."""
        found: dict[Genome, None] = {}
        nodes, most = max(_NODES, len(genome) + 4), max(_CONSTANTS, constants(genome) + 2)
        for i in range(len(genome)):
            start = start_of(genome, i)
            before, sub, after = genome[:start], genome[start : i + 1], genome[i + 1 :]
            for new in self._instead(sub, whole=len(sub) == len(genome)):
                g = folded((*before, *new, *after))
                if len(g) <= nodes and constants(g) <= most and any(type(t) is int and t >= COLUMN for t in g):
                    found[g] = None
        found.pop(genome, None)
        return list(found)

    def _instead(self, sub: Genome, whole: bool) -> Iterator[Sequence[Token]]:
        """What may stand in the place of a part."""
        last = sub[-1]
        k = arity(last)
        constant = not any(type(t) is int and t >= COLUMN for t in sub)
        if not whole:
            yield from self.atoms
        if type(last) is int and FIXED - 100 < last < 0:  # a whole exponent
            n = last - FIXED
            yield from ((FIXED + m,) for m in (n - 1, n + 1) if m)
            yield (float(n) * 1.02,)
            return
        if k == 1:
            yield sub[:-1]
            yield from ((*sub[:-1], f) for f in self.functions if f != last)
            yield (1.0, *sub[:-1], DIV)
            yield from _powers(sub[:-1])
        elif k == 2:
            yield from self._operators(sub, start_of(sub, len(sub) - 2))
        if constant:
            return
        for f in self.functions:
            yield (*sub, f)
            if f in self.scaled:
                yield (*sub, 0.9, MUL, f)
        yield (1.0, *sub, DIV)
        yield (*sub, 0.01, ADD)
        yield (*sub, 1.02, POW)
        yield from self._joined(sub)

    def _operators(self, sub: Genome, middle: int) -> Iterator[Sequence[Token]]:
        """Either argument alone, other operators, other order; a function in the place of a reciprocal."""
        last, a, b = sub[-1], sub[:middle], sub[middle:-1]
        yield a
        yield b
        for op in (ADD, SUB, MUL, DIV):
            if op != last:
                yield (*a, *b, op)
        if last in (SUB, DIV, POW):
            yield (*b, *a, last)
        if last == POW and arity(a[-1]) == 1:
            yield (*a[:-1], 0.1, ADD, 1.02, POW)
        if last == DIV and type(a[-1]) is float:
            yield from ((*b, f) for f in self.functions)
        elif last in (MUL, DIV):
            yield (*a, *b, 0.01, ADD, last)
            yield (*a, 0.01, ADD, *b, last)

    def _joined(self, sub: Genome) -> Iterator[Sequence[Token]]:
        """With a column as a factor, divisor, term or exponent; with a function of one as a term or a factor."""
        for k in range(self.columns):
            x = COLUMN + k
            yield (*sub, x, MUL)
            yield (*sub, x, DIV)
            yield (x, *sub, DIV)
            yield (*sub, x, ADD)
            yield (*sub, x, SUB)
            yield (x, *sub, SUB)
            yield (*sub, x, 0.01, MUL, ADD)
            yield (*sub, 0.01, x, DIV, ADD)
            yield (*sub, x, POW)
            yield from ((*sub, x, f, MUL) for f in self.functions)
            yield from ((*sub, x, f, 0.01, MUL, ADD) for f in self.functions)


def _powers(inside: Genome) -> Iterator[Genome]:
    """What a function of something small may stand for: its first powers."""
    if inside[-1] == MUL:  # a factor is one constant too many
        middle = start_of(inside, len(inside) - 2)
        inside = inside[middle:-1] if middle == 1 and type(inside[0]) is float else inside
    yield (*inside, 0.5, MUL, 1.0, ADD)
    yield (*inside, OPCODES["square"], 0.5, MUL, 1.0, ADD)
    yield (*inside, 1.0, ADD, 1.02, POW)


def _atoms(functions: tuple[int, ...], scaled: tuple[int, ...], columns: int) -> Iterator[Genome]:
    yield (1.0,)
    for k in range(columns):
        x = COLUMN + k
        yield (x,)
        yield (x, 1.0, ADD)
        yield (x, 1.0, MUL)
        yield (x, -1.0, POW)
        yield (x, 0.7, POW)
        yield (x, 1.0, MUL, 1.0, ADD)
        for f in functions:
            yield (x, f)
            if f in scaled:
                yield from ((x, s, MUL, f) for s in (0.3, -0.5, 2.0))
                yield (x, 1.0, MUL, 0.5, ADD, f)
            yield (x, x, f, MUL)
    if columns <= _FEW:
        for i, j in combinations(range(columns), 2):
            x, z = COLUMN + i, COLUMN + j
            yield (x, z, MUL)
            yield (x, z, ADD)
            yield (x, z, 1.0, MUL, ADD)
        for i, j in permutations(range(columns), 2):
            x, z = COLUMN + i, COLUMN + j
            yield (x, z, SUB)
            yield (x, z, DIV)
            yield (x, z, POW)


def arranged(f: Formula) -> Formula:
    """`f` with the terms of sums and the factors of products that hold the same columns beside each other, so that they
    are one part."""

    def node(g: Call, args: list[Formula]) -> Formula:
        return call(g.op, *args)

    def top(g: Formula) -> Formula:
        if not isinstance(g, Call):
            return g
        if g.op in ("add", "sub", "neg"):
            return _joined([(sign, top(t)) for sign, t in _terms(g)])
        if g.op in ("mul", "div"):
            return _multiplied([(sign, top(t)) for sign, t in _factors(g)])
        return node(g, [top(a) for a in g.args])

    return top(f)


def _terms(f: Formula, sign: int = 1) -> Iterator[tuple[int, Formula]]:
    if isinstance(f, Call) and f.op in ("add", "sub"):
        yield from _terms(f.args[0], sign)
        yield from _terms(f.args[1], sign if f.op == "add" else -sign)
    elif isinstance(f, Call) and f.op == "neg":
        yield from _terms(f.args[0], -sign)
    else:
        yield sign, f


def _factors(f: Formula, sign: int = 1) -> Iterator[tuple[int, Formula]]:
    if isinstance(f, Call) and f.op in ("mul", "div"):
        yield from _factors(f.args[0], sign)
        yield from _factors(f.args[1], sign if f.op == "mul" else -sign)
    else:
        yield sign, f


def _grouped(parts: list[tuple[int, Formula]]) -> list[list[tuple[int, Formula]]]:
    groups: dict[tuple[str, ...], list[tuple[int, Formula]]] = {}
    for sign, f in parts:
        groups.setdefault(tuple(sorted(f.variables)), []).append((sign, f))
    return [groups[key] for key in sorted(groups, key=lambda v: (len(v), v))]


def _joined(terms: list[tuple[int, Formula]]) -> Formula:
    total: Formula | None = None
    for group in _grouped(terms):
        part: Formula | None = None
        for sign, f in sorted(group, key=lambda t: -t[0]):
            part = (f if sign > 0 else -f) if part is None else part + f if sign > 0 else part - f
        assert part is not None
        total = part if total is None else total + part
    assert total is not None
    return total


def _multiplied(factors: list[tuple[int, Formula]]) -> Formula:
    total: Formula | None = None
    groups = _grouped(factors)
    for group in sorted(groups, key=lambda g: all(sign < 0 for sign, _ in g)):  # divisors alone come last
        top, bottom = _product([f for sign, f in group if sign > 0]), _product([f for sign, f in group if sign < 0])
        if top is None:
            top, bottom = total if total is not None else Const(1), bottom
            total = None
        part = top if bottom is None else top / bottom
        total = part if total is None else total * part
    assert total is not None
    return total


def _product(factors: list[Formula]) -> Formula | None:
    total: Formula | None = None
    for f in factors:
        total = f if total is None else total * f
    return total

"""New genomes: random ones, and changes of old ones. Each draws from a generator of its own island."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from fitx.formula.operators import OPCODES
from fitx.search.evolve.genome import ADD, COLUMN, DIV, MUL, POW, SUB, Genome, Token, arity, constants, folded, start_of
from fitx.search.grammar import Grammar

_WEIGHTS = {"add": 4, "sub": 3, "mul": 5, "div": 4, "pow": 1.5}
_UNARY = {"sqrt": 1.0, "square": 1.0, "exp": 1.0, "log": 1.0, "sin": 1.0, "cos": 0.5, "tanh": 0.2, "neg": 0.1}
_UNARY_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What genomes are made of: opcodes with cumulative weights, the number of columns, and limits of size."""

    unary: tuple[int, ...]
    unary_weights: tuple[float, ...]
    binary: tuple[int, ...]
    binary_weights: tuple[float, ...]
    columns: int
    most_nodes: int = 24
    most_constants: int = 8

    def leaf(self, rng: Random) -> Token:
        """A column, or less often a constant."""
        if rng.random() < 0.3:
            return rng.choice((1.0, 0.5, 2.0, -1.0, rng.uniform(-3, 3)))
        return COLUMN + int(rng.random() * self.columns)

    def operator(self, rng: Random, k: int) -> int:
        """An operator of k arguments."""
        if k == 1:
            return rng.choices(self.unary, self.unary_weights)[0]
        return rng.choices(self.binary, self.binary_weights)[0]

    def fits(self, genome: Genome) -> bool:
        """Within the limits."""
        return 0 < len(genome) <= self.most_nodes and constants(genome) <= self.most_constants


def make_alphabet(grammar: Grammar, columns: int, most_nodes: int = 24) -> Alphabet:
    """The alphabet of the operators that the grammar allows."""
    unary = [n for n in _UNARY if grammar.allows(n) or n == "neg"]
    binary = [n for n in _WEIGHTS if grammar.allows(n) or n in ("add", "mul") or (n in ("sub", "pow"))]
    return Alphabet(
        tuple(OPCODES[n] for n in unary), tuple(_UNARY[n] for n in unary),
        tuple(OPCODES[n] for n in binary), tuple(_WEIGHTS[n] for n in binary), columns, most_nodes,
    )  # fmt: skip


def random_tree(alphabet: Alphabet, rng: Random, operators: int) -> Genome:
    """A tree of that many operators."""
    if operators <= 0:
        return (alphabet.leaf(rng),)
    if rng.random() < _UNARY_SHARE:
        return (*random_tree(alphabet, rng, operators - 1), alphabet.operator(rng, 1))
    left = rng.randrange(operators)
    op = alphabet.operator(rng, 2)
    a, b = random_tree(alphabet, rng, left), random_tree(alphabet, rng, operators - 1 - left)
    if op == POW and rng.random() < 0.7:
        b = (rng.choice((0.5, 1.5, -0.5, 1.2, 0.7)),)
    return (*a, *b, op)


def crossover(a: Genome, b: Genome, rng: Random) -> Genome:
    """A subtree of `a` replaced by one of `b`."""
    i, j = int(rng.random() * len(a)), int(rng.random() * len(b))
    return (*a[: start_of(a, i)], *b[start_of(b, j) : j + 1], *a[i + 1 :])


def joined(a: Genome, b: Genome, rng: Random) -> Genome:
    """A sum, product or quotient of the two."""
    op = rng.choice((ADD, ADD, MUL, MUL, DIV))
    return (*a, *b, MUL) if op == MUL else (*a, *b, op) if op == DIV else (*a, *b, 1.0, MUL, ADD)


def point(a: Genome, alphabet: Alphabet, rng: Random) -> Genome:
    """One token replaced by another of as many arguments."""
    i = int(rng.random() * len(a))
    k = arity(a[i])
    if k:
        new: Token = alphabet.operator(rng, k)
    elif type(a[i]) is float and rng.random() < 0.6:
        new = float(a[i]) * rng.choice((-1.0, 0.3, 3.0, 0.1)) + rng.choice((0.0, 0.0, 1.0))
    else:
        new = alphabet.leaf(rng)
    return (*a[:i], new, *a[i + 1 :])


def insert(a: Genome, alphabet: Alphabet, rng: Random) -> Genome:
    """A function around a subtree, or an operator with a leaf: often a factor or an offset."""
    i = int(rng.random() * len(a))
    s = start_of(a, i)
    sub = a[s : i + 1]
    r = rng.random()
    new: Sequence[Token]
    if r < 0.3:
        new = (*sub, alphabet.operator(rng, 1))
    elif r < 0.5:
        new = (*sub, rng.uniform(-1, 1), ADD)
    elif r < 0.6:
        new = (*sub, rng.choice((0.7, 1.5, -1.0)), MUL)
    elif r < 0.65:
        new = (*sub, rng.choice((0.5, 1.5, -1.0, -0.5, 0.8)), POW)
    else:
        leaf = (COLUMN + int(rng.random() * alphabet.columns),)
        op = alphabet.operator(rng, 2)
        new = (*leaf, *sub, op) if rng.random() < 0.5 else (*sub, *leaf, op)
    return (*a[:s], *new, *a[i + 1 :])


def delete(a: Genome, rng: Random) -> Genome:
    """An operator replaced by one of its arguments."""
    operators = [i for i, t in enumerate(a) if arity(t)]
    if not operators:
        return a
    i = rng.choice(operators)
    s = start_of(a, i)
    if arity(a[i]) == 1:
        return (*a[:i], *a[i + 1 :])
    middle = start_of(a, i - 1)
    kept = a[s:middle] if rng.random() < 0.5 else a[middle:i]
    return (*a[:s], *kept, *a[i + 1 :])


def swap(a: Genome, rng: Random) -> Genome:
    """The arguments of an operator exchanged, where that changes anything."""
    operators = [i for i, t in enumerate(a) if arity(t) == 2 and t in (SUB, DIV, POW)]
    if not operators:
        return a
    i = rng.choice(operators)
    s, middle = start_of(a, i), start_of(a, i - 1)
    return (*a[:s], *a[middle:i], *a[s:middle], *a[i:])


def subtree(a: Genome, alphabet: Alphabet, rng: Random) -> Genome:
    """A subtree replaced by a small random one."""
    i = int(rng.random() * len(a))
    return (*a[: start_of(a, i)], *random_tree(alphabet, rng, rng.randrange(4)), *a[i + 1 :])


def offspring(a: Genome, b: Genome, alphabet: Alphabet, rng: Random) -> Genome | None:
    """One change of `a` (now and then two), with parts of `b`; None where it breaks the limits or is a constant."""
    g = a
    for _ in range(1 if rng.random() < 0.75 else 2):
        r = rng.random()
        if r < 0.3:
            g = crossover(g, b, rng)
        elif r < 0.36:
            g = joined(g, b, rng)
        elif r < 0.52:
            g = point(g, alphabet, rng)
        elif r < 0.74:
            g = insert(g, alphabet, rng)
        elif r < 0.84:
            g = delete(g, rng)
        elif r < 0.88:
            g = swap(g, rng)
        else:
            g = subtree(g, alphabet, rng)
    g = folded(g)
    if len(g) == 1 and (type(g[0]) is float or g[0] < 0):
        return None
    return g if alphabet.fits(g) else None

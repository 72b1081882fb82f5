"""Random expression trees as laws: a seed and a number give a law, nothing is stored and nobody chooses.

A tree has 3 to 7 operators among + - * / power, sin, exp, log, sqrt, 1 to 3 features and 1 to 3 constants of three
digits, each at any leaf; a feature may stand at several leaves. `degenerate` is the rule by which a tree is thrown out.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from laws import Law

Array = npt.NDArray[np.float64]

BINARY = (("+", 4), ("-", 3), ("*", 4), ("/", 3), ("**", 2))
UNARY = (("sin", 2), ("exp", 2), ("log", 2), ("sqrt", 2))
BOXES = ((1.0, 5.0), (0.5, 3.0), (0.1, 2.0), (-2.0, 2.0), (1.0, 10.0))
ROWS = 400  # of the box, on which a tree is judged
FINITE = 0.999  # share of the rows on which a law has to be defined
RANGE = 1e6  # largest |y|, and largest |y| relative to its median
INFLUENCE = 1e-3  # of a feature or a constant, relative to the spread of y
DEPENDENT = 1e-5  # smallest singular value of the constants' scaled Jacobian
SAME = 1e-9  # relative distance at which two trees are equal


@dataclass(frozen=True, slots=True)
class Node:
    """An operator with its arguments, a feature (`x1`) or a constant (value)."""

    op: str
    args: tuple[Node, ...] = ()
    value: float = 0.0

    def text(self) -> str:
        """The formula, every operation in brackets."""
        if self.op == "const":
            return f"({self.value:.10g})" if self.value < 0 else f"{self.value:.10g}"
        if not self.args:
            return self.op
        if len(self.args) == 1:
            return f"{self.op}({self.args[0].text()})"
        return f"({self.args[0].text()} {self.op} {self.args[1].text()})"

    def nodes(self) -> list[Node]:
        """This node and all below it."""
        return [self, *(n for a in self.args for n in a.nodes())]

    def evaluate(self, X: Array, scale: dict[int, float] | None = None, count: list[int] | None = None) -> Array:
        """Values on the rows X (n, d); scale: factors of the constants by their number from left to right."""
        count = [0] if count is None else count
        if self.op == "const":
            k = count[0]
            count[0] += 1
            return np.full(len(X), self.value * (scale or {}).get(k, 1.0))
        if not self.args:
            return X[:, int(self.op[1:]) - 1]
        values = [a.evaluate(X, scale, count) for a in self.args]
        functions = {
            "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power,
            "sin": np.sin, "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
        }  # fmt: skip
        result: Array = functions[self.op](*values)
        return result


def laws(seed: int, count: int) -> list[Law]:
    """The first `count` laws of a seed that are not degenerate and differ from one another."""
    return list(_laws(seed, count))


@functools.cache
def _laws(seed: int, count: int) -> tuple[Law, ...]:
    rng = np.random.default_rng([seed, 4711])
    found: list[Law] = []
    texts: set[str] = set()
    while len(found) < count:
        tree, boxes = draw(rng)
        if not degenerate(tree, boxes, rng) and tree.text() not in texts:
            texts.add(tree.text())
            found.append(_law(f"tree_{seed}_{len(found) + 1:03d}", tree, boxes))
    return tuple(found)


def draw(rng: np.random.Generator) -> tuple[Node, Array]:
    """A random tree and the box (d, 2) of its features."""
    while True:
        operators, d, constants = int(rng.integers(3, 8)), int(rng.integers(1, 4)), int(rng.integers(1, 4))
        names = [_pick(BINARY + UNARY, rng) for _ in range(operators)]
        binary = sum(name in dict(BINARY) for name in names)
        if d + constants > binary + 1:
            continue
        leaves = [f"x{k + 1}" for k in range(d)] + ["const"] * constants
        leaves += [f"x{rng.integers(d) + 1}" for _ in range(binary + 1 - len(leaves))]
        pool = [Node(leaf, value=_constant(rng) if leaf == "const" else 0.0) for leaf in leaves]
        for k in rng.permutation(len(names)):  # random pieces are joined until one is left
            name = names[k]
            if name in dict(UNARY):
                i = int(rng.integers(len(pool)))
                pool[i] = Node(name, (pool[i],))
            else:
                i, j = (int(q) for q in rng.permutation(len(pool))[:2])
                joined = Node(name, (pool[i], pool[j]))
                pool = [n for q, n in enumerate(pool) if q not in (i, j)] + [joined]
        return pool[0], np.array([BOXES[rng.integers(len(BOXES))] for _ in range(d)])


def degenerate(tree: Node, box: Array, rng: np.random.Generator) -> str:
    """Why the tree is no law worth finding; "" where it is one.

    Undefined on more than 0.1 % of the box; |y| beyond 1e6, or 1e6 times its median; an operator of constants only, or
    a node that is constant on the box; y nearly constant; a feature or a constant that changes y by less than 1e-3 of
    its spread (feature set to its median; constant one percent larger, times 100); constants that depend on one another
    (the Jacobian by them, y and 1 beside it, has no full rank: those that an outer scale or offset absorbs are
    redundant only where two of them do so); or a subtree that can be replaced by a part of itself.
    """
    X = rng.uniform(box[:, 0], box[:, 1], size=(ROWS, len(box)))
    with np.errstate(all="ignore"):
        y = tree.evaluate(X)
        if np.isfinite(y).mean() < FINITE:
            return "undefined"
        X, y = X[np.isfinite(y)], y[np.isfinite(y)]
        spread, size = float(y.std()), float(np.abs(y).max())
        if size > RANGE or size > RANGE * float(np.median(np.abs(y))):
            return "range"
        if spread < INFLUENCE * size or size < 1e-6:
            return "nearly constant"
        for node in tree.nodes():
            if node.args and np.ptp(values := node.evaluate(X)) <= SAME * np.abs(values).max():
                return "constant node"
        for k in range(X.shape[1]):
            Z = X.copy()
            Z[:, k] = np.median(X[:, k])
            if not _far(tree.evaluate(Z), y, spread):
                return "feature without influence"
        slopes = []
        for k in range(sum(n.op == "const" for n in tree.nodes())):
            slope = (tree.evaluate(X, {k: 1 + 1e-6}) - tree.evaluate(X, {k: 1 - 1e-6})) / 2e-6
            if not np.isfinite(slope).all() or np.sqrt(np.mean(slope**2)) < INFLUENCE * spread:
                return "constant without influence"
            slopes.append(slope / np.sqrt(np.mean(slope**2)))
        if slopes and np.linalg.svd(np.array(slopes), compute_uv=False)[-1] < DEPENDENT * np.sqrt(len(y)):
            return "dependent constants"
        for other in _shorter(tree):
            if not _far(other.evaluate(X), y, SAME * spread / INFLUENCE):
                return "a simpler one is equal"
    return ""


def _far(a: Array, b: Array, spread: float) -> bool:
    return not np.isfinite(a).all() or float(np.sqrt(np.mean((a - b) ** 2))) > INFLUENCE * spread


def _shorter(tree: Node) -> list[Node]:
    """The tree with one operator replaced by one of the nodes below it."""
    found = list(tree.nodes()[1:])
    for k, a in enumerate(tree.args):
        found += [Node(tree.op, (*tree.args[:k], s, *tree.args[k + 1 :]), tree.value) for s in _shorter(a)]
    return found


def _constant(rng: np.random.Generator) -> float:
    """Three digits, sizes from 0.1 to 10 alike, one in five negative."""
    value = float(f"{10 ** rng.uniform(-1, 1):.3g}")
    return -value if rng.random() < 0.2 else value


def _pick(choices: tuple[tuple[str, int], ...], rng: np.random.Generator) -> str:
    weights = np.array([w for _, w in choices], float)
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))][0]


def _law(name: str, tree: Node, box: Array) -> Law:
    text = tree.text()
    text = text[1:-1] if text.startswith("(") else text
    operators = [n.op for n in tree.nodes() if n.args]
    return {
        "name": name, "suite": "trees", "formula": text,
        "variables": {f"x{k + 1}": [float(lo), float(hi)] for k, (lo, hi) in enumerate(box)},
        "target": "y", "n_vars": len(box), "n_ops": len(operators), "sampling": "uniform",
        "functions": sorted({o for o in operators if o in dict(UNARY)}),
    }  # fmt: skip

"""Values of every node of a genome and the derivatives of its value by each of them, on a few rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx.search.evolve.genome import ARITY, COLUMN, FIXED, NAMES, Genome

Array = npt.NDArray[np.float64]

FORWARD: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "sqrt": np.sqrt, "square": np.square, "cube": lambda a: a * a * a, "exp": np.exp, "log": np.log, "sin": np.sin,
    "cos": np.cos, "tanh": np.tanh,
}  # fmt: skip
# (derivative by the value, the value, arguments) -> derivatives by the arguments
BACKWARD: dict[str, Callable[..., tuple[Any, ...]]] = {
    "add": lambda g, v, a, b: (g, g),
    "sub": lambda g, v, a, b: (g, -g),
    "mul": lambda g, v, a, b: (g * b, g * a),
    "div": lambda g, v, a, b: (g / b, -g * v / b),
    "pow": lambda g, v, a, b: (g * b * v / a, g * v * np.log(a)),
    "neg": lambda g, v, a: (-g,),
    "sqrt": lambda g, v, a: (0.5 * g / v,),
    "square": lambda g, v, a: (2 * g * a,),
    "cube": lambda g, v, a: (3 * g * a * a,),
    "exp": lambda g, v, a: (g * v,),
    "log": lambda g, v, a: (g / a,),
    "sin": lambda g, v, a: (g * np.cos(a),),
    "cos": lambda g, v, a: (-g * np.sin(a),),
    "tanh": lambda g, v, a: (g * (1 - v * v),),
}


def node_values(genome: Genome, columns: Array) -> tuple[list[Array], list[tuple[int, ...]]] | None:
    """Values (n,) of the subtree that ends at each position, and the positions of each operator's arguments; None for
    operators that are not in the table above. columns: (d, n)."""
    values: list[Array] = []
    below: list[tuple[int, ...]] = []
    stack: list[int] = []
    for i, t in enumerate(genome):
        if type(t) is float:
            values.append(np.full(columns.shape[1], t))
            below.append(())
        elif t >= COLUMN:
            values.append(columns[int(t) - COLUMN])
            below.append(())
        elif t < 0:
            values.append(np.full(columns.shape[1], float(t - FIXED)))
            below.append(())
        else:
            name, k = NAMES[int(t)], ARITY[int(t)]
            if name not in FORWARD:
                return None
            args = tuple(stack[-k:])
            del stack[-k:]
            values.append(FORWARD[name](*(values[a] for a in args)))
            below.append(args)
        stack.append(i)
    return values, below


def adjoints(genome: Genome, values: list[Array], below: list[tuple[int, ...]]) -> list[Array]:
    """Derivatives (n,) of the genome's value by the value at each position."""
    out: list[Array] = [np.ones(0)] * len(genome)
    out[-1] = np.ones_like(values[-1])
    for i in range(len(genome) - 1, -1, -1):
        if below[i]:
            partials = BACKWARD[NAMES[int(genome[i])]](out[i], values[i], *(values[a] for a in below[i]))
            for a, g in zip(below[i], partials, strict=True):
                out[a] = g
    return out

"""The constants of one formula fitted with derivatives by differences: as exact as noisy data need, and quick, because
the formula is compiled once and one call evaluates it at all neighbouring constants."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx import _core
from fitx.formula import Call, Const, Formula
from fitx.formula.operators import OPCODES
from fitx.formula.program import compile_formula
from fitx.search.refine import MOST, float_constants
from fitx.search.table import Table

Array = npt.NDArray[np.float64]

_STEP = 1e-5  # relative step of a central difference
_TINY = 1e-8  # step for constants near 0
_TRIALS = 5  # dampings of one round


class Compiled:
    """A formula with float constants on the check rows of a table. free: their positions among its constants."""

    def __init__(self, f: Formula, table: Table) -> None:
        self.formula, self.table = f, table
        self.free = float_constants(f)
        self.program = compile_formula(f, {name: i for i, name in enumerate(table.names)})
        leaves = [n for n in f.postorder() if isinstance(n, Const) or (isinstance(n, Call) and n.op == "pi")]
        slots = [i for i, n in enumerate(leaves) if isinstance(n, Const)]
        self.slots = np.array([slots[i] for i in self.free], int)
        self.root = None if table.check_weights is None else np.sqrt(table.check_weights)

    def values(self, theta: Array) -> Array:
        """(P, n): the formula at each of the constants theta (P, k), times the square roots of the weights."""
        p, count = self.program, len(theta)
        is_constant = p.codes == OPCODES["const"]
        operands = p.operands + np.arange(count)[:, None] * len(p.constants) * is_constant
        constants = np.tile(p.constants, (count, 1))
        constants[:, self.slots] = theta
        offsets = np.arange(count + 1) * len(p.codes)
        v: Array = _core.evaluate(
            np.tile(p.codes, count), operands.ravel().astype(np.int32), offsets.astype(np.int64), constants.ravel(),
            self.table.check_columns, self.table.threads,
        )  # fmt: skip
        return v if self.root is None else v * self.root

    def derivatives(self, theta: Array) -> tuple[Array, Array]:
        """Values (n,) and derivatives (k, n) at theta (k,)."""
        k = len(theta)
        h = np.maximum(_STEP * np.abs(theta), _TINY)
        v = self.values(np.concatenate([theta[None], theta + np.diag(h), theta - np.diag(h)]))
        return v[0], (v[1 : k + 1] - v[k + 1 :]) / (2 * h[:, None])

    @property
    def theta(self) -> Array:
        """The free constants as they are."""
        constants = self.formula.constants
        return np.array([float(constants[i]) for i in self.free])

    def with_theta(self, theta: Array) -> Formula:
        """The formula with these free constants."""
        values = list(self.formula.constants)
        for i, c in zip(self.free, theta, strict=True):
            values[i] = float(c)
        return self.formula.with_constants(values)


def fitted(f: Formula, table: Table, rounds: int) -> Formula:
    """`f` with its float constants at a (local) minimum of sum w (y - f)^2 on the check rows; `f` itself where it has
    none, too many, or where nothing is gained. Levenberg-Marquardt."""
    compiled = Compiled(f, table)
    k = len(compiled.free)
    if not 0 < k <= MOST or len(table.check_y) <= k:
        return f
    y = table.check_y if compiled.root is None else table.check_y * compiled.root
    theta = compiled.theta
    damping, moved = 1e-4, False
    with np.errstate(all="ignore"):
        for _ in range(rounds):
            v, J = compiled.derivatives(theta)
            r = y - v
            loss = float(r @ r)
            if not (np.isfinite(loss) and np.isfinite(J).all()):
                break
            size = np.maximum(np.sqrt((J * J).sum(axis=1)), 1e-300)
            J = J / size[:, None]
            A, b = J @ J.T, J @ r
            dampings = damping * 30.0 ** np.arange(-1, _TRIALS - 1)
            steps = np.array([np.linalg.solve(A + d * np.eye(k), b) for d in dampings]) / size
            losses = ((y - compiled.values(theta + steps)) ** 2).sum(axis=1)
            best = int(np.argmin(np.where(np.isfinite(losses), losses, np.inf)))
            if not losses[best] < loss:
                break
            theta, damping, moved = theta + steps[best], float(max(dampings[best], 1e-12)), True
            if losses[best] > (1 - 1e-7) * loss:
                break
    return compiled.with_theta(theta) if moved and np.isfinite(theta).all() else f

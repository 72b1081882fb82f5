"""The description length of a formula under noise, and constants made simple or dropped while that makes it shorter.

    description = n/2 log(error) + length of the formula (`prior`),

in nats, for n rows [Rissanen 1978].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula
from fitx.search.numeric import Compiled, fitted
from fitx.search.prior import structure_cost
from fitx.search.refine import MOST, float_constants
from fitx.search.snap import replaced, simple_forms
from fitx.search.sparse import NODE, constant_cost
from fitx.search.table import Table

Array = npt.NDArray[np.float64]

_SIGMAS = 3.0  # standard errors within which simple values are tried
_WIDE = 0.3  # relative distance of these at most
_ROUNDS = 5


def description(f: Formula, error: float, n: int) -> float:
    """Nats for the formula and for y given the formula, up to what is the same for all formulas; error: 1 - R2."""
    return n / 2 * float(np.log(max(error, 1e-300))) + structure_cost(f, n)


def polished(f: Formula, table: Table) -> tuple[Formula, float]:
    """`f` with its constants at the optimum on the check rows, those that the noise cannot tell from simple values made
    so, and terms that it cannot tell from nothing left out; and its error there."""
    f = fitted(f.simplify(), table, 8)
    error = table.error_on_check(f)
    n = len(table.check_y)
    for _ in range(_ROUNDS):
        fixed = _fixable(f, table, n)
        while fixed:
            values = list(f.constants)
            forms: list[Formula | None] = [None] * len(values)
            for position, form, constants in fixed:
                forms[position] = form
                for i, c in constants:
                    values[i] = c
            g = fitted(replaced(f.with_constants(values), forms).simplify(), table, 4)
            e = table.error_on_check(g)
            if description(g, e, n) < description(f, error, n):
                break
            fixed = fixed[: len(fixed) // 2]
        if not fixed:
            break
        f, error = g, e
    return f, error


def _fixable(f: Formula, table: Table, n: int) -> list[tuple[int, Formula, list[tuple[int, float]]]]:
    """Constants to be fixed one after the other, the one that saves most first: its position, its simple form, and all
    constants as they then are in the quadratic approximation of the loss."""
    free = float_constants(f)
    if not free or len(free) > MOST or n <= len(free) + 1:
        return []
    compiled = Compiled(f, table)
    with np.errstate(all="ignore"):
        v, J = compiled.derivatives(compiled.theta)
        r = (table.check_y if compiled.root is None else table.check_y * compiled.root) - v
    if not (np.isfinite(J).all() and np.isfinite(r).all()):
        return []
    size = np.maximum(np.sqrt((J * J).sum(axis=1)), 1e-300)
    u, s, _ = np.linalg.svd(J / size[:, None], full_matrices=False)
    s2 = float(r @ r) / (n - len(free))
    C = s2 * (u / np.maximum(s, 1e-7 * s[0]) ** 2) @ u.T / np.outer(size, size)
    c = compiled.theta
    left = list(range(len(free)))
    found: list[tuple[int, Formula, list[tuple[int, float]]]] = []
    while left:
        best: tuple[float, int, Formula, float] | None = None
        for k in left:
            deviation = float(np.sqrt(max(C[k, k], 0.0)))
            for form, value, cost in _values(float(c[k]), deviation):
                saved = constant_cost(n) + 2 * NODE - cost - (value - c[k]) ** 2 / (2 * max(deviation, 1e-300) ** 2)
                if saved > 0 and (best is None or saved > best[0]):
                    best = saved, k, form, value
        if best is None:
            break
        _, k, form, value = best
        left.remove(k)
        if C[k, k] > 0:
            c = c + C[:, k] / C[k, k] * (value - c[k])
            C = C - np.outer(C[:, k], C[k]) / C[k, k]
        if not np.isfinite(c).all():
            break
        found.append((free[k], form, [(i, float(v)) for i, v in zip(free, c, strict=True)]))
    return found


def _values(c: float, error: float) -> list[tuple[Formula, float, float]]:
    """Simple values near c: formula, value, and nats of its description."""
    found: list[tuple[Formula, float, float]] = []
    if abs(c) < _SIGMAS * error:
        found.append((Const(0), 0.0, 0.0))
    for sign in (1, -1):
        if abs(c - sign) < _SIGMAS * error:
            found.append((Const(sign), float(sign), 0.5 * (1 - sign)))
    tolerance = min(_SIGMAS * error / max(abs(c), 1e-300), _WIDE)
    for form, value in simple_forms(c, tolerance)[:2]:
        if abs(value - c) < _SIGMAS * error:
            found.append((form, value, NODE * form.complexity + float(np.log(_size(form)))))
    return found


def _size(form: Formula) -> float:
    """How large the whole numbers of a form are; a decimal counts its digits."""
    size = 1.0
    for v in form.constants:
        if isinstance(v, float):
            size *= 10.0 ** len(f"{abs(v):.6g}".replace(".", "").strip("0"))
        else:
            size *= abs(v.numerator) * v.denominator
    return max(size, 1.0)

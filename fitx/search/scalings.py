"""Scalings that leave y as it is, up to a power: f(s^a1 x1, ..., s^ad xd) = s^k f(x), so that a column can go.

Then a1 x1 f1 + ... + ad xd fd = k f for the partial derivatives, which is asked of those of polynomials; with x_j = 1
by s = 1 / x_j one column goes, and the others are multiplied by powers of it [Buckingham's pi theorem 1914].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from fitx.formula import Call, Const, Formula
from fitx.search.algebra import power
from fitx.search.algebra import product as product_of
from fitx.search.problem import Problem

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_POWERS = np.arange(-4, 5) / 2
_KEPT = 0.95  # share of the rows, without those of the largest derivatives
_CLOSE = 0.3
_POWERS_OF = {"square": 2.0, "cube": 3.0, "sqrt": 0.5}  # of columns that are positive


@dataclass(frozen=True, slots=True)
class Scaling:
    """exponents: a for each column of the problem; power: k; misfit: disagreement of the derivatives."""

    exponents: tuple[int, ...]
    power: float
    misfit: float

    def apply(self, problem: Problem) -> Problem:
        """The problem without a column, whose exponent is 1."""
        j = self.exponents.index(1)
        x, f = problem.columns, problem.formulas
        if self.power:
            factor = power(f[j], self.power) if self.power > 0 else 1 / power(f[j], -self.power)
            problem = problem.divided(x[j] ** self.power, factor, problem.active, f" over {j + 1}^{self.power:g}")
        rest = [i for i in range(problem.d) if i != j]
        columns = np.array([x[i] * x[j] ** float(-self.exponents[i]) for i in rest])
        formulas = [
            _product(f[i], f[j], float(-self.exponents[i])) if self.exponents[i] else f[i]  # powers put together
            for i in rest
        ]
        active = [p for p, i in enumerate(rest) if i in problem.active]
        scaled = ",".join(str(i + 1) for i in rest if self.exponents[i])
        return problem.with_columns(columns, formulas, f" scaled {j + 1},{scaled}").restricted(active, "")


def scalings(problem: Problem, gradient: Array, y: Array, x: Array) -> Iterator[Scaling]:
    """Of two or three active columns that are positive; gradient (active, n): derivatives of y (n,) by them at x."""
    active = problem.active
    usable = [p for p, k in enumerate(active) if problem.positive[k]]
    if len(usable) < 2:
        return
    g = np.concatenate([gradient[usable] * x[usable], y[None]])
    size = np.abs(g[:-1]).sum(axis=0)
    good = np.isfinite(size)
    if not good.any():
        return
    g = g[:, good & (size <= np.quantile(size[good], _KEPT))]
    inner = g @ g.T
    a = _exponents(len(usable))
    part, cross, rest = np.einsum("ki,ij,kj->k", a, inner[:-1, :-1], a), a @ inner[:-1, -1], float(inner[-1, -1])
    whole = np.maximum((a * a) @ np.diag(inner)[:-1], 1e-300)
    with np.errstate(all="ignore"):
        k = np.clip(np.round(2 * cross / rest) / 2, _POWERS[0], _POWERS[-1])
    misfit = (part - 2 * k * cross + k * k * rest) / whole
    for q in np.argsort(misfit, kind="stable"):
        if not misfit[q] < _CLOSE:
            return
        exponents = np.zeros(problem.d, int)
        exponents[[active[p] for p in usable]] = a[q]
        yield Scaling(tuple(int(e) for e in exponents), float(k[q]), float(misfit[q]))


@lru_cache(maxsize=16)
def _exponents(d: int) -> Ints:
    """Exponents (m, d) of two or three columns, one of them 1, no two a multiple of each other."""
    found = []
    for count in (2, 3):
        for which in combinations(range(d), min(count, d)):
            for e in product((1, -1, 2, -2), repeat=len(which)):
                first = next((v for v in e if abs(v) == 1), 0)
                if first != 1:
                    continue
                a = np.zeros(d, int)
                a[list(which)] = e
                found.append(a)
    return np.unique(np.array(found), axis=0)


def _product(f: Formula, g: Formula, exponent: float) -> Formula:
    """f g^exponent, each factor once."""
    powers: dict[Formula, float] = {}
    stack = [(f, 1.0), (g, exponent)]
    while stack:
        h, e = stack.pop()
        if isinstance(h, Call) and h.op in ("mul", "div"):
            stack += [(h.args[1], e if h.op == "mul" else -e), (h.args[0], e)]
        elif isinstance(h, Call) and h.op in _POWERS_OF:
            stack.append((h.args[0], _POWERS_OF[h.op] * e))
        elif isinstance(h, Call) and h.op == "pow" and isinstance(h.args[1], Const):
            stack.append((h.args[0], float(h.args[1].value) * e))
        else:
            powers[h] = powers.get(h, 0.0) + e
    return product_of(1.0, [(h, e) for h, e in powers.items() if e])

"""The grid of atoms at their starts: columns on the screening rows, and how well each explains a target.

With a base B taken out of T(y) and of a column g, their correlation gives the R2 of T = B + c g. Columns without a
multiplier come first; the others are made when they are first asked for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fitx._core.varpro import varpro_columns
from fitx.search.atoms.scene import Scene
from fitx.search.atoms.shapes import OUTERS, TWO_COLUMNS
from fitx.search.atoms.starts import Starts, one_argument, two_arguments
from fitx.search.budget import Budget
from fitx.search.grammar import Grammar

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_COLUMNS = 60_000
_BLOCK = 1024
_APART = 1e-12  # part of a column's square that a base must leave


class Grid:
    """u, m: arguments and multipliers on the screening rows. atoms (N, 5), theta (N, 4), group (N,), a number for each
    structure; plain: how many have no multiplier, the first ones."""

    def __init__(
        self, scene: Scene, grammar: Grammar, u: Array, m: Array, budget: Budget, threads: int,
        starts: Starts = one_argument,
    ) -> None:  # fmt: skip
        self._one_argument = starts
        self._u, self._m, self._budget, self._threads = u, m, budget, threads
        self._starts(scene, grammar)
        # As many as there may be: pages that are never reached cost nothing, and none is copied.
        self._columns: Array = np.empty((len(self.atoms) + len(self._multiplied[0]), 2, u.shape[1]))
        self.group = np.zeros(0, np.int64)
        self.plain = 0
        self._ready: list[bool] = []

    def _starts(self, s: Scene, grammar: Grammar) -> None:
        """All atoms at their starts, without multipliers, and how many multipliers each may have."""
        allowed = [all(grammar.allows(name) for name in outer.needs) for outer in OUTERS]
        atoms: list[tuple[int, int, int, int]] = []
        most: list[int] = []
        theta: list[tuple[float, ...]] = []
        for i, a in enumerate(s.arguments):
            for outer, form, t in self._one_argument(a.values, 40 if a.kind == "x" else 12):
                if allowed[outer]:
                    atoms.append((outer, form, i, i))
                    most.append(len(s.multipliers))
                    theta.append(t)
        for i, j in s.pairs:
            same = s.arguments[i].of == s.arguments[j].of
            for outer, form, t in two_arguments(s.arguments[i].values, s.arguments[j].values):
                if allowed[outer]:
                    atoms.append((outer, form, i, j))
                    most.append(min(4, len(s.multipliers)) if same else 1)
                    theta.append(t)
        full = np.zeros((len(theta), 4))
        for k, t in enumerate(theta):
            full[k, : len(t)] = t
        plain = np.array(atoms, np.int32).reshape(-1, 4)
        self.atoms = np.hstack([plain, np.zeros((len(plain), 1), np.int32)])[:_COLUMNS]
        self.theta = full[:_COLUMNS]
        parts, starts = [np.zeros((0, 5), np.int32)], [np.zeros((0, 4))]
        for k in range(1, len(s.multipliers)):
            some = np.array(most) > k
            parts.append(np.hstack([plain[some], np.full((int(some.sum()), 1), k, np.int32)]))
            starts.append(full[some])
        room = max(0, _COLUMNS - len(self.atoms))
        self._multiplied = np.concatenate(parts)[:room], np.concatenate(starts)[:room]

    @property
    def columns(self) -> Array:
        """(N, 2, rows) of the atoms."""
        return self._columns[: len(self.atoms)]

    def evaluate(self, plain: bool = False) -> None:
        """The columns without multipliers, or all; those that are not finite are left out."""
        if not self._ready:
            self.atoms, self.theta = self._evaluated(self.atoms, self.theta, 0)
            self.plain = len(self.atoms)
            self._ready.append(True)
        if not plain and len(self._ready) == 1:
            atoms, theta = self._evaluated(*self._multiplied, self.plain)
            self.atoms, self.theta = np.concatenate([self.atoms, atoms]), np.concatenate([self.theta, theta])
            self._ready.append(True)
        a = self.atoms.astype(np.int64)
        self.group = (((a[:, 0] * 8 + a[:, 1]) * 256 + a[:, 2]) * 256 + a[:, 3]) * 64 + a[:, 4]

    def _evaluated(self, atoms: Ints, theta: Array, at: int) -> tuple[Ints, Array]:
        """Those whose columns are finite; the columns stand from number `at` on."""
        kept = [np.zeros(0, int)]
        for k in range(0, len(atoms), _BLOCK):
            if self._budget.expired():
                break
            some = np.ascontiguousarray(atoms[k : k + _BLOCK]), np.ascontiguousarray(theta[k : k + _BLOCK])
            block = varpro_columns(*some, self._u, self._m, self._threads)
            size = np.abs(block).max(axis=(1, 2))
            ok = np.flatnonzero((size > 1e-100) & (size < 1e100))
            # Scaled to at most 1: only their directions count.
            np.divide(block[ok], size[ok, None, None], out=self._columns[at : at + len(ok)])
            at += len(ok)
            kept.append(k + ok)
        index = np.concatenate(kept)
        return np.ascontiguousarray(atoms[index]), np.ascontiguousarray(theta[index])

    def gains(self, basis: Array, targets: Array, first: int | None = None) -> Array:
        """R2 (N, t) of the `first` columns, or of both of a wave, once the orthonormal rows `basis` are taken out."""
        c, s = self.columns[:first, 0], self.columns[:first, 1]
        left = targets - targets @ basis.T @ basis
        total = (left * left).sum(axis=1)
        ok = total > 1e-20 * np.maximum((targets * targets).sum(axis=1), 1e-300)
        left = left / np.sqrt(np.maximum(total, 1e-300))[:, None]
        P = c @ basis.T
        cc = np.einsum("ij,ij->i", c, c)
        nn = cc - (P * P).sum(axis=1)
        g = c @ left.T
        with np.errstate(all="ignore"):
            r2 = g * g / nn[:, None]
            r2[~(nn > _APART * cc)] = 0
        two = np.flatnonzero(np.isin(self.atoms[:first, 0], list(TWO_COLUMNS)))
        if len(two):
            s = s[two]
            S = s @ basis.T
            ss = np.einsum("ij,ij->i", s, s) - (S * S).sum(axis=1)
            cs = np.einsum("ij,ij->i", s, c[two]) - (S * P[two]).sum(axis=1)
            h = s @ left.T
            with np.errstate(all="ignore"):
                det = nn[two] * ss - cs * cs
                both = (g[two] ** 2 * ss[:, None] - 2 * g[two] * h * cs[:, None] + h * h * nn[two][:, None]) / det[
                    :, None
                ]
                both[~(det > _APART * cc[two] ** 2)] = 0
            r2[two] = both
        r2[:, ~ok] = 0
        r2[~np.isfinite(r2)] = 0
        return np.asarray(np.minimum(r2, 1.0))

    def best(self, r2: Array, keep: int, each: int = 2) -> npt.NDArray[np.intp]:
        """The best columns by r2 (N,), at most `each` of a structure."""
        many = min(len(r2), 12 * keep)
        top = np.argpartition(-r2, many - 1)[:many] if many < len(r2) else np.arange(len(r2))
        top = top[np.lexsort((top, -r2[top]))]
        top = top[r2[top] > 0]
        count: dict[int, int] = {}
        chosen = []
        for k in top:
            g = int(self.group[k])
            if count.get(g, 0) < each:
                count[g] = count.get(g, 0) + 1
                chosen.append(k)
                if len(chosen) == keep:
                    break
        return np.array(chosen, int)

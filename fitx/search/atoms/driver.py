"""From a problem to fitted atoms: screen the grid, fit the best starts, and add a second atom and a third.

The best start of each structure is fitted by variable projection, first on the screening rows, then, the survivors, on
more rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fitx._core.varpro import varpro_columns, varpro_fit
from fitx.search.atoms.fits import Fits, none
from fitx.search.atoms.grid import Grid
from fitx.search.atoms.near import near_pairs
from fitx.search.atoms.scene import FIT_ROWS, Scene
from fitx.search.atoms.shapes import NUMBER
from fitx.search.atoms.starts import Starts, one_argument
from fitx.search.budget import Budget
from fitx.search.stages.base import Work

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

EXACT = 1e-17  # relative squared error of a fit that may be a law
_PAIR_COLUMNS = 4_000
# More functions would crowd out these pairs: smooth ones approximate one another.
_PAIRED = [NUMBER[name] for name in ("exp", "reciprocal", "log", "power", "sqrt", "gauss", "logistic", "atan")]
_PAIRED_ARGUMENTS = ("x", "log", "square", "inverse")
_FITS = 512  # in one call of the core


class Atoms:
    """The atoms of one scene. exact: relative squared error of a fit that may be a law."""

    def __init__(self, work: Work, scene: Scene, budget: Budget, threads: int, starts: Starts = one_argument) -> None:
        self.work, self.scene, self.budget, self.threads = work, scene, budget, threads
        rows = work.problem.rows
        self.exact = max(EXACT, 1e2 * work.table.floor)
        self.screen, self.weight = rows.screen, np.sqrt(rows.weight)
        check = rows.check
        size = min(FIT_ROWS, max(64, 8 * -(-len(check) // 8)))
        spread = np.linspace(0, len(check) - 1, min(size, len(check))).astype(int)
        self.more = np.resize(check[spread], size)
        self.more_weight = (np.arange(size) < len(spread)).astype(float)
        self._small = self._data(self.screen, self.weight)
        self.large = self._data(self.more, self.more_weight)
        self.grid = Grid(scene, work.grammar, *self._small[:2], budget, threads, starts)
        self.fits = 0

    def _data(self, rows: npt.NDArray[np.intp], weight: Array) -> tuple[Array, Array, Array, Ints, Array]:
        s = self.scene
        basis, start = s.orthonormal(rows, weight)
        return (
            s.rows(s.arguments, rows),
            s.rows(s.multipliers, rows) * weight,
            basis,
            start,
            np.ascontiguousarray(s.target_values[:, rows] * weight),
        )

    def evaluate(self, plain: bool = False) -> None:
        """The columns of the grid: those without multipliers, or all."""
        self.grid.evaluate(plain)

    def fit(self, atoms: Ints, of: Ints, theta: Array, iterations: int, large: bool = False) -> Fits:
        """Batch fit, in pieces between looks at the clock."""
        u, m, basis, start, targets = self.large if large else self._small
        theta, error = theta.copy(), np.full(len(atoms), np.inf)
        for k in range(0, len(atoms), _FITS):
            if self.budget.expired():
                break
            part = slice(k, k + _FITS)
            theta[part], _, error[part], _ = varpro_fit(
                np.ascontiguousarray(atoms[part]), np.ascontiguousarray(of[part]), u, m, basis, start, targets,
                np.ascontiguousarray(theta[part]), iterations, self.threads,
            )  # fmt: skip
            self.fits += len(error[part])
        return Fits(atoms, of, theta, error)

    def refined(self, fits: Fits, keep: int) -> Fits:
        """The best `keep` after a short fit, each fitted to the end on the larger sample; best first."""
        order = np.lexsort((np.arange(len(fits.error)), fits.error))[:keep]
        f = fits.take(order[np.isfinite(fits.error[order])])
        f = self.fit(f.atoms, f.of, f.theta, 40)
        f = self.fit(f.atoms, f.of, f.theta, 25, large=True)
        return f.take(np.lexsort((np.arange(len(f.error)), f.error)))

    def singles(
        self, keep: int, bases: Sequence[int], targets: Sequence[int], plain: bool = False, each: int = 2
    ) -> Fits:
        """T = base + c atom for these bases and targets, with a short fit. plain: atoms without multipliers."""
        _, _, basis, start, values = self._small
        first = self.grid.plain if plain else None
        atoms, of, theta = [], [], []
        for b in bases:
            if self.budget.expired() or not targets:
                break
            r2 = self.grid.gains(basis[start[b] : start[b + 1]], values[list(targets)], first)
            for t, target in enumerate(targets):
                top = self.grid.best(r2[:, t], keep, each)
                atoms.append(self.grid.atoms[top])
                theta.append(self.grid.theta[top])
                of.append(np.tile(np.array([b, target], np.int32), (len(top), 1)))
        if not atoms:
            return none(1)
        return self.fit(np.concatenate(atoms)[:, None], np.concatenate(of), np.concatenate(theta)[:, None], 10)

    def pairs(self, keep: int, bases: Sequence[int], targets: Sequence[int]) -> Fits:
        """T = base + c1 atom1 + c2 atom2: all pairs of common atoms without multipliers, by their R2."""
        _, _, basis, start, values = self._small
        a = self.grid.atoms[: self.grid.plain]
        kinds = np.array([c.kind in _PAIRED_ARGUMENTS for c in self.scene.arguments])
        powers = (a[:, 0] == NUMBER["exp"]) | (a[:, 2] == a[:, 3])
        some = np.flatnonzero(np.isin(a[:, 0], _PAIRED) & kinds[a[:, 2]] & kinds[a[:, 3]] & powers)[:_PAIR_COLUMNS]
        atoms, of, theta = [], [], []
        for b in bases:
            if self.budget.expired() or not targets or len(some) < 2:
                break
            Q = basis[start[b] : start[b + 1]]
            F = self.grid.columns[some, 0]
            size = np.sqrt((F * F).sum(axis=1))
            F = F - F @ Q.T @ Q
            left = np.sqrt((F * F).sum(axis=1))
            good = left > 1e-5 * size
            ids, F = some[good], F[good] / left[good, None]
            T = values[list(targets)]
            T = T - T @ Q.T @ Q
            T = T / np.maximum(np.sqrt((T * T).sum(axis=1, keepdims=True)), 1e-300)
            for t, target in enumerate(targets):
                found = near_pairs(F, T[t], 10 * keep, self.budget, self.threads)
                seen: set[tuple[int, int]] = set()
                for i, j in found:
                    g = (int(self.grid.group[ids[i]]), int(self.grid.group[ids[j]]))
                    if (min(g), max(g)) in seen:
                        continue
                    seen.add((min(g), max(g)))
                    atoms.append(self.grid.atoms[[ids[i], ids[j]]])
                    theta.append(self.grid.theta[[ids[i], ids[j]]])
                    of.append((b, target))
                    if len(seen) == keep:
                        break
        if not atoms:
            return none(2)
        return self.fit(np.array(atoms, np.int32), np.array(of, np.int32), np.array(theta), 24)

    def extended(self, fits: Fits, keep: int) -> Fits:
        """Each fit with one more atom: those that explain most of what it leaves."""
        u, m, basis, start, targets = self._small
        atoms, of, theta = [], [], []
        for a, o, t in zip(fits.atoms, fits.of, fits.theta, strict=True):
            if self.budget.expired():
                break
            own = varpro_columns(np.ascontiguousarray(a), np.ascontiguousarray(t), u, m).reshape(-1, u.shape[1])
            own = own[np.abs(own).max(axis=1) > 0]
            B = basis[start[o[0]] : start[o[0] + 1]]
            if not np.isfinite(own).all():
                continue
            own = own / np.abs(own).max(axis=1, keepdims=True)
            Q, R = np.linalg.qr(np.concatenate([B, own]).T)
            Q = Q[:, np.abs(np.diag(R)) > 1e-10]
            r2 = self.grid.gains(np.ascontiguousarray(Q.T), targets[o[1]][None])
            top = self.grid.best(r2[:, 0], keep)
            atoms.append(np.concatenate([np.tile(a, (len(top), 1, 1)), self.grid.atoms[top][:, None]], axis=1))
            theta.append(np.concatenate([np.tile(t, (len(top), 1, 1)), self.grid.theta[top][:, None]], axis=1))
            of.append(np.tile(o, (len(top), 1)))
        if not atoms:
            return none(fits.atoms.shape[1] + 1)
        return self.fit(np.concatenate(atoms), np.concatenate(of), np.concatenate(theta), 8)

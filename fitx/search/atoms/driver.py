"""From a problem to formulas with constants inside: screen a grid of atoms, fit the best, and add a second and a third.

All columns of the grid are evaluated on the screening rows; with a base B taken out of T(y) and of a column g, their
correlation gives the R2 of T = B + c g. The best start of each structure is fitted by variable projection, first on
the screening rows, then, the survivors, on more rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fitx._core.search import search_pairs
from fitx._core.varpro import varpro_columns, varpro_fit
from fitx.formula import Formula
from fitx.search.algebra import linear
from fitx.search.atoms.scene import FIT_ROWS, Scene
from fitx.search.atoms.shapes import NUMBER, OUTERS, TWO_COLUMNS, argument, combined, constants_of, exponential, tidied
from fitx.search.atoms.starts import one_argument, two_arguments
from fitx.search.budget import Budget
from fitx.search.stages.base import Work

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

EXACT = 1e-17  # relative squared error of a fit that may be a law
_COLUMNS = 60_000
_BLOCK = 8192
_PAIR_COLUMNS = 4_000
# More functions would crowd out these pairs: smooth ones approximate one another.
_PAIRED = [NUMBER[name] for name in ("exp", "reciprocal", "log", "power", "sqrt", "gauss", "logistic")]
_PAIRED_ARGUMENTS = ("x", "log", "square", "inverse")
_FITS = 512  # in one call of the core


@dataclass(frozen=True, slots=True)
class Fits:
    """Fitted problems: atoms (P, A, 5), of (P, 2) base and target, theta (P, A, 4), error (P,)."""

    atoms: Ints
    of: Ints
    theta: Array
    error: Array

    def take(self, index: npt.NDArray[np.intp]) -> Fits:
        """Some of them."""
        return Fits(self.atoms[index], self.of[index], self.theta[index], self.error[index])


class Atoms:
    """The atoms of one scene."""

    def __init__(self, work: Work, scene: Scene, budget: Budget, threads: int) -> None:
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
        self._large = self._data(self.more, self.more_weight)
        self.atoms, self.theta = self._grid()
        self.columns: Array = np.zeros((0, 2, len(self.screen)))
        self.group = np.zeros(0, np.int64)
        self.plain = 0  # columns without a multiplier, the first ones
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

    def _allowed(self, outer: int) -> bool:
        return all(self.work.grammar.allows(name) for name in OUTERS[outer].needs)

    def _grid(self) -> tuple[Ints, Array]:
        """All atoms (N, 5) at their starts (N, 4): first those without a multiplier."""
        s = self.scene
        allowed = [self._allowed(outer) for outer in range(len(OUTERS))]
        atoms: list[tuple[int, int, int, int]] = []
        most: list[int] = []  # multipliers of each
        theta: list[tuple[float, ...]] = []
        for i, a in enumerate(s.arguments):
            for outer, form, t in one_argument(a.values, 40 if a.kind == "x" else 12):
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
        parts, starts = [np.hstack([plain, np.zeros((len(plain), 1), np.int32)])], [full]
        for m in range(1, len(s.multipliers)):
            some = np.array(most) > m
            parts.append(np.hstack([plain[some], np.full((int(some.sum()), 1), m, np.int32)]))
            starts.append(full[some])
        return np.concatenate(parts)[:_COLUMNS], np.concatenate(starts)[:_COLUMNS]

    def evaluate(self) -> None:
        """Columns of the grid on the screening rows; those that are not finite are left out."""
        u, m = self._small[:2]
        parts, kept = [], []
        for k in range(0, len(self.atoms), _BLOCK):
            if self.budget.expired():
                break
            block = varpro_columns(self.atoms[k : k + _BLOCK], self.theta[k : k + _BLOCK], u, m, self.threads)
            size = np.abs(block).max(axis=(1, 2))
            ok = np.flatnonzero((size > 1e-100) & (size < 1e100))
            # Scaled to at most 1: only their directions count.
            parts.append(block[ok] / size[ok, None, None])
            kept.append(k + ok)
        index = np.concatenate(kept) if kept else np.zeros(0, int)
        self.columns = np.concatenate(parts) if parts else self.columns
        self.atoms, self.theta = np.ascontiguousarray(self.atoms[index]), np.ascontiguousarray(self.theta[index])
        a = self.atoms.astype(np.int64)
        self.plain = int(np.searchsorted(self.atoms[:, 4] != 0, True))
        self.group = (((a[:, 0] * 8 + a[:, 1]) * 256 + a[:, 2]) * 256 + a[:, 3]) * 64 + a[:, 4]

    def gains(self, basis: Array, targets: Array, first: int | None = None) -> Array:
        """R2 (N, t) of the `first` columns, or of both of a wave, once the orthonormal rows `basis` are taken out."""
        c, s = self.columns[:first, 0], self.columns[:first, 1]
        left = targets - targets @ basis.T @ basis
        total = (left * left).sum(axis=1)
        ok = total > 1e-20 * np.maximum((targets * targets).sum(axis=1), 1e-300)
        left = left / np.sqrt(np.maximum(total, 1e-300))[:, None]
        P = c @ basis.T
        cc = (c * c).sum(axis=1)
        nn = cc - (P * P).sum(axis=1)
        g = c @ left.T
        with np.errstate(all="ignore"):
            r2 = g * g / nn[:, None]
            r2[~(nn > 1e-9 * cc)] = 0
        two = np.flatnonzero(np.isin(self.atoms[:first, 0], list(TWO_COLUMNS)))
        if len(two):
            s = s[two]
            S = s @ basis.T
            ss = (s * s).sum(axis=1) - (S * S).sum(axis=1)
            cs = (s * c[two]).sum(axis=1) - (S * P[two]).sum(axis=1)
            h = s @ left.T
            with np.errstate(all="ignore"):
                det = nn[two] * ss - cs * cs
                both = (g[two] ** 2 * ss[:, None] - 2 * g[two] * h * cs[:, None] + h * h * nn[two][:, None]) / det[
                    :, None
                ]
                both[~(det > 1e-9 * cc[two] ** 2)] = 0
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

    def fit(self, atoms: Ints, of: Ints, theta: Array, iterations: int, large: bool = False) -> Fits:
        """Batch fit, in pieces between looks at the clock."""
        u, m, basis, start, targets = self._large if large else self._small
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
        first = self.plain if plain else None
        atoms, of, theta = [], [], []
        for b in bases:
            if self.budget.expired() or not targets:
                break
            r2 = self.gains(basis[start[b] : start[b + 1]], values[list(targets)], first)
            for t, target in enumerate(targets):
                top = self.best(r2[:, t], keep, each)
                atoms.append(self.atoms[top])
                theta.append(self.theta[top])
                of.append(np.tile(np.array([b, target], np.int32), (len(top), 1)))
        if not atoms:
            return none(1)
        return self.fit(np.concatenate(atoms)[:, None], np.concatenate(of), np.concatenate(theta)[:, None], 10)

    def pairs(self, keep: int, bases: Sequence[int], targets: Sequence[int]) -> Fits:
        """T = base + c1 atom1 + c2 atom2: all pairs of common atoms without multipliers, by their R2."""
        _, _, basis, start, values = self._small
        a = self.atoms[: self.plain]
        kinds = np.array([c.kind in _PAIRED_ARGUMENTS for c in self.scene.arguments])
        powers = (a[:, 0] == NUMBER["exp"]) | (a[:, 2] == a[:, 3])
        some = np.flatnonzero(np.isin(a[:, 0], _PAIRED) & kinds[a[:, 2]] & kinds[a[:, 3]] & powers)[:_PAIR_COLUMNS]
        atoms, of, theta = [], [], []
        for b in bases:
            if self.budget.expired() or not targets or len(some) < 2:
                break
            Q = basis[start[b] : start[b + 1]]
            F = self.columns[some, 0]
            size = np.sqrt((F * F).sum(axis=1))
            F = F - F @ Q.T @ Q
            left = np.sqrt((F * F).sum(axis=1))
            good = left > 1e-5 * size
            ids, F = some[good], F[good] / left[good, None]
            T = values[list(targets)]
            T = T - T @ Q.T @ Q
            T = T / np.maximum(np.sqrt((T * T).sum(axis=1, keepdims=True)), 1e-300)
            for t, target in enumerate(targets):
                found = _pairs(F, T[t], 10 * keep, self.budget, self.threads)
                seen: set[tuple[int, int]] = set()
                for i, j in found:
                    g = (int(self.group[ids[i]]), int(self.group[ids[j]]))
                    if (min(g), max(g)) in seen:
                        continue
                    seen.add((min(g), max(g)))
                    atoms.append(self.atoms[[ids[i], ids[j]]])
                    theta.append(self.theta[[ids[i], ids[j]]])
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
            r2 = self.gains(np.ascontiguousarray(Q.T), targets[o[1]][None])
            top = self.best(r2[:, 0], keep)
            atoms.append(np.concatenate([np.tile(a, (len(top), 1, 1)), self.atoms[top][:, None]], axis=1))
            theta.append(np.concatenate([np.tile(t, (len(top), 1, 1)), self.theta[top][:, None]], axis=1))
            of.append(np.tile(o, (len(top), 1)))
        if not atoms:
            return none(fits.atoms.shape[1] + 1)
        return self.fit(np.concatenate(atoms), np.concatenate(of), np.concatenate(theta), 8)

    def alone(self) -> Iterator[Formula]:
        """T = base, where that is exact."""
        _, _, basis, start, targets = self._large
        for b in range(len(self.scene.bases)):
            Q = basis[start[b] : start[b + 1]]
            left = targets - targets @ Q.T @ Q
            error = (left * left).sum(axis=1) / np.maximum((targets * targets).sum(axis=1), 1e-300)
            for t in np.flatnonzero(error < self.exact) if len(Q) else ():
                nothing = np.zeros((1, 0, 5), np.int32), np.array([[b, t]], np.int32), np.zeros((1, 0, 4))
                if (one := self.formula(Fits(*nothing, error[[t]]), 0)) is not None:
                    yield one[1]

    def formulas(self, fits: Fits, others: int = 2) -> Iterator[Formula]:
        """Formulas of the exact fits, fewest constants first, or of the best `others`."""
        exact = np.flatnonzero(fits.error < self.exact)
        if len(exact):
            exact = exact[np.argsort(self._constants(fits.take(exact)), kind="stable")][:60]
        found = [f for k in exact if (f := self.formula(fits, int(k))) is not None]
        found.sort(key=lambda pair: (pair[0], pair[1].complexity))
        yield from (f for _, f in found[:12])
        for k in range(0 if found else min(others, len(fits.error))):
            if np.isfinite(fits.error[k]) and (one := self.formula(fits, k)) is not None:
                yield one[1]

    def _constants(self, fits: Fits) -> npt.NDArray[np.intp]:
        """Inner and linear constants of each fit, those of the base included."""
        base = np.array([len(b.terms) for b in self.scene.bases])[fits.of[:, 0]]
        inner = [sum(constants_of(int(a[0]), int(a[1])) + 1 + (int(a[4]) != 0) for a in atoms) for atoms in fits.atoms]
        return np.asarray(base + np.array(inner))

    def formula(self, fits: Fits, k: int) -> tuple[int, Formula] | None:
        """(constants, formula in the names of the table) of one fit, constants and terms without effect left out."""
        theta = fits.theta[k]
        if len(theta) and fits.error[k] < self.exact:
            tidy = np.array([self._tidied(atom, t) for atom, t in zip(fits.atoms[k], theta, strict=True)])
            if not np.array_equal(tidy, theta):
                one = self._formula(fits, k, tidy)
                if one is not None and self.work.table.error_on_check(one[1]) < 100 * self.exact:
                    return one
        return self._formula(fits, k, theta)

    def _tidied(self, atom: Ints, theta: Array) -> Array:
        u, v = (self.scene.arguments[int(i)].values for i in atom[2:4])
        return tidied(int(atom[0]), int(atom[1]), theta, (u, v))

    def _formula(self, fits: Fits, k: int, theta: Array) -> tuple[int, Formula] | None:
        s = self.scene
        base, target = (int(v) for v in fits.of[k])
        u, m, _, _, targets = self._large
        columns = [s.terms[i].values[self.more] * self.more_weight for i in s.bases[base].terms]
        own = varpro_columns(np.ascontiguousarray(fits.atoms[k]), np.ascontiguousarray(theta), u, m)
        labels = [(-1, i) for i in s.bases[base].terms]
        for a, atom in enumerate(fits.atoms[k]):
            for c in range(2 if int(atom[0]) in TWO_COLUMNS else 1):
                columns.append(own[a, c])
                labels.append((a, c))
        A, t = np.array(columns), targets[target]
        if not np.isfinite(A).all():
            return None
        size = np.maximum(np.sqrt((A * A).sum(axis=1)), 1e-300)
        c = _least_squares(A / size[:, None], t, fits.error[k]) / size
        count = int(np.count_nonzero(c))
        parts: list[tuple[float, Formula]] = []
        for a, atom in enumerate(fits.atoms[k]):
            outer, form, i, j, mult = (int(v) for v in atom)
            two = np.array([*c[[label[0] == a for label in labels]], 0.0][:2])
            if not two.any():
                continue
            count += constants_of(outer, form)
            ui, vj = s.arguments[i], s.arguments[j]
            z = argument(outer, form, theta[a], ui.formula, vj.formula, (ui.values, vj.values))
            one = combined(outer, z, two)
            if one is None:
                return None
            parts.append((one[0], one[1] if mult == 0 else s.multipliers[mult].formula * one[1]))
        for v, (a, i) in zip(c, labels, strict=True):
            if a == -1 and v:
                parts.insert(0, (float(v), s.terms[i].formula))
        if not parts:
            return None
        if s.targets[target].name == "log y":  # logarithms become powers, the constant a factor
            ones = [c for c, f in parts if f == s.one.formula]
            rest = [(c, f) for c, f in parts if f != s.one.formula]
            factor = float(np.exp(sum(ones)))
            if rest and 0 < factor < np.inf:
                return count, self.work.problem.lift(linear([(factor, exponential(rest))]))
        return count, self.work.problem.lift(s.targets[target].inverse(linear(parts)))


def none(atoms: int) -> Fits:
    """No fits."""
    return Fits(np.zeros((0, atoms, 5), np.int32), np.zeros((0, 2), np.int32), np.zeros((0, atoms, 4)), np.zeros(0))


def joined(a: Fits, b: Fits) -> Fits:
    """Both, best first."""
    error = np.concatenate([a.error, b.error])
    both = Fits(
        np.concatenate([a.atoms, b.atoms]), np.concatenate([a.of, b.of]), np.concatenate([a.theta, b.theta]), error
    )
    return both.take(np.lexsort((np.arange(len(error)), error)))


def _pairs(F: Array, t: Array, keep: int, budget: Budget, threads: int) -> Ints:
    """The best pairs (k, 2) of unit rows F (N, rows) for the unit vector t, by R2."""
    count = len(F)
    if count < 2:
        return np.zeros((0, 2), np.int32)
    panels = np.zeros((-(-count // 32), 32, F.shape[1]), np.float32)
    panels.reshape(-1, F.shape[1])[:count] = F
    panels = np.ascontiguousarray(panels.transpose(0, 2, 1))
    rho = np.zeros((1, 32 * len(panels)))
    rho[0, :count] = F @ t
    blocks = (len(panels) + 3) // 4
    scores, index = [], []
    for b in range(0, blocks, 24):
        if budget.expired():
            break
        s, i = search_pairs(
            panels, count, rho, b, min(b + 24, blocks), keep, np.zeros(1), threads
        )  # fmt: skip
        scores.append(s[0])
        index.append(i[0])
    if not scores:
        return np.zeros((0, 2), np.int32)
    s, i = np.concatenate(scores), np.concatenate(index)
    order = np.lexsort((i[:, 1], i[:, 0], -s))
    order = order[s[order] > 0]
    return np.asarray(i[order][:keep])


def _least_squares(A: Array, t: Array, error: float) -> Array:
    """Coefficients of unit rows A for t; one after the other is left out where the rest do as well."""
    kept = list(range(len(A)))
    c = np.zeros(len(A))
    size = max(float(t @ t), 1e-300)
    x = np.linalg.lstsq(A.T, t, rcond=None)[0]
    r = t - x @ A
    allowed = max(10 * float(r @ r) / size, 1e-26)
    while len(kept) > 1:
        small = int(np.argmin(np.abs(x)))
        rest = kept[:small] + kept[small + 1 :]
        trial = np.linalg.lstsq(A[rest].T, t, rcond=None)[0]
        r = t - trial @ A[rest]
        if float(r @ r) / size > allowed:
            break
        kept, x = rest, trial
    c[kept] = x
    return c

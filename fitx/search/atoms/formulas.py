"""Fitted atoms as formulas, constants and terms without effect left out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx._core.varpro import varpro_columns
from fitx.formula import Formula
from fitx.search.algebra import linear
from fitx.search.atoms.driver import Atoms
from fitx.search.atoms.fits import Fits
from fitx.search.atoms.shapes import DERIVATIVES, TWO_COLUMNS, argument, combined, constants_of, exponential, tidied

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

_EACH, _CONTENDERS = 3, 40  # formulas under noise: of each base and target, and in all
_SMALL = 1e-5
_CANCELS = 3e-3  # relative size of a difference of two atoms of one kind that stands for a derivative


def alone(atoms: Atoms) -> Iterator[Formula]:
    """T = base, where that is exact."""
    _, _, basis, start, targets = atoms.large
    for b in range(len(atoms.scene.bases)):
        Q = basis[start[b] : start[b + 1]]
        left = targets - targets @ Q.T @ Q
        error = (left * left).sum(axis=1) / np.maximum((targets * targets).sum(axis=1), 1e-300)
        for t in np.flatnonzero(error < atoms.exact) if len(Q) else ():
            nothing = np.zeros((1, 0, 5), np.int32), np.array([[b, t]], np.int32), np.zeros((1, 0, 4))
            if (one := formula(atoms, Fits(*nothing, error[[t]]), 0)) is not None:
                yield one[1]


def formulas(atoms: Atoms, fits: Fits, others: int = 2) -> Iterator[Formula]:
    """Formulas of the exact fits, fewest constants first, or of the best `others`."""
    exact = np.flatnonzero(fits.error < atoms.exact)
    if len(exact):
        exact = exact[np.argsort(_constants(atoms, fits.take(exact)), kind="stable")][:60]
    found = [f for k in exact if (f := formula(atoms, fits, int(k))) is not None]
    found.sort(key=lambda pair: (pair[0], pair[1].complexity))
    yield from (f for _, f in found[:12])
    if atoms.work.table.noise and not found:
        yield from _contenders(atoms, fits)
        return
    for k in range(0 if found else min(others, len(fits.error))):
        if np.isfinite(fits.error[k]) and (one := formula(atoms, fits, k)) is not None:
            yield one[1]


def _contenders(atoms: Atoms, fits: Fits) -> Iterator[Formula]:
    """Under noise: the best of each base and target, fewest constants first; which is the law, their lengths tell."""
    count: dict[tuple[int, int], int] = {}
    found: list[tuple[int, Formula]] = []
    for k, (b, t) in enumerate(fits.of.tolist()):
        count[b, t] = count.get((b, t), 0) + 1
        if count[b, t] > _EACH or not np.isfinite(fits.error[k]) or len(found) == _CONTENDERS:
            continue
        if (one := formula(atoms, fits, k)) is not None:
            found.append(one)
    found.sort(key=lambda pair: (pair[0], pair[1].complexity))
    yield from (f for _, f in found)


def _constants(atoms: Atoms, fits: Fits) -> npt.NDArray[np.intp]:
    """Inner and linear constants of each fit, those of the base included."""
    base = np.array([len(b.terms) for b in atoms.scene.bases])[fits.of[:, 0]]
    inner = [
        sum(constants_of(int(a[0]), int(a[1])) + 1 + (int(a[0]) in TWO_COLUMNS) + (int(a[4]) != 0) for a in one)
        for one in fits.atoms
    ]
    return np.asarray(base + np.array(inner))


def formula(atoms: Atoms, fits: Fits, k: int) -> tuple[int, Formula] | None:
    """(constants, formula in the names of the table) of one fit, constants and terms without effect left out."""
    theta = fits.theta[k]
    if len(theta) and fits.error[k] < atoms.exact:
        tidy = np.array([_tidied(atoms, atom, t) for atom, t in zip(fits.atoms[k], theta, strict=True)])
        if not np.array_equal(tidy, theta):
            one = _formula(atoms, fits, k, tidy)
            if one is not None and atoms.work.table.error_on_check(one[1]) < 100 * atoms.exact:
                return one
    return _formula(atoms, fits, k, theta)


def _tidied(atoms: Atoms, atom: Ints, theta: Array) -> Array:
    u, v = (atoms.scene.arguments[int(i)].values for i in atom[2:4])
    return tidied(int(atom[0]), int(atom[1]), theta, (u, v))


def _formula(atoms: Atoms, fits: Fits, k: int, theta: Array) -> tuple[int, Formula] | None:
    s = atoms.scene
    base, target = (int(v) for v in fits.of[k])
    u, m, _, _, targets = atoms.large
    columns = [s.terms[i].values[atoms.more] * atoms.more_weight for i in s.bases[base].terms]
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
    if fits.error[k] < atoms.exact and _cancels(fits.atoms[k], labels, c[:, None] * A):
        return None
    count = int(np.count_nonzero(c))
    parts: list[tuple[float, Formula]] = []
    for a, atom in enumerate(fits.atoms[k]):
        outer, form, i, j, mult = (int(v) for v in atom)
        two = np.array([*c[[label[0] == a for label in labels]], 0.0][:2])
        if not two.any():
            continue
        if outer in DERIVATIVES and fits.error[k] < atoms.exact and _one_sided(two, own[a]):
            return None  # the function alone, or its derivative alone, is an atom of its own
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
            return count, atoms.work.problem.lift(linear([(factor, exponential(rest))]))
    return count, atoms.work.problem.lift(s.targets[target].inverse(linear(parts)))


def _one_sided(c: Array, columns: Array) -> bool:
    """Whether one of two columns hardly contributes."""
    sizes = np.abs(c) * np.sqrt((columns * columns).sum(axis=1))
    return bool(sizes.min() < _SMALL * sizes.max())


def _cancels(own: Ints, labels: list[tuple[int, int]], parts: Array) -> bool:
    """Whether two atoms of one kind nearly cancel: they imitate the derivative of one, which is an atom of its own."""
    total = [np.sum([p for p, (a, _) in zip(parts, labels, strict=True) if a == k], axis=0) for k in range(len(own))]
    for i in range(len(own)):
        for j in range(i):
            if np.array_equal(own[i], own[j]):
                size = max(float(total[i] @ total[i]), float(total[j] @ total[j]))
                both = total[i] + total[j]
                if float(both @ both) < _CANCELS**2 * size:
                    return True
    return False


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

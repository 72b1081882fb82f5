"""The pruning pass of MARS: the term goes whose absence costs least, until only the constant is left.

With A the weighted terms and S = A^+ (rows s_j, the dual basis; c = S y the coefficients), leaving term j out raises
the residual sum of squares by c_j^2/|s_j|^2, and the rest's dual basis is s_i - s_j (s_i.s_j)/|s_j|^2: one projection
a step, no refits, and the digits of a QR decomposition. [A. Miller, Subset Selection in Regression, 2002, chapter 3]
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]
SHUFFLES = 12  # orders at random beside the three of reason, where equals are among MANY terms at most
MANY = 100
DEPENDENT = 1e-11  # singular values of columns of length 1 below this count as zero


@dataclass(frozen=True, slots=True)
class PruningPath:
    """Each size's terms, from all down to the constant (and `keep`); their weighted residual sums of squares and GCV;
    the index of the best; with folds, the held-out mean squared errors that chose it."""

    subsets: tuple[tuple[int, ...], ...]
    rss: Array
    gcv: Array
    best: int
    cv: Array | None = None


def prune(
    B: Array,
    Y: Array,
    *,
    penalty: float,
    weights: Array | None = None,
    output_weights: Array | None = None,
    folds: npt.NDArray[np.intp] | None = None,
    keep: Sequence[int] = (),
    rules: str = "pyearth",
    rows: int | None = None,
) -> PruningPath:
    """Backward elimination of terms B (n, m), the first being the constant, from a least-squares fit of Y (n, k).

    weights (n,) and output_weights (k,) multiply squared residuals. keep: terms that may not go. The best size has the
    least GCV = rss/n / (1 - (m + penalty (m - 1)/2)/n)^2 (infinite where that many parameters leave no row); with folds
    (n,), the fold of each row, the least error on the rows that a fold's own elimination did not see. rows: n for the
    GCV where B and Y are the triangle of a QR decomposition of the weighted [B, Y].

    Dependent terms tie exactly, and which of them goes decides the rest of the path: several orders are tried, first
    that in which the last of equals goes, and the path of the lowest GCV is kept. With rules "R" only that first one;
    the terms left at each size also offer the first of them, in the order in which they came, as smaller models: the
    best of a size counts, and the sizes need not be nested.
    """
    n = rows if rows is not None else len(B)
    v = np.ones(Y.shape[1]) if output_weights is None else np.asarray(output_weights, float)
    root = None if weights is None else np.sqrt(np.asarray(weights, float))[:, None]
    A = B if root is None else B * root
    Z = (Y if root is None else Y * root) * np.sqrt(v)
    total = float(v.sum()) * (float(np.sum(weights)) if weights is not None else n)
    may = np.ones(B.shape[1], bool)
    may[[0, *keep]] = False
    R, z = _triangle(A, Z)
    lines = _Lines.of(R)
    paths: list[PruningPath] = []
    tried: set[frozenset[int]] = set()
    for turn in _turns(R, z):
        free, others = _dependent(lines.null, may, turn)
        if frozenset(free) in tried:
            continue
        tried.add(frozenset(free))
        went = _eliminate(lines, z, may, turn, free)
        left = [tuple(range(B.shape[1]))]
        for j in went.order:
            left.append(tuple(k for k in left[-1] if k != j))
        gcv = went.rss / total * np.array([gcv_factor(len(s), n, penalty) for s in left])
        paths.append(PruningPath(tuple(left), went.rss, gcv, _last_least(gcv)))
        if rules == "R" or not others:
            break
    path = min(paths, key=lambda p: float(p.gcv[p.best]))  # the first of equals: py-earth's
    if rules == "R":
        path = _with_prefixes(path, R, z, n, penalty, total)
    if folds is None:
        return path
    cv = np.zeros(len(path.subsets))
    for k in np.unique(folds):
        held = folds == k
        Rk, zk = _triangle(A[~held], Z[~held])
        inner, turn = _Lines.of(Rk), np.arange(B.shape[1])
        went = _eliminate(inner, zk, may, turn, _dependent(inner.null, may, turn)[0])
        for size, c in enumerate(went.coefficients):
            cv[size] += float(np.sum((Z[held] - A[held] @ c) ** 2))
    return PruningPath(path.subsets, path.rss, path.gcv, _last_least(cv), cv / total)


def gcv_factor(terms: int, rows: int, penalty: float) -> float:
    """What multiplies the mean squared error in the GCV; infinite where the parameters are as many as the rows."""
    left = 1 - (terms + penalty * (terms - 1) / 2) / rows
    return 1 / left**2 if left > 0 else math.inf


def _with_prefixes(path: PruningPath, R: Array, z: Array, n: int, penalty: float, total: float) -> PruningPath:
    subsets, rss = list(path.subsets), path.rss.copy()
    place = {len(s): k for k, s in enumerate(subsets)}
    for left in path.subsets:
        both = np.asarray(np.linalg.qr(np.hstack([R[:, left], z]), mode="r"))
        q = both[:, len(left) :]
        tail = np.cumsum(np.einsum("ij,ij->i", q, q)[::-1])[::-1]  # tail[k]: the rss of the first k terms
        for size in range(1, len(left)):
            k = place.get(size)
            if k is not None and tail[size] < rss[k] * (1 - 1e-9):
                rss[k], subsets[k] = tail[size], left[:size]
    gcv = rss / total * np.array([gcv_factor(len(s), n, penalty) for s in subsets])
    return PruningPath(tuple(subsets), rss, gcv, _last_least(gcv))


def _last_least(values: Array) -> int:
    """The last of the least values: the smallest model among equals."""
    return int(len(values) - 1 - np.argmin(values[::-1]))


def _turns(R: Array, z: Array) -> Iterator[Ints]:
    m = R.shape[1]
    yield np.arange(m)
    yield _forward_turns(R, z)
    yield np.arange(m)[::-1]
    rng = np.random.default_rng(0)
    for _ in range(SHUFFLES if m <= MANY else 0):
        yield rng.permutation(m)


def _forward_turns(R: Array, z: Array) -> Ints:
    """When each term would come in by forward selection; those that others make up come last."""
    m = R.shape[1]
    turn: Ints = np.arange(m, 2 * m, dtype=np.intp)
    R, z = R / np.maximum(np.linalg.norm(R, axis=0), 1e-300), z.copy()
    for step in range(m):
        size = np.einsum("ij,ij->j", R, R)
        gain = np.einsum("jk,jk->j", R.T @ z, R.T @ z) / np.maximum(size, 1e-300)
        gain[(turn < m) | (size < 1e-10)] = -1
        j = 0 if step == 0 else int(np.argmax(gain))
        if gain[j] < 0:
            break
        turn[j] = step
        q = R[:, j] / np.sqrt(size[j])
        R, z = R - np.outer(q, q @ R), z - np.outer(q, q @ z)
    return turn


def _triangle(A: Array, Y: Array) -> tuple[Array, Array]:
    """A and Y turned by the same rotation, so that few rows are left."""
    both = np.hstack([A, Y])
    if len(both) > both.shape[1]:
        both = np.asarray(np.linalg.qr(both, mode="r"))
    return both[:, : A.shape[1]], both[:, A.shape[1] :]


@dataclass(frozen=True, slots=True)
class Elimination:
    """The terms in the order in which they went; rss and coefficients (m, k) with all terms and after each."""

    order: list[int]
    rss: Array
    coefficients: list[Array]


@dataclass(frozen=True, slots=True)
class _Lines:
    """Columns R scaled to length 1 (by size), their singular value decomposition, and null (m, k): orthonormal
    combinations that vanish."""

    R: Array
    size: Array
    u: Array
    s: Array
    vt: Array
    null: Array

    @classmethod
    def of(cls, R: Array) -> _Lines:
        size = np.linalg.norm(R, axis=0)
        size[size == 0] = 1
        u, s, vt = np.linalg.svd(R / size, full_matrices=R.shape[1] > len(R))
        return cls(R / size, size, u, s, vt, vt[int(np.sum(s > DEPENDENT)) :].T)


def _eliminate(lines: _Lines, z: Array, may: Flags, turn: Ints, free: list[int]) -> Elimination:
    """may: terms that may go; free: those that go first, at no cost. Of equals, the one of the largest turn goes."""
    R, size, m, order = lines.R, lines.size, lines.R.shape[1], list(free)
    left = np.ones(m, bool)
    left[order] = False
    S = np.zeros((m, len(R)))
    if not lines.null.shape[1]:
        S = (lines.vt.T / lines.s) @ lines.u[:, :m].T
    else:
        S[left] = np.linalg.pinv(R[:, left], rcond=DEPENDENT / 100)
    c = S @ z
    rest = z - R @ c
    rss = float(np.sum(rest * rest))
    equal_to = 1e-13 * float(np.sum(z * z))
    sums = [rss] * (len(order) + 1)
    coefficients = [c / size[:, None]] * (len(order) + 1)
    can = left & may
    for _ in range(int(can.sum())):
        lengths = np.einsum("ij,ij->i", S, S)
        cost = np.full(m, np.inf)
        np.divide(np.einsum("ij,ij->i", c, c), lengths, out=cost, where=can)
        equal = np.flatnonzero(cost <= cost.min() + equal_to)
        at = int(equal[np.argmax(turn[equal])])
        share = S @ (S[at] / lengths[at])
        rss += float(cost[at])
        c = c - share[:, None] * c[at]
        S -= share[:, None] * S[at]
        c[at], S[at], can[at] = 0, 0, False
        order.append(at)
        sums.append(rss)
        coefficients.append(c / size[:, None])
    return Elimination(order, np.array(sums), coefficients)


def _dependent(null: Array, may: Flags, turn: Ints) -> tuple[list[int], bool]:
    """Terms that can go at no cost, one after the other, until the rest is independent; whether others could instead.
    null (m, k): orthonormal combinations of the terms that vanish."""
    gone: list[int] = []
    tied = False
    while null.shape[1]:
        free = np.flatnonzero((np.linalg.norm(null, axis=1) > 1e-7) & may)
        if not len(free):
            break
        tied |= len(free) > 1
        j = int(free[np.argmax(turn[free])])
        # A reflection leaves row j with one entry; that direction goes, and with it the term.
        row = null[j].copy()
        row[0] += math.copysign(float(np.linalg.norm(row)), row[0] or 1.0)
        null = (null - np.outer(null @ row, row) * (2 / float(row @ row)))[:, 1:]
        null[j] = 0
        gone.append(j)
    return gone, tied

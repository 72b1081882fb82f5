"""The forward and pruning passes of MARS in plain NumPy, knot by knot, with py-earth's rules: the tests' reference.

Every candidate is orthogonalised against the whole basis and nothing is updated, so that there is nothing to get wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.mars.forward import ForwardOptions, ForwardPath, Iteration, Step

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def factor(step: Step, X: Array, missing: Flags) -> Array:
    x, gone = X[:, step.variable], missing[:, step.variable]
    if step.kind in ("missing", "present"):
        return (gone if step.kind == "missing" else ~gone).astype(float)
    value = x if step.kind == "linear" else np.maximum(0, step.knot - x if step.reverse else x - step.knot)
    return np.where(gone, 1.0, value)


def columns(steps: Iterable[Step], X: Array, missing: Flags) -> Array:
    """(n, m): values of the terms."""
    out = [np.ones(len(X))]
    for step in list(steps)[1:]:
        out.append(out[step.parent] * factor(step, X, missing))
    return np.column_stack(out)


def gcv_factor(terms: float, rows: int, penalty: float) -> float:
    left = 1.0 - (terms + penalty * (terms - 1) / 2.0) / rows
    return 1.0 / left**2 if left else math.inf


@dataclass
class Fit:
    """Orthonormal columns of the weighted basis, and what they leave of the responses."""

    Y: Array
    tolerance: float
    Q: list[Array] = field(default_factory=list)

    def rest(self, b: Array) -> Array:
        for _ in range(2):
            for q in self.Q:
                b = b - q * (q @ b)
        return b

    def direction(self, b: Array) -> Array | None:
        r = self.rest(b)
        size = np.linalg.norm(r)
        return r / size if size > max(self.tolerance, 1e-10) * max(np.linalg.norm(b), 1e-300) else None

    def add(self, b: Array) -> None:
        q = self.direction(b)
        if q is not None:
            self.Q.append(q)

    def sse(self, *more: Array) -> float:
        kept = Fit(self.Y, self.tolerance, list(self.Q))
        for b in more:
            kept.add(b)
        return float(sum(kept.rest(y) @ kept.rest(y) for y in self.Y.T))


def candidates(order: npt.NDArray[np.intp], x: Array, p: Array, endspan: int, minspan: int) -> list[int]:
    """Rows whose x may be a knot, from the largest down."""
    found: list[int] = []
    last, countdown = math.nan, 0
    i, m = endspan, len(x)
    while i + endspan <= m and i < m:
        row = int(order[i])
        if x[row] == last or p[row] == 0:
            countdown = minspan
        else:
            last = x[row]
            if countdown <= 0:
                found.append(row)
                countdown = minspan
            else:
                countdown -= 1
        i += 1
    return found


def forward_pass(
    X: Array,
    Y: Array,
    *,
    options: ForwardOptions,
    weights: Array | None = None,
    output_weights: Array | None = None,
    missing: Flags | None = None,
    linvars: Iterable[int] = (),
    allowed: object = None,
    stop: Callable[[], bool] = lambda: False,
) -> ForwardPath:
    n, d = X.shape
    o = options
    gone = np.zeros((n, d), bool) if missing is None else missing
    X = np.where(gone, 0.0, X)
    w = np.ones(n) if weights is None else weights
    v = np.ones(Y.shape[1]) if output_weights is None else output_weights
    root = np.sqrt(w)
    total = float(w.sum() * v.sum())
    fit = Fit(Y * root[:, None] * np.sqrt(v), o.zero_tol)
    steps = [Step(-1, -1, "constant", math.nan, -1, False)]
    values = [np.ones(n)]
    fit.add(root)
    endspan = o.endspan if o.endspan >= 0 else round(3 - math.log2(o.endspan_alpha / d))
    every = o.check_every if o.check_every >= 0 else (n // o.min_search_points if n > o.min_search_points else 1)
    orders = [np.argsort(X[:, j], kind="stable")[::-1] for j in range(d)]
    linear = set(linvars)
    for j in range(d):
        inner = X[orders[j], j][endspan : n - endspan : max(every, 1)]
        if not ((inner < X[:, j].max()) & (inner > X[:, j].min())).any():
            linear.add(j)
    mse0 = fit.sse() / total
    record = [Iteration(-1, -1, -1, mse0, 1)]
    stopped = "" if o.max_terms > 1 and mse0 else "Reached maximum number of terms"
    while not stopped:
        if stop():
            stopped = "time limit"
            break
        choice = _best(X, gone, steps, values, fit, o, linear, endspan, orders, root, total, allowed)
        if choice is None:
            stopped = "No remaining candidate knot locations"
            break
        parent, j, row, cover = choice
        for step in _steps(parent, j, row, cover, X, steps):
            steps.append(step)
            values.append(values[step.parent] * factor(step, X, gone))
            fit.add(root * values[-1])
        record.append(Iteration(parent, j, row, fit.sse() / total, len(steps)))
        stopped = _why_stop(record, o, n)
    return ForwardPath(tuple(steps), tuple(record), stopped)


def _steps(parent: int, j: int, row: int, cover: bool, X: Array, steps: list[Step]) -> list[Step]:
    new = []
    if cover:
        there = [i for i, s in enumerate(steps) if (s.parent, s.variable, s.kind) == (parent, j, "present")]
        if not there:
            new = [Step(parent, j, "present", math.nan, -1, False), Step(parent, j, "missing", math.nan, -1, False)]
        parent = there[0] if there else len(steps)
    if row < 0:
        return [*new, Step(parent, j, "linear", math.nan, -1, False)]
    return [*new, *(Step(parent, j, "hinge", float(X[row, j]), row, back) for back in (False, True))]


def _chain(steps: list[Step], k: int) -> list[Step]:
    chain = []
    while k > 0:
        chain.append(steps[k])
        k = steps[k].parent
    return chain


def _degree(chain: list[Step]) -> int:
    """Missingness counts only where it covers nothing."""
    data, holes = {}, {}
    for s in chain:
        which = holes if s.kind in ("missing", "present") else data
        which[s.variable] = which.get(s.variable, 0) + 1
    return sum(data.values()) + sum(count - (j in data) for j, count in holes.items())


def _best(X, gone, steps, values, fit, o, linear, endspan, orders, root, total, allowed):
    n, d = X.shape
    k = len(steps)
    best = None
    least = math.inf
    for parent in range(k):
        chain = _chain(steps, parent)
        if o.max_degree >= 0 and _degree(chain) >= o.max_degree:
            continue
        for j in range(d):
            if allowed is not None and not all(s.variable == j or _may(allowed, s.variable, j) for s in chain):
                continue
            holes = bool(gone[:, j].any())
            if holes and any(s.kind == "missing" and s.variable == j for s in chain):
                continue
            cover = holes and not any(s.kind == "present" and s.variable == j for s in chain)
            may_be_linear = o.allow_linear and not any(
                s.kind == "linear" and s.variable == j and s.parent == parent for s in steps
            )
            p = values[parent] * ~gone[:, j] if cover else values[parent]
            new = [root * p, root * values[parent] * gone[:, j]] if cover else []
            new.append(root * p * X[:, j])
            inner = Fit(fit.Y, fit.tolerance, list(fit.Q))
            for b in new:
                inner.add(b)
            sse = inner.sse()
            mse, row = sse / total, -1
            if j not in linear:
                minspan = o.minspan
                count = int((p != 0).sum())
                if minspan < 0 and count:
                    minspan = int(-math.log2(-math.log(1 - o.minspan_alpha) / (d * count)) / 2.5)
                rows = candidates(orders[j], X[:, j], p, endspan, minspan) if count else []
                if rows:
                    gains = [_gain(inner, root * p * np.maximum(0, X[:, j] - X[r, j])) for r in rows]
                    at = int(np.argmax(gains))
                    hinge = (sse - gains[at]) / total
                    added = 4 if cover else 2
                    worse = gcv_factor(k + added, n, o.penalty) * hinge >= gcv_factor(k + added - 1, n, o.penalty) * mse
                    if not (may_be_linear and worse):
                        mse, row = hinge, rows[at]
                elif not may_be_linear:
                    continue
            if mse < least:
                least, best = mse, (parent, j, row, cover)
    return best


def _gain(fit: Fit, b: Array) -> float:
    q = fit.direction(b)
    return 0.0 if q is None else float(((q @ fit.Y) ** 2).sum())


def _may(allowed, a: int, b: int) -> bool:
    return bool(allowed(a, b)) if callable(allowed) else (a, b) in allowed or (b, a) in allowed


def _why_stop(record: list[Iteration], o: ForwardOptions, n: int) -> str:
    last, before, mse0 = record[-1], record[-2], record[0].mse
    rsq, previous = 1 - last.mse / mse0, 1 - before.mse / mse0
    if last.terms > o.max_terms:
        return "Reached maximum number of terms"
    if rsq > 1 - o.thresh:
        return "Achieved RSQ value within threshold of 1"
    if rsq - previous < o.thresh:
        return "Improvement below threshold"
    grsq = 1 - last.mse * gcv_factor(last.terms, n, o.penalty) / (mse0 * gcv_factor(1, n, o.penalty))
    return "GRSQ too low" if grsq < -10 else ""


def prune(B: Array, Y: Array, *, penalty: float, weights: Array | None = None) -> list[tuple[tuple[int, ...], float]]:
    """Subsets with their residual sums of squares, from all terms down to the constant: each time the term goes whose
    absence costs least."""
    root = np.ones(len(B)) if weights is None else np.sqrt(weights)

    def rss(subset: tuple[int, ...]) -> float:
        A = B[:, subset] * root[:, None]
        scale = np.linalg.norm(A, axis=0)
        c = np.linalg.lstsq(A / np.where(scale > 0, scale, 1), Y * root[:, None], rcond=1e-13)[0]
        return float(((A / np.where(scale > 0, scale, 1) @ c - Y * root[:, None]) ** 2).sum())

    left = tuple(range(B.shape[1]))
    path = [(left, rss(left))]
    while len(left) > 1:
        trials = [tuple(k for k in left if k != out) for out in left[1:]]
        sums = [rss(t) for t in trials]
        least = min(sums)
        left = trials[max(i for i, s in enumerate(sums) if s <= least)]  # py-earth: the last of equals
        path.append((left, least))
    return path

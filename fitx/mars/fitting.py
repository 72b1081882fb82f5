"""The work of `Earth.fit`, step by step, on arrays: forward pass, pruning, coefficients and scores, intervals."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxWarning, UsageError
from fitx.mars.basis import Basis, from_steps
from fitx.mars.forward import ForwardOptions, forward_pass
from fitx.mars.intervals import Spread
from fitx.mars.linear import solve as solve_triangle
from fitx.mars.linear import triangle
from fitx.mars.pruning import prune as prune_terms
from fitx.mars.summary import (
    ForwardPassIteration,
    ForwardPassRecord,
    PruningPassIteration,
    PruningPassRecord,
    gcv_factor,
)

if TYPE_CHECKING:
    from fitx.mars.earth import Earth

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_FORWARD = (
    "max_degree", "endspan_alpha", "endspan", "minspan_alpha", "minspan", "thresh", "zero_tol", "min_search_points",
    "check_every", "allow_linear", "use_fast", "fast_K", "fast_h",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Training:
    """Rows to fit, none of weight zero. X (n, d), 0 where missing; Y (n, p); missing (n, d); weights (n,);
    outputs (p,)."""

    X: Array
    Y: Array
    missing: Flags
    weights: Array
    outputs: Array

    def take(self, rows: npt.NDArray[np.intp]) -> Training:
        """Some of the rows."""
        X = np.asfortranarray(self.X[rows])
        return replace(self, X=X, Y=self.Y[rows], missing=self.missing[rows], weights=self.weights[rows])

    def plain(self) -> bool:
        """True when all rows weigh the same."""
        return bool((self.weights == self.weights[0]).all())

    def common(self) -> float:
        """The weight of all rows, where it is the same; else 1."""
        return float(self.weights[0]) if self.plain() else 1.0


def penalty_of(model: Earth) -> float:
    """The penalty of the GCV."""
    if model.penalty is not None:
        return float(model.penalty)
    return 2.0 if model.compat == "R" and (model.max_degree or 1) == 1 else 3.0


def options_of(model: Earth, data: Training) -> ForwardOptions:
    """The forward pass's options. Errors: UsageError for values out of range."""
    n, d = data.X.shape
    r = model.compat == "R"
    if model.compat not in ("pyearth", "R"):
        raise UsageError(f'compat is "pyearth" or "R"; got {model.compat!r}')
    if model.prune not in ("gcv", "cv"):
        raise UsageError(f'prune is "gcv" or "cv"; got {model.prune!r}')
    given: dict[str, Any] = {"use_fast": True, "fast_K": 20} if r else {}
    given |= {name: getattr(model, name) for name in _FORWARD if getattr(model, name) is not None}
    most = min(200, max(20, 2 * d)) + 1 if r else min(2 * d + n // 10, 400)
    most = int(model.max_terms) if model.max_terms is not None else most
    for name in ("endspan_alpha", "minspan_alpha"):
        if not 0 < given.get(name, 0.05) < 1:
            raise UsageError(f"{name} is a probability between 0 and 1; got {given[name]}")
    if given.get("check_every", 1) == 0:
        raise UsageError("check_every is 1 or more, or -1; got 0")
    if model.max_terms is not None and most < 1:
        raise UsageError(f"max_terms is 1 or more; got {model.max_terms}")
    threads = max(1, int(model.threads))
    return ForwardOptions(max(most, 1), penalty=penalty_of(model), rules=model.compat, threads=threads, **given)


def forward(model: Earth, data: Training) -> tuple[ForwardPassRecord, Basis]:
    """The forward pass: its record, and its terms."""
    options = options_of(model, data)
    path = forward_pass(
        data.X,
        data.Y,
        options=options,
        weights=None if data.plain() else data.weights,
        output_weights=data.outputs,
        missing=data.missing if data.missing.any() else None,
        linvars=model.linvars_,
        allowed=allowed_pairs(model),
        stop=_clock(model.time_limit),
    )
    if path.stopped == "interrupted":
        warnings.warn("the forward pass was interrupted: the model holds the terms so far", FitxWarning, stacklevel=4)
    labels = tuple(model.xlabels_)
    # weights that are all alike were left out above; errors are means, which that does not change
    iterations = [
        ForwardPassIteration(it.mse, it.terms, it.parent, it.variable, it.knot_row)
        if k
        else ForwardPassIteration(it.mse, it.terms)
        for k, it in enumerate(path.record)
    ]
    n, d = data.X.shape
    record = ForwardPassRecord(n, d, options.penalty, path.record[0].mse, labels, tuple(iterations), path.stopped)
    _say(model, record)
    return record, from_steps(path.steps, labels)


def prune(model: Earth, data: Training) -> tuple[PruningPassRecord, Array | None]:
    """The pruning pass: its record; the basis of the model keeps the best set, the other terms are marked as pruned.

    Also R of the QR decomposition of the kept terms and the responses, where it was had on the way.
    """
    basis, penalty = model.basis_, penalty_of(model)
    for term in basis:
        term.unprune()
    n, m = len(data.X), len(basis)
    R: Array | None = None
    if model.prune == "cv":
        B = np.empty((n, m), order="F")
        basis.transform(data.X, data.missing, B)
        path = prune_terms(
            B, data.Y, penalty=penalty, weights=None if data.plain() else data.weights, output_weights=data.outputs,
            rules=model.compat, folds=fold_numbers(n, model.folds),
        )  # fmt: skip
    else:
        R = _triangle(basis, data)
        path = prune_terms(
            np.asfortranarray(R[:, :m]), np.ascontiguousarray(R[:, m:]), penalty=penalty, output_weights=data.outputs,
            rules=model.compat, rows=n,
        )  # fmt: skip
    total = float(data.weights.sum() * data.outputs.sum())
    mse0 = float(data.weights @ (about_mean(data) ** 2 @ data.outputs)) / total
    common = data.common()
    iterations = []
    for k, (subset, rss) in enumerate(zip(path.subsets, path.rss, strict=True)):
        gone = set(path.subsets[k - 1]) - set(subset) if k else set()
        iterations.append(PruningPassIteration(float(rss) * common / total, len(subset), gone.pop() if gone else None))
    record = PruningPassRecord(n, data.X.shape[1], penalty, mse0, tuple(iterations), path.best)
    kept = set(path.subsets[path.best])
    for k, term in enumerate(basis):
        if k not in kept:
            term.prune()
    _say(model, record)
    return record, None if R is None else R[:, [*sorted(kept), *range(m, R.shape[1])]]


def solve(
    basis: Basis, data: Training, penalty: float, R: Array | None = None
) -> tuple[Array, tuple[float, float, float, float]]:
    """Coefficients (p, terms), and mse, rsq, gcv, grsq. R: of the terms' and responses' QR decomposition, if known."""
    n, m = len(data.X), basis.plen()
    coef, rss = solve_triangle(_triangle(basis, data) if R is None else R, data.Y.shape[1])
    total = float(data.weights.sum() * data.outputs.sum())
    mse = float(rss @ data.outputs) * data.common() / total
    mse0 = float(data.weights @ (about_mean(data) ** 2 @ data.outputs)) / total
    gcv, gcv0 = mse * gcv_factor(m, n, penalty) if mse else 0.0, mse0 * gcv_factor(1, n, penalty)
    return coef, (mse, 1 - mse / mse0 if mse0 else 1.0, gcv, 1 - gcv / gcv0 if gcv0 else 1.0)


def about_mean(data: Training) -> Array:
    """(n, p): the responses less their weighted means."""
    return np.asarray(data.Y - np.average(data.Y, axis=0, weights=data.weights))


def _triangle(basis: Basis, data: Training) -> Array:
    """R of the QR decomposition of the weighted terms that are not pruned and, last, the responses.

    Weights that are all alike are left out (`Training.common`).
    """
    m, p = basis.plen(), data.Y.shape[1]
    root = None if data.plain() else np.sqrt(data.weights)

    def block(rows: slice) -> Array:
        X = data.X[rows]
        part = np.empty((len(X), m + p), order="F")
        basis.transform(X, data.missing[rows], part)
        part[:, m:] = data.Y[rows]
        if root is not None:
            part *= root[rows, None]
        return part

    return triangle(len(data.X), block)


def allowed_pairs(model: Earth) -> Callable[[int, int], bool] | None:
    """`allowed` as a function of two numbers of columns. Errors: UsageError for an unknown column."""
    given, labels = model.allowed, list(model.xlabels_)
    if given is None:
        return None
    if callable(given):
        return lambda a, b: bool(given(labels[a], labels[b]))
    pairs: set[frozenset[int]] = set()
    for pair in given:
        numbers = [labels.index(v) if isinstance(v, str) and v in labels else v for v in pair]
        if len(numbers) != 2 or not all(not isinstance(v, str) and v in range(len(labels)) for v in numbers):
            raise UsageError(f"allowed holds pairs of columns, by name or number; got {pair!r}")
        pairs.add(frozenset(int(v) for v in numbers))
    return lambda a, b: a == b or frozenset((a, b)) in pairs


def fold_numbers(n: int, folds: int) -> npt.NDArray[np.intp]:
    """(n,) the fold of each row, of equal sizes, in an order that is the same every time."""
    if folds < 2:
        raise UsageError(f"folds is 2 or more; got {folds}")
    return np.random.default_rng(0).permutation(np.arange(n) % min(folds, n))


def same(a: object, b: object) -> bool:
    """Equality of attributes: of arrays by their entries, of mappings and sequences item by item."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and bool(np.array_equal(a, b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(same(u, v) for u, v in zip(a, b, strict=True))
    if isinstance(a, Spread) and isinstance(b, Spread):
        return all(same(getattr(a, name), getattr(b, name)) for name in Spread.__slots__)
    return bool(a == b)


def _clock(limit: float | None) -> Callable[[], bool]:
    if limit is None:
        return lambda: False
    deadline = time.perf_counter() + limit
    return lambda: time.perf_counter() >= deadline


def _say(model: Earth, record: ForwardPassRecord | PruningPassRecord) -> None:
    if model.verbose >= 1:
        title = "forward" if isinstance(record, ForwardPassRecord) else "pruning"
        sys.stdout.write(f"Beginning {title} pass\n{record}\n{record.final_str()}\n")

"""The pruning pass: residual sums of squares as refits give them, exact ties, folds, terms that stay."""

from __future__ import annotations

import numpy as np
import pytest
import slow_mars
from mars_tables import friedman

from fitx.mars.forward import ForwardOptions, forward_pass
from fitx.mars.pruning import prune


def basis(seed: int, n: int = 150, degree: int = 2, terms: int = 21) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.random((n, 6))
    Y = np.c_[10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + rng.normal(size=n), X[:, 3] ** 2]
    path = forward_pass(X, Y[:, :1], options=ForwardOptions(max_terms=terms, max_degree=degree))
    return slow_mars.columns(path.steps, X, np.zeros(X.shape, bool)), Y


def refit(B: np.ndarray, Y: np.ndarray, subset: tuple[int, ...], root: np.ndarray, v: np.ndarray) -> float:
    A = B[:, subset] * root[:, None]
    Z = Y * root[:, None]
    rest = Z - A @ np.linalg.lstsq(A, Z, rcond=None)[0]
    return float(np.sum(rest**2 @ v))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("weighted", [False, True])
def test_rss_of_every_size_is_that_of_a_refit(seed: int, weighted: bool) -> None:
    B, Y = basis(seed, degree=1 + seed % 3)
    rng = np.random.default_rng(seed)
    w = rng.random(len(B)) + 0.1 if weighted else None
    v = np.array([1.0, 3.0])
    path = prune(B, Y, penalty=3.0, weights=w, output_weights=v)
    root = np.ones(len(B)) if w is None else np.sqrt(w)
    np.testing.assert_allclose(path.rss, [refit(B, Y, s, root, v) for s in path.subsets], rtol=1e-10)
    assert [len(s) for s in path.subsets] == list(range(B.shape[1], 0, -1))
    assert all(set(b) < set(a) for a, b in zip(path.subsets, path.subsets[1:], strict=False))
    total = v.sum() * (len(B) if w is None else w.sum())
    c = np.array([len(s) + 1.5 * (len(s) - 1) for s in path.subsets])
    np.testing.assert_allclose(path.gcv, path.rss / total / (1 - c / len(B)) ** 2, rtol=1e-12)
    assert path.gcv[path.best] == path.gcv.min()


@pytest.mark.parametrize("seed", range(4))
def test_the_term_that_goes_costs_least(seed: int) -> None:
    B, Y = basis(seed, terms=13)
    path = prune(B, Y, penalty=2.0)
    one, v = np.ones(len(B)), np.ones(2)
    for subset, rss in zip(path.subsets[:-1], path.rss[1:], strict=True):
        least = min(refit(B, Y, tuple(k for k in subset if k != out), one, v) for out in subset[1:])
        assert rss == pytest.approx(least, rel=1e-9)


def test_a_triangle_of_the_columns_gives_the_same_path() -> None:
    B, Y = basis(2)
    w = np.random.default_rng(1).random(len(B)) + 0.5
    R = np.linalg.qr(np.hstack([B, Y]) * np.sqrt(w)[:, None], mode="r")
    whole, short = prune(B, Y, penalty=3.0, weights=w), prune(R[:, :-2], R[:, -2:], penalty=3.0, rows=len(B))
    assert whole.subsets == short.subsets
    assert whole.best == short.best
    np.testing.assert_allclose(whole.rss, short.rss, rtol=1e-10)


def test_dependent_and_zero_terms_go_first_and_at_no_cost() -> None:
    B, Y = basis(3, terms=11)
    B = np.c_[B, B[:, 1] - 2 * B[:, 2], np.zeros(len(B))]
    path = prune(B, Y, penalty=3.0)
    rank = int(np.linalg.matrix_rank(B))
    free = B.shape[1] - rank
    np.testing.assert_allclose(path.rss[: free + 1], path.rss[0], rtol=1e-12)
    assert path.rss[free + 1] > path.rss[0] * (1 + 1e-9)
    assert np.linalg.matrix_rank(B[:, path.subsets[free]]) == rank


def test_gcv_is_no_worse_than_that_of_the_slow_reference() -> None:
    for seed in range(6):
        B, Y = basis(seed, degree=2)
        path = prune(B, Y[:, :1], penalty=3.0)
        n = len(B)
        slow = [r / n * slow_mars.gcv_factor(len(s), n, 3.0) for s, r in slow_mars.prune(B, Y[:, :1], penalty=3.0)]
        assert path.gcv.min() <= min(slow) * (1 + 1e-9)


def test_terms_that_are_kept_stay() -> None:
    B, Y = basis(4)
    path = prune(B, Y, penalty=3.0, keep=(2, 5))
    assert all({0, 2, 5} <= set(s) for s in path.subsets)
    assert path.subsets[-1] == (0, 2, 5)


def test_folds_choose_by_rows_that_were_not_seen() -> None:
    B, Y = basis(5, n=120)
    folds = np.arange(120) % 5
    path = prune(B, Y, penalty=3.0, folds=folds)
    assert path.cv is not None
    assert path.cv[path.best] == path.cv.min()
    held = [folds == k for k in range(5)]
    constant = sum(float(np.sum((Y[h] - Y[~h].mean(axis=0)) ** 2)) for h in held) / Y.size
    assert path.cv[-1] == pytest.approx(constant, rel=1e-12)
    full = 0.0
    for h in held:
        full += float(np.sum((Y[h] - B[h] @ np.linalg.lstsq(B[~h], Y[~h], rcond=None)[0]) ** 2))
    independent = np.linalg.matrix_rank(B) == B.shape[1]
    assert not independent or path.cv[0] == pytest.approx(full / Y.size, rel=1e-8)


def test_more_parameters_than_rows_are_never_best() -> None:
    X, y = friedman(14, 5, 0.1)
    path = forward_pass(X, y[:, None], options=ForwardOptions(max_terms=9, endspan=1, minspan=1))
    B = slow_mars.columns(path.steps, X, np.zeros(X.shape, bool))
    pruned = prune(B, y[:, None], penalty=3.0)
    assert np.isinf(pruned.gcv[[k for k, s in enumerate(pruned.subsets) if len(s) + 1.5 * (len(s) - 1) >= 14]]).all()
    assert np.isfinite(pruned.gcv[pruned.best])

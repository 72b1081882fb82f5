"""The search's kernels against NumPy, and the same for any number of threads and on every instruction set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from fitx import _core
from fitx._core import search as kernels
from fitx.search.stages.pairs import correlations64

Array = npt.NDArray[np.float64]


@pytest.fixture(params=_core.available_isas())
def isa(request: pytest.FixtureRequest) -> Iterator[str]:
    before = _core.isa()
    _core.set_isa(request.param)
    yield request.param
    _core.set_isa(before)


def unit(rng: np.random.Generator, n: int) -> Array:
    v = rng.normal(size=(n, 64))
    return v / np.linalg.norm(v, axis=1)[:, None]


def panels_of(features: Array) -> npt.NDArray[np.float32]:
    padded = np.zeros((-(-len(features) // 32) * 32, features.shape[1]), np.float32)
    padded[: len(features)] = features
    return np.ascontiguousarray(padded.reshape(-1, 32, features.shape[1]).transpose(0, 2, 1))


def pair_r2(F: Array, t: Array) -> Array:
    r, g = F @ t, F @ F.T
    with np.errstate(all="ignore"):
        r2 = (r[:, None] ** 2 + r[None, :] ** 2 - 2 * r[:, None] * r[None, :] * g) / (1 - g * g)
    r2[np.tril_indices(len(F))] = -1
    return r2


@pytest.mark.parametrize("n", [3, 31, 32, 33, 127, 128, 300])
def test_pairs_are_those_of_brute_force(isa: str, n: int) -> None:
    rng = np.random.default_rng(n)
    F, T = unit(rng, n), unit(rng, 3)
    P = panels_of(F)
    single = kernels.search_correlate(P, T.astype(np.float32))
    np.testing.assert_allclose(single[:, :n], T @ F.T, atol=2e-6)
    rho = correlations64(T, P)
    blocks = -(-n // 128)
    score, index = kernels.search_pairs(P, n, rho, 0, blocks, 5, np.full(3, -0.5))
    for t in range(3):
        r2 = pair_r2(F, T[t])
        best = np.sort(r2[r2 >= 0])[::-1][:5]
        np.testing.assert_allclose(score[t, : len(best)], best, atol=1e-6)
        for s, (i, j) in zip(score[t], index[t], strict=True):
            if s >= 0:
                assert i < j < n
                assert r2[i, j] == pytest.approx(float(s), abs=1e-6)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_pairs_do_not_depend_on_threads_or_on_the_pieces(threads: int) -> None:
    rng = np.random.default_rng(0)
    F, T = unit(rng, 900), unit(rng, 2)
    F[400:] = F[:500]  # ties
    P = panels_of(F)
    rho = correlations64(T, P)
    threshold = np.full(2, 0.05)
    one = kernels.search_pairs(P, 900, rho, 0, 8, 40, threshold, 1)
    many = kernels.search_pairs(P, 900, rho, 0, 8, 40, threshold, threads)
    np.testing.assert_array_equal(one[0], many[0])
    np.testing.assert_array_equal(one[1], many[1])


def test_triples_are_those_of_brute_force(isa: str) -> None:
    rng = np.random.default_rng(1)
    n = 21
    F, t = unit(rng, n), unit(rng, 1)
    gram = np.zeros((n, 32))
    gram[:, :n] = F @ F.T
    rho = np.zeros((1, 32))
    rho[:, :n] = t @ F.T
    best = []
    for i in range(n):
        for j in range(i):
            for k in range(j):
                A = F[[i, j, k]].T
                r = t[0] - A @ np.linalg.lstsq(A, t[0], rcond=None)[0]
                best.append((1 - r @ r, k, j, i))
    best.sort(reverse=True)
    for threads in (1, 3):
        score, index = kernels.search_triples(gram, rho, 0, n, 10, np.zeros(1), threads)
        np.testing.assert_allclose(score[0], [b[0] for b in best[:10]], rtol=1e-9)
        assert [tuple(i) for i in index[0].tolist()] == [b[1:] for b in best[:10]]


def test_match_finds_each_feature_itself(isa: str) -> None:
    F = unit(np.random.default_rng(2), 100)
    P = panels_of(F)
    score, index = kernels.search_match(P, 100, P, 3)
    assert index[:100, 0].tolist() == list(range(100))
    np.testing.assert_allclose(score[:100, 0], 1, atol=1e-6)
    second = np.sort(np.abs(F @ F.T), axis=1)[:, -2]
    np.testing.assert_allclose(score[:100, 1], second, atol=1e-6)


def test_additions_maximise_the_gain(isa: str) -> None:
    rng = np.random.default_rng(3)
    F, r = unit(rng, 70), unit(rng, 4)
    bases = np.linalg.qr(rng.normal(size=(4, 64, 2)))[0].transpose(0, 2, 1)
    r = r - np.einsum("mq,mqs->ms", np.einsum("ms,mqs->mq", r, bases), bases)
    score, index = kernels.search_additions(
        panels_of(F), 70, np.ascontiguousarray(bases, np.float32), r.astype(np.float32), 1
    )
    for m in range(4):
        gain = (F @ r[m]) ** 2 / (1 - ((F @ bases[m].T) ** 2).sum(axis=1))
        assert index[m, 0] == gain.argmax()
        assert score[m, 0] == pytest.approx(gain.max(), abs=1e-4)


def library(columns: Array) -> kernels.Library:
    lib = kernels.Library(np.ascontiguousarray(columns), 1000)
    lib.extend_monomials(2 * np.eye(len(columns), dtype=np.int8), 1000)
    return lib


def test_library_evaluates_and_drops_duplicates(isa: str) -> None:
    rng = np.random.default_rng(4)
    x = rng.uniform(0.5, 3, size=(2, 64))
    lib = library(x)
    op = np.array([2, 3, 4, 5, 5, 8, 10, 12, 13, 15, 16, 0, 1, 4, 3, 0], np.int32)
    a = np.array([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0], np.int32)
    b = np.array([1, 1, 1, 1, 0, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, -1], np.int32)
    scale, offset = np.ones(len(op)), np.zeros(len(op))
    scale[11], offset[11] = 2.0, 1.0
    scale[15] = -3.0
    ids = lib.extend(op, a, b, scale, offset, 1000)
    # x1 x0 repeats x0 x1, x1 - x0 is a multiple of x0 - x1, -3 x0 of x0.
    assert (ids[-3:] == -1).all()
    expected = [
        x[0] + x[1], x[0] - x[1], x[0] * x[1], x[0] / x[1], x[1] / x[0], np.sqrt(x[0]), x[0] ** 2, np.exp(x[0]),
        np.log(x[0]), np.sin(x[0]), np.cos(x[0]), 2 * x[0] + 1, 1 / x[0],
    ]  # fmt: skip
    np.testing.assert_allclose(lib.values(ids[:13]), expected, rtol=1e-14)


def test_library_rejects_constants_and_what_is_undefined() -> None:
    x = np.vstack([np.linspace(-1, 1, 64), np.linspace(1, 2, 64)])
    lib = library(x)
    op = np.array([13, 8, 3, 5], np.int32)  # log x, sqrt x, x - x, x / x
    ids = lib.extend(op, np.zeros(4, np.int32), np.array([-1, -1, 0, 0], np.int32), np.ones(4), np.zeros(4), 1000)
    assert (ids == -1).all()


def test_library_stops_at_its_limit_and_does_not_depend_on_threads() -> None:
    x = np.random.default_rng(5).uniform(1, 2, size=(3, 64))
    exponents = np.array([[i, j, k] for i in range(-4, 5) for j in range(-4, 5) for k in range(-4, 5)], np.int8)
    made = []
    for threads in (1, 2, 5):
        lib = kernels.Library(np.ascontiguousarray(x), 1000)
        made.append((lib.extend_monomials(exponents, 300, threads), lib.values(np.arange(300, dtype=np.int32))))
        assert lib.size == 300
        assert (made[-1][0] == -2).any()
    for ids, values in made[1:]:
        np.testing.assert_array_equal(ids, made[0][0])
        np.testing.assert_array_equal(values, made[0][1])


@pytest.mark.parametrize("log", [False, True])
def test_features_are_orthogonal_to_the_base(isa: str, log: bool) -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(1, 2, size=(3, 64))
    lib = library(x)
    n = lib.size
    ids = lib.extend(
        np.full(6, 2, np.int32), np.array([0, 0, 1, 0, 1, 2], np.int32), np.array([1, 2, 2, 0, 1, 2], np.int32),
        np.ones(6), np.zeros(6), 1000,
    )  # fmt: skip
    order = np.concatenate([np.arange(n), ids[ids >= 0]]).astype(np.int32)
    weight = np.ones(64)
    weight[60:] = 0
    basis = np.linalg.qr(np.vstack([weight, weight * x[0]]).T)[0].T
    panels, kept = lib.project(order, log, weight, np.ascontiguousarray(basis))
    features = panels.transpose(0, 2, 1).reshape(-1, 64)[: len(kept)]
    np.testing.assert_allclose((features**2).sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(features @ basis.T, 0, atol=1e-5)
    assert (features[:, 60:] == 0).all()
    v = lib.values(kept)
    v = (np.log(v) if log else v) * weight
    v = v - (v @ basis.T) @ basis
    np.testing.assert_allclose(features, v / np.linalg.norm(v, axis=1)[:, None], atol=1e-5)
    if not log:
        assert 0 not in kept  # x0 is in the base


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        kernels.Library(np.ones((1, 10)), 10)
    lib = library(np.random.default_rng(0).uniform(size=(2, 64)))
    with pytest.raises(ValueError, match="out of the library"):
        lib.extend(
            np.zeros(1, np.int32), np.full(1, 9, np.int32), np.full(1, -1, np.int32), np.ones(1), np.zeros(1), 99
        )
    with pytest.raises(ValueError, match="no such expression"):
        lib.values(np.array([77], np.int32))

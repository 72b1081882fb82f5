"""The kernels called from several Python threads at once, each with threads of its own, give what one call gives."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from fitx import _core
from fitx._core import _native

CALLERS, TIMES = 4, 3


def rows(shape: Any, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


def batch() -> tuple[Any, ...]:
    """Programs c*sin(x0*x1 + c) + x0, forty of them, and which constants are free."""
    names = _core.operator_names()
    one = ["const", "var", "var", "mul", "const", "add", "sin", "mul", "var", "add"]
    codes = np.array([names.index(t) for t in one] * 40, np.int32)
    operands = np.zeros_like(codes)
    operands[codes == 1] = np.arange((codes == 1).sum())
    operands[(codes == 0).nonzero()[0][1::3]] = 1
    offsets = np.arange(0, len(codes) + 1, len(one), dtype=np.int64)
    constants = rows((codes == 1).sum())
    return codes, operands, offsets, constants, np.ones(len(constants), np.int8)


def panels(p: int) -> Any:
    return rows((p, 32, 32)).astype(np.float32) / np.float32(6)


def library() -> Any:
    made = _native.Library(np.abs(rows((3, 64))), 5000)
    made.extend_monomials(np.random.default_rng(1).integers(-4, 5, (3000, 3)).astype(np.int8), 5000, 2)
    return made


def extend() -> Any:
    made = library()
    n = made.size
    a = np.arange(n, dtype=np.int32)
    ids = made.extend(np.full(n, 2, np.int32), a, a[::-1].copy(), np.ones(n), np.zeros(n), 5000, 2)
    return ids, made.size, made.values(np.arange(made.size, dtype=np.int32))


def project() -> Any:
    made = library()
    order = np.arange(made.size, dtype=np.int32)
    return made.project(order, False, np.ones(64), np.full((1, 64), 0.125), 2)


def varpro() -> Any:
    atoms = np.zeros((100, 1, 5), np.int32)
    atoms[:, 0, 1] = 2
    u, base, start = rows((1, 64)), np.full((1, 64), 0.125), np.array([0, 1], np.int32)
    theta = rows((100, 1, 4), 1)
    problem, targets, ones = np.zeros((100, 2), np.int32), np.exp(0.5 * u) + 0.01 * rows((1, 64), 2), np.ones((1, 64))
    fitted = _native.varpro_fit(atoms, problem, u, ones, base, start, targets, theta, 20, 3)
    columns = _native.varpro_columns(atoms[:, 0].copy(), theta[:, 0].copy(), u, ones, 3)
    return *fitted, columns


def mars() -> Any:
    x, y = rows((4, 20_000)), rows((2, 20_000), 1) + np.maximum(0, rows((4, 20_000))[0])
    search = _native.MarsSearch(x, y, None, None, 0, 0.05, 1e7, 2)
    out = []
    for step in range(3):
        parent = np.repeat(np.arange(search_terms := 1 + 2 * step, dtype=np.int32), 4)
        variable = np.tile(np.arange(4, dtype=np.int32), search_terms)
        span = np.full(len(parent), 5, np.int32)
        answer = search.ask(parent, variable, span, 50, np.zeros(len(parent), np.uint8), 0.0, 1e-6)
        best = int(np.argmax(answer[0] + answer[1]))
        search.add(int(parent[best]), int(variable[best]), [2, 2], int(answer[2][best]), [False, True], True)
        out += [*answer, search.rss()]
    return out


CALLS: dict[str, Callable[[], Any]] = {
    "evaluate": lambda: _native.evaluate(*batch()[:4], rows((2, 20_000)), 2),
    "evaluate32": lambda: _native.evaluate32(*batch()[:4], rows((2, 20_000)).astype(np.float32), 3),
    "enclose": lambda: _native.enclose(
        *(a[:n] for a, n in zip(batch()[:2], (10, 10), strict=True)), batch()[3], rows((2, 500)), rows((2, 500)) + 1
    ),
    "chebyshev_gram": lambda: _native.chebyshev_gram(rows(600_000), rows(600_000, 1), None, 3, -9.0, 9.0, 3),
    "moments": lambda: _native.moments(rows(600_000), rows(600_000, 1), None, 3),
    "tree_fit": lambda: _native.tree_fit(*batch(), rows((2, 300)), rows(300, 1), None, 3, 5, 3),
    "correlate": lambda: _native.search_correlate(panels(200), rows((2, 32)).astype(np.float32), 3),
    "pairs": lambda: _native.search_pairs(panels(24), 768, rows((2, 768)) / 6, 0, 6, 30, np.zeros(2), 3),
    "triples": lambda: _native.search_triples(
        np.corrcoef(rows((48, 64))), rows((2, 48)) / 9, 0, 48, 30, np.zeros(2), 3
    ),
    "match": lambda: _native.search_match(panels(20), 640, panels(5), 4, 3),
    "additions": lambda: _native.search_additions(
        panels(20), 640, np.full((9, 1, 32), 0.176, np.float32), rows((9, 32)).astype(np.float32), 4, 3
    ),
    "library": extend,
    "project": project,
    "varpro": varpro,
    "mars": mars,
}


def assert_same(a: Any, b: Any) -> None:
    if isinstance(a, tuple | list):
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", CALLS)
def test_calls_at_once_give_what_one_gives(name: str) -> None:
    alone = CALLS[name]()
    with ThreadPoolExecutor(CALLERS) as pool:
        for together in pool.map(lambda _: CALLS[name](), range(CALLERS * TIMES)):
            assert_same(alone, together)


def test_different_calls_at_once() -> None:
    alone = {name: call() for name, call in CALLS.items()}
    with ThreadPoolExecutor(CALLERS) as pool:
        for name, result in zip(CALLS, pool.map(lambda call: call(), CALLS.values()), strict=True):
            assert_same(alone[name], result)


def test_one_library_is_shared() -> None:
    made = library()
    size = made.size
    a, none = np.arange(size, dtype=np.int32), np.full(size, -1, np.int32)

    def use(k: int) -> Any:
        if k % 2:
            return made.extend(np.full(size, 12, np.int32), a, none, np.full(size, 0.1 * k), np.zeros(size), 5000, 2)
        return made.values(a), made.project(a, False, np.ones(64), np.full((1, 64), 0.125), 2), made.size

    with ThreadPoolExecutor(CALLERS) as pool:
        done = list(pool.map(use, range(12)))
    for k in range(2, 12, 2):
        assert_same(done[0][:2], done[k][:2])
    new = np.concatenate([done[k][done[k] >= 0] for k in range(1, 12, 2)])
    assert sorted(new) == list(range(size, made.size))


def test_one_mars_search_is_shared() -> None:
    search = _native.MarsSearch(rows((4, 5000)), rows((1, 5000), 1), None, None, 0, 0.05, 1e6, 2)
    none, span, cover = np.zeros(4, np.int32), np.full(4, 5, np.int32), np.zeros(4, np.uint8)

    def use(k: int) -> Any:
        if k % 3 == 2:
            return search.add(0, k % 4, [2], 100 * k, [False], True)
        answer = search.ask(none, np.arange(4, dtype=np.int32), span, 20, cover, 0.0, 1e-6)
        return answer[2].min() >= 0 and search.rss() > 0 and not any(search.flat(3, 7))

    with ThreadPoolExecutor(CALLERS) as pool:
        assert all(bool(np.all(v)) for v in pool.map(use, range(24)))


def test_the_instruction_set_may_change_meanwhile() -> None:
    before = _core.isa()
    expected = {}
    for name in _core.available_isas():
        _core.set_isa(name)
        expected[name] = CALLS["evaluate"]()
    try:
        with ThreadPoolExecutor(CALLERS) as pool:
            changes = [pool.submit(_core.set_isa, n) for _ in range(10) for n in _core.available_isas()]
            for result in pool.map(lambda _: CALLS["evaluate"](), range(8)):
                assert any(np.array_equal(result, e) for e in expected.values())
            for change in changes:
                change.result()
    finally:
        _core.set_isa(before)

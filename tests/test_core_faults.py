"""What crashed the compiled core, hung it or was let pass, and must not again; and a moment of its fuzzing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzz import core
from hypothesis import given
from hypothesis import strategies as st

from fitx._core import _native

SANITIZED = "san.so" in os.environ.get("LD_PRELOAD", "")


def floats(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape)


def singles(*shape: int) -> Any:
    return floats(*shape).astype(np.float32)


def library() -> Any:
    made = _native.Library(np.abs(floats(2, 32)), 100)
    made.extend_monomials(np.array([[2, 0], [0, 2]], np.int8), 100)
    return made


def mars(threads: int = 1) -> Any:
    return _native.MarsSearch(floats(2, 50), floats(1, 50), None, None, 0, 0.05, 1e6, threads)


def test_fuzzing_covers_every_function_of_the_core() -> None:
    assert core.functions() == set(core.CALLS)


@given(st.binary(min_size=7, max_size=7))
def test_what_is_wrong_is_refused(data: bytes) -> None:
    core.one(data, huge=False)


@pytest.mark.parametrize("name", core.CALLS)
def test_each_function_takes_what_is_right(name: str) -> None:
    first = list(core.CALLS).index(name)
    outcomes = [core.one(bytes([first, k]), huge=False) for k in range(12)]
    assert "accepted" in outcomes


def test_panels_must_be_32_wide() -> None:
    for panels in (singles(2, 32, 16), singles(2, 0, 32), singles(2, 24, 32)):
        with pytest.raises(ValueError, match=r"panels|rows"):
            _native.search_pairs(panels, 4, floats(1, 64), 0, 1, 5, np.zeros(1))
        with pytest.raises(ValueError, match=r"panels|rows"):
            _native.search_additions(panels, 4, singles(1, 1, 32), singles(1, 32), 2)


def test_a_gram_matrix_is_not_longer_than_wide() -> None:
    with pytest.raises(ValueError, match="gram"):
        _native.search_triples(floats(40, 32), floats(1, 32), 0, 40, 5, np.zeros(1))


@pytest.mark.parametrize(("first", "last"), [(0, -(2**63)), (5, 4), (-1, 3), (2**62, 2**62), (0, 2**63 - 1)])
def test_pieces_lie_within(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        _native.search_triples(floats(32, 32), floats(1, 32), first, last, 5, np.zeros(1))
    with pytest.raises(ValueError, match="out of range"):
        _native.search_pairs(singles(2, 32, 32), 64, floats(1, 64), first, last, 5, np.zeros(1))


@pytest.mark.parametrize("threads", [0, -1, -(2**31), 10_000, 2**31 - 1])
def test_any_number_of_threads_gives_the_same(threads: int) -> None:
    panels, rho = singles(2, 32, 32) / np.float32(6), floats(1, 64) / 6
    gram, u = np.corrcoef(floats(32, 64)), floats(1, 64)
    atoms = np.zeros((40, 1, 5), np.int32)
    theta, problem = floats(40, 1, 4), np.zeros((40, 2), np.int32)
    start = np.array([0, 0], np.int32)
    codes, offsets = np.tile(np.array([0, 12], np.int32), 9), np.arange(0, 19, 2, dtype=np.int64)

    def calls(t: int) -> Any:
        search = mars(t)
        none, both = np.zeros(2, np.int32), np.arange(2, dtype=np.int32)
        yield from _native.search_pairs(panels, 64, rho, 0, 1, 5, np.zeros(1), t)
        yield from _native.search_triples(gram, rho[:, :32].copy(), 0, 32, 5, np.zeros(1), t)
        yield from _native.search_match(panels, 64, panels, 3, t)
        yield from _native.varpro_fit(atoms, problem, u, u, u, start, u, theta, 5, t)
        yield _native.evaluate(codes, codes * 0, offsets, np.zeros(0), u, t)
        yield _native.moments(floats(9), floats(9), None, t)
        yield from search.ask(none, both, none, 3, np.zeros(2, np.uint8), 0.0, 0.0)

    for one, other in zip(calls(1), calls(threads), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(SANITIZED, reason="a sanitizer ends what wants so much")
def test_sizes_that_no_memory_holds() -> None:
    panels, rho = singles(2, 32, 32), floats(1, 64)
    for keep in (2**62, 2**63 - 1, 2**60 + 1):
        with pytest.raises(MemoryError):
            _native.search_pairs(panels, 64, rho, 0, 1, keep, np.zeros(1))
        with pytest.raises(MemoryError):
            _native.search_triples(floats(32, 32), rho[:, :32].copy(), 0, 32, keep, np.zeros(1))
    wide = np.zeros((0, 2**45))
    codes, offsets = np.ones(1, np.int32), np.array([0, 1], np.int64)
    with pytest.raises(MemoryError):
        _native.evaluate(codes, codes * 0, offsets, np.zeros(1), wide)
    with pytest.raises(ValueError, match="rows"):
        _native.Library(np.zeros((0, 2**33)), 5)
    with pytest.raises(ValueError, match="column"):
        _native.Library(np.zeros((0, 32)), 5)
    with pytest.raises(ValueError, match="degree"):
        _native.chebyshev_gram(np.zeros(2), np.zeros(2), None, 50_000, 0.0, 1.0)


@pytest.mark.parametrize("offsets", [[0, -(2**63), 1], [0, 2**63 - 1, -(2**63)], [2, 1, 2], [0, 1, 3], [-1, 0, 1]])
def test_offsets_out_of_order(offsets: list[int]) -> None:
    codes = np.zeros(2, np.int32)
    with pytest.raises(ValueError, match="offsets"):
        _native.evaluate(codes, codes, np.array(offsets, np.int64), np.zeros(0), floats(1, 9))


def test_a_free_constant_stands_in_one_place() -> None:
    codes, operands = np.array([1, 0, 4, 1, 0, 4], np.int32), np.zeros(6, np.int32)
    for offsets in ([0, 3, 6], [0, 6]):  # two threads would have written it
        with pytest.raises(ValueError, match="one place"):
            _native.tree_fit(
                codes, operands, np.array(offsets, np.int64), np.ones(1), np.ones(1, np.int8),
                floats(1, 16), floats(16), None, 0, 3,
            )  # fmt: skip


@pytest.mark.parametrize("weights", [np.ones(16, np.float32), np.ones(32)[::2], np.ones((4, 4)), "x"])
def test_weights_of_trees_of_another_kind(weights: Any) -> None:
    codes, offsets = np.zeros(1, np.int32), np.array([0, 1], np.int64)
    none = np.zeros(0), np.zeros(0, np.int8)
    with pytest.raises(TypeError):
        _native.tree_fit(codes, codes, offsets, *none, floats(1, 16), floats(16), weights, 0, 3)


def test_operators_that_the_library_does_not_know() -> None:
    one, none = np.zeros(1, np.int32), np.full(1, -1, np.int32)
    for op in (-1, 7, 25, 28, 29, 31, 37, 38, 2**31 - 1):
        with pytest.raises(ValueError, match="operator"):
            library().extend(np.full(1, op, np.int32), one, none, np.ones(1), np.zeros(1), 100)


@pytest.mark.parametrize(("endspan", "every"), [(-1, 1), (-(2**63), 1), (0, 0), (0, -(2**63))])
def test_rows_of_mars_begin_with_the_first(endspan: int, every: int) -> None:
    with pytest.raises(ValueError, match="endspan"):
        mars().flat(endspan, every)
    assert mars().flat(2**63 - 1, 2**63 - 1) == [True, True]


def test_mars_is_asked_each_question_once() -> None:
    none = np.zeros(2, np.int32)
    with pytest.raises(ValueError, match="twice"):  # two threads would have worked on it
        mars().ask(none, none, none, 3, np.zeros(2, np.uint8), 0.0, 0.0)


def test_arrays_of_another_type_or_order_are_never_copied() -> None:
    panels, good = singles(2, 32, 32), library()
    for wrong in (panels.astype(float), panels[:, ::-1], np.asfortranarray(panels)):
        with pytest.raises(TypeError):
            _native.search_match(wrong, 64, panels, 3)
    with pytest.raises(TypeError):
        good.values(np.zeros(1, np.int64))
    with pytest.raises(TypeError):  # not aligned
        good.values(np.zeros(9, np.uint8)[1:].view(np.int32))
    with pytest.raises(TypeError):
        good.values([0])
    with pytest.raises(TypeError):
        _native.MarsSearch(singles(2, 50), floats(1, 50), None, None, 0, 0.05, 1e6, 1)


LITTLE = """
import resource, sys
import numpy as np
from fitx._core import _native
n, threads = 8 * 2**19, int(sys.argv[1])
atoms, problem = np.zeros((64, 1, 5), np.int32), np.zeros((64, 2), np.int32)
u, none, start = np.ones((1, n)), np.zeros((0, n)), np.array([0, 0], np.int32)
panels = np.ones((600, 16, 32), np.float32)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, used + 2**28))
try:  # each thread wants 1.5 GB
    _native.varpro_fit(atoms, problem, u, u, none, start, u, np.zeros((64, 1, 4)), 3, threads)
except MemoryError:
    print("MemoryError")
print(_native.search_match(panels, 10, panels, 1, 10_000)[1].min())  # more threads than there is room for
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes more addresses")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_memory_or_threads_run_out_in_a_kernel(threads: str) -> None:
    command = [sys.executable, "-c", LITTLE, threads]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.returncode) == ("MemoryError\n0\n", 0), done.stderr

"""Gram matrices of Chebyshev columns and moments for scores, against exact sums."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev

from fitx import _core


def reference_gram(x: np.ndarray, y: np.ndarray, w: np.ndarray | None, degree: int, lo: float, hi: float) -> np.ndarray:
    t = ((x - lo) - (hi - x)) / (hi - lo)
    b = np.column_stack([chebyshev.chebvander(t, degree), y])
    w = np.ones(len(x)) if w is None else w
    side = degree + 2
    return np.array([[math.fsum(w * b[:, i] * b[:, j]) for j in range(side)] for i in range(side)])


@pytest.mark.parametrize("n", [0, 1, 3, 7, 8, 511, 512, 513, 8192, 8193, 30_001])
@pytest.mark.parametrize("degree", [0, 1, 2, 5, 20])
@pytest.mark.parametrize("weighted", [False, True])
def test_gram_is_the_matrix_of_inner_products(n: int, degree: int, weighted: bool) -> None:
    rng = np.random.default_rng(n + degree)
    x, y = rng.uniform(-3, 11, n), rng.normal(size=n)
    w = rng.uniform(0, 2, n) if weighted else None
    got = _core.chebyshev_gram(x, y, w, degree, -3.0, 11.0)
    np.testing.assert_allclose(got, reference_gram(x, y, w, degree, -3.0, 11.0), rtol=0, atol=2e-14 * max(n, 1))
    assert np.array_equal(got, got.T)


def test_gram_of_known_sums() -> None:
    x = np.linspace(-1, 1, 5)
    got = _core.chebyshev_gram(x, 2 * x, None, 1, -1.0, 1.0)
    np.testing.assert_allclose(got, [[5, 0, 0], [0, 2.5, 5], [0, 5, 10]], atol=1e-15)


def test_gram_solves_a_fit() -> None:
    x = np.random.default_rng(2).uniform(0, 5, 100_000)
    y = np.exp(-x)
    gram = _core.chebyshev_gram(x, y, None, 12, 0.0, 5.0, threads=2)
    c = np.linalg.solve(gram[:-1, :-1], gram[:-1, -1])
    t = np.linspace(-1, 1, 101)
    assert np.abs(chebyshev.chebval(t, c) - np.exp(-(t + 1) * 2.5)).max() < 1e-8  # the first term left out is 5e-9


@pytest.mark.parametrize("weighted", [False, True])
def test_threads_do_not_show(weighted: bool) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.uniform(size=900_001), rng.normal(size=900_001)
    w = rng.uniform(size=900_001) if weighted else None
    for threads in (2, 3):
        one, many = (_core.chebyshev_gram(x, y, w, 5, 0.0, 1.0, t) for t in (1, threads))
        assert np.array_equal(one, many)
        assert _core.moments(x, y, w, 1) == _core.moments(x, y, w, threads)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 1200),
    seed=st.integers(0, 2**31),
    offset=st.sampled_from([0.0, 1.0, 1e8, -1e12]),
    weighted=st.booleans(),
)
def test_moments_agree_with_exact_sums(n: int, seed: int, offset: float, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n) + offset
    p = y + rng.normal(size=n)
    w = rng.integers(0, 3, n) / 2 if weighted else None
    ws = [Fraction(1)] * n if w is None else [Fraction(v) for v in w]
    ys, rs = [Fraction(v) for v in y], [Fraction(float(v)) for v in y - p]
    count, sw, swy, syy, srr, sar, largest, undefined = _core.moments(y, p, w)
    total = sum(ws)
    mean = sum(a * b for a, b in zip(ws, ys, strict=True)) / total if total else Fraction(0)
    assert (count, undefined) == (n, 0)
    assert sw == float(total)
    want = {
        swy: sum(a * b for a, b in zip(ws, ys, strict=True)),
        syy: sum(a * (b - mean) ** 2 for a, b in zip(ws, ys, strict=True)),
        srr: sum(a * b * b for a, b in zip(ws, rs, strict=True)),
        sar: sum(a * abs(b) for a, b in zip(ws, rs, strict=True)),
    }
    scale = float(total) * max(abs(offset), 1.0)
    for got, exact in want.items():
        assert got == pytest.approx(float(exact), rel=1e-13, abs=1e-15 * scale)
    assert largest == max((float(abs(r)) for r, a in zip(rs, ws, strict=True) if a), default=0.0)


def test_moments_count_what_is_undefined_and_leave_it_out() -> None:
    y = np.arange(20.0)
    p = y + 1
    p[[3, 7, 19]] = [np.nan, np.inf, -np.inf]
    assert _core.moments(y, p) == (20, 20.0, 190.0, 665.0, 17.0, 17.0, 1.0, 3)
    assert _core.moments(y[:0], p[:0]) == (0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)


def test_a_constant_target_has_no_spread() -> None:
    y = np.full(100_003, 0.1)
    assert _core.moments(y, y)[3:] == (0.0, 0.0, 0.0, 0.0, 0)


def test_bad_arguments_raise() -> None:
    x = np.zeros(3)
    with pytest.raises(ValueError, match="differ in length"):
        _core.chebyshev_gram(x, np.zeros(2), None, 1, 0.0, 1.0)
    with pytest.raises(ValueError, match="differ in length"):
        _core.moments(x, x, np.zeros(4))
    with pytest.raises(ValueError, match="lo must be below hi"):
        _core.chebyshev_gram(x, x, None, 1, 1.0, 1.0)
    with pytest.raises(ValueError, match="degree"):
        _core.chebyshev_gram(x, x, None, -1, 0.0, 1.0)

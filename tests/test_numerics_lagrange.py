"""Exact interpolation."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitx.errors import FitxError
from fitx.numerics.lagrange import interpolate_exact, merge_repeats


def test_three_points_give_whole_coefficients() -> None:
    assert interpolate_exact(np.array([1.0, 2, 3]), np.array([10.0, 12, 4])) == [-2, 17, -5]


def test_decimals_are_read_as_decimals() -> None:
    assert interpolate_exact(np.array([0.1, 0.2, 0.3]), np.array([0.01, 0.04, 0.09])) == [0, 0, 1]


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_recovers_integer_polynomials(coefficients: list[int], random) -> None:
    nodes = random.sample(range(-20, 21), len(coefficients))
    y = [sum(c * x**k for k, c in enumerate(coefficients)) for x in nodes]
    if any(int(float(v)) != v or len(repr(float(v))) > 24 or Fraction(repr(float(v))) != v for v in y):
        return  # not a float64, so not a point that a table can hold
    assert interpolate_exact(np.array(nodes, float), np.array(y, float)) == coefficients


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=8, unique=True), st.data())
def test_passes_through_every_point_exactly(nodes: list[float], data: st.DataObject) -> None:
    y = data.draw(st.lists(st.floats(-1e30, 1e30), min_size=len(nodes), max_size=len(nodes)))
    c = interpolate_exact(np.array(nodes), np.array(y))
    for x, value in zip(nodes, y, strict=True):
        at = Fraction(repr(x))
        assert sum(a * at**k for k, a in enumerate(c)) == Fraction(repr(value))


def test_repeated_points_are_merged_and_clashes_are_named() -> None:
    x, y = merge_repeats(np.array([2.0, 1, 2]), np.array([5.0, 4, 5]))
    assert x.tolist() == [1, 2]
    assert y.tolist() == [4, 5]
    with pytest.raises(FitxError, match=r"\(2, 5\) and \(2, 6\)"):
        interpolate_exact(np.array([2.0, 1, 2]), np.array([5.0, 4, 6]))


def test_thirty_points_of_full_precision() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30), rng.normal(size=30)
    c = interpolate_exact(x, y)
    at = Fraction(repr(float(x[7])))
    assert sum(a * at**k for k, a in enumerate(c)) == Fraction(repr(float(y[7])))

"""The guard against poles between the rows."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.formula import parse
from fitx.search.guard import has_poles, points_between, steady

X = np.random.default_rng(5).uniform(0.0, 3.0, (2, 200))
POINTS = points_between(X)


def test_points_lie_near_the_rows() -> None:
    """Within the columns' ranges and a twentieth; never negative where the column is not."""
    assert POINTS.shape == (2, 400)
    assert (POINTS >= 0).all()
    assert (X.max(axis=1)[:, None] + 0.05 * np.ptp(X, axis=1)[:, None] + 1e-12 >= POINTS).all()


@pytest.mark.parametrize(("f", "good"), [
    (lambda x: x[0] * x[1], True),
    (lambda x: np.sqrt(x[0]), True),
    (lambda x: x[0] + 0.001 / (x[1] - 1.50001) ** 2, False),
    (lambda x: np.log(x[0] - 0.3), False),
])  # fmt: skip
def test_poles_and_gaps_are_seen(f, good) -> None:  # type: ignore[no-untyped-def]
    """And smooth functions pass."""
    assert steady(f, POINTS, np.nan_to_num(np.asarray(X[0] * X[1]), nan=0.0)) == good


def test_the_points_are_the_same_each_time() -> None:
    """No randomness but the seed."""
    np.testing.assert_array_equal(POINTS, points_between(X))


@pytest.mark.parametrize(("text", "poles"), [
    ("1e-9/(a - 1.5)", True), ("b/(a + 0.1)", False), ("tan(a)", True), ("(a - 2)**-1", True), ("(a - 2)/3", False),
])  # fmt: skip
def test_divisors_of_both_signs_are_poles(text: str, poles: bool) -> None:
    """However narrow."""
    assert has_poles(parse(text), lambda f: f.predict(POINTS.T, ("a", "b"))) == poles

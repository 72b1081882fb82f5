"""AAA and quotients as arrays: poles, residues, double roots, doublets."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.errors import FitxError
from fitx.numerics.aaa import aaa
from fitx.numerics.quotient import Problem
from fitx.numerics.rational import fit


def test_aaa_finds_the_poles_and_residues_of_tan() -> None:
    x = np.linspace(-1.5, 1.5, 200)
    r = aaa(x, np.tan(x), 50)
    assert r is not None
    between = np.linspace(-1.5, 1.5, 999)
    np.testing.assert_allclose(r.evaluate(between), np.tan(between), atol=1e-12)
    poles = r.poles()
    nearest = poles[np.argsort(np.abs(poles))[:2]]
    np.testing.assert_allclose(np.sort(nearest.real), [-np.pi / 2, np.pi / 2], rtol=1e-12)
    np.testing.assert_allclose(r.residues(nearest), [-1, -1], rtol=1e-9)
    assert len(r.real_poles(-1.5, 1.5)) == 0
    assert len(r.real_poles(-2, 2)) == 2


def test_aaa_of_a_quotient_needs_one_point_more_than_its_degree() -> None:
    x = np.linspace(-1, 1, 101)
    r = aaa(x, 1 / (1 + 25 * x**2), 50)
    assert r is not None
    assert len(r.nodes) == 3
    np.testing.assert_allclose(np.sort(r.poles().imag), [-0.2, 0.2], rtol=1e-12)


def test_aaa_passes_over_poles_among_the_rows() -> None:
    x = np.linspace(-1, 1, 60)
    y = 1 / (x - 0.3)
    allowed, not_allowed = aaa(x, y, 20), aaa(x, y, 20, poles=False)
    assert allowed is not None
    np.testing.assert_allclose(allowed.real_poles(-1, 1), [0.3], atol=1e-12)
    assert not_allowed is None or len(not_allowed.real_poles(-1, 1)) == 0


@pytest.mark.parametrize("multiplicity", [1, 2, 3])
def test_real_poles_are_seen_whatever_their_multiplicity(multiplicity: int) -> None:
    x = np.linspace(-1, 1, 80)
    problem = Problem.of(x, 1 / (x - 0.31) ** multiplicity, None, 4)
    r = fit(problem, 0, multiplicity, poles=True)
    assert r is not None
    near = r.poles()
    np.testing.assert_allclose(near, 0.31, atol=2e-4)
    assert len(r.real_poles()) >= 1


def test_zeros_that_cancel_poles_take_the_degrees_down() -> None:
    x = np.linspace(0, 3, 60)
    problem = Problem.of(x, (x + 2) / (x + 1), None, 5)
    for m, n in ((2, 2), (3, 3), (5, 5)):
        r = fit(problem, m, n)
        assert r is not None
        assert r.degrees == (1, 1)


def test_the_optimum_has_no_slope_whatever_the_start() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(-3, 3, 150)
    y = (1 + x) / (1 + x**2) + 0.1 * rng.normal(size=150)
    problem = Problem.of(x, y, None, 4)
    best = fit(problem, 1, 2)
    assert best is not None
    other = fit(problem, 1, 2, starts=[(np.array([0.1]), np.array([1.0]))], linearised=False)
    assert other is not None
    np.testing.assert_allclose(other.evaluate(x), best.evaluate(x), atol=1e-8)
    half = Problem.of(x[::2], y[::2], None, 4)
    np.testing.assert_allclose(
        fit(half, 1, 2, starts=[best.moved(half)], linearised=False).evaluate(x), fit(half, 1, 2).evaluate(x), atol=1e-8
    )


def test_too_few_points_are_an_error() -> None:
    with pytest.raises(FitxError, match="3 different points do not determine the 5"):
        fit(Problem.of(np.array([1.0, 2, 3, 3]), np.ones(4), None, 2), 2, 2)

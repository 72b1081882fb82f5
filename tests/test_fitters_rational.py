"""Quotients of polynomials: known quotients, certified fits, forms, poles, doublets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fitx
from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.rational import Rational, pairs

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")


def data_of(x, y, **more) -> Data:
    return Data(np.asfortranarray(np.array(x, dtype=float).reshape(-1, 1)), np.array(y, dtype=float), ("x",), **more)


def propose(data: Data, **options) -> list[Proposal]:
    method = Rational()
    return list(method.propose(data, Context(method.resolve_options(options), np.random.default_rng(0))))


def values(p: Proposal) -> dict[str, float]:
    return {q.name: q.value for q in p.parameters}


@pytest.mark.parametrize(
    ("x", "f", "shown"),
    [  # the first two: Polynomials.jl, test/rational-functions.jl and the docstring of `fit`, both asked for as 2/2
        (np.linspace(-0.25, 1, 15), lambda x: (1 + x + x**2) / (1 + 2 * x), "(x**2 + x + 1)/(2*x + 1)"),
        (np.arange(2.0, 3.05, 0.1), lambda x: (1 + x) / (1 - x), "(x + 1)/(-x + 1)"),
        (np.linspace(-1, 1, 60), lambda x: 1 / (1 + 25 * x**2), "1/(25*x**2 + 1)"),
        (np.linspace(1, 4, 30), lambda x: (x**2 + 1) / (x - 7), "(x**2 + 1)/(x - 7)"),
        (np.linspace(1, 4, 30), lambda x: 3 / x, "3/x"),
        (np.linspace(1, 4, 30), lambda x: 3 / x**2 + 1, "(x**2 + 3)/x**2"),
        (np.linspace(0, 4, 30), lambda x: 0.5 * x + 2, "0.5*x + 2"),
    ],
)  # fmt: skip
def test_exact_quotients_come_back(x, f, shown: str) -> None:
    y = f(x)
    assert str(fitx.fit(x, y, method="rational")) == shown
    (found,) = propose(data_of(x, y), degrees="2/2")
    between = np.linspace(x[0], x[-1], 501)
    np.testing.assert_allclose(found.formula.predict(between, ["x"]), f(between), rtol=1e-10)


def test_degrees_that_cancel_are_taken_down() -> None:
    x = np.arange(2.0, 3.05, 0.1)
    (found,) = propose(data_of(x, (1 + x) / (1 - x)), degrees="3/3")
    assert found.label == "degrees 1/1"
    assert "3/3 were asked for" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "degrees"), [("Kirby2", "2/2"), ("Hahn1", "3/3"), ("Thurber", "3/3")]
)  # fmt: skip
@pytest.mark.skipif(not (DATA / "Hahn1.dat").exists(), reason="shared/data is not here")
def test_certified_rational_fits_of_nist(name: str, degrees: str) -> None:
    lines = (DATA / f"{name}.dat").read_text().splitlines()
    shown = [line.split() for line in lines if line.strip().startswith("b") and "=" in line]
    certified = [[float(v) for v in parts[-2:]] for parts in shown]
    y, x = np.array([[float(v) for v in line.split()] for line in lines[60:] if line.strip()]).T
    (found,) = propose(data_of(x, y), degrees=degrees)
    assert len(found.parameters) == len(certified)
    for q, (value, error) in zip(found.parameters, certified, strict=True):
        assert q.value == pytest.approx(value, rel=1e-7)
        assert q.stderr == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize(("m", "n", "error"), [(1, 1, 0.018), (1, 2, 0.0017), (2, 1, 0.0013), (2, 2, 7.3e-5)])
def test_exp_is_met_better_than_by_pade(m: int, n: int, error: float) -> None:
    """The errors of the Pade approximants on [0, 1/2] in the docstring of Polynomials.jl's `fit`."""
    x = np.linspace(0, 0.5, 101)
    (found,) = propose(data_of(x, np.exp(x)), degrees=f"{m}/{n}")
    assert np.abs(found.formula.predict(x, ["x"]) - np.exp(x)).max() < error


def test_weights_count_as_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 10, 60)
    y = 3 * x / (2 + x) + 0.05 * rng.normal(size=60)
    counts = rng.integers(0, 4, 60)
    (weighted,) = propose(data_of(x, y, weights=counts.astype(float)), degrees="1/1")
    (repeated,) = propose(data_of(np.repeat(x, counts), np.repeat(y, counts)), degrees="1/1")
    np.testing.assert_allclose(list(values(weighted).values()), list(values(repeated).values()), rtol=1e-6, atol=1e-9)


def test_standard_errors_are_those_of_the_linearised_model() -> None:
    rng = np.random.default_rng(1)
    x = np.linspace(0, 10, 80)
    y = 3 * x / (2 + x) + 0.05 * rng.normal(size=80)
    (found,) = propose(data_of(x, y), degrees="1/1")
    a0, a1, b1 = (q.value for q in found.parameters)
    q = 1 + b1 * x
    j = np.c_[1 / q, x / q, -(a0 + a1 * x) * x / q**2]
    residual = y - (a0 + a1 * x) / q
    assert np.abs(j.T @ residual).max() < 1e-5
    expected = np.linalg.inv(j.T @ j) * (residual @ residual) / 77
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-6)
    (absolute,) = propose(data_of(x, y, weights=np.full(80, 400.0), absolute=True), degrees="1/1")
    np.testing.assert_allclose(absolute.covariance, np.linalg.inv(j.T @ j) / 400, rtol=1e-5)


def test_saturation_under_noise_is_found_as_one_over_one() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 10, 200)
    fit = fitx.fit(x, 3 * x / (2 + x) + 0.05 * rng.normal(size=200), method="rational")
    assert fit.label == "degrees 1/1"
    low, high = fit.parameters[-1].ci95
    assert low < 0.5 < high


def test_no_poles_between_the_rows_unless_asked() -> None:
    rng = np.random.default_rng(3)
    x = np.sort(rng.uniform(-1, 1, 40))
    for p in propose(data_of(x, rng.normal(size=40))):
        between = p.formula.predict(np.linspace(x[0], x[-1], 40_001), ["x"])
        assert np.abs(between).max() < 50
    x = np.linspace(-1, 1, 50)
    fit = fitx.fit(x, 1 / (x - 0.3), method="rational")
    assert any("pole at `x` = 0.3" in w for w in fit.warnings)
    fit = fitx.fit(x, 1 / (x - 0.3), method="rational", options={"rational.poles": True})
    np.testing.assert_allclose(fit.predict(x), 1 / (x - 0.3), rtol=1e-9)
    (found,) = propose(data_of(x, 1 / (x - 0.3)), degrees="0/1")
    assert "a pole at `x` = 0.3 fits better" in found.notes[0]


def test_far_from_zero_in_a_scaled_variable() -> None:
    x = 1.7e9 + np.linspace(0, 100, 80)
    u = (x - 1.7e9) / 50
    data = data_of(x, (u + 1) / (u**2 + 3))
    found = propose(data)[-1]
    assert "1700000" in str(found.formula)
    np.testing.assert_allclose(found.formula.predict(data.X, data.names), data.y, rtol=1e-9)


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_scales(size: float) -> None:
    x = np.linspace(1, 5, 40)
    data = data_of(x * size, x / (1 + x))
    found = propose(data)[-1]
    np.testing.assert_allclose(found.formula.predict(data.X, data.names), data.y, rtol=1e-9)
    data = data_of(x, x / (1 + x) * size)
    found = propose(data)[-1]
    np.testing.assert_allclose(found.formula.predict(data.X, data.names), data.y, rtol=1e-9)


def test_a_barycentric_form_where_powers_end() -> None:
    x = np.linspace(-1, 1, 300)
    y = np.tanh(40 * x) + np.cos(30 * x)
    found = propose(data_of(x, y))[-1]
    assert "support points" in found.label
    np.testing.assert_allclose(found.formula.predict(x, ["x"]), y, atol=1e-11)


def test_options() -> None:
    assert list(pairs(1)) == [(0, 0), (1, 0), (0, 1), (1, 1)]
    x = np.linspace(0, 1, 40)
    data = data_of(x, np.exp(x) + np.sin(40 * x))
    assert all(max(map(int, p.label[8:].split("/"))) <= 2 for p in propose(data, max_degree=2) if p.label[0] == "d")
    with pytest.raises(UsageError, match="such as `2/3`"):
        propose(data, degrees="2")
    with pytest.raises(UsageError, match="0 or more"):
        propose(data, max_degree=-1)
    with pytest.raises(FitxError, match="do not determine"):
        propose(data_of([1, 2, 3], [1, 3, 2]), degrees="2/3")
    assert "needs one feature" in Rational().declines(Data(np.ones((2, 2)), np.ones(2), ("a", "b")))

"""The polynomial fitter: forms, options, refits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.poly import Poly

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_of(x, y, names=None, **more) -> Data:
    x = np.asfortranarray(np.array(x, dtype=float).reshape(len(y), -1))
    if names is None:
        names = ("x",) if x.shape[1] == 1 else tuple(f"x{i + 1}" for i in range(x.shape[1]))
    return Data(x, np.array(y, dtype=float), names, **more)


def propose(data: Data, **options) -> list[Proposal]:
    poly = Poly()
    return list(poly.propose(data, Context(poly.resolve_options(options), np.random.default_rng(0))))


def values(p: Proposal) -> dict[str, float]:
    return {q.name: q.value for q in p.parameters}


def test_degrees_from_the_simplest_until_nothing_is_left() -> None:
    x = np.linspace(-2, 2, 30)
    found = propose(data_of(x, 1 - x + 0.5 * x**3))
    assert [p.label for p in found] == ["degree 0", "degree 1", "degree 2", "degree 3"]
    assert found[-1].formula.text(6) == "0.5*x**3 - 1.0*x + 1.0"
    complexities = [p.formula.complexity for p in found]
    assert complexities == sorted(complexities)


@pytest.mark.skipif(not (DATA / "Filip.csv").exists(), reason="shared/data is not here")
def test_filip_keeps_its_digits_in_powers() -> None:
    table = np.loadtxt(DATA / "Filip.csv", delimiter=",", skiprows=1)
    certified = np.loadtxt(DATA / "Filip.certified.csv", delimiter=",", skiprows=1, usecols=1)
    (found,) = propose(data_of(table[:, 0], table[:, 1]), degree="10")
    got = np.array([p.value for p in found.parameters])
    assert (-np.log10(np.abs(got / certified - 1))).min() > 13.5
    assert found.parameters[0].stderr == pytest.approx(298.084530995537, rel=1e-12)
    assert found.formula.constants[0] == pytest.approx(certified[10], rel=1e-13)
    assert found.notes == ()


def test_scaled_variable_where_powers_fail() -> None:
    rng = np.random.default_rng(0)
    years = np.arange(1990.0, 2021.0)
    (found,) = propose(data_of(years, np.sin(years / 4) + 0.1 * rng.normal(size=31)), degree=4)
    assert "(x - 2005)/15" in str(found.formula)
    assert "cannot carry" in found.notes[0]
    assert all(p.stderr is not None and p.stderr > 0 for p in found.parameters)
    u = (years - 2005) / 15
    (in_u,) = propose(data_of(u, np.sin(years / 4) + 0.1 * np.random.default_rng(0).normal(size=31)), degree=4)
    np.testing.assert_allclose(list(values(found).values()), list(values(in_u).values()), rtol=1e-9)


def test_degree_sixty_is_nested() -> None:
    x = np.linspace(2, 5, 1000)
    y = np.exp(x) * np.cos(12 * x) / 100
    data = data_of(x, y)
    (found,) = propose(data, degree=60)
    assert np.abs(found.formula.predict(data.X, data.names) - y).max() < 1e-12
    assert "Newton" in found.notes[0]


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_scales(scale: float) -> None:
    x = np.linspace(1, 9, 20)
    data = data_of(x * scale, (x**2 + x) * scale / 100)
    for found in propose(data):
        assert np.isfinite(found.formula.predict(data.X, data.names)).all()
    assert np.abs(found.formula.predict(data.X, data.names) - data.y).max() < 1e-13 * data.y.max()


def test_many_features() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3))
    y = x[:, 0] ** 2 - 2 * x[:, 1] * x[:, 2] + 3
    best = propose(data_of(x, y))[-1]
    assert best.label == "degree 2"
    assert {k: v for k, v in values(best).items() if v} == pytest.approx({"1": 3, "x1^2": 1, "x2*x3": -2})
    assert "x2*x3" not in values(propose(data_of(x, y), degree=2, interactions="no")[0])
    assert "x1^2*x2^2" in values(propose(data_of(x, y), degree=2, kind="each")[0])


def test_collinear_and_constant_columns_are_named() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(2, 80))
    data = data_of(np.column_stack([a, b, a - b, np.ones(80)]), a + 2 * b, ("a", "b", "lambda", "one"))
    found = propose(data)[-1]
    np.testing.assert_allclose(found.formula.predict(data.X, data.names), data.y, atol=1e-12)
    assert any("`lambda` is left out" in n and "`a`, `b`" in n for n in found.notes)
    assert any("`one` is left out: it is constant" in n for n in found.notes)


def test_chosen_powers_and_fixed_coefficients() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 3, 60)
    data = data_of(x, 2 + x**3 + 0.01 * rng.normal(size=60))
    (found,) = propose(data, powers="0,1,3")
    assert list(values(found)) == ["c0", "c1", "c3"]
    assert values(propose(data, powers=[0, 1, 3])[0]) == values(found)
    (fixed,) = propose(data, degree=3, fixed="c0=2,c1=0")
    assert values(fixed)["c0"] == 2
    assert values(fixed)["c1"] == 0
    assert values(fixed)["c3"] == pytest.approx(1, abs=0.02)
    assert [len(p.parameters) for p in propose(data, fixed={"c0": 2.0}, max_degree=3)] == [1, 2, 3, 4]
    z = rng.normal(size=(60, 2))
    many = data_of(z, 1 + z[:, 0] * z[:, 1] ** 2, ("p", "q"))
    (found,) = propose(many, powers="1,p*q^2")
    assert values(found) == pytest.approx({"1": 1, "p*q^2": 1})
    assert list(values(propose(many, powers="0,2")[0])) == ["1", "p^2", "q^2"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"degree": -1}, "0 or more"),
        ({"degree": "two"}, "whole number"),
        ({"powers": "0,,1"}, "powers such as"),
        ({"powers": "1,w^2"}, "no monomial"),
        ({"fixed": "c0"}, "coefficients such as"),
        ({"kind": "some"}, "one of total, each"),
        ({"degre": 2}, "no option"),
    ],
)
def test_wrong_options_are_refused_in_words(options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        propose(data_of([1, 2, 3], [1, 2, 3]), **options)


def test_refit_keeps_the_structure() -> None:
    rng = np.random.default_rng(4)
    years = rng.uniform(1990, 2020, 60)
    data = data_of(years, np.sin(years / 4) + 0.1 * rng.normal(size=60))
    for found in [*propose(data, max_degree=5), *propose(data, powers="0,2"), *propose(data, degree=30)]:
        assert found.refit is not None
        same = found.refit(data)
        np.testing.assert_allclose(
            same.formula.predict(data.X, data.names), found.formula.predict(data.X, data.names), rtol=1e-9, atol=1e-9
        )
        part = found.refit(data.take(np.arange(40)))
        assert part.label == found.label
        assert part.formula.complexity == found.formula.complexity
        assert len(part.notes) == len(found.notes)
    with pytest.raises(FitxError, match="do not determine"):
        propose(data, degree=3)[0].refit(data.take(np.arange(2)))


def test_weights_and_known_errors() -> None:
    x = np.arange(10.0)
    y = 1 + 2 * x + np.tile([0.5, -0.5], 5)
    sigma = np.full(10, 0.5)
    scaled = propose(data_of(x, y, weights=sigma**-2), degree=1)[0]
    known = propose(data_of(x, y, weights=sigma**-2, absolute=True), degree=1)[0]
    v = np.vander(x, 2, increasing=True)
    covariance = np.linalg.inv(v.T @ v) * 0.25
    np.testing.assert_allclose([p.stderr for p in known.parameters], np.sqrt(np.diag(covariance)), rtol=1e-12)
    np.testing.assert_allclose(known.covariance, covariance, rtol=1e-11)
    ratio = scaled.parameters[0].stderr / known.parameters[0].stderr
    residual = y - v @ np.array([p.value for p in scaled.parameters])
    assert ratio == pytest.approx(np.sqrt(residual @ residual / 0.25 / 8), rel=1e-10)
    assert known.parameters[0].dof == np.inf


@pytest.mark.parametrize(("x", "y"), [([1], [3]), ([1, 2], [3, 4]), ([1, 1, 1], [3, 4, 5]), (range(9), [5] * 9)])
def test_tiny_and_constant_tables(x: list, y: list) -> None:
    for found in propose(data_of(x, y)):
        assert np.isfinite(found.formula.predict(np.array(x, float)[:, None], ("x",))).all()


def test_a_degree_that_the_points_cannot_have() -> None:
    (found,) = propose(data_of([1, 1, 2, 2], [1, 2, 3, 4]), degree=3)
    assert found.formula.text(6) == "2.0*x - 0.5"
    assert "2 distinct `x`" in found.notes[0]


def test_many_rows_stream() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(10, 12, 60_000)
    data = data_of(x, 1 + x**2 + rng.normal(size=60_000))
    (stream,) = propose(data, degree=2)
    memory = stream.refit(data.take(np.arange(49_000)))
    assert stream.parameters[2].value == pytest.approx(memory.parameters[2].value, abs=0.2)
    exact = np.polynomial.Polynomial.fit(data.X[:, 0], data.y, 2)
    np.testing.assert_allclose(stream.formula.predict(data.X, data.names), exact(data.X[:, 0]), rtol=1e-10)


def test_a_quick_start_imports_no_heavy_packages() -> None:
    code = (
        "import sys, numpy as np\n"
        "from fitx.fitters.poly import Poly\n"
        "from fitx.fitters.base import Context, Data\n"
        "p = Poly(); x = np.arange(100.0)\n"
        "d = Data(x[:, None], np.sin(x), ('x',))\n"
        "c = Context(p.resolve_options({}), np.random.default_rng(0))\n"
        "[q.ci95 for r in p.propose(d, c) for q in r.parameters]\n"
        "print([m for m in ('scipy', 'sympy', 'sklearn', 'duckdb') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

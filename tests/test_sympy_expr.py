"""fit.expr is SymPy to work with: it differentiates, integrates, solves, and computes what predict computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

import fitx

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")

T = sp.Symbol("t")
X = np.linspace(0.5, 4, 60)
CASES: dict[str, tuple[dict[str, Any], np.ndarray]] = {
    "poly": ({"method": "poly"}, 3 * X**2 - X + 1),
    "lagrange": ({"method": "lagrange"}, 3 * X**2 - X + 1),
    "rational": ({"method": "rational"}, (2 * X + 1) / (X + 3)),
    "spline": ({"method": "spline", "options": {"spline.kind": "natural"}}, np.sin(2 * X)),
    "mars": ({"method": "mars", "holdout": 0}, np.abs(X - 2)),
    "curve": ({"method": "curve"}, 2 * np.exp(-X) + 1),
    "symbolic": ({"method": "symbolic", "time_limit": 5}, np.sqrt(X) * np.exp(-X / 3)),
    "mlp": ({"method": "mlp"}, np.tanh(X - 2)),
    "model": ({"model": "a*sin(b*t)"}, 2 * np.sin(1.5 * X)),
}


@pytest.fixture(scope="module")
def fits() -> dict[str, fitx.Fit]:
    made = {}
    for name, (settings, y) in CASES.items():
        rows = slice(None, None, 12 if name in ("lagrange", "spline") else 1)
        made[name] = fitx.fit(X[rows], y[rows], feature_names=["t"], **settings)
    return made


@pytest.fixture(params=CASES)
def fit(request: pytest.FixtureRequest, fits: dict[str, fitx.Fit]) -> fitx.Fit:
    return fits[request.param]


def test_symbols_are_plain_and_bear_the_names(fit: fitx.Fit) -> None:
    assert isinstance(fit.expr, sp.Expr)
    assert fit.expr.free_symbols <= {T}


def test_computes_what_predict_computes(fit: fitx.Fit) -> None:
    f = sp.lambdify(T, fit.expr)
    np.testing.assert_allclose(np.broadcast_to(f(X), X.shape), fit.predict(X), rtol=1e-9, atol=1e-12)
    for c in fit.candidates:
        with np.errstate(divide="ignore", invalid="ignore"):  # NumPy computes pieces that do not apply, too
            values = np.broadcast_to(sp.lambdify(T, c.expr)(X), X.shape)
        np.testing.assert_allclose(values, c.predict(X), rtol=1e-9, atol=1e-12)


def test_differentiates(fit: fitx.Fit) -> None:
    slope = sp.lambdify(T, sp.diff(fit.expr, T))
    x, h = X[:-1] + 0.0137, 1e-6  # between the rows, where splines and hinges have their knots
    expected = (fit.predict(x + h) - fit.predict(x - h)) / (2 * h)
    np.testing.assert_allclose(np.broadcast_to(slope(x), x.shape), expected, rtol=1e-5, atol=1e-6)


def test_integrates(fit: fitx.Fit) -> None:
    dense = np.linspace(1, 3, 20_001)
    area = complex(sp.integrate(fit.expr, (T, 1, 3)).evalf())
    assert area.imag == pytest.approx(0, abs=1e-9)
    assert area.real == pytest.approx(np.trapezoid(fit.predict(dense), dense), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["poly", "lagrange", "rational", "curve", "model"])
def test_solves(fits: dict[str, fitx.Fit], name: str) -> None:
    fit = fits[name]
    level = float(fit.predict([0.9])[0])
    roots = [complex(r) for r in sp.solve(fit.expr - level, T)]
    assert min(abs(r - 0.9) for r in roots) < 1e-6


def test_solves_hinges_as_pieces(fits: dict[str, fitx.Fit]) -> None:
    fit = fits["mars"]
    level = float(fit.predict([3.5])[0])
    roots = [complex(r) for r in sp.solve(fit.expr.rewrite(sp.Piecewise) - level, T)]
    assert min(abs(r - 3.5) for r in roots) < 1e-6


@pytest.mark.parametrize("name", ["spline", "symbolic", "mlp"])
def test_solves_numerically(fits: dict[str, fitx.Fit], name: str) -> None:
    fit = fits[name]
    level = float(fit.predict([1.3])[0])
    assert float(sp.nsolve(fit.expr - level, T, 1.25)) == pytest.approx(1.3, abs=1e-3)


def test_names_that_sympy_knows_otherwise() -> None:
    r = np.random.default_rng(0)
    names = ["lambda", "E", "x-1", "import os"]
    M = r.uniform(1, 2, size=(40, 4))
    fit = fitx.fit(M, M @ [1, 2, 3, 4], method="poly", feature_names=names)
    assert fit.expr.free_symbols == {sp.Symbol(n) for n in names}
    assert sp.diff(fit.expr, sp.Symbol("E")) == pytest.approx(2)
    np.testing.assert_allclose(sp.lambdify([sp.Symbol(n) for n in names], fit.expr)(*M.T), fit.predict(M), rtol=1e-9)

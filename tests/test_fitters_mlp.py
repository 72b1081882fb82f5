"""The small network: its formula computes what scikit-learn's network computes."""

from __future__ import annotations

import numpy as np
import pytest

import fitx
from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.mlp import Mlp


def propose(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, **options: object) -> list[Proposal]:
    fitter = Mlp()
    names = tuple(f"x{i}" for i in range(X.shape[1]))
    context = Context(fitter.resolve_options(options), np.random.default_rng(0))
    return list(fitter.propose(Data(np.asfortranarray(X), y, names, weights), context))


def table(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = np.c_[rng.uniform(1950, 2020, n), rng.uniform(0, 1e-6, n)]
    return X, 1e5 * np.sin((X[:, 0] - 1985) / 20) * (1 + 1e6 * X[:, 1]) + rng.normal(0, 100, n)


@pytest.mark.parametrize("activation", ["tanh", "logistic", "relu"])
def test_the_formula_is_the_network_of_scikit_learn(activation: str) -> None:
    from sklearn.neural_network import MLPRegressor

    X, y = table()
    (p,) = propose(X, y, activation=activation, width=4, starts=1)
    Z, t = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    seed = int(np.random.default_rng(0).integers(0, 2**31 - 1, 1)[0])
    model = MLPRegressor(
        hidden_layer_sizes=(4,), activation=activation, solver="lbfgs", alpha=1e-4, max_iter=1, max_fun=10**6,
        tol=1e-7, random_state=seed,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="failed to converge"):
        model.fit(Z, t)
    (p,) = propose(X, y, activation=activation, width=4, starts=1, iterations=1)
    expected = model.predict(Z) * y.std() + y.mean()
    found = p.formula.predict(X, ("x0", "x1"))
    assert np.abs(found - expected).max() <= 1e-9 * np.abs(expected).max()


def test_what_is_printed_is_what_is_predicted() -> None:
    X, y = table()
    fit = fitx.fit(X, y, method="mlp", options={"mlp.width": 3, "mlp.starts": 1})
    expr, values = fit.expr, fit.predict(X[:5])
    import sympy

    for row, value in zip(X[:5], values, strict=True):
        at = {sympy.Symbol(f"x{i + 1}"): float(v) for i, v in enumerate(row)}
        assert float(expr.subs(at)) == pytest.approx(value, rel=1e-9)
    assert fit.label == "3 tanh units"


def test_the_width_is_chosen_on_rows_that_were_not_fitted() -> None:
    x = np.linspace(-3, 3, 200)
    y = np.tanh(2 * x - 1) + np.random.default_rng(0).normal(0, 0.05, 200)
    fit = fitx.fit(x, y, method="mlp")
    assert fit.label == "1 tanh unit"
    assert fit.holdout.rmse == pytest.approx(0.05, rel=0.25)
    assert len(fit.candidates) >= 1


@pytest.mark.filterwarnings("ignore::fitx.ExtrapolationWarning")
def test_output_range_is_kept_everywhere() -> None:
    x = np.linspace(-3, 3, 80)
    y = np.sin(x) + np.random.default_rng(0).normal(0, 0.02, 80)
    options = {"mlp.output_range": "-1,1", "mlp.width": 2, "mlp.starts": 2}
    with pytest.warns(fitx.FitxWarning, match="at an end of the range -1 to 1 or beyond"):
        fit = fitx.fit(x, y, method="mlp", options=options)
    values = fit.predict(np.linspace(-1e6, 1e6, 1001))
    assert values.min() >= -1
    assert values.max() <= 1
    assert str(fit.formula).startswith("tanh(")
    with pytest.raises(UsageError, match="two numbers"):
        fitx.fit(x, y, method="mlp", options={"mlp.output_range": "1"})


def test_weights_count() -> None:
    X, y = table(60)
    w = np.where(np.arange(60) < 50, 1.0, 0.0)
    spoilt = np.where(w > 0, y, 1e7)
    (one,) = propose(X, spoilt, w, width=1, starts=1)
    (two,) = propose(X[:50], y[:50], None, width=1, starts=1)
    # Standardised over the rows that count only, so that both are the same training.
    np.testing.assert_allclose(one.formula.predict(X, ("x0", "x1")), two.formula.predict(X, ("x0", "x1")), rtol=1e-6)


def test_constant_columns_are_left_out() -> None:
    x = np.linspace(0, 1, 40)
    (p,) = propose(np.c_[x, np.ones(40)], x**2, width=1)
    assert p.formula.variables == ("x0",)
    (p,) = propose(np.c_[x, x], np.full(40, 2.5), width=1)
    assert p.formula == fitx.parse("2.5")


def test_options_out_of_range_and_tables_too_small() -> None:
    X, y = table(30)
    for name in ("width", "starts", "iterations"):
        with pytest.raises(UsageError, match=rf"`mlp.{name}` must be 1 or more. Got 0 instead"):
            propose(X, y, **{name: 0})
    with pytest.raises(FitxError, match="needs 5 rows, got 4"):
        fitx.fit([1, 2, 3, 4], [1, 2, 4, 3], method="mlp")

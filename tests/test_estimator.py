"""fitx.Regressor: what scikit-learn and its users expect of a regressor."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import fitx
from fitx import Regressor

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")

TWO_FITS = {
    "check_fit_idempotent", "check_regressors_int", "check_regressor_data_not_an_array", "check_supervised_y_2d",
    "check_pipeline_consistency", "check_sample_weights_not_an_array",
    "check_sample_weight_equivalence_on_dense_data",
}  # fmt: skip


def table(n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    r = np.random.default_rng(0)
    X = r.uniform(0.5, 3, size=(n, 2))
    return X, 3 * X[:, 0] ** 2 - X[:, 1] + 1


@parametrize_with_checks([Regressor(method="poly"), Regressor(time_limit=0.5)])
def test_scikit_learn_conventions(estimator: Regressor, check: Any) -> None:
    if estimator.time_limit and check.func.__name__ in TWO_FITS:
        pytest.skip("compares two fits, which a time limit may cut short at different places")
    check(estimator)


def test_parameters_are_the_keywords_of_fit() -> None:
    keywords = set(inspect.signature(fitx.fit).parameters)
    of_data = {"X", "y", "sample_weight", "sigma", "groups", "feature_names", "target_name", "missing", "save"}
    renamed = {"seed": "random_state", "jobs": "n_jobs"}
    assert set(Regressor().get_params()) == {renamed.get(k, k) for k in keywords - of_data}
    defaults = {name: p.default for name, p in inspect.signature(fitx.fit).parameters.items()}
    for name, p in inspect.signature(Regressor).parameters.items():
        if name not in renamed.values():
            assert p.default == defaults[name], name


def test_attributes_are_those_of_the_fit() -> None:
    X, y = table()
    est = Regressor("poly", random_state=3)
    with pytest.raises(NotFittedError):
        _ = est.expr_
    assert not hasattr(est, "formula_")
    assert est.fit(X, y) is est
    same = fitx.fit(X, y, method="poly", seed=3)
    assert est.formula_ == same.formula.text()
    assert fitx.parse(est.formula_) == est.fit_.formula
    assert (est.expr_, est.method_, est.holdout_) == (same.expr, "poly", same.holdout)
    assert (est.parameters_, est.candidates_) == (same.parameters, same.candidates)
    assert (est.latex(), est.to("python")) == (same.latex(), same.to("python"))
    assert est.n_features_in_ == 2
    assert not hasattr(est, "feature_names_in_")
    np.testing.assert_array_equal(est.predict(X), same.predict(X))
    assert est.score(X, y) == pytest.approx(1)


def test_parameters_reach_the_fit() -> None:
    x = np.linspace(0, 4, 30)
    y = 2 * np.exp(-0.7 * x) + 1
    est = Regressor(model="a*exp(-b*x) + c", bounds={"b": (0, 5)}, fix={"c": 1}, holdout=0, loss="huber")
    est.fit(x[:, None], y)
    assert {p.name: round(p.value, 6) for p in est.parameters_} == {"a": 2, "b": 0.7, "c": 1}
    assert est.holdout_.r2 is None
    seen: list[object] = []
    Regressor("poly", progress=seen.append, options={"poly.degree": 1}, max_complexity=9).fit(x[:, None], y)
    assert seen
    with pytest.raises(ValueError, match="no method named"):
        Regressor("nonsense").fit(x[:, None], y)


def test_random_state() -> None:
    X, y = table()
    y = y + np.random.default_rng(1).normal(size=len(y))
    seeds = [Regressor("poly", random_state=np.random.RandomState(k)).fit(X, y).fit_.seed for k in (0, 0, 1)]
    assert seeds[0] == seeds[1] != seeds[2]
    assert Regressor("poly").fit(X, y).fit_.seed == 0


def test_auto_within_a_time_limit() -> None:
    X, y = table()
    est = Regressor(time_limit=1, n_jobs=2).fit(X, y)
    assert est.score(X, y) == pytest.approx(1)


def test_pipeline_grid_and_cross_validation() -> None:
    X, y = table(60)
    scores = cross_val_score(Regressor("poly", holdout=0), X, y, cv=3)
    assert scores.min() > 0.999
    grid = GridSearchCV(Regressor("poly"), {"options": [{"poly.degree": 1}, {"poly.degree": 2}]}, cv=2, n_jobs=2)
    grid.fit(X, y, sample_weight=np.ones(len(y)))
    assert grid.best_params_ == {"options": {"poly.degree": 2}}
    assert grid.best_estimator_.method_ == "poly"
    pipe = make_pipeline(StandardScaler(), Regressor("poly")).fit(X, y)
    assert pipe.score(X, y) == pytest.approx(1)


def test_clone_and_pickle() -> None:
    X, y = table()
    est = Regressor("poly", options={"poly.degree": 2}).fit(X, y)
    fresh = clone(est)
    assert fresh.get_params() == est.get_params()
    assert not hasattr(fresh, "fit_")
    again = pickle.loads(pickle.dumps(est))
    np.testing.assert_array_equal(again.predict(X), est.predict(X))
    assert again.formula_ == est.formula_


@pytest.mark.parametrize("method", sorted(fitx.methods()))
def test_results_of_every_method_pickle(method: str) -> None:
    x = np.linspace(0.5, 4, 12 if method == "lagrange" else 40)
    y = x**2 + 0.1 * np.sin(7 * x)
    more = {"model": "a*x**2 + b"} if method == "model" else {"method": method}
    fit = fitx.fit(x, y, time_limit=1, **more)
    again = pickle.loads(pickle.dumps(fit))
    assert again.formula == fit.formula
    assert again.candidates == fit.candidates
    assert again.as_dict() == fit.as_dict()
    np.testing.assert_array_equal(again.predict(x), fit.predict(x))


def test_sample_weight_counts() -> None:
    x = np.repeat(np.arange(10.0), 2)
    y = 2 * x + np.tile([0.0, 1.0], 10)
    heavy = np.tile([1.0, 0.0], 10)
    est = Regressor("poly", options={"poly.degree": 1}, holdout=0).fit(x[:, None], y, sample_weight=heavy)
    np.testing.assert_allclose(est.predict([[3.0]]), [6.0], rtol=1e-9)
    with pytest.raises(ValueError, match="not be negative"):
        est.fit(x[:, None], y, sample_weight=-heavy)
    errors = Regressor("poly", options={"poly.degree": 1}).fit(x[:, None], y, sigma=np.full(20, 0.5))
    assert errors.parameters_[0].stderr is not None


def test_undefined_is_nan_and_scores_below_all() -> None:
    x = np.linspace(1, 5, 30)
    est = Regressor(model="a*log(x)").fit(x[:, None], 3 * np.log(x))
    assert np.isnan(est.predict([[-1.0]])).all()
    assert est.score([[-1.0], [2.0]], [1.0, 2.0]) == -np.inf


@pytest.mark.filterwarnings("error")
def test_rows_beyond_the_fitted_range_are_no_news_in_cross_validation() -> None:
    x = np.linspace(0, 1, 60)[:, None]
    est = Regressor("poly").fit(x, 2 * x[:, 0])
    assert est.predict([[3.0]]) == pytest.approx([6])
    with pytest.warns(fitx.ExtrapolationWarning):
        est.fit_.predict([3.0])


def test_fits_in_threads_and_routes_metadata() -> None:
    import joblib
    import sklearn

    X, y = table(60)
    with joblib.parallel_config("threading", n_jobs=2):
        scores = cross_val_score(Regressor("poly", n_jobs=-1), X, y, cv=2)
    assert scores.min() > 0.999
    groups = np.repeat(np.arange(6), 10)
    with sklearn.config_context(enable_metadata_routing=True):
        est = Regressor("poly", split="group").set_fit_request(sample_weight=True, groups=True)
        est.set_score_request(sample_weight=True)
        params = {"sample_weight": np.ones(60), "groups": groups}
        assert cross_val_score(est, X, y, cv=2, params=params).min() > 0.999


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_names_of_a_frame(library: str) -> None:
    module = pytest.importorskip(library)
    frame = module.table if library == "pyarrow" else module.DataFrame
    X, y = table()
    columns = {"width (cm)": X[:, 0], "depth": X[:, 1]}
    est = Regressor("poly").fit(frame(columns), y)
    assert list(est.feature_names_in_) == list(columns)
    assert set(est.fit_.formula.variables) == set(columns)
    np.testing.assert_allclose(est.predict(frame(columns)), y, rtol=1e-9)
    with pytest.raises(ValueError, match="same order"):
        est.predict(frame(dict(reversed(columns.items()))))
    with pytest.raises(ValueError, match="missing"):
        est.predict(frame({"depth": X[:, 1]}))
    with pytest.raises(ValueError, match="`depth` has nan in row 1"):
        est.predict(frame({"width (cm)": [1.0, 2.0], "depth": [1.0, float("nan")]}))


def test_set_output_gives_the_names() -> None:
    pd = pytest.importorskip("pandas")
    X, y = table()
    pipe = make_pipeline(StandardScaler(), Regressor("poly")).set_output(transform="pandas")
    pipe.fit(pd.DataFrame(X, columns=["a", "b"], index=range(100, 140)), pd.Series(y, name="price"))
    assert set(pipe[-1].fit_.formula.variables) == {"a", "b"}
    assert pipe[-1].fit_.target == "price"


def test_importing_fitx_does_not_import_scikit_learn() -> None:
    code = "import sys, fitx; fitx.__all__; print('sklearn' in sys.modules, 'joblib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]

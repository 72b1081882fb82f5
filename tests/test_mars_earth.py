"""fitx.mars.Earth: py-earth's names, texts and meanings (recorded from py-earth2 0.2.0), and what it adds."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

import fitx
import fitx.mars as pyearth
from fitx.mars import Earth
from fitx.mars.basis import HingeBasisFunction, LinearBasisFunction, MissingnessBasisFunction

COUNTS_ROWS = {
    "check_sample_weight_equivalence_on_dense_data": "a row of weight 2 is one row to the GCV and between knots"
}


def table() -> tuple[np.ndarray, np.ndarray]:
    i = np.arange(120)
    X = np.column_stack([(i * 37 % 120) / 10, (i * 53 % 120) / 7 - 8, (i * 71 % 113) / 9])
    return X, np.abs(X[:, 0] - 4) + 0.5 * np.maximum(0, X[:, 1]) + 0.3 * np.sin(7 * i)


def noisy(n: int = 300, d: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    r = np.random.default_rng(seed)
    X = r.uniform(size=(n, d))
    return X, 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + r.normal(0, 1, n)


@parametrize_with_checks([Earth(), Earth(max_degree=2, smooth=True)], expected_failed_checks=lambda e: COUNTS_ROWS)
def test_scikit_learn_conventions(estimator: Earth, check: object) -> None:
    check(estimator)  # type: ignore[operator]


SUMMARY = """\
Earth Model
-------------------------------------
Basis Function  Pruned  Coefficient  
-------------------------------------
(Intercept)     No      0.177378     
h(x0-3.8)       No      0.977278     
h(3.8-x0)       No      1.1015       
h(x1-0.857143)  No      0.544302     
h(0.857143-x1)  No      -0.0476942   
-------------------------------------
MSE: 0.0450, GCV: 0.0545, RSQ: 0.9934, GRSQ: 0.9922"""  # noqa: W291
TRACE = """\
Forward Pass
---------------------------------------------------------------
iter  parent  var  knot  mse       terms  gcv    rsq    grsq   
---------------------------------------------------------------
0     -       -    -     6.834774  1      6.950  0.000  0.000  
1     0       0    14    2.340725  3      2.594  0.658  0.627  
2     0       1    94    0.045005  5      0.055  0.993  0.992  
---------------------------------------------------------------
Stopping Condition 0: Reached maximum number of terms

Pruning Pass
--------------------------------------------
iter  bf  terms  mse   gcv    rsq    grsq   
--------------------------------------------
0     -   5      0.05  0.055  0.993  0.992  
1     4   4      0.06  0.066  0.992  0.990  
2     2   3      1.03  1.144  0.849  0.835  
3     3   2      3.29  3.489  0.519  0.498  
4     1   1      6.83  6.950  0.000  0.000  
--------------------------------------------
Selected iteration: 0
"""  # noqa: W291
IMPORTANCES = """\
       gcv    rss    nb_subsets
x0     0.66   0.67   0.67          
x1     0.34   0.33   0.33          
x2     0.00   0.00   0.00          
"""  # noqa: W291
SMOOTH = """\
Earth Model
-----------------------------------------------------------
Basis Function                        Pruned  Coefficient  
-----------------------------------------------------------
(Intercept)                           No      -0.631492    
C(x0|s=+1,1.9,3.8,7.85)               No      1.07019      
C(x0|s=-1,1.9,3.8,7.85)               No      1.27894      
C(x1|s=+1,-3.57143,0.857143,4.92857)  No      0.582447     
C(x1|s=-1,-3.57143,0.857143,4.92857)  No      -0.00856385  
-----------------------------------------------------------
MSE: 0.1118, GCV: 0.1356, RSQ: 0.9836, GRSQ: 0.9805"""  # noqa: W291


def test_texts_are_those_of_py_earth() -> None:
    X, y = table()
    model = Earth(max_terms=4, feature_importance_type=["gcv", "rss", "nb_subsets"])
    assert model.summary() == "Untrained Earth Model"
    model.fit(X, y)
    assert model.summary() == SUMMARY
    assert str(model.trace()) == TRACE
    assert model.summary_feature_importances(sort_by="gcv") == IMPORTANCES
    smooth = Earth(max_terms=4, smooth=True).fit(X, y)
    assert smooth.summary() == SMOOTH
    expected = [4.15261091, 0.98026827, 6.88112427, 7.19181763, 3.45939766]
    np.testing.assert_allclose(smooth.predict(X[:5]), expected, atol=5e-9)
    assert Earth(max_terms=4, enable_pruning=False).fit(X, y).summary().startswith("Unpruned Earth Model\n")


def test_readme_example_of_py_earth() -> None:
    r = np.random.RandomState(0)
    X = 80 * r.uniform(size=(1000, 10)) - 40
    y = np.abs(X[:, 6] - 4.0) + 1 * r.normal(size=1000)
    model = pyearth.Earth()
    model.fit(X, y)
    assert str(model.forward_pass_record_).splitlines()[3:6] == [
        "0     -       -    -     150.123858  1      150.425  0.000  0.000  ",
        "1     0       6    595   0.923957    3      0.935    0.994  0.994  ",
        "2     0       6    813   0.911088    5      0.931    0.994  0.994  ",
    ]
    assert model.forward_pass_record_.final_str() == "Stopping Condition 2: Improvement below threshold"
    assert f"{model.mse_:.4f} {model.gcv_:.4f} {model.rsq_:.4f} {model.grsq_:.4f}" == "0.9115 0.9225 0.9939 0.9939"
    assert {term.get_variable() for term in model.basis_.piter() if isinstance(term, HingeBasisFunction)} == {6}


def test_pipeline_example_of_py_earth() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    X, score = noisy(400)
    y = score > np.median(score)
    model = Pipeline([("earth", Earth(max_degree=2, penalty=1.5)), ("logistic", LogisticRegression(max_iter=5000))])
    model.fit(X, y)
    assert model.score(X, y) > 0.85


def test_attributes_and_records() -> None:
    X, y = noisy()
    model = Earth(max_degree=2, feature_importance_type="gcv").fit(X, y)
    assert model.coef_.shape == (1, model.basis_.plen())
    assert model.basis_.plen() == sum(not term.is_pruned() for term in model.basis_)
    rest = y - model.predict(X)
    np.testing.assert_allclose(model.mse_, np.mean(rest**2), rtol=1e-9)
    np.testing.assert_allclose(model.rsq_, model.score(X, y), rtol=1e-9)
    record = model.pruning_pass_record_
    np.testing.assert_allclose(record.gcv(record.get_selected()), model.gcv_, rtol=1e-9)
    assert record.gcv(record.selected) == min(record.gcv(i) for i in range(len(record)))
    assert record[0].get_size() == len(model.basis_)
    assert model.forward_pass_record_.grsq(0) == 0
    assert model.feature_importances_.sum() == pytest.approx(1)
    assert model.feature_importances_[3] < 0.1
    assert model.xlabels_ == ["x0", "x1", "x2", "x3"]
    assert model.get_penalty() == 3.0
    np.testing.assert_allclose(model.transform(X) @ model.coef_[0], model.predict(X))
    assert list(model.get_feature_names_out()) == [str(term) for term in model.basis_.piter()]
    with pytest.raises(NotFittedError):
        Earth().predict(X)


def test_steps_one_by_one_are_fit() -> None:
    X, y = noisy(150)
    whole = Earth(max_degree=2).fit(X, y)
    model = Earth(max_degree=2)
    model.forward_pass(X, y)
    model.pruning_pass(X, y)
    model.linear_fit(X, y)
    np.testing.assert_allclose(model.coef_, whole.coef_, rtol=1e-9)
    assert model.basis_ == whole.basis_


def test_equality_copies_and_pickles() -> None:
    X, y = noisy(120)
    model = Earth(max_degree=2, smooth=True, intervals="spread").fit(X, y)
    for twin in (copy.copy(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin == model
        np.testing.assert_array_equal(twin.predict(X), model.predict(X))
        assert twin.summary() == model.summary()
        assert str(twin.trace()) == str(model.trace())
    assert Earth(penalty=2) == Earth(penalty=2)
    assert Earth(penalty=2) != Earth(penalty=3)
    assert model != Earth(max_degree=2, smooth=True, intervals="spread")
    assert model != Earth(max_degree=2, smooth=True, intervals="spread").fit(X, y + X[:, 0])


@pytest.mark.parametrize("smooth", [False, True])
def test_derivatives_are_exact(smooth: bool) -> None:
    X, y = noisy(200)
    Y = np.column_stack([y, y * X[:, 3]])
    model = Earth(max_degree=2, smooth=smooth).fit(X, Y)
    J = model.predict_deriv(X)
    assert J.shape == (200, 4, 2)
    h = 1e-7
    for v in range(4):
        step = np.zeros(4)
        step[v] = h
        slope = (model.predict(X + step) - model.predict(X - step)) / (2 * h)
        knots = [t.get_knot() for t in model.basis_ if t.has_knot() and t.get_variable() == v]
        away = np.all([np.abs(X[:, v] - t) > 2 * h for t in knots], axis=0) if knots else np.ones(200, bool)
        np.testing.assert_allclose(J[away, v], slope[away], atol=1e-4)
    np.testing.assert_array_equal(model.predict_deriv(X, variables=["x2", 0]), J[:, [2, 0]])
    np.testing.assert_array_equal(model.predict_deriv(X, variables="x1"), J[:, [1]])


def test_smooth_models_have_continuous_slopes() -> None:
    X, y = table()
    model = Earth(max_terms=8, smooth=True).fit(X, y)
    for term in model.basis_:
        if term.has_knot():
            for side in (term.get_knot_minus(), term.get_knot_plus()):
                near = np.array([side - 1e-9, side, side + 1e-9])
                np.testing.assert_allclose(np.diff(term.eval(near)), 0, atol=1e-8)
                np.testing.assert_allclose(np.diff(term.eval_deriv(near)), 0, atol=1e-6)


def test_several_responses_and_their_weights() -> None:
    X, y = noisy(200)
    Y = np.column_stack([y, -3 * X[:, 3] + 1])
    model = Earth().fit(X, Y)
    assert model.predict(X).shape == (200, 2)
    assert model.score_samples(X, Y).shape == (200, 2)
    alone = Earth().fit(X, Y, output_weight=[1, 0])
    np.testing.assert_allclose(alone.predict(X)[:, 0], Earth().fit(X, y).predict(X), rtol=1e-7, atol=1e-7)
    assert "Coefficient 1" in model.summary()


def test_rows_of_weight_zero_count_for_nothing() -> None:
    X, y = noisy(200)
    w = np.ones(200)
    w[::3] = 0
    wild = np.where(w == 0, 1e3, y)
    weighted = Earth().fit(X, wild, sample_weight=w)
    without = Earth().fit(X[w > 0], y[w > 0])
    np.testing.assert_allclose(weighted.predict(X), without.predict(X), rtol=1e-9)
    heavy = Earth().fit(X, y, sample_weight=7 * np.ones(200))
    np.testing.assert_allclose(heavy.predict(X), Earth().fit(X, y).predict(X), rtol=1e-9, atol=1e-9)
    assert heavy.gcv_ == pytest.approx(Earth().fit(X, y).gcv_)


def holes(n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    X, y = noisy(n)
    missing = np.random.default_rng(3).uniform(size=X.shape) < [0.2, 0, 0, 0]
    return X, y + 5 * missing[:, 0], missing


def test_missing_values() -> None:
    X, y, missing = holes()
    nan = np.where(missing, np.nan, X)
    model = Earth(allow_missing=True).fit(nan, y)
    assert model.allow_missing_ == [True, False, False, False]
    assert any(isinstance(term, MissingnessBasisFunction) for term in model.basis_)
    assert model.score(nan, y) > 0.6
    assert np.isfinite(model.predict(nan)).all()
    flagged = Earth(allow_missing=True).fit(X, y, missing=missing)
    assert flagged.basis_ == model.basis_
    np.testing.assert_array_equal(flagged.predict(X, missing=missing), model.predict(nan))
    deriv = model.predict_deriv(nan)
    assert (deriv[missing[:, 0], 0] == 0).all()
    bad = X.copy()
    bad[0, 2] = np.nan
    with pytest.raises(ValueError, match="`x2` is missing in a row, which it never was in the fit"):
        model.predict(bad)
    with pytest.raises(ValueError, match="allow_missing=True"):
        Earth().fit(nan, y)
    with pytest.raises(ValueError, match="allow_missing=True"):
        Earth().fit(X, y, missing=missing)
    with pytest.raises(ValueError, match="NaN at an entry that `missing` does not name"):
        Earth(allow_missing=True).fit(nan, y, missing=np.zeros(X.shape, bool))
    with pytest.raises(ValueError, match="has the shape of X"):
        Earth(allow_missing=True).fit(X, y, missing=missing[:, :2])


def test_linvars_labels_and_allowed_pairs() -> None:
    X, y = noisy()
    model = Earth(max_degree=2).fit(X, y, xlabels=["a", "b", "c", "d"], linvars=["c", 0])
    assert model.xlabels_ == ["a", "b", "c", "d"]
    assert model.linvars_ == [0, 2]
    assert not any(t.has_knot() and t.get_variable() in (0, 2) for t in model.basis_)
    assert any(isinstance(t, LinearBasisFunction) for t in model.basis_)
    with pytest.raises(IndexError, match="linvars"):
        Earth().fit(X, y, linvars=["nobody"])
    with pytest.raises(ValueError, match="length of xlabels"):
        Earth().fit(X, y, xlabels=["a"])
    free = Earth(max_degree=2).fit(X, y)
    assert {0, 1} in [t.variables() for t in free.basis_]
    for allowed in ([("x1", "x2"), (2, 3)], lambda a, b: a == b or {a, b} in ({"x1", "x2"}, {"x2", "x3"})):
        some = Earth(max_degree=2, allowed=allowed).fit(X, y)
        pairs = [t.variables() for t in some.basis_ if len(t.variables()) == 2]
        assert all(p in ({1, 2}, {2, 3}) for p in pairs)
    with pytest.raises(ValueError, match="allowed holds pairs of columns"):
        Earth(allowed=[("x1", "nobody")]).fit(X, y)


def frame_of(kind: str) -> tuple[object, object, np.ndarray]:
    r = np.random.default_rng(0)
    x, colour = r.uniform(size=200), r.choice(["red", "green", "blue"], 200)
    y = 3 * x + np.where(colour == "red", 5.0, np.where(colour == "blue", -2.0, 0.0))
    library = pytest.importorskip(kind)
    if kind == "pandas":
        frame = library.DataFrame({"x": x, "colour": library.Categorical(colour)})
        return frame, library.DataFrame({"x": [0.5], "colour": library.Categorical(["violet"])}), y
    frame = library.DataFrame({"x": x, "colour": colour}).with_columns(library.col("colour").cast(library.Categorical))
    new = library.DataFrame({"x": [0.5], "colour": ["violet"]})
    return frame, new.with_columns(library.col("colour").cast(library.Categorical)), y


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_category_columns_become_indicators(kind: str) -> None:
    frame, new, y = frame_of(kind)
    model = Earth().fit(frame, y)
    assert sorted(model.xlabels_) == ["colour_blue", "colour_green", "colour_red", "x"]
    np.testing.assert_allclose(model.predict(frame), y, atol=1e-8)
    assert np.isfinite(model.predict(new)).all()
    assert list(model.feature_names_in_) == ["x", "colour"]
    assert model.n_features_in_ == 2


def test_a_column_of_text_is_named() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": np.arange(9.0), "city": ["Ulm"] * 9})
    with pytest.raises(ValueError, match="column `city` holds text"):
        Earth().fit(frame, np.arange(9.0))


class Series:
    def __init__(self, values: list[object], categories: list[str] | None = None) -> None:
        self.values = values
        self.dtype = type("CategoricalDtype", (), {})() if categories else np.dtype(float)
        self.cat = type("Accessor", (), {"categories": categories})()

    def to_list(self) -> list[object]:
        return self.values

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype)  # type: ignore[call-overload]


def test_indicators_of_levels() -> None:
    from fitx.mars.inputs import expand, levels

    class Frame:
        columns = ("x", "c")
        shape = (3, 2)

        def __getitem__(self, name: str) -> Series:
            return Series([1, 2, 3]) if name == "x" else Series(["b", None, "a"], ["a", "b", "never"])

    known = levels(Frame())
    assert known == {1: ("a", "b")}
    values, labels = expand(Frame(), known)
    assert labels == ["x", "c_a", "c_b"]
    np.testing.assert_array_equal(values, [[1, 0, 1], [2, np.nan, np.nan], [3, 1, 0]])


def test_intervals_cover_what_they_say() -> None:
    r = np.random.default_rng(7)
    for intervals in ("spread", "cv"):
        inside, width = [], []
        for _ in range(6):
            X = r.uniform(size=(650, 3))
            scale = 0.2 + 2 * X[:, 0]  # the spread grows with the mean
            y = 10 * X[:, 0] + np.abs(X[:, 1] - 0.5) * 4 + scale * r.normal(size=650)
            model = Earth(intervals=intervals).fit(X[:250], y[:250])
            lower, upper = model.predict_interval(X[250:], level=0.9)
            inside.append(np.mean((lower <= y[250:]) & (y[250:] <= upper)))
            width.append(np.corrcoef(upper - lower, scale[250:])[0, 1])
        assert 0.87 < np.mean(inside) < 0.93
        assert min(width) > 0.8


def test_intervals_are_asked_for() -> None:
    X, y = noisy(100)
    with pytest.raises(ValueError, match="intervals="):
        Earth().fit(X, y).predict_interval(X)
    with pytest.raises(ValueError, match="intervals is"):
        Earth(intervals="often").fit(X, y)
    model = Earth(intervals="spread").fit(X, np.column_stack([y, 2 * y]))
    lower, upper = model.predict_interval(X[:7])
    assert lower.shape == upper.shape == (7, 2)
    assert (lower < upper).all()
    with pytest.raises(ValueError, match="level is a probability"):
        model.predict_interval(X, level=95)
    few = Earth(intervals="spread").fit(X[:10], y[:10])
    assert np.isinf(few.predict_interval(X, level=0.99)[1]).all()


def test_pruning_by_cross_validation() -> None:
    X, y = noisy(200)
    model = Earth(prune="cv", folds=5).fit(X, y)
    assert 1 < model.basis_.plen() <= len(model.basis_)
    assert model.score(*noisy(500, seed=9)) > 0.5
    assert Earth(prune="cv", folds=5).fit(X, y) == model
    with pytest.raises(ValueError, match="folds is 2 or more"):
        Earth(prune="cv", folds=1).fit(X, y)


def test_time_limit_keeps_the_model_so_far() -> None:
    X, y = noisy(200)
    model = Earth(time_limit=0.0).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y.mean())
    assert model.forward_pass_record_.final_str() == "Stopping Condition 5: time limit"


def test_an_interrupt_keeps_the_model_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    from fitx.mars.growth import Growth

    asked, calls = Growth.ask, []

    def ask(self: Growth, *args: object) -> object:
        calls.append(1)
        if len(calls) > 2:
            raise KeyboardInterrupt
        return asked(self, *args)

    monkeypatch.setattr(Growth, "ask", ask)
    X, y = noisy(200)
    with pytest.warns(fitx.FitxWarning, match="interrupted"):
        model = Earth().fit(X, y)
    assert 1 < len(model.basis_) <= 5
    assert model.forward_pass_record_.stopped == "interrupted"
    assert model.score(X, y) > 0.2


def test_threads_do_not_change_the_model() -> None:
    X, y = noisy(500)
    one, two = Earth(max_degree=2, threads=1).fit(X, y), Earth(max_degree=2, threads=2).fit(X, y)
    np.testing.assert_array_equal(one.coef_, two.coef_)


def test_constant_and_repeated_columns_are_harmless() -> None:
    X, y = noisy(200)
    wide = np.column_stack([X, X[:, 0], np.full(200, 7.0), X[:, 1]])
    model = Earth(max_degree=2).fit(wide, y)
    assert np.isfinite(model.coef_).all()
    assert model.score(wide, y) > 0.6
    assert not any(5 in t.variables() for t in model.basis_.piter())
    flat = Earth().fit(X, np.full(200, 3.0))
    np.testing.assert_allclose(flat.predict(X), 3.0)
    assert flat.basis_.plen() == 1
    assert (flat.rsq_, flat.mse_) == (1.0, pytest.approx(0, abs=1e-25))


def test_what_is_wrong_is_said() -> None:
    X, y = noisy(60)
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(X)
    wrong = [
        ({"X": X, "y": y[:-1]}, ValueError, "compatible dimensions"),
        ({"X": X[:, 0], "y": y}, ValueError, "Expected 2D array, got 1D array"),
        ({"X": X[:1], "y": y[:1]}, ValueError, "1 sample"),
        ({"X": sparse, "y": y}, TypeError, "dense data is required"),
        ({"X": X, "y": None}, ValueError, "requires y"),
        ({"X": X, "y": np.where(y > 5, np.nan, y)}, ValueError, "NaN"),
        ({"X": np.where(X > 0.9, np.inf, X), "y": y}, ValueError, "infinity"),
        ({"X": X, "y": y, "sample_weight": -np.ones(60)}, ValueError, "negative"),
        ({"X": X, "y": y, "sample_weight": np.zeros(60)}, ValueError, "all weights are zero"),
        ({"X": X, "y": y, "sample_weight": np.ones(59)}, ValueError, "compatible dimensions"),
        ({"X": X, "y": y, "sample_weight": np.full(60, np.nan)}, ValueError, "NaN"),
        ({"X": X, "y": y, "output_weight": [1, 2]}, ValueError, "output_weight"),
        ({"X": np.array([["a", "b"]] * 60), "y": y}, ValueError, "could not convert"),
    ]
    for given, kind, message in wrong:
        with pytest.raises(kind, match=message):
            Earth().fit(**given)
    for options, message in (
        ({"compat": "S"}, "compat is"), ({"prune": "aic"}, "prune is"), ({"endspan_alpha": 2}, "endspan_alpha"),
        ({"max_terms": 0}, "max_terms"), ({"feature_importance_type": "nobody"}, "not valid value"),
        ({"feature_importance_type": "gcv", "enable_pruning": False}, "pruning is disabled"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            Earth(**options).fit(X, y)
    model = Earth().fit(X, y)
    with pytest.raises(ValueError, match="4 features"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match="Invalid feature importance"):
        Earth(feature_importance_type="gcv").fit(X, y).summary_feature_importances(sort_by="rss")


def test_few_rows_give_few_terms() -> None:
    for n in (2, 3, 5, 9):
        X, y = noisy(n)
        model = Earth(max_degree=2).fit(X, y)
        assert model.basis_.plen() < max(n, 2)
        assert np.isfinite(model.predict(X)).all()


def test_reached_from_the_package() -> None:
    assert fitx.mars.Earth is Earth
    assert pyearth.export.export_sympy is not None
    with pytest.raises(AttributeError, match="no attribute 'Moon'"):
        _ = fitx.mars.Moon


def test_verbose_prints_the_passes(capsys: pytest.CaptureFixture[str]) -> None:
    X, y = table()
    Earth(max_terms=4, verbose=1).fit(X, y)
    printed = capsys.readouterr().out
    assert printed.startswith("Beginning forward pass\n---")
    assert "Selected iteration: 0" in printed

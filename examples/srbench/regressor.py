"""fitx as a method of SRBench: copy this folder to `algorithms/fitx` in a clone of github.com/cavalab/srbench.

SRBench reads est, model, complexity, hyper_params, eval_kwargs, get_population and get_best_solution.
"""

from __future__ import annotations

import copy
import os

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

import fitx


class FitxRegressor(RegressorMixin, BaseEstimator):
    """`fitx.fit` as SRBench asks for it.

    max_time: seconds. When SRBench's alarm breaks into `fit` all the same, the best formula so far is the answer.
    Where a formula is undefined, fitx says NaN, on which SRBench would drop the run: here it is the mean of y.
    """

    def __init__(self, method="auto", max_time=3600, max_complexity=None, random_state=0, n_jobs=None):
        self.method = method
        self.max_time = max_time
        self.max_complexity = max_complexity
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y):
        """Nothing is held out: SRBench keeps rows of its own."""
        self.n_features_in_ = np.shape(X)[1]
        self.mean_ = float(np.mean(y))
        self.names_ = [str(c) for c in getattr(X, "columns", [f"x{i + 1}" for i in range(self.n_features_in_)])]
        self.found_ = fitx.parse(repr(self.mean_))

        def keep(improvement):
            self.found_ = improvement.formula

        fit = fitx.fit(
            np.asarray(X, dtype=float), y, self.method, feature_names=self.names_, holdout=0, seed=self.random_state,
            time_limit=0.9 * self.max_time, max_complexity=self.max_complexity, jobs=self.n_jobs, progress=keep,
        )  # fmt: skip
        self.found_ = fit.formula
        self.front_ = [c.formula for c in fit.candidates]
        return self

    def predict(self, X):
        """Values of the formula, the mean of y where it has none."""
        check_is_fitted(self)
        values = self.found_.predict(np.asarray(X, dtype=float), self.names_)
        return np.where(np.isfinite(values), values, self.mean_)


est = FitxRegressor(n_jobs=int(os.environ.get("OMP_NUM_THREADS", "1")))


def model(est, X=None):
    """The formula as a string that SymPy reads, over the names of the columns of X."""
    expr = est.found_.to_sympy()
    if X is not None:
        new = [str(c) for c in X.columns]
        by_name = dict(zip(est.names_, new, strict=True))
        expr = expr.xreplace({s: type(s)(by_name[s.name]) for s in expr.free_symbols})
    return str(expr)


def complexity(est):
    """Number of nodes of the formula's tree."""
    return est.found_.complexity


def get_population(est):
    """The front, simplest first, each formula as an estimator."""
    population = []
    for formula in getattr(est, "front_", [est.found_]):
        one = copy.copy(est)
        one.found_ = formula
        population.append(one)
    return population[-100:]


def get_best_solution(est):
    """The formula that fitx chose."""
    return est


hyper_params = [{}]  # nothing to tune: the methods compete inside
eval_kwargs = {"scale_x": False, "scale_y": False, "test_params": {"max_time": 5}}

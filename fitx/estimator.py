"""Regressor: fitx as a scikit-learn estimator, for pipelines, grids and cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d, validate_data

from fitx import api
from fitx.arrays import as_finite_matrix, column_names, default_names, series_name
from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Parameter
from fitx.formula.evaluate import predict
from fitx.progress import Improvement
from fitx.result import CandidateFit, Fit
from fitx.score import Score

Array = npt.NDArray[np.float64]


class Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The formula y = f(X) that `fitx.fit` finds, as a scikit-learn regressor.

    Parameters are the keywords of `fitx.fit`, with the same meaning and defaults, except that two have the names and
    the meaning that they have in scikit-learn:

    random_state: a whole number is the seed of `fitx.fit`: same data and parameters, same formula. A RandomState, or
      None for NumPy's global one, gives a new seed in each fit. 0.
    n_jobs: threads. None: one, unless a joblib.parallel_config says otherwise; -1: one for each core. The formula does
      not depend on it, except where a time limit cuts a search short.

    method, holdout, split, time_limit, max_complexity, model, per_group, group, start, bounds, fix, loss, metric,
    range, allow_poles, units, options, progress: see `fitx.fit`. holdout=0 leaves all rows to choosing and fitting,
    where something else, such as cross_val_score, judges the result.

    Attributes: `fit_`, the `fitx.Fit` with all that is known; from it `expr_` (SymPy), `formula_` (text that
    `fitx.parse` reads), `method_`, `holdout_`, `parameters_`, `candidates_` (the front, simplest first);
    `n_features_in_`, and `feature_names_in_` where X was a data frame, whose names are then those in the formula;
    otherwise they are x, or x1 to xd.

    `predict` gives NaN where the formula is undefined, and `score` then is -inf.
    """

    fit_: Fit

    def __init__(
        self,
        method: str | Sequence[str] = "auto",
        *,
        holdout: float = 0.25,
        split: str = "random",
        random_state: Any = 0,
        time_limit: float | None = None,
        n_jobs: int | None = None,
        max_complexity: int | None = None,
        model: Any = None,
        per_group: str | Sequence[str] = (),
        group: str | None = None,
        start: Mapping[str, float] | None = None,
        bounds: Mapping[str, tuple[float | None, float | None]] | None = None,
        fix: Mapping[str, float] | None = None,
        loss: str | Sequence[str] = "linear",
        metric: str = "rmse",
        range: tuple[float, float] | None = None,
        allow_poles: bool = False,
        units: Mapping[str, str] | None = None,
        progress: Callable[[Improvement], None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.method = method
        self.holdout = holdout
        self.split = split
        self.random_state = random_state
        self.time_limit = time_limit
        self.n_jobs = n_jobs
        self.max_complexity = max_complexity
        self.model = model
        self.per_group = per_group
        self.group = group
        self.start = start
        self.bounds = bounds
        self.fix = fix
        self.loss = loss
        self.metric = metric
        self.range = range
        self.allow_poles = allow_poles
        self.units = units
        self.progress = progress
        self.options = options

    # -- fitting -------------------------------------------------------------------------------------------------
    def fit(self, X: Any, y: Any, sample_weight: Any = None, sigma: Any = None, groups: Any = None) -> Regressor:
        """Find the formula for X (n, d) and y (n,); a Series' name is the target's.

        sample_weight (n,) multiplies the squared residual; sigma (n,) is the standard deviation of each y; groups (n,)
        are those of split="group" and of per_group. Errors: ValueError, TypeError for sparse matrices.
        """
        rows, names = self._rows(X, reset=True)
        target = self._target(y, len(rows))
        settings = {k: v for k, v in self.get_params(deep=False).items() if k not in ("random_state", "n_jobs")}
        try:
            self.fit_ = api.fit(
                rows, target, **settings, feature_names=names, target_name=series_name(y) or "y",
                sample_weight=sample_weight, sigma=sigma, groups=groups, seed=self._seed(),
                jobs=effective_n_jobs(self.n_jobs),
            )  # fmt: skip
        except FitxError as e:
            raise _as_value_error(e) from None
        return self

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _rows(self, X: Any, reset: bool) -> tuple[Array, tuple[str, ...]]:
        """X as numbers (n, d), checked against the fit unless `reset`, and its columns' names."""
        names = column_names(X)
        if names is None:
            rows: Array = validate_data(
                self, X, dtype=np.float64, order="F", reset=reset, ensure_min_samples=2 if reset else 1
            )
            return rows, default_names(rows.shape[1])
        validate_data(self, X, skip_check_array=True, reset=reset)
        try:  # own conversion: nullable columns, and errors that name the column
            rows = as_finite_matrix(X, names)
        except FitxError as e:
            raise _as_value_error(e) from None
        check_array(rows, ensure_min_samples=2 if reset else 1, estimator=self, input_name="X")
        return rows, names if hasattr(self, "feature_names_in_") else default_names(rows.shape[1])

    def _target(self, y: Any, n: int) -> Array:
        if y is None:
            raise UsageError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        target: Array = check_array(y, dtype=np.float64, ensure_2d=False, estimator=self, input_name="y")
        check_consistent_length(target, np.empty(n))
        return np.asarray(column_or_1d(target, warn=True))

    # -- use -----------------------------------------------------------------------------------------------------
    def predict(self, X: Any) -> Array:
        """Values (n,) of the formula at the rows of X (n, d); NaN where it is undefined.

        Errors: NotFittedError; ValueError where the columns are not those of the fit. (`fit_.predict` takes the columns
        of a data frame in any order, gives intervals, and warns of rows outside the range of those that were fitted,
        which cross-validation has in every fold.)
        """
        check_is_fitted(self, "fit_")
        return predict(self.fit_.formula, self._rows(X, reset=False)[0], self.fit_.features)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R2 on X and y, 1 - sum w (y - f)**2 / sum w (y - mean)**2; -inf where the formula is undefined in a row."""
        from sklearn.metrics import r2_score

        values = self.predict(X)
        return float(r2_score(y, values, sample_weight=sample_weight)) if np.isfinite(values).all() else -np.inf

    def latex(self) -> str:
        """The formula as LaTeX, with as many digits as the data support."""
        return self._found().latex()

    def to(self, format: str, digits: int | None = None) -> str:
        """The formula in one of the formats of `fitx export`."""
        return self._found().to(format, digits)

    # -- what came out of it -------------------------------------------------------------------------------------
    def _found(self) -> Fit:
        check_is_fitted(self, "fit_")
        return self.fit_

    @property
    def expr_(self) -> Any:
        """The SymPy expression; computes what `predict` computes."""
        return self._found().expr

    @property
    def formula_(self) -> str:
        """The formula as text, with all digits."""
        return self._found().formula.text()

    @property
    def method_(self) -> str:
        """Name of the method that found the formula."""
        return self._found().method

    @property
    def holdout_(self) -> Score:
        """Errors on rows that neither fitting nor choosing saw."""
        return self._found().holdout

    @property
    def parameters_(self) -> tuple[Parameter, ...]:
        """The formula's constants with standard errors, where the method has them."""
        return self._found().parameters

    @property
    def candidates_(self) -> tuple[CandidateFit, ...]:
        """The front of error against complexity, simplest first."""
        return self._found().candidates


def _as_value_error(e: FitxError) -> UsageError:
    """What scikit-learn's users expect of wrong data: a ValueError with the same words."""
    return e if isinstance(e, UsageError) else UsageError(e.message, e.hint)

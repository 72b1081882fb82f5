"""Earth: multivariate adaptive regression splines as a scikit-learn estimator, with py-earth's names and meanings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from fitx.errors import UsageError
from fitx.mars import coverage, fitting
from fitx.mars.basis import Basis
from fitx.mars.importance import criteria, importances, summary_text
from fitx.mars.intervals import Spread
from fitx.mars.linear import BLOCK
from fitx.mars.summary import EarthTrace, ForwardPassRecord, PruningPassRecord, summary
from fitx.mars.validate import Validates

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Earth(Validates, RegressorMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Multivariate adaptive regression splines [Friedman 1991, doi:10.1214/aos/1176347963].

    A model is a sum of coefficients times terms; a term is a product of hinges max(0, x - t), max(0, t - x) and plain
    x. The forward pass adds the pair of terms that lowers the squared error most, again and again; the pruning pass
    takes terms out again and keeps the set of the lowest generalized cross-validation score (GCV).

    Parameters are those of py-earth, None being its default; those after `verbose` are new.

    max_terms: terms that the forward pass may reach, min(2*d + n//10, 400). max_degree: factors of a term, 1.
    allow_missing: NaN in X is a missing value: indicators of presence enter the model. penalty: price of a knot in the
    GCV, 3. endspan, minspan: rows between the ends and the first knot, and between knots; -1: by the probability
    endspan_alpha, minspan_alpha (0.05) of a run of noise. thresh: the forward pass stops at RSQ > 1 - thresh and at
    gains below it, 0.001. zero_tol: 1e-12, below which a column is dependent. min_search_points, check_every: 100, -1.
    allow_linear: a plain x is taken where a hinge does not lower the GCV, True. use_fast, fast_K, fast_h: Fast MARS,
    off, 5, 1. smooth: C1 cubics in place of hinges, False. enable_pruning: True. feature_importance_type: "gcv", "rss",
    "nb_subsets", or several. verbose: 1 prints the passes.

    compat: "pyearth", or "R" for the rules and defaults of R's earth. allowed: pairs of columns (names or numbers) that
    may stand in one term, or a function of two names that says so. prune: "gcv", or "cv" by `folds` folds. intervals:
    "spread" or "cv", for `predict_interval`. threads: of the forward pass; the result does not depend on it.
    time_limit: seconds after which the forward pass ends and the model so far is pruned.

    Attributes: `basis_`, `coef_` (p, terms), `mse_`, `rsq_`, `gcv_`, `grsq_`, `forward_pass_record_`,
    `pruning_pass_record_`, `xlabels_`, `allow_missing_`, `feature_importances_`, `linvars_`.
    """

    basis_: Basis
    coef_: Array
    feature_importances_: Array | dict[str, Array] | None
    _feature_importances_dict: dict[str, Array]
    _spreads: list[Spread]

    def __init__(
        self,
        max_terms: int | None = None,
        max_degree: int | None = None,
        allow_missing: bool = False,
        penalty: float | None = None,
        endspan_alpha: float | None = None,
        endspan: int | None = None,
        minspan_alpha: float | None = None,
        minspan: int | None = None,
        thresh: float | None = None,
        zero_tol: float | None = None,
        min_search_points: int | None = None,
        check_every: int | None = None,
        allow_linear: bool | None = None,
        use_fast: bool | None = None,
        fast_K: int | None = None,
        fast_h: int | None = None,
        smooth: bool | None = None,
        enable_pruning: bool = True,
        feature_importance_type: str | Sequence[str] | None = None,
        verbose: int = 0,
        *,
        compat: str = "pyearth",
        allowed: Iterable[tuple[Any, Any]] | Callable[[str, str], bool] | None = None,
        prune: str = "gcv",
        folds: int = 10,
        intervals: str | None = None,
        threads: int = 1,
        time_limit: float | None = None,
    ) -> None:
        self.max_terms = max_terms
        self.max_degree = max_degree
        self.allow_missing = allow_missing
        self.penalty = penalty
        self.endspan_alpha = endspan_alpha
        self.endspan = endspan
        self.minspan_alpha = minspan_alpha
        self.minspan = minspan
        self.thresh = thresh
        self.zero_tol = zero_tol
        self.min_search_points = min_search_points
        self.check_every = check_every
        self.allow_linear = allow_linear
        self.use_fast = use_fast
        self.fast_K = fast_K
        self.fast_h = fast_h
        self.smooth = smooth
        self.enable_pruning = enable_pruning
        self.feature_importance_type = feature_importance_type
        self.verbose = verbose
        self.compat = compat
        self.allowed = allowed
        self.prune = prune
        self.folds = folds
        self.intervals = intervals
        self.threads = threads
        self.time_limit = time_limit

    # -- fitting -------------------------------------------------------------------------------------------------
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        output_weight: Any = None,
        missing: Any = None,
        xlabels: Sequence[str] | None = None,
        linvars: Iterable[Any] | None = None,
    ) -> Earth:
        """Fit to X (n, d) and y (n,) or (n, p): the forward pass, the pruning pass, smoothing, coefficients.

        sample_weight (n,) and output_weight (p,) multiply the squared residuals; rows of weight zero count for nothing.
        missing (n, d): entries of X that are missing (by default, where NaN). xlabels: names of the columns. linvars:
        columns, by name or number, that get no knots. X may be a pair (y, X) as patsy.dmatrices gives it.
        Errors: ValueError for data that do not fit together; TypeError for sparse matrices.
        """
        named = criteria(self.feature_importance_type)
        if named and not self.enable_pruning:
            raise UsageError("Cannot compute feature importances because pruning is disabled: set enable_pruning=True")
        data = self._data(X, y, sample_weight, output_weight, missing, xlabels, linvars)
        self._forward(data)
        R = None
        if self.enable_pruning:
            R = self._prune(data, named)
        else:
            self.__dict__.pop("pruning_pass_record_", None)
            self.feature_importances_ = None
            self._feature_importances_dict = {}
        if self.smooth:
            self.basis_, R = self.basis_.smooth(data.X, data.missing), None
        self._solve(data, R)
        coverage.model_intervals(self, data)
        return self

    def forward_pass(self, X: Any, y: Any = None, sample_weight: Any = None, output_weight: Any = None,
                     missing: Any = None, xlabels: Sequence[str] | None = None,
                     linvars: Iterable[Any] | None = None) -> None:  # fmt: skip
        """The forward pass alone, as `fit` does it first."""
        self._forward(self._data(X, y, sample_weight, output_weight, missing, xlabels, linvars))

    def pruning_pass(self, X: Any, y: Any = None, sample_weight: Any = None, output_weight: Any = None,
                     missing: Any = None) -> None:  # fmt: skip
        """The pruning pass alone, after `forward_pass`, on the same data."""
        data = self._data(X, y, sample_weight, output_weight, missing, self.xlabels_, reset=False)
        self._prune(data, criteria(self.feature_importance_type))

    def linear_fit(self, X: Any, y: Any = None, sample_weight: Any = None, output_weight: Any = None,
                   missing: Any = None) -> None:  # fmt: skip
        """Coefficients of the terms that are not pruned, and the scores, by least squares."""
        self._solve(self._data(X, y, sample_weight, output_weight, missing, self.xlabels_, reset=False))

    def _forward(self, data: fitting.Training) -> None:
        self.forward_pass_record_, self.basis_ = fitting.forward(self, data)

    def _prune(self, data: fitting.Training, named: list[str]) -> Array | None:
        self.pruning_pass_record_, R = fitting.prune(self, data)
        found = importances(named, self.basis_, self.pruning_pass_record_)
        self._feature_importances_dict = found
        self.feature_importances_ = None if not found else found if len(found) > 1 else next(iter(found.values()))
        return R

    def _solve(self, data: fitting.Training, R: Array | None = None) -> None:
        self.coef_, scores = fitting.solve(self.basis_, data, self.get_penalty(), R)
        self.mse_, self.rsq_, self.gcv_, self.grsq_ = scores

    # -- what came out of it -------------------------------------------------------------------------------------
    def get_penalty(self) -> float:
        """The penalty that counts: the parameter, else 3 (compat="R": 2 for degree 1, else 3)."""
        return fitting.penalty_of(self)

    def forward_trace(self) -> ForwardPassRecord | None:
        """Record of the forward pass, None before it."""
        return getattr(self, "forward_pass_record_", None)

    def pruning_trace(self) -> PruningPassRecord | None:
        """Record of the pruning pass, None before it."""
        return getattr(self, "pruning_pass_record_", None)

    def trace(self) -> EarthTrace:
        """Records of both passes; its text shows them as tables."""
        return EarthTrace(self.forward_trace(), self.pruning_trace())

    def summary(self) -> str:
        """The model as a table of its terms, with coefficients and scores."""
        return summary(self)

    def summary_feature_importances(self, sort_by: str | None = None) -> str:
        """Table of the importances that `feature_importance_type` asked for, sorted by one of them if named."""
        check_is_fitted(self, "basis_")
        return summary_text(self._feature_importances_dict, self.xlabels_, sort_by)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Names of the columns of `transform`: the terms that are not pruned."""
        check_is_fitted(self, "basis_")
        return np.array([str(term) for term in self.basis_.piter()], dtype=object)

    # -- use -----------------------------------------------------------------------------------------------------
    def _new_rows(self, X: Any, missing: Any) -> tuple[Array, Flags]:
        check_is_fitted(self, "basis_")
        A, flags, _ = self._rows(X, missing, reset=False)
        if flags.any():
            used = sorted(set().union(*(term.variables() for term in self.basis_.piter())))
            for v in used:
                if flags[:, v].any() and not self.allow_missing_[v]:
                    raise UsageError(f"`{self.xlabels_[v]}` is missing in a row, which it never was in the fit")
        return A, flags

    def predict(self, X: Any, missing: Any = None) -> Array:
        """Predictions for X (n, d): (n,), or (n, p) of several responses."""
        A, flags = self._new_rows(X, missing)
        out = np.empty((len(A), len(self.coef_)))
        for start in range(0, len(A), BLOCK):
            rows = slice(start, start + BLOCK)
            out[rows] = self._terms(A[rows], flags[rows]) @ self.coef_.T
        return out[:, 0] if out.shape[1] == 1 else out

    def predict_deriv(self, X: Any, variables: Any = None, missing: Any = None) -> Array:
        """(n, v, p): derivatives of the p responses by each of the variables (names or numbers; None: all)."""
        A, flags = self._new_rows(X, missing)
        if isinstance(variables, (str, int, np.integer)):
            variables = [variables]
        if variables is None:
            variables = range(len(self.xlabels_))
        numbers = [self.xlabels_.index(v) if isinstance(v, str) else int(v) for v in variables]
        return self.basis_.transform_deriv(A, flags, self.coef_, numbers)

    def predict_interval(self, X: Any, level: float = 0.95, missing: Any = None) -> tuple[Array, Array]:
        """Lower and upper ends of the interval that holds a new y with probability `level`; needs `intervals`."""
        A, flags = self._new_rows(X, missing)
        return coverage.interval(self, self._terms(A, flags) @ self.coef_.T, level)

    def transform(self, X: Any, missing: Any = None) -> Array:
        """(n, terms): values of the terms that are not pruned, columns contiguous."""
        return self._terms(*self._new_rows(X, missing))

    def _terms(self, X: Array, missing: Flags) -> Array:
        B = np.empty((len(X), self.basis_.plen()), order="F")
        self.basis_.transform(X, missing, B)
        return B

    def score(self, X: Any, y: Any = None, sample_weight: Any = None, output_weight: Any = None,
              missing: Any = None) -> float:  # fmt: skip
        """R2 on X and y, weighted: 1 - residual / total sum of squares."""
        check_is_fitted(self, "basis_")
        data = self._data(X, y, sample_weight, output_weight, missing, reset=False)
        rest = data.Y - self._terms(data.X, data.missing) @ self.coef_.T
        about = data.Y - np.average(data.Y, axis=0, weights=data.weights)
        left, total = (float(data.weights @ (r**2 @ data.outputs)) for r in (rest, about))
        return 1 - left / total if total else (1.0 if left == 0 else 0.0)

    def score_samples(self, X: Any, y: Any = None, missing: Any = None) -> Array:
        """(n, p): 1 - (y - prediction)**2 / y**2 of each row and response; 1 where both are 0, NaN without y."""
        check_is_fitted(self, "basis_")
        if y is None and not isinstance(X, tuple):
            return np.full((len(self._new_rows(X, missing)[0]), len(self.coef_)), np.nan)
        data = self._data(X, y, None, None, missing, reset=False)
        rest = (data.Y - self._terms(data.X, data.missing) @ self.coef_.T) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(rest == 0, 1.0, 1.0 - rest / data.Y**2))

    # -- conventions ---------------------------------------------------------------------------------------------
    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = bool(self.allow_missing)
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and fitting.same(self.__dict__, other.__dict__)

    __hash__ = None  # type: ignore[assignment]

"""The Python face of fitx: fit, load, methods."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fitx.arrays import as_matrix, as_vector, column_names, default_names, finite_columns, series_name, without_gaps
from fitx.errors import FitxError, FitxWarning, UsageError
from fitx.fitters.base import Data, Fitter
from fitx.given import Given
from fitx.parametric.asked import Asked
from fitx.pipeline import fit_data
from fitx.plugins import all_fitters
from fitx.progress import Improvement
from fitx.result import Fit
from fitx.settings import Settings


def fit(
    X: Any,
    y: Any,
    method: str | Sequence[str] = "auto",
    *,
    feature_names: Sequence[str] | None = None,
    target_name: str | None = None,
    sample_weight: Any = None,
    sigma: Any = None,
    holdout: float = 0.25,
    split: str = "random",
    groups: Any = None,
    seed: int = 0,
    time_limit: float | None = None,
    jobs: int | None = None,
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
    missing: str = "error",
    progress: Callable[[Improvement], None] | None = None,
    save: str | Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Fit:
    """Find a formula y = f(X), scored on rows that neither fitting nor choosing saw.

    X: (n,) or (n, d) array-like, or a data frame (pandas, polars, pyarrow), whose column names then name the features;
      otherwise they are x, or x1 to xd. y: (n,); a Series' name is the target's, else `target_name`, else y.
    method: a name of `fitx.methods()`, several that compete, or "auto" for all that apply.
    sample_weight: (n,), multiplies the squared residual. sigma: (n,), the standard deviation of each y; its weight is
      1/sigma**2, and standard errors are then not scaled by the residuals.
    holdout: share of the rows kept back for the printed error; 0 for none. split: "random", "last", or "group" with
      groups (n,): whole groups are kept back; "group:NAME" takes them from that column of a data frame.
    seed: same data, options and seed, same formula. time_limit: seconds; by default 30 where a method searches.
    jobs: threads, by default one for each core.
    model: a formula of your own, "a*exp(-b*x) + c" or a SymPy expression: names that are no features are parameters,
      which are fitted; a function that is not known, f(x), is searched for. per_group: parameters ("a,b" or a list)
      that have a value for each number in the feature `group`, or in `groups` (n,), which then join the features
      under the name "group".
    start: {"a": 1}, where parameters of the model begin; none is needed. bounds: {"a": (0, 10)}, None for an open end.
      fix: {"c": 0}, values that parameters keep.
    loss: what the constants minimise, "linear" (squares), "soft_l1", "huber", "cauchy" or "lad" (absolute deviations);
      of several the one whose formulas predict best by metric, "rmse" or "mae", which is also what formulas are chosen
      by. range: (lo, hi) that the formula can never leave: it is middle + half*tanh(g), and the method finds g.
    allow_poles: choose formulas, too, that have a pole, are undefined or overflow among the rows or within a tenth of
      their range beyond; a warning then says where.
    units: {"x": "m", "t": "s", "y": "m"}, of features and target; others are plain numbers. A search then proposes
      dimensionally valid formulas only.
    missing: "error", or "drop": rows without a number (NaN, a null) are left out, and a warning says how many.
    options: {"poly.degree": 3}, as `--set` on the command line. progress: called with each improvement
      (`fitx.progress.Improvement`; str() of it is a line): seconds, method, formula, complexity, validation, front. An
      interrupt (Ctrl-C, a notebook's stop button) ends the fit with the best so far: `interrupted` of the result is
      then true. save: a model file that gets each improvement and, in the end, the result.

    Errors: FitxError where the data are at fault, UsageError (also a ValueError) where an argument is.
    """
    if progress is not None and not callable(progress):
        raise UsageError(f"progress must be a function of one value. Got {progress!r} instead", "try progress=print")
    frame = column_names(X)
    if split.startswith("group:"):
        name = split.removeprefix("group:")
        if frame is None or name not in frame:
            raise UsageError(f"there is no column `{name}` to split by", 'pass groups=... with split="group"')
        groups = np.asarray(X[name])
        X = X.drop(columns=[name]) if hasattr(X, "iloc") else X.drop([name])
        frame = column_names(X)
        split = "group"
    if missing not in ("error", "drop"):
        raise UsageError(f'missing must be "error" or "drop". Got {missing!r} instead')
    gaps = missing == "drop"
    series = series_name(X)
    matrix = as_matrix(X)
    if feature_names is not None:
        names = tuple(str(n) for n in feature_names)
    else:
        names = frame or ((series,) if series else default_names(matrix.shape[1]))
    if len(names) != matrix.shape[1] or len(set(names)) != len(names):
        what = "the columns of X" if feature_names is None else "feature_names"
        raise UsageError(f"{what} must be {matrix.shape[1]} different names. Got {list(names)} instead")
    finite_columns(matrix, names, gaps=gaps)
    target = as_vector(y, "y", gaps=gaps)
    target_name = target_name or series_name(y) or "y"
    as_given = frame is None or frame == names
    if len(target) != len(matrix):
        raise FitxError(f"X has {len(matrix)} rows and y has {len(target)}", "they must belong together, row by row")
    weights, absolute = row_weights(sample_weight, sigma, len(target), gaps)
    groups = None if groups is None else np.asarray(groups)
    if split == "group" and (groups is None or len(groups) != len(target)):
        raise UsageError('split="group" needs groups, one for each row')
    parts = [*zip(names, matrix.T, strict=True), (target_name, target)]
    parts += [(what, v) for what, v in (("weights", weights), ("groups", groups)) if v is not None]
    keep, left_out = without_gaps(parts, len(target))
    if keep is not None:
        as_given = False
        matrix, target = np.asfortranarray(matrix[keep]), target[keep]
        weights, groups = (None if v is None else v[keep] for v in (weights, groups))
    if isinstance(per_group, str):
        per_group = [p.strip() for p in per_group.split(",") if p.strip()]
    if per_group and group is None and groups is not None:
        matrix, names, group = _with_groups(matrix, names, groups)
        as_given = False
    # by reference where its columns are the features as they stand, so that a picture later costs no memory now
    given = Given(X, y, groups) if as_given else Given(matrix, target, groups)
    settings = Settings(
        methods=(method,) if isinstance(method, str) else tuple(method),
        holdout=holdout,
        split=split,
        groups=groups,
        seed=seed,
        time_limit=time_limit,
        jobs=jobs,
        max_complexity=max_complexity,
        options=dict(options or {}),
        model=_model_text(model),
        losses=tuple(dict.fromkeys([loss] if isinstance(loss, str) else loss)),
        metric=metric,
        range=None if range is None else _ends(range),
        allow_poles=allow_poles,
        per_group=tuple(per_group),
        group=group,
        start=dict(start or {}),
        bounds=Asked.of({}, bounds or {}, {}).bounds,
        fix=dict(fix or {}),
        units=None if units is None else {str(c): str(u) for c, u in units.items()},
        progress=progress,
        save=save,
    )
    told = [left_out] if left_out else []
    result = fit_data(Data(matrix, target, names, weights, absolute, target_name), settings, told)
    result = replace(result, given=given)
    if save is not None:
        result.save(save)
    for text in result.warnings:
        warnings.warn(text, FitxWarning, stacklevel=2)
    return result


def _model_text(model: Any) -> str | None:
    """The model as text; a SymPy expression is converted, never executed. Errors: UsageError for anything else."""
    if model is None or isinstance(model, str):
        return model
    from fitx.formula.sympy_bridge import from_sympy

    return from_sympy(model).text()


def _ends(given: Sequence[float]) -> tuple[float, float]:
    """The two ends of a range. Errors: UsageError."""
    try:
        lo, hi = (float(v) for v in given)
    except (TypeError, ValueError):
        raise UsageError(f"range must be two numbers (lo, hi). Got {given!r} instead") from None
    return lo, hi


def _with_groups(matrix: Any, names: tuple[str, ...], groups: Any) -> tuple[Any, tuple[str, ...], str]:
    """The features with the groups' numbers as one more, called "group". Errors: UsageError, FitxError."""
    if "group" in names:
        raise UsageError("there is a feature called `group` already", 'name the feature with the groups: group="..."')
    try:
        column = as_vector(groups, "groups")
    except FitxError as e:
        raise UsageError("groups whose parameters differ must be numbered", e.message) from None
    if len(column) != len(matrix):
        raise FitxError(f"groups has {len(column)} values for {len(matrix)} rows")
    return np.asfortranarray(np.column_stack([matrix, column])), (*names, "group"), "group"


def row_weights(sample_weight: Any, sigma: Any, n: int, gaps: bool = False) -> tuple[Any, bool]:
    """(weights (n,) or None, whether they are absolute) from either of the two; gaps: NaN where there is none.

    Errors: UsageError, FitxError.
    """
    if sample_weight is not None and sigma is not None:
        raise UsageError("give weights or sigma, not both", "the weight that belongs to sigma is 1/sigma**2")
    given, what = (sigma, "sigma") if sigma is not None else (sample_weight, "sample_weight")
    if given is None:
        return None, False
    v = as_vector(given, what, gaps=gaps)
    if len(v) != n:
        raise FitxError(f"{what} has {len(v)} values for {n} rows")
    if sigma is not None:
        if (v <= 0).any():
            raise FitxError(f"sigma must be above 0; row {int(np.argmax(v <= 0))} (counted from 0) has {v.min():g}")
        return 1.0 / v**2, True
    if (v < 0).any() or not v.any():
        raise FitxError("sample_weight must not be negative, and not all zero")
    return v, False


def load(path: str | Path) -> Fit:
    """The fit in a model file. Nothing in it is executed. Errors: FitxError for a file that is no model."""
    from fitx.model_file import load as read_model

    return read_model(path)


def methods() -> dict[str, Fitter]:
    """Name -> fitter: all that are built in or come from plug-ins."""
    return dict(all_fitters())

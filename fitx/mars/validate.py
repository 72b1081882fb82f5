"""What an Earth does with its inputs before anything else: numbers in arrays, or an error that says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array, validate_data

from fitx.errors import UsageError
from fitx.mars import inputs
from fitx.mars.fitting import Training

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Validates:
    """The part of Earth that takes inputs. After a fit: xlabels_, linvars_, allow_missing_, and the levels of category
    columns."""

    allow_missing: bool
    xlabels_: list[str]
    linvars_: list[int]
    allow_missing_: list[bool]
    _levels: inputs.Levels

    def _data(self, X: Any, y: Any, sample_weight: Any, output_weight: Any, missing: Any,
              xlabels: Sequence[str] | None = None, linvars: Iterable[Any] | None = None,
              reset: bool = True) -> Training:  # fmt: skip
        if y is None and isinstance(X, tuple) and len(X) == 2:
            y, X = X
        originals = inputs.column_names(X) or []
        X, flags, labels = self._rows(X, missing, reset)
        Y = self._responses(y, len(X))
        w = inputs.weights_of(sample_weight, len(X), "sample_weight")
        v = inputs.weights_of(output_weight, Y.shape[1], "output_weight")
        if reset:
            if xlabels is not None and len(xlabels) != X.shape[1]:
                raise UsageError("The length of xlabels is not the same as the number of columns of X")
            self.xlabels_ = labels if xlabels is None else [str(name) for name in xlabels]
            self.linvars_ = inputs.variables_named(linvars, self.xlabels_, originals, self._levels)
            self.allow_missing_ = [bool(column.any()) for column in flags.T]
        if not w.all():
            kept = w > 0
            X, Y, flags, w = np.asfortranarray(X[kept]), Y[kept], flags[kept], w[kept]
        return Training(X, Y, flags, w, v)

    def _responses(self, y: Any, n: int) -> Array:
        if y is None:
            raise UsageError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        Y: Array = check_array(y, dtype=np.float64, ensure_2d=False, allow_nd=False, estimator=self, input_name="y")
        if len(Y) != n:
            raise UsageError(f"X and y do not have compatible dimensions. X has {n} rows, y has {len(Y)}")
        return Y[:, None] if Y.ndim == 1 else Y

    def _rows(self, X: Any, missing: Any, reset: bool) -> tuple[Array, Flags, list[str]]:
        """X as (n, d) numbers with 0 where missing, where it is missing, and the names of its columns."""
        if inputs.is_frame(X):
            validate_data(self, X, skip_check_array=True, reset=reset)
        if reset:
            self._levels = inputs.levels(X)
        values, labels = inputs.expand(X, self._levels)
        if isinstance(values, np.ndarray) and values.dtype.names:
            values = np.column_stack([values[name] for name in values.dtype.names])
        holes = "allow-nan" if self.allow_missing else True
        try:
            A: Array = check_array(
                values, dtype=np.float64, ensure_all_finite=holes, order="F", estimator=self, input_name="X",
                ensure_min_samples=2 if reset else 1,
            )  # fmt: skip
        except ValueError as e:
            if "NaN" in str(e) and not self.allow_missing:
                raise UsageError(f"{e}\nDid you mean to set allow_missing=True?") from None
            text = inputs.text_column(values)
            if text is not None:
                raise UsageError(f"column `{text}` holds text; make it a category column, or leave it out") from None
            raise
        if not inputs.is_frame(X):
            validate_data(self, A, skip_check_array=True, reset=reset)
        nan = np.isnan(A)
        flags = inputs.expand_missing(missing, self._levels, A.shape[1])
        if flags is None:
            flags = nan
        elif flags.shape != A.shape:
            raise UsageError(f"`missing` has the shape of X, {A.shape}; got {flags.shape}")
        if flags.any() and not self.allow_missing:
            raise UsageError("Missing data requires allow_missing=True.")
        if (nan & ~flags).any():
            raise UsageError("X is NaN at an entry that `missing` does not name")
        if flags.any():
            A = np.where(flags, 0.0, A)
        return A, flags, labels or [f"x{i}" for i in range(A.shape[1])]

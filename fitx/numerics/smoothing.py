"""The smoothing spline: min sum_i w_i (y_i - s(x_i))^2 + lambda integral s''^2, lambda by generalised cross-validation.

[Craven & Wahba 1979, doi:10.1007/BF01404567; Woltring 1986, doi:10.1016/0141-1195(86)90098-7; SciPy's
make_smoothing_spline]
"""

from __future__ import annotations

import numpy as np

from fitx.errors import FitxError
from fitx.numerics.doubledouble import Array

_LEAST = 5  # points that it needs


def smoothed(x: Array, y: Array, w: Array) -> Array:
    """Its values at x. x: (n,), ascending, distinct; y: (n,); w: (n,), positive. Errors: FitxError below 5 points."""
    if len(x) < _LEAST:
        raise FitxError(f"a smoothing spline needs {_LEAST} different points, got {len(x)}")
    size = float(np.max(np.abs(y)))
    if size == 0.0 or np.ptp(y) == 0.0:
        return y.copy()
    from scipy.interpolate import make_smoothing_spline

    t = (x - x[0]) / (x[-1] - x[0]) * len(x)
    try:
        values = make_smoothing_spline(t, y / size, w / w.max())(t) * size
    except (ValueError, np.linalg.LinAlgError) as e:
        raise FitxError(f"the smoothing spline failed on these points ({e})", "`least_squares` is steadier") from None
    return np.asarray(values, dtype=np.float64)

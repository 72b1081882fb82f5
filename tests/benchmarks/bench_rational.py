"""Rational approximation of smooth functions and of |x|, beside SciPy's AAA, from 200 equispaced points.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_rational.py

Largest error at 20,001 places of the range, degrees and processor seconds of `fitx.fit(method="rational")`, which also
chooses the degrees on held-out rows, and of scipy.interpolate.AAA on all rows. In the last two there are poles in the
range: errors are relative to 1 + |y| there. SciPy stops at its default tolerance, 2e-12 of the largest |y|. Needs SciPy
1.15 for its columns.
"""

from __future__ import annotations

import time
import warnings

import numpy as np
from scipy.special import gamma

import fitx

POINTS, PLACES = 200, 20_001
CASES = [
    ("exp", np.exp, -1.0, 1.0, False),
    ("tan", np.tan, -1.5, 1.5, False),
    ("gamma", gamma, 0.5, 5.0, False),
    ("1/(1 + 25 x^2)", lambda x: 1 / (1 + 25 * x**2), -1.0, 1.0, False),
    ("|x|", np.abs, -1.0, 1.0, False),
    ("tan, poles", np.tan, -4.0, 4.0, True),
    ("gamma, poles", gamma, -1.55, 3.5, True),
]


def error(values, exact, poles) -> float:
    """Largest error; relative to 1 + |y| where poles would drown all others."""
    return float(np.nanmax(np.abs(values - exact) / (1 + np.abs(exact) if poles else 1)))


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    try:
        from scipy.interpolate import AAA
    except ImportError:
        AAA = None
    fitx.fit([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], method="rational")  # imports
    print(f"{'':16}{'fitx':>10}{'seconds':>9}  {'degrees':24}{'SciPy AAA':>10}{'seconds':>9}  degrees")
    for name, f, lo, hi, poles in CASES:
        x, places = np.linspace(lo, hi, POINTS), np.linspace(lo, hi, PLACES)
        begun = time.process_time()
        fit = fitx.fit(x, f(x), method="rational", jobs=1, options={"rational.poles": poles})
        ours = time.process_time() - begun
        row = f"{name:16}{error(fit.predict(places), f(places), poles):10.1e}{ours:9.2f}  {fit.label:24}"
        if AAA is not None:
            begun = time.process_time()
            r = AAA(x, f(x))
            theirs = time.process_time() - begun
            k = len(r.support_points) - 1
            row += f"{error(r(places), f(places), poles):10.1e}{theirs:9.2f}  {k}/{k}"
        print(row)


if __name__ == "__main__":
    main()

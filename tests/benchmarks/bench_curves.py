"""Which family is chosen for data of each family with 1 percent noise, and what the catalogue costs.

    python tests/benchmarks/bench_curves.py [--only NAME,NAME] [--rows 200] [--noise 0.01]

Rows are spread evenly over the example's range (at random for two features); the noise is Gaussian, in shares of the
standard deviation of y. Identical: a curve whose values differ from those of the family, fitted to the same rows, by
less than a tenth of the noise. Seconds are processor time: of the proposals alone, and of the whole fit with its folds.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np

import fitx
from fitx.curves import FAMILIES, Family
from fitx.curves.fit import curve
from fitx.fitters.base import Context, Data
from fitx.plugins import get_fitter

NEAR = 0.1
EVERY = 8  # of the families' data, all families are fitted without a choice, for the time that takes


def example(f: Family, rows: int, noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, float]:
    """X (n, d), y with noise, and the standard deviation of the noise."""
    rng = np.random.default_rng([seed, *f.name.encode()])
    d = max(1, f.features)
    X = np.linspace(*f.span, rows)[:, None] if d == 1 else rng.uniform(*f.span, (rows, d))
    c = curve(f)
    truth = c.model.tree.substitute(f.example).predict(X, ("x", "z")[: X.shape[1]])
    sd = noise * float(truth.std() or np.abs(truth).max())
    return X, truth + sd * rng.normal(size=rows), sd


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--noise", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    a = parser.parse_args()
    warnings.simplefilter("ignore")
    asked = [n for n in a.only.split(",") if n]
    right, same, total, proposing, fitting = 0, 0, 0, [], []
    fitter = get_fitter("curve")
    for f in FAMILIES:
        if asked and f.name not in asked:
            continue
        X, y, sd = example(f, a.rows, a.noise, a.seed)
        names = ("x", "z")[: X.shape[1]]
        if total % EVERY == 0:
            t = time.process_time()
            data = Data(np.asfortranarray(X), y, names)
            list(fitter.propose(data, Context(fitter.resolve_options({}), np.random.default_rng(0))))
            proposing.append(time.process_time() - t)
        t = time.process_time()
        fit = fitx.fit(X, y, method="curve", feature_names=names, jobs=1)
        fitting.append(time.process_time() - t)
        label = fit.label.split(" ")[0]
        own_fit = fitx.fit(X, y, method="curve", feature_names=names, jobs=1, options={"curve.only": f.name}, holdout=0)
        off = float(np.sqrt(np.mean((fit.predict(X) - own_fit.predict(X)) ** 2))) / sd
        own, near = label == f.name, label != f.name and off < NEAR
        right, same, total = right + own, same + near, total + 1
        mark = "  " if own else "~ " if near else "X "
        print(
            f"{mark}{f.name:26} {label:26} off {off:6.3f} sd  {fitting[-1]:6.2f} s", flush=True
        )  # fmt: skip
    print(
        f"{total} families: itself {right}, an identical curve {same}, other {total - right - same}; "
        f"proposals {np.median(proposing):.2f} s (most {max(proposing):.2f}), fit {np.median(fitting):.2f} s "
        f"(most {max(fitting):.2f})"
    )


if __name__ == "__main__":
    main()

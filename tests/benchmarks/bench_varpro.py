"""Throughput of the batch fit of inner constants: fits/s, and evaluations/s of residual and exact Jacobian.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_varpro.py [threads]

The model is b0 + b1 x + c1 exp(a1 x + a2 v) + c2/(1 + exp(a3 x + a4)): as a program 27 nodes, 8 constants of which the
linear ones are eliminated. The target has one percent of noise. Best of several runs, for each instruction set.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from fitx import _core
from fitx._core.varpro import varpro_columns, varpro_fit
from fitx.formula import parse
from fitx.search.atoms.shapes import AFFINE, NUMBER, SCALED, SCALED_SUM

RUNS = 15
TRUTH = np.array([[-1.2, 0.4], [2.2, -3.1]])
MODEL = "0.3 + 0.1*x + 2.1*exp(-1.2*x + 0.4*v) + 1.7/(1 + exp(2.2*x + -3.1))"


def main() -> None:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rng = np.random.default_rng(0)
    print(f"{parse(MODEL).complexity} nodes, {threads} threads")
    print(f"{'':10s}{'rows':>6s}{'model':>12s}{'fits/s':>12s}{'evaluations/s':>16s}{'us each':>10s}")
    for name in _core.available_isas():
        _core.set_isa(name)
        for n in (64, 256, 1000):
            u = np.ascontiguousarray(rng.uniform(0.5, 3, (2, n)))
            basis = np.linalg.qr(np.array([np.ones(n), u[0]]).T)[0].T.copy()
            exponential, logistic = TRUTH @ u, 1 / (1 + np.exp(TRUTH[1, 0] * u[0] + TRUTH[1, 1]))
            target = (0.3 + 0.1 * u[0] + 2.1 * np.exp(exponential[0]) + 1.7 * logistic)[None]
            target = target + 0.01 * rng.normal(size=(1, n))
            two = [[NUMBER["exp"], SCALED_SUM, 0, 1, 0], [NUMBER["logistic"], AFFINE, 0, 0, 0]]
            for label, atoms in (("one exp", [[NUMBER["exp"], SCALED, 0, 0, 0]]), ("27 nodes", two)):
                count = 400
                a = np.tile(np.array(atoms, np.int32), (count, 1, 1))
                theta = np.zeros((count, len(atoms), 4))
                theta[:, 0, :2] = TRUTH[0] * rng.uniform(0.4, 2.5, (count, 2))
                theta[:, 1:, :2] = TRUTH[1] * rng.uniform(0.8, 1.25, (count, 1, 1))
                of, start = np.zeros((count, 2), np.int32), np.array([0, 2], np.int32)
                best, evaluations = np.inf, 0
                for _ in range(RUNS):
                    began = time.perf_counter()
                    counts = varpro_fit(a, of, u, np.ones((1, n)), basis, start, target, theta, 30, threads)[3]
                    best, evaluations = min(best, time.perf_counter() - began), int(counts.sum())
                rate = evaluations / best
                print(f"{name:10s}{n:6d}{label:>12s}{count / best:12.0f}{rate:16.0f}{1e6 / rate:10.2f}")
        columns = np.tile(np.array([[NUMBER["exp"], SCALED, 0, 0, 0]], np.int32), (20_000, 1))
        u, theta = rng.uniform(0.5, 3, (1, 64)), rng.uniform(-2, 2, (20_000, 4))
        best = np.inf
        for _ in range(RUNS):
            began = time.perf_counter()
            varpro_columns(columns, theta, u, np.ones((1, 64)), threads)
            best = min(best, time.perf_counter() - began)
        print(f"{name:10s}{64:6d}{'columns/s':>12s}{20_000 / best:12.0f}")


if __name__ == "__main__":
    main()

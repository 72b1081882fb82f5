"""Throughput of the batch fit of inner constants: fits/s, and evaluations/s of residual and exact Jacobian.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_varpro.py [--threads N] [--peer-python PYTHON_WITH_PYOPERON]

The model is b0 + c1 exp(a1 x + a2 v) + c2/(x + a3 v): 20 nodes, 6 constants of which the linear ones are eliminated.
The target has one percent of noise. Best of several runs, for each instruction set; with --peer-python then pyoperon's
Levenberg-Marquardt on the same model and rows, on one core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path

import numpy as np

from fitx import _core
from fitx._core.varpro import varpro_columns, varpro_fit
from fitx.formula import parse
from fitx.search.atoms.shapes import NUMBER, SCALED, SCALED_SUM, SUM

RUNS, FITS = 15, 400
MODEL = "0.3 + 2.1*exp(-1.2*x + 0.4*v) + 1.7/(x + 0.8*v)"
ROWS = (64, 256, 1000)


def fits(n: int, threads: int) -> tuple[float, float]:
    """Fits and evaluations a second on n rows."""
    rng = np.random.default_rng(0)
    size = -(-n // 8) * 8  # rows beyond n weigh nothing
    weight = (np.arange(size) < n).astype(float)
    u = np.ascontiguousarray(rng.uniform(0.5, 3, (2, size)))
    basis = (weight / np.sqrt(n))[None]
    target = 0.3 + 2.1 * np.exp(-1.2 * u[0] + 0.4 * u[1]) + 1.7 / (u[0] + 0.8 * u[1])
    target = ((target + 0.01 * rng.normal(size=size)) * weight)[None]
    atoms = np.array([[NUMBER["exp"], SCALED_SUM, 0, 1, 0], [NUMBER["reciprocal"], SUM, 0, 1, 0]], np.int32)
    a = np.tile(atoms, (FITS, 1, 1))
    theta = np.zeros((FITS, 2, 4))
    theta[:, 0, :2] = np.array([-1.2, 0.4]) * rng.uniform(0.4, 2.5, (FITS, 1))
    theta[:, 1, 0] = 0.8 * rng.uniform(0.8, 1.25, FITS)
    of, start = np.zeros((FITS, 2), np.int32), np.array([0, 1], np.int32)
    best, evaluations = np.inf, 0
    for _ in range(RUNS):
        began = time.perf_counter()
        counts = varpro_fit(a, of, u, weight[None], basis, start, target, theta, 30, threads)[3]
        best, evaluations = min(best, time.perf_counter() - began), int(counts.sum())
    return FITS / best, evaluations / best


def columns(threads: int) -> float:
    """Columns of an exponential on 64 rows a second."""
    rng = np.random.default_rng(0)
    atoms = np.tile(np.array([[NUMBER["exp"], SCALED, 0, 0, 0]], np.int32), (20_000, 1))
    u, theta = rng.uniform(0.5, 3, (1, 64)), rng.uniform(-2, 2, (20_000, 4))
    best = np.inf
    for _ in range(RUNS):
        began = time.perf_counter()
        varpro_columns(atoms, theta, u, np.ones((1, 64)), threads)
        best = min(best, time.perf_counter() - began)
    return 20_000 / best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer-python", metavar="PYTHON", help="interpreter with pyoperon")
    o = parser.parse_args()
    print(f"{parse(MODEL).complexity} nodes, {o.threads} threads")
    print(f"{'':10s}{'rows':>6s}{'fits/s':>12s}{'evaluations/s':>16s}{'us each':>10s}")
    rate = 0.0
    for name in _core.available_isas():
        _core.set_isa(name)
        for n in ROWS:
            done, rate = fits(n, o.threads)
            print(f"{name:10s}{n:6d}{done:12.0f}{rate:16.0f}{1e6 / rate:10.2f}")
        print(f"{name:10s}{64:6d}{'columns/s':>12s}{columns(o.threads):16.0f}")
    if o.peer_python:
        script = Path(__file__).parent / "peers" / "run_pyoperon_lm.py"
        answer = subprocess.run(
            [o.peer_python, str(script), str(ROWS[-1])], capture_output=True, text=True, check=True
        ).stdout  # fmt: skip
        peer = json.loads(answer)
        print(f"{'pyoperon':10s}{ROWS[-1]:6d}{peer['fits']:12.0f}{peer['evaluations']:16.0f}", end="")
        print(
            f"{1e6 / peer['evaluations']:10.2f}   {peer['nodes']} nodes, {rate / peer['evaluations']:.1f} times as many"
        )


if __name__ == "__main__":
    main()

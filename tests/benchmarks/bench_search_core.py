"""Throughput of the search's kernels: expressions/s of the library, pairs/s and triples/s, on each instruction set.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_search_core.py

Best of several runs; 64 screening rows; pairs with R2 of one and of three targets fused in, float32.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from fitx import _core
from fitx._core import search as kernels
from fitx.search.budget import Budget
from fitx.search.grammar import parse_grammar
from fitx.search.growth import grow
from fitx.search.problem import make_problem
from fitx.search.rounds import MEDIUM
from fitx.search.stages.pairs import correlations64

FEATURES = 12_800
RUNS = 5


def best(run: Callable[[], Any]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    rng = np.random.default_rng(0)
    F = rng.normal(size=(FEATURES, 64))
    F /= np.linalg.norm(F, axis=1)[:, None]
    panels = np.ascontiguousarray(F.reshape(-1, 32, 64).transpose(0, 2, 1).astype(np.float32))
    T = rng.normal(size=(3, 64))
    T /= np.linalg.norm(T, axis=1)[:, None]
    n = 480
    gram, triple_rho = F[:n] @ F[:n].T, np.ascontiguousarray(T @ F[:n].T)
    X = rng.uniform(1, 5, (1000, 4))
    problem = make_problem(X, X[:, 0] * X[:, 1], tuple("abcd"), np.random.default_rng(0))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    print(f"{'':10s}{'threads':>8s}{'library/s':>12s}{'pairs/s, 1 T':>14s}{'3 T':>10s}{'triples/s':>12s}")
    for isa in _core.available_isas():
        _core.set_isa(isa)
        for threads in sorted({1, 2, cores}):
            if threads > cores:
                continue
            budget = Budget(np.inf)
            made = grow(problem, MEDIUM.size, parse_grammar(), budget, threads)
            library = made.values.tried / best(
                lambda t=threads, b=budget: grow(problem, MEDIUM.size, parse_grammar(), b, t)
            )
            pairs = []
            for count in (1, 3):
                rho = correlations64(T[:count], panels)
                threshold = np.full(count, 0.3)
                seconds = best(
                    lambda r=rho, h=threshold, t=threads: kernels.search_pairs(
                        panels, FEATURES, r, 0, FEATURES // 128, 1000, h, t
                    )
                )
                pairs.append(FEATURES * (FEATURES - 1) / 2 / seconds)
            seconds = best(lambda t=threads: kernels.search_triples(gram, triple_rho[:1], 0, n, 60, np.full(1, 0.9), t))
            triples = n * (n - 1) * (n - 2) / 6 / seconds
            print(f"{isa:10s}{threads:8d}{library:12.3g}{pairs[0]:14.3g}{pairs[1]:10.3g}{triples:12.3g}")


if __name__ == "__main__":
    main()

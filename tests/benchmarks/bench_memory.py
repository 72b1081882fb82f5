"""Whether the memory of a process grows while it fits: many small fits, and one long search.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_memory.py fits --count 10000
    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_memory.py search

`fits`: fresh small tables of fresh column names, by the methods of SCHEDULE in turn; of every tenth fit also its SymPy
expression, LaTeX, code and predictions. After --warm-up fits, whose imports count for nothing, the resident memory and
Python's blocks in use are printed every --every fits. SymPy keeps the last 1,000 results of each of its functions; they
are dropped before each reading. In the end stands the slope of a straight line through the second half of all readings:
a leak of one small array is 1 kB a fit, and less than LIMIT_FITS is called none, for the allocator's unused pieces come
and go by megabytes.
`search`: one symbolic search of a table without a law, one thread, readings every --every seconds. Its plan, which
ends after a minute, begins anew until the time is up. Its libraries grow by rounds up to the method's option
`memory`, here --memory GiB, and are given back in the end: growth beyond that and a quarter, more in the second half
than in the first by LIMIT_GROWTH, or more than LIMIT_LEFT kept, is a leak.

Exits with 1 where memory grew. Needs Linux (/proc/self/statm).
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
import time
import warnings
from itertools import chain, count

import numpy as np
from sympy.core.cache import clear_cache

import fitx
from fitx.search import patience, sides

# One hundred fits: mostly of some hundredths of a second, now and then by methods that search.
SCHEDULE = ["poly", "poly", "model", "poly", "mars", "poly", "poly", "lagrange", "poly", "spline"] * 10
for place, method in {9: "rational", 39: "rational", 69: "rational", 29: "curve", 49: "symbolic", 99: "auto"}.items():
    SCHEDULE[place] = method
LIMIT_FITS = 1.0  # kB a fit
LIMIT_LEFT = 60.0  # MB after the search
LIMIT_GROWTH = 30.0  # MB
PAGE = os.sysconf("SC_PAGESIZE")


def resident() -> float:
    """Resident memory of this process in MB."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * PAGE / 1e6


def small_fit(k: int, method: str, rng: np.random.Generator) -> None:
    """Fit number k, of a table of its own."""
    d, n = (2 if method == "mars" else 1), (6 if method == "lagrange" else 50)
    X = rng.uniform(0.5, 3, (n, d))
    y = rng.normal() * np.exp(-X[:, 0]) + rng.normal() * X[:, -1] ** 2 + 0.01 * rng.normal(size=n)
    names = [f"x{k}_{j}" for j in range(d)]
    fit = fitx.fit(
        X, y, method=method, feature_names=names, jobs=1, seed=k,
        holdout=0.25 if k % 7 == 0 or method in ("poly", "lagrange", "auto") else 0.0,
        model=f"a*exp(-b*{names[0]}) + c" if method == "model" else None,
        options={"poly.degree": 1 + k % 3} if method == "poly" else None,
        time_limit=1.0 if method in ("symbolic", "auto") else None,
    )  # fmt: skip
    if k % 10 == 0:
        fit.predict(X)
        _ = fit.expr, fit.latex(), fit.to("c"), str(fit)


def slope(at: list[float], memory: list[float]) -> float:
    """Slope of the line by least squares through the second half."""
    half = len(at) // 2
    return float(np.polyfit(at[half:], memory[half:], 1)[0])


def fits(count: int, warm_up: int, every: int) -> bool:
    """The table of many small fits; whether memory stayed."""
    rng = np.random.default_rng(0)
    at: list[float] = []
    memory: list[float] = []
    blocks: list[float] = []
    begun = time.perf_counter()
    for k in range(warm_up + count + 1):
        if k >= warm_up and (k - warm_up) % max(1, every // 10) == 0:
            clear_cache()
            gc.collect()
            at.append(k - warm_up)
            memory.append(resident())
            blocks.append(sys.getallocatedblocks())
            if (k - warm_up) % every == 0:
                seconds = time.perf_counter() - begun
                print(f"{at[-1]:6} fits {memory[-1]:8.1f} MB {blocks[-1]:9} blocks {seconds:7.0f} s", flush=True)
        if k < warm_up + count:
            small_fit(k, SCHEDULE[k % len(SCHEDULE)], rng)
    rate = 1e3 * slope(at, memory)
    print(f"second half: {rate:+.2f} kB a fit, {memory[-1] - memory[len(memory) // 2]:+.1f} MB in all; "
          f"{slope(at, blocks):+.2f} blocks a fit")  # fmt: skip
    return rate < LIMIT_FITS


def search(seconds: float, every: float, memory: float) -> bool:
    """The table of one long search; whether memory stayed."""
    rng = np.random.default_rng(1)
    fitx.fit(rng.uniform(size=(50, 2)), rng.uniform(size=50), method="symbolic", time_limit=5, jobs=1)  # imports
    X = rng.uniform(-1, 1, (2000, 6))
    # Smooth, exact, and no law. The search would give up, or come to its plan's end.
    y = np.tanh(X @ rng.normal(0, 0.3, (6, 12)) + rng.normal(size=12)) @ rng.normal(size=12)
    once = sides.steps
    patience._WAIT = patience._MOST = np.inf
    sides.steps = lambda *a, **k: chain.from_iterable(once(*a, **k) for _ in count())
    readings: list[float] = []
    done = threading.Event()
    before, begun = resident(), time.perf_counter()

    def watch() -> None:
        shown = 0.0
        while not done.wait(0.2):
            readings.append(resident())
            if (now := time.perf_counter() - begun) >= shown + every:
                shown = now
                largest = max(readings[-int(5 * every) :])
                print(f"{now:6.0f} s {readings[-1]:8.1f} MB, at most {largest:.1f} since the last line", flush=True)

    print(f"before   {before:8.1f} MB", flush=True)
    watcher = threading.Thread(target=watch)
    watcher.start()
    fit = fitx.fit(X, y, method="symbolic", time_limit=seconds, jobs=1, options={"symbolic.memory": memory})
    done.set()
    watcher.join()
    print(f"{time.perf_counter() - begun:.0f} s, complexity {fit.complexity}, held-out r2 {fit.holdout.r2:.6f}")
    clear_cache()
    gc.collect()
    peak, left = max(readings, default=before) - before, resident() - before
    print(f"at most {peak:.1f} MB more than before, {1.074e3 * memory:.1f} MB allowed; {left:.1f} MB more afterwards")
    half = len(readings) // 2
    growth = max(readings[half:], default=0.0) - max(readings[:half], default=0.0)
    print(f"at most {growth:+.1f} MB more in the second half than in the first")
    return peak < 1.25 * 1.074e3 * memory and left < LIMIT_LEFT and growth < LIMIT_GROWTH


def main() -> None:
    """Print the table that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    many = kinds.add_parser("fits")
    many.add_argument("--count", type=int, default=10_000)
    many.add_argument("--warm-up", type=int, default=200)
    many.add_argument("--every", type=int, default=1000)
    long = kinds.add_parser("search")
    long.add_argument("--seconds", type=float, default=670)
    long.add_argument("--every", type=float, default=30)
    long.add_argument("--memory", type=float, default=0.5)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.kind == "fits":
        stayed = fits(given.count, given.warm_up, given.every)
    else:
        stayed = search(given.seconds, given.every, given.memory)
    print("memory does not grow" if stayed else "memory grows")
    sys.exit(not stayed)


if __name__ == "__main__":
    main()

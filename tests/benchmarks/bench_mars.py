"""MARS beside R's earth and py-earth2: time of one fit, GRSq and test R2 on Friedman's first function, degree 2.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_mars.py [--cpu] [--peers PYTHON_WITH_PY_EARTH2] [--big]

`--cpu` counts processor time instead of elapsed time, for a busy machine (then two threads show nothing). Ours with
compat="R" stands beside R (its default nk and nk = 101), ours with py-earth's rules beside py-earth2. The least of
several fits; in R only the call of earth(), in Python only fit(). `weights`: the same with random row weights. Every
fit runs in a process of its own. `--big`: ours on 1,000,000 x 10, with the peak memory of the process. Peers that are
not installed are left out, and said so.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PEERS = Path(__file__).parent / "peers"
SHAPES = ((1_000, 10), (10_000, 10), (100_000, 10), (1_000, 20), (2_000, 100))
TEST = 10_000


@dataclass(frozen=True, slots=True)
class Run:
    """What one program made of one table."""

    version: str
    wall: float
    cpu: float
    gcv: float
    grsq: float
    r2: float
    terms: int
    peak: float


def table(n: int, p: int, seed: int) -> np.ndarray:
    """(p + 2, n): the features, y with unit noise, weights."""
    rng = np.random.default_rng(seed)
    x = rng.random((p, n))
    y = 10 * np.sin(np.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4] + rng.normal(size=n)
    return np.vstack([x, y, rng.uniform(0.5, 1.5, n)])


def ours(
    train: str, test: str, rows: int, p: int, compat: str, nk: int, weighted: bool, threads: int, repeats: int
) -> None:
    """Fit and print one line, as the peers' scripts do."""
    import fitx
    from fitx.mars import Earth

    data, held = np.fromfile(train).reshape(p + 2, rows), np.fromfile(test).reshape(p + 2, -1)
    X, y, w = np.asfortranarray(data[:p].T), data[p].copy(), data[p + 1].copy()
    del data
    wall, cpu = [], []
    for _ in range(repeats):
        model = Earth(max_degree=2, compat=compat, max_terms=nk or None, threads=threads)
        began, used = time.perf_counter(), time.process_time()
        model.fit(X, y, sample_weight=w if weighted else None)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    z = held[p]
    r2 = 1 - np.sum((z - np.ravel(model.predict(held[:p].T))) ** 2) / np.sum((z - z.mean()) ** 2)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(fitx.__version__, min(wall), min(cpu), model.gcv_, model.grsq_, r2, model.basis_.plen(), peak)


def run(command: list[str]) -> Run | None:
    """The line that a command prints, or nothing."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    words = done.stdout.split()
    if done.returncode or len(words) < 8:
        print(f"  {' '.join(command[:2])}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return Run(words[0], *(float(v) for v in words[1:6]), int(words[6]), float(words[7]))


def repeats_of(n: int) -> int:
    """Fits, of which the quickest counts."""
    return 15 if n <= 2_000 else 5 if n <= 10_000 else 2


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cpu", action="store_true", help="processor time")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter with py-earth2")
    parser.add_argument("--big", action="store_true", help="1,000,000 rows")
    parser.add_argument("--shapes", default="all", help="e.g. 1000x10,2000x100")
    parser.add_argument("--fit", nargs=9, help=argparse.SUPPRESS)
    o = parser.parse_args()
    if o.fit:
        a = o.fit
        ours(a[0], a[1], int(a[2]), int(a[3]), a[4], int(a[5]), a[6] == "1", int(a[7]), int(a[8]))
        return
    r = shutil.which("Rscript")
    if not r or subprocess.run([r, "-e", "library(earth)"], capture_output=True).returncode:
        r = None
        print("R's earth is left out: no Rscript, or no package earth")
    if not o.peers:
        print("py-earth2 is left out: no --peers PYTHON")
    shapes = SHAPES if o.shapes == "all" else tuple(tuple(map(int, s.split("x"))) for s in o.shapes.split(","))
    print(
        f"{'rows':>8s}{'cols':>5s}  {'program':26s}{'seconds':>9s}{'times':>8s}{'GCV':>10s}{'GRSq':>9s}"
        f"{'test R2':>9s}{'terms':>6s}"
    )
    for n, p in (*shapes, *(((1_000_000, 10),) if o.big else ())):
        with tempfile.TemporaryDirectory() as folder:
            files = [str(Path(folder) / name) for name in ("train", "test")]
            table(n, p, 1).tofile(files[0])
            table(TEST, p, 2).tofile(files[1])
            one_shape(o, r, files, n, p)


def one_shape(o: argparse.Namespace, r: str | None, files: list[str], n: int, p: int) -> None:
    """The rows of the table for one size."""
    big, k = n > 500_000, str(repeats_of(n))
    here = [sys.executable, __file__, "--fit", *files, str(n), str(p)]
    base: float | None = None
    for compat, nk in (("R", 0), ("R", 101), ("pyearth", 0)):
        for weighted, threads in (("0", 1), ("0", 2), ("1", 1)):
            if (big and (compat != "R" or nk)) or (o.cpu and threads > 1):
                continue
            mine = run([*here, compat, str(nk), weighted, str(threads), "1" if big else k])
            if mine is None:
                continue
            seconds = mine.cpu if o.cpu else mine.wall
            base = seconds if (weighted, threads) == ("0", 1) or base is None else base
            what = f"fitx {compat} nk {nk or 'default'}" + (" weights" if weighted == "1" else "") + f" x{threads}"
            line(n, p, what, mine, seconds, seconds / base)
        if compat == "R" and r and not big:
            peer = run(
                [r, str(PEERS / "run_r_earth.R"), *files, str(n), str(p), str(nk), "0", "1" if n > 50_000 else k]
            )
        elif compat == "pyearth" and o.peers and not big and n <= 10_000:
            peer = run([o.peers, str(PEERS / "run_pyearth.py"), *files, str(n), str(p), "0", "1" if n > 5_000 else "3"])
        else:
            peer = None
        if peer is not None and base:
            name = f"R earth {peer.version} nk {nk or 'default'}" if compat == "R" else f"py-earth2 {peer.version}"
            seconds = peer.cpu if o.cpu else peer.wall
            line(n, p, name, peer, seconds, seconds / base)


def line(n: int, p: int, name: str, got: Run, seconds: float, times: float) -> None:
    """One row; with the peak memory where the table is big."""
    memory = f"  {got.peak:.0f} MiB" if n > 500_000 else ""
    print(
        f"{n:8d}{p:5d}  {name:26s}{seconds:9.4f}{times:8.2f}{got.gcv:10.5f}{got.grsq:9.5f}"
        f"{got.r2:9.5f}{got.terms:6d}{memory}",
        flush=True,
    )


if __name__ == "__main__":
    main()

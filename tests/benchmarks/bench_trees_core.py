"""Throughput of the batch fit of formula trees: evaluations/s of residual and exact Jacobian, on one core.

    OPENBLAS_NUM_THREADS=1 python tests/benchmarks/bench_trees_core.py [--threads N] [--peer-python PYTHON]

Random trees of 20 nodes with 2 to 6 free constants, and the 20 nodes of `bench_varpro.py`, on 1,000 rows with one
percent of noise: iterations in double, and in single precision with the last ones in double, as the search does it.
Best of several runs; with --peer-python (a Python that has pyoperon) then its Levenberg-Marquardt on the 20 nodes, on
one core.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

from fitx._core import operator_names
from fitx._core.trees import tree_fit
from fitx.formula import parse
from fitx.formula.program import compile_formula

RUNS, TREES, NODES, ROWS = 7, 1000, 20, 1000
MODEL = "2.1*exp(-1.2*x + 0.4*v) + 1.7/(x + 0.8*v) + 0.3"
OPS = {name: code for code, name in enumerate(operator_names())}


def random_tree(size: int, rng: random.Random) -> list[tuple[int, float]]:
    """Tokens (opcode, column or constant) in postfix order."""
    if size <= 1:
        return [(0, rng.randrange(2))] if rng.random() < 0.7 else [(1, rng.uniform(0.3, 2))]
    if size == 2 or rng.random() < 0.25:
        return [*random_tree(size - 1, rng), (OPS[rng.choice(("sin", "exp", "log", "sqrt", "square"))], 0)]
    left = rng.randrange(1, size - 1)
    op = OPS[rng.choice(("add", "sub", "mul", "mul", "div"))]
    return [*random_tree(left, rng), *random_tree(size - 1 - left, rng), (op, 0)]


def random_programs(count: int) -> tuple[Any, ...]:
    """`count` random trees as the core takes them."""
    rng = random.Random(1)
    tokens: list[tuple[int, float]] = []
    offsets = [0]
    while len(offsets) <= count:
        tree = random_tree(NODES, rng)
        if 2 <= sum(code == 1 for code, _ in tree) <= 6:
            tokens += tree
            offsets.append(len(tokens))
    codes = np.array([code for code, _ in tokens], np.int32)
    constants = np.array([v for code, v in tokens if code == 1])
    operands = np.array([int(v) if code == 0 else 0 for code, v in tokens], np.int32)
    operands[codes == 1] = np.arange(len(constants))
    return codes, operands, np.array(offsets, np.int64), constants, np.ones(len(constants), np.int8)


def model_programs(count: int) -> tuple[Any, ...]:
    """The model, `count` times, from different starts."""
    p = compile_formula(parse(MODEL), {"x": 0, "v": 1})
    k = len(p.constants)
    codes, operands = np.tile(p.codes, count), np.tile(p.operands, count)
    operands = operands + (codes == 1) * np.repeat(np.arange(count), len(p.codes)) * k
    starts = np.random.default_rng(0).uniform(0.6, 1.6, (count, k)) * p.constants
    offsets = np.arange(count + 1) * len(p.codes)
    return codes, operands.astype(np.int32), offsets.astype(np.int64), starts.ravel(), np.ones(count * k, np.int8)


def rate(programs: tuple[Any, ...], coarse: int, fine: int, threads: int) -> float:
    """Evaluations a second."""
    rng = np.random.default_rng(0)
    columns = rng.uniform(0.5, 3, (2, ROWS))
    x, v = columns
    y = 0.3 + 2.1 * np.exp(-1.2 * x + 0.4 * v) + 1.7 / (x + 0.8 * v) + 0.01 * rng.normal(size=ROWS)
    best = 0.0
    for _ in range(RUNS):
        began = time.perf_counter()
        counts = tree_fit(*programs, columns, y, None, coarse, fine, threads)[4]
        best = max(best, float(counts.sum()) / (time.perf_counter() - began))
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer-python", metavar="PYTHON", help="interpreter with pyoperon")
    o = parser.parse_args()
    fastest = 0.0
    print(f"{'evaluations/s':16s}{'double':>10s}{'single, then double':>22s}")
    for name, programs in (("random trees", random_programs(TREES)), ("the model", model_programs(TREES))):
        double, single = rate(programs, 0, 20, o.threads), rate(programs, 20, 3, o.threads)
        fastest = max(double, single)
        print(f"{name:16s}{double:10.0f}{single:22.0f}")
    if o.peer_python:
        script = Path(__file__).parent / "peers" / "run_pyoperon_lm.py"
        peer = json.loads(
            subprocess.run([o.peer_python, str(script), str(ROWS)], capture_output=True, text=True, check=True).stdout
        )
        print(f"{'pyoperon':16s}{peer['evaluations']:10.0f}   {fastest / peer['evaluations']:.1f} times as many")


if __name__ == "__main__":
    main()

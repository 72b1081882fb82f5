"""pyoperon's Levenberg-Marquardt on the model of `bench_varpro.py`: `python run_pyoperon_lm.py ROWS` prints JSON.

`evaluations`: Jacobians a second on one core, the residuals that come with them not counted; `fits` a second; `nodes`
and `constants` of its tree (all of them are free there; it eliminates none).
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pyoperon as op

RUNS, TREES, ITERATIONS = 15, 50, 10


def main(rows: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(0.5, 3, (rows, 2))
    y = 0.3 + 2.1 * np.exp(-1.2 * X[:, 0] + 0.4 * X[:, 1]) + 1.7 / (X[:, 0] + 0.8 * X[:, 1])
    y = y + 0.01 * rng.normal(size=rows)
    data = op.Dataset(np.asfortranarray(np.column_stack([X, y])))
    variables = {v.Name: v for v in data.Variables}
    problem = op.Problem(data)
    problem.TrainingRange, problem.TestRange = op.Range(0, rows), op.Range(rows - 1, rows)
    problem.Target = variables["X3"]
    problem.InputHashes = [variables[name].Hash for name in ("X1", "X2")]
    table = op.DispatchTable()
    optimizer = op.LMOptimizer(table, problem, ITERATIONS, 128)
    fit, generator = op.CoefficientOptimizer(optimizer), op.RandomGenerator(1)
    hashes = {name: v.Hash for name, v in variables.items()}
    trees = []
    for _ in range(TREES):
        a, b = rng.uniform(0.4, 2.5), rng.uniform(0.8, 1.25)
        inner = f"((({-1.2 * a}) * X1) + ({0.4 * a} * X2))"
        trees.append(op.InfixParser.Parse(f"((0.3 + (2.1 * exp({inner}))) + (1.7 / (X1 + ({0.8 * b} * X2))))", hashes))
    best, evaluations = np.inf, 0
    for _ in range(RUNS):
        began = time.perf_counter()
        found = [fit(generator, tree)[1] for tree in trees]
        best = min(best, time.perf_counter() - began)
        evaluations = sum(one.JacobianEvaluations for one in found)
    nodes, constants = trees[0].Length, trees[0].CoefficientsCount
    print(json.dumps({
        "evaluations": evaluations / best, "fits": TREES / best, "nodes": nodes, "constants": constants,
    }))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]))

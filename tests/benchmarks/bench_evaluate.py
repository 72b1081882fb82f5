"""Node-rows per second of the batch evaluator on one core, beside NumPy's and pyoperon's, in one run.

Random trees of exactly `--nodes` nodes (leaves counted), four leaves in five a column; columns are standard normal.
"mixed": each of + - * / sin cos exp log sqrt equally likely; "mixed 2:1": each of + - * / twice as likely as each
function; "arithmetic": + - * / only (one node more, so that trees of that size exist).
Every evaluator is given the same expressions and the same table and returns all values.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from fitx import _core

MIXES = {
    "mixed": ["add", "sub", "mul", "div", "sin", "cos", "exp", "log", "sqrt"],
    "mixed 2:1": ["add", "sub", "mul", "div"] * 2 + ["sin", "cos", "exp", "log", "sqrt"],
    "arithmetic": ["add", "sub", "mul", "div"],
}
NAMES = _core.operator_names()
BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}
UNARY = {"sin": np.sin, "cos": np.cos, "exp": np.exp, "log": np.log, "sqrt": np.sqrt}
SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
Token = tuple[str, int]


def random_tree(
    rng: np.random.Generator, nodes: int, operators: list[str], columns: int, constants: int
) -> list[Token]:
    """Postfix tokens of one tree of exactly `nodes` nodes (odd when every operator is binary)."""
    if nodes == 1:
        return [("var", int(rng.integers(columns))) if rng.random() < 0.8 else ("const", int(rng.integers(constants)))]
    usable = [o for o in operators if o in UNARY] if nodes == 2 else operators
    operator = str(rng.choice(usable))
    if operator in UNARY:
        return [*random_tree(rng, nodes - 1, operators, columns, constants), (operator, 0)]
    sizes = range(1, nodes - 1) if any(o in UNARY for o in operators) else range(1, nodes - 1, 2)
    left = int(rng.choice(sizes))
    return [
        *random_tree(rng, left, operators, columns, constants),
        *random_tree(rng, nodes - 1 - left, operators, columns, constants),
        (operator, 0),
    ]


def infix(tree: list[Token], constants: np.ndarray) -> str:
    """The tree as text, every operation in parentheses."""
    stack: list[str] = []
    for name, operand in tree:
        if name == "var":
            stack.append(f"X{operand + 1}")
        elif name == "const":
            stack.append(f"{constants[operand]:.9g}")
        elif name in UNARY:
            stack.append(f"{name}({stack.pop()})")
        else:
            right = stack.pop()
            stack.append(f"({stack.pop()} {SIGNS[name]} {right})")
    return stack[0]


def numpy_evaluate(trees: list[list[Token]], constants: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The same values by whole-array NumPy calls."""
    out = np.empty((len(trees), columns.shape[1]), columns.dtype)
    constants = constants.astype(columns.dtype)
    for row, tree in zip(out, trees, strict=True):
        stack: list[np.ndarray] = []
        for name, operand in tree:
            if name == "var":
                stack.append(columns[operand])
            elif name == "const":
                stack.append(constants[operand])
            elif name in UNARY:
                stack.append(UNARY[name](stack.pop()))
            else:
                right = stack.pop()
                stack.append(BINARY[name](stack.pop(), right))
        row[:] = stack[0]
    return out


def best_rate(work: Callable[[], object], node_rows: int, seconds: float) -> float:
    """The best of repeated runs for about `seconds`, in node-rows per second."""
    work()
    best, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return node_rows / best


PEER = """
import json, sys, time
import numpy as np, pyoperon as o
job = json.load(sys.stdin)
data = o.Dataset(np.asfortranarray(np.array(job["columns"]).T))
names = {v.Name: v.Hash for v in data.Variables}
trees = [o.InfixParser.Parse(t, names) for t in job["trees"]]
rows = o.Range(0, data.Rows)
out = np.zeros((len(trees), data.Rows), np.float32)
def rate(work):
    work(); best = np.inf; end = time.perf_counter() + job["seconds"]
    while time.perf_counter() < end:
        start = time.perf_counter(); work(); best = min(best, time.perf_counter() - start)
    return sum(t.Length for t in trees) * data.Rows / best
table = o.DispatchTable()
single = rate(lambda: [o.Evaluate(table, t, data, rows) for t in trees])
batch = rate(lambda: o.EvaluateTrees(trees, data, rows, out.reshape(-1), 1))
values = np.array([o.Evaluate(table, t, data, rows) for t in trees], float)
print(json.dumps(dict(version=o.Version().splitlines()[1], length=sum(t.Length for t in trees), single=single,
                      batch=batch, medians=np.nan_to_num(np.median(values, axis=1), posinf=0, neginf=0).tolist())))
"""


def main() -> None:
    """Print one table and, with --json, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--trees", type=int, default=200, help="in one call")
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="per figure")
    parser.add_argument("--peer-python", help="a Python that has pyoperon")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    np.seterr(all="ignore")
    rng = np.random.default_rng(1)
    constants = rng.normal(size=100).round(3)
    figures: dict[str, float] = {}
    for mix, operators in MIXES.items():
        nodes = args.nodes if mix != "arithmetic" else args.nodes + 1 - args.nodes % 2
        trees = [random_tree(rng, nodes, operators, args.columns, len(constants)) for _ in range(args.trees)]
        codes = np.array([NAMES.index(name) for tree in trees for name, _ in tree], np.int32)
        operands = np.array([operand for tree in trees for _, operand in tree], np.int32)
        offsets = np.arange(0, len(codes) + 1, nodes, dtype=np.int64)
        columns = rng.normal(size=(args.columns, args.rows))
        columns32 = columns.astype(np.float32)
        node_rows = len(codes) * args.rows
        for isa in _core.available_isas():
            _core.set_isa(isa)
            for kind, function, table in (
                ("float64", _core.evaluate, columns),
                ("float32", _core.evaluate32, columns32),
            ):
                work = partial(function, codes, operands, offsets, constants, table)
                figures[f"{mix} fitx {isa} {kind}"] = best_rate(work, node_rows, args.seconds)
        for kind, table in (("float64", columns), ("float32", columns32)):
            few = trees[:100]
            work = partial(numpy_evaluate, few, constants, table)
            figures[f"{mix} NumPy {kind}"] = best_rate(work, len(few) * nodes * args.rows, args.seconds)
        if args.peer_python:
            texts = [infix(tree, constants) for tree in trees]
            job = {"columns": columns.tolist(), "trees": texts, "seconds": args.seconds}
            run = subprocess.run(
                [args.peer_python, "-c", PEER], input=json.dumps(job), text=True, capture_output=True, check=False
            )
            if run.returncode:
                print(f"pyoperon: skipped: {run.stderr.strip().splitlines()[-1]}", file=sys.stderr)
                continue
            peer = json.loads(run.stdout)
            figures[f"{mix} pyoperon float32, tree by tree"] = peer["single"]
            figures[f"{mix} pyoperon float32, batch"] = peer["batch"]
            ours = np.median(_core.evaluate(codes, operands, offsets, constants, columns), axis=1)
            ours = np.nan_to_num(ours, posinf=0, neginf=0)
            same = np.isclose(ours, peer["medians"], rtol=1e-3, atol=1e-5).mean()
            print(
                f"# {mix}: pyoperon counts {peer['length'] / len(codes):.3f} of our nodes; medians agree on {same:.1%}"
            )
            print(f"# {peer['version']}")
        else:
            print("pyoperon: skipped, no --peer-python given", file=sys.stderr)
    print(f"{args.trees} trees, {args.nodes} nodes, {args.rows} rows, one thread; 1e9 node-rows/s")
    for name, rate in figures.items():
        print(f"{rate / 1e9:8.3f}  {name}")
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

"""Digits on NIST's 27 nonlinear problems: from both starts and with none, beside lmfit and SciPy's curve_fit.

    python tests/benchmarks/bench_nist.py [--peer-python PYTHON_WITH_LMFIT] [NAME ...]

A column has the digits of the worst parameter, of the worst standard error, and milliseconds. From a start ours is the
fit of `--model` with `--start`; the third column has no start at all. Peers run with their defaults.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from strd import Problem, problems

import fitx

Cell = tuple[float, float, float]
ENOUGH, FAILED = 6, 2


def ours(p: Problem, start: np.ndarray | None) -> Cell:
    """Digits of values and of standard errors, seconds."""
    given = None if start is None else dict(zip(p.parameters, start, strict=True))
    began = time.perf_counter()
    try:
        found = fitx.fit(p.x, p.y, model=p.model, feature_names=p.columns, start=given, holdout=0)
    except fitx.FitxError:
        return -np.inf, -np.inf, time.perf_counter() - began
    seconds = time.perf_counter() - began
    by_name = {q.name: q for q in found.parameters}
    values = np.array([by_name[n].value for n in p.parameters])
    errors = np.array([by_name[n].stderr or np.nan for n in p.parameters])
    return *p.digits(values, errors), seconds


def peers(python: str, chosen: list[Problem]) -> dict[str, list[list[Cell]]]:
    """Peer -> problem -> start -> cell."""
    job = [
        {"model": p.model, "columns": {c: p.x[:, i].tolist() for i, c in enumerate(p.columns)}, "y": p.y.tolist(),
         "starts": [s.tolist() for s in p.starts]}
        for p in chosen
    ]  # fmt: skip
    script = Path(__file__).parent / "peers" / "run_nist.py"
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "job.json", Path(folder) / "answer.json"
        asked.write_text(json.dumps(job), encoding="utf-8")
        subprocess.run([python, str(script), str(asked), str(answer)], check=True)
        found = json.loads(answer.read_text(encoding="utf-8"))
    return {
        name: [[_cell(p, start[name]) for start in both] for p, both in zip(chosen, found, strict=True)]
        for name in ("lmfit", "curve_fit")
    }


def _cell(p: Problem, answer: dict) -> Cell:
    if answer["values"] is None:
        return -np.inf, -np.inf, answer["seconds"]
    return *p.digits(np.array(answer["values"]), np.array(answer["errors"])), answer["seconds"]


def main() -> None:
    """Print the table and, under it, how many have six digits, their median, and how many failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="only these problems")
    parser.add_argument("--peer-python", metavar="PYTHON", help="interpreter with lmfit")
    o = parser.parse_args()
    warnings.simplefilter("ignore", fitx.FitxWarning)
    chosen = [p for p in problems() if not o.names or p.name in o.names]
    table: dict[str, list[Cell]] = {}
    for i, head in enumerate(("fitx 1", "fitx 2", "fitx none")):
        table[head] = [ours(p, None if i == 2 else p.starts[i]) for p in chosen]
    if o.peer_python:
        for name, cells in peers(o.peer_python, chosen).items():
            for i in range(2):
                table[f"{name} {i + 1}"] = [c[i] for c in cells]
    print(" " * 10 + "".join(f"{h:>20s}" for h in table))
    for i, p in enumerate(chosen):
        cells = [c[i] for c in table.values()]
        print(f"{p.name:10s}" + "".join(f"{_figure(d)}{_figure(e)}{s * 1e3:6.0f}ms" for d, e, s in cells))
    print()
    for head, cells in table.items():
        d, e, s = (np.array(k) for k in zip(*cells, strict=True))
        print(
            f"{head:12s} parameters >= {ENOUGH} digits: {(d >= ENOUGH).sum()} of {len(d)}, median {np.median(d):.1f},"
            f" failed (< {FAILED}): {(d < FAILED).sum()}; standard errors >= 4 digits: {(e >= 4).sum()};"
            f" {s.sum():.2f} s in all"
        )


def _figure(v: float) -> str:
    return f"{v:6.1f}" if np.isfinite(v) else "     -"


if __name__ == "__main__":
    main()

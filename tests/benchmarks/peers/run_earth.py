"""py-earth2 on one table, run by a Python that has it: `python run_earth.py JOB.json` (see `peers/__init__.py`).

Its own defaults but max_degree=2; the formula is written with max(0, ...).
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
from pyearth import Earth


def text(function: Any, names: list[str]) -> str:
    """A basis function as a product of hinges."""
    kind = type(function).__name__
    if kind == "ConstantBasisFunction":
        return "1"
    name, before = names[function.get_variable()], text(function.get_parent(), names)
    if kind == "LinearBasisFunction":
        factor = name
    elif function.get_reverse():
        factor = f"max(0, {float(function.get_knot())!r} - {name})"
    else:
        factor = f"max(0, {name} - ({float(function.get_knot())!r}))"
    return factor if before == "1" else f"{before}*{factor}"


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    table = np.load(job["table"])
    began = time.perf_counter()
    model = Earth(max_degree=2).fit(table["X"], table["y"])
    seconds = time.perf_counter() - began
    kept = [function for function in model.basis_ if not function.is_pruned()]
    terms = [f"({float(c)!r})*{text(f, job['names'])}" for c, f in zip(np.ravel(model.coef_), kept, strict=True)]
    with open(job["answer"], "w", encoding="utf-8") as file:
        json.dump({"formula": " + ".join(terms), "seconds": seconds}, file)


if __name__ == "__main__":
    main(sys.argv[1])

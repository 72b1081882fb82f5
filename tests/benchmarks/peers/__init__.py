"""Other searches on the same tables: each a script `run_NAME.py` beside this file, executed by a Python that has it.

A script gets the path of a JSON job: `table` (an .npz with X and y), `names`, `seconds`, `threads`, `seed`, `answer`,
which is the JSON file to write: `formula` and `seconds` (of the search itself, without imports).
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

NAMES = ("pyoperon", "gplearn")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one search answered: formula text ("" where it failed; then `note` says why), seconds of the search."""

    formula: str
    seconds: float
    note: str = ""


def version(python: str, name: str, package: str = "") -> str:
    """The version of the package (where its name is not the module's) that the interpreter `python` can import as the
    module `name`, "" where it cannot."""
    code = f"import {name}; from importlib.metadata import version; print(version('{package or name}'))"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    except (subprocess.CalledProcessError, OSError):
        return ""


def run(
    name: str,
    python: str,
    X: Any,
    y: Any,
    names: Sequence[str],
    *,
    seconds: float,
    threads: int,
    seed: int,
    criterion: str = "",
) -> Answer:
    """Let the peer search the table for `seconds` on `threads` threads; a crash or a hang is an empty answer.

    criterion: how pyoperon chooses on its front; "" the shortest of those that are exact, for laws without noise.
    """
    environment = {**os.environ, **{variable: str(threads) for variable in THREAD_VARIABLES}}
    with tempfile.TemporaryDirectory() as folder:
        table, answer, job = (Path(folder) / file for file in ("table.npz", "answer.json", "job.json"))
        np.savez(table, X=X, y=y)
        settings = {"table": str(table), "answer": str(answer), "names": list(names)}
        settings = {**settings, "seconds": seconds, "threads": threads, "seed": seed, "criterion": criterion}
        job.write_text(json.dumps(settings), encoding="utf-8")
        script = Path(__file__).parent / f"run_{name}.py"
        try:
            subprocess.run(
                [python, str(script), str(job)],
                capture_output=True, text=True, check=True, env=environment, timeout=3 * seconds + 60,
            )  # fmt: skip
            found = json.loads(answer.read_text(encoding="utf-8"))
        except subprocess.TimeoutExpired as error:
            return Answer("", float(error.timeout), "did not stop")
        except (subprocess.CalledProcessError, OSError) as error:
            text = getattr(error, "stderr", "") or str(error)
            return Answer("", seconds, text.strip().splitlines()[-1][:200])
    return Answer(found["formula"], found["seconds"])

"""The command: see the package's docstring."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# The folder fitx of a clone has no compiled core: the package that is installed is the one to test.
_ROOT = Path(__file__).resolve().parents[2]
sys.path[:] = [p for p in sys.path if p and Path(p).resolve() != _ROOT]
sys.path.append(str(_ROOT / "tests"))

from . import TARGETS  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--engine", choices=("auto", "atheris", "random"), default="auto")
    parser.add_argument(
        "--keep", type=Path, help="where the inputs of faults are kept [default: a new temporary folder]"
    )
    parser.add_argument("--replay", type=Path, help="run this one input, here, and show what happens")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.replay is not None:
        from .child import replay

        return replay(asked.target, asked.replay)
    if asked.child is not None:
        from .child import run

        run(asked.target, asked.child, asked.engine, asked.seed)
        return 0
    from .watch import watch

    return watch(asked.target, asked.engine, asked.seed, asked.seconds, asked.keep, _ROOT)


if __name__ == "__main__":
    sys.exit(main())

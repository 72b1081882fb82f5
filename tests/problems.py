"""Known answers for the contract tests: data that every method must meet, and what the right answer is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Problem:
    name: str
    X: np.ndarray
    y: np.ndarray
    names: tuple[str, ...] = ("x",)
    declines: bool = False  # a method may say no, in words


def _one(name: str, x: np.ndarray, y: np.ndarray, **more: object) -> Problem:
    return Problem(name, np.asarray(x, float).reshape(-1, 1), np.asarray(y, float), **more)  # type: ignore[arg-type]


def problems() -> list[Problem]:
    r = np.random.default_rng(1)
    x = np.linspace(0.5, 4, 60)
    a, b = r.uniform(1, 2, 80), r.uniform(1, 3, 80)
    years = np.arange(1990, 2021)
    return [
        _one("line", x, 2 * x + 1),
        _one("noisy parabola", x, x**2 - x + r.normal(0, 0.1, 60)),
        _one("constant y", x, np.full(60, 3.5)),
        _one("zero y", x, np.zeros(60)),
        _one("two rows", [1, 2], [3, 5], declines=True),
        _one("one row", [1], [3], declines=True),
        _one("three points", [1, 2, 3], [10, 12, 4], declines=True),
        _one("constant x", np.ones(30), np.arange(30), declines=True),
        _one("repeated x", np.repeat(np.arange(1, 11), 3), np.arange(30) ** 0.5, declines=True),
        _one("years", years, 350 + 1.8 * (years - 1990)),
        _one("tiny scale", x * 1e-300, 2 * x, declines=True),
        _one("tiny y", x, 2e-300 * x, declines=True),
        _one("huge y", x, 2e300 * x, declines=True),
        _one("huge scale", x * 1e300, 2 * x, declines=True),
        _one("integers", np.arange(1, 51), np.arange(1, 51) ** 2),
        _one("column called lambda", x, 3 * x, names=("lambda",)),
        _one("column with brackets", x, 3 * x, names=("Temp (°C)",)),
        Problem("two features", np.c_[a, b], a * b + 1, ("a", "b"), declines=True),
        Problem("collinear", np.c_[a, 2 * a], 3 * a, ("a", "b"), declines=True),
        Problem(
            "hundred features", r.normal(size=(60, 100)), r.normal(size=60), tuple(f"x{i}" for i in range(100)), True
        ),
    ]

"""NIST's nonlinear problems: certified values and standard errors, from both starts and from none."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from strd import DATA, Problem, problems

import fitx

PROBLEMS = problems()
# Found without a start, on any of several seeds; the others take longer and are in the benchmark.
WITHOUT_A_START = [p for p in PROBLEMS if p.name not in ("ENSO", "Gauss1", "Gauss2", "Gauss3", "Lanczos1")]

pytestmark = [
    pytest.mark.skipif(not PROBLEMS, reason=f"{DATA} has no NIST problems"),
    pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning"),
]


def digits(p: Problem, **more: object) -> tuple[float, float]:
    found = fitx.fit(p.x, p.y, model=p.model, feature_names=p.columns, holdout=0, **more)
    assert [q.name for q in found.parameters] == sorted(p.parameters, key=p.model.index)
    by_name = {q.name: q for q in found.parameters}
    return p.digits(
        np.array([by_name[n].value for n in p.parameters]),
        np.array([by_name[n].stderr for n in p.parameters], float),
    )


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("p", PROBLEMS, ids=lambda p: p.name)
def test_from_a_start(p: Problem, start: int) -> None:
    of_values, of_errors = digits(p, start=dict(zip(p.parameters, p.starts[start], strict=True)))
    assert of_values > 9
    assert of_errors > (9 if p.name != "Lanczos1" else 2)  # whose residuals are rounding of 13 digits


@pytest.mark.parametrize("p", WITHOUT_A_START, ids=lambda p: p.name)
def test_without_a_start(p: Problem) -> None:
    assert digits(p)[0] > 9


def test_there_are_twenty_seven() -> None:
    assert len(PROBLEMS) == 27

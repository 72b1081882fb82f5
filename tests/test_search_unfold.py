"""The phase of a wave is followed from row to row, and laws that are the sine of something else are found by it."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.formula import parse
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.grammar import parse_grammar
from fitx.search.growth import Size, grow
from fitx.search.problem import make_problem
from fitx.search.rounds import SMALL
from fitx.search.stages.base import Work
from fitx.search.stages.unfolded import Unfolded
from fitx.search.table import Table
from fitx.search.unfold import unfolded


@pytest.mark.parametrize("d", [1, 2])
def test_the_phase_up_to_mirror_images_and_turns(d: int) -> None:
    x = np.random.default_rng(0).uniform(0.5, 3, (d, 700))
    g = (x**2).sum(axis=0) + 0.3
    found = unfolded(x, np.sin(g))
    assert found is not None
    phase, sure = found
    assert sure.mean() > 0.5
    turns = [(phase + sign * g)[sure] / np.pi for sign in (-1, 1)]
    assert min(np.ptp(t) for t in turns) < 1e-6


def test_noise_has_no_phase() -> None:
    rng = np.random.default_rng(0)
    assert unfolded(rng.uniform(0, 1, (2, 400)), np.sin(rng.uniform(0, 50, 400))) is None
    assert unfolded(rng.uniform(0, 1, (1, 400)), rng.uniform(0, 2, 400)) is None


@pytest.mark.parametrize(
    ("law", "low", "high"),
    [
        ("sin(sqrt((x0*(x0 + 2.42/x0))/0.163))", -2.0, 2.0),
        ("exp(sin((x0 + x0/x1)/1.85*sqrt(x0)))", 1.0, 4.0),
        ("sin((sin(x0) + x1)*x1**0.656*log(x1))", 0.6, 3.0),
        ("sin(0.789**(x0 + x1))", 0.5, 5.0),
    ],
)
def test_sines_of_anything(law: str, low: float, high: float) -> None:
    f = parse(law)
    names = tuple(f"x{k}" for k in range(len(f.variables)))
    X = np.random.default_rng(1).uniform(low, high, (700, len(names)))
    problem = make_problem(X, f.predict(X, names), names, np.random.default_rng(0))
    table = Table(np.ascontiguousarray(X.T), problem.y, names, problem.rows.check)
    grammar, budget = parse_grammar(), Budget(Budget(0.0).clock() + 60.0)
    bench = Workbench(problem, grow(problem, Size(20, 20, 40), grammar, budget, 1), grammar, table, 1, budget)
    with np.errstate(all="ignore"):
        found = Unfolded().run(Work(problem, table, grammar, bench, None, SMALL), budget)
        assert any(table.error_on_all(g) < 1e-20 for g in found)

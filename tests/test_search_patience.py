"""A search that finds nothing better ends by itself, after the same work on every machine."""

from __future__ import annotations

import numpy as np
import pytest
from test_search import NAMES, context

from fitx.fitters.base import Data, Proposal
from fitx.fitters.symbolic import Symbolic
from fitx.formula import Formula
from fitx.search.budget import Budget
from fitx.search.description import description
from fitx.search.engine import Search
from fitx.search.patience import Patience
from fitx.search.setup import make_search


def frozen(data: Data, jobs: int = 1) -> Search:
    """A search whose clock stands still, so that the time limit never ends it."""
    search = make_search(data, context(jobs=jobs))
    search.budget = Budget(1.0, lambda: 0.0)
    return search


def normal(n: int, d: int, seed: int = 0) -> Data:
    """Noise."""
    rng = np.random.default_rng([seed, n, d])
    return Data(rng.normal(size=(n, d)), rng.normal(size=n), NAMES[:d])


@pytest.mark.parametrize(("n", "d"), [(50, 3), (200, 1)])
def test_noise_ends_the_search_long_before_the_plan_ends(n: int, d: int) -> None:
    search = frozen(normal(n, d))
    list(search.run())
    assert not search.solved
    assert 0 < search.work <= 8


def test_the_search_ends_at_the_same_step_on_any_number_of_jobs() -> None:
    data = normal(120, 2)
    found = []
    for jobs in (1, 3):
        search = frozen(data, jobs)
        found.append(([(e.formula.text(), e.stage) for e in search.run() if e is not None], search.work))
    assert found[0] == found[1]


def test_a_noisy_line_ends_the_search_and_is_found() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(150, 2))
    search = frozen(Data(x, 2 * x[:, 0] + rng.normal(size=150), NAMES[:2]))
    list(search.run())
    assert search.front.best is not None
    assert any(e.complexity <= 5 and e.error < 0.3 for e in search.front)


def test_patience_grows_with_what_has_been_explained() -> None:
    nothing, much, more = Patience(), Patience(), Patience()
    much.note(-120.0, 1.0)
    more.note(-1e6, 1.0)
    waits = [next(w for w in np.arange(0, 100, 0.5) if p.spent(p.work + w)) for p in (nothing, much, more)]
    assert waits == [2.0, 4.0, 10.0]


def test_hardly_shorter_descriptions_do_not_make_the_search_longer() -> None:
    p = Patience()
    p.note(-100.0, 1.0)
    p.note(-102.0, 5.0)
    assert (p.best, p.work) == (-100.0, 1.0)
    p.note(-104.0, 6.0)
    assert (p.best, p.work) == (-104.0, 6.0)


def test_a_formula_that_explains_nearly_all_without_noise_is_close_to_a_law() -> None:
    p = Patience()
    p.note(-500.0, 0.0)
    assert p.close(200)
    assert not p.close(300)


def test_formulas_that_only_fit_the_noise_are_not_proposed() -> None:
    data = normal(40, 2)
    first, *others = [p for p in Symbolic().propose(data, context()) if isinstance(p, Proposal)]
    lengths = [description(p.formula, relative_error(p.formula, data), data.n) for p in others if not p.repeated]
    assert first is not None
    assert all(length <= 10.1 for length in lengths)


def relative_error(f: Formula, data: Data) -> float:
    """1 - R2."""
    return float(np.mean((data.y - f.predict(data.X, data.names)) ** 2) / data.y.var())

"""When a longer formula counts as better than a simpler one, and when what it gains could be chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fitx.chance import LEVEL, chance_over, no_better_by_chance
from fitx.contest import Contest, _choice
from fitx.fitters.base import Data, Proposal
from fitx.formula import Const, Formula, parse
from fitx.front import Candidate
from fitx.pipeline import Settings
from fitx.safe import Ground
from fitx.score import score


def fitted(text: str, data: Data, repeated: bool = True) -> Candidate:
    """The formula with its constants, judged on the rows themselves as if they were others."""
    f: Formula = parse(text)
    p = f.predict(data.X, data.names)
    s = score(data.y, p)
    losses = ((data.y - p) / np.abs(data.y).max()) ** 2
    return Candidate(Proposal(f, repeated=repeated), "test", f.complexity, s, s, losses)


def linear(data: Data, *columns: int) -> Candidate:
    """The least-squares line in some columns."""
    A = np.c_[np.ones(data.n), data.X[:, columns]]
    first, *slopes = np.linalg.lstsq(A, data.y, rcond=None)[0].tolist()
    terms = [f"({c!r})*{data.names[k]}" for c, k in zip(slopes, columns, strict=True)]
    return fitted(" + ".join([*terms, f"({first!r})"]), data)


def table(n: int, slope: float, seed: int = 1) -> Data:
    r = np.random.default_rng(seed)
    X = r.normal(size=(n, 2))
    return Data(X, 2 * X[:, 0] + slope * X[:, 1] + r.normal(size=n), ("a", "b"))


def contestants(data: Data) -> tuple[Candidate, Candidate, list[Candidate]]:
    """A line in one column, one in two, and with the mean a hundred long formulas that are as bad."""
    mean, short, long = linear(data), linear(data, 0), linear(data, 0, 1)
    many = [replace(mean, complexity=30 + i) for i in range(100)]
    return short, long, [mean, short, long, *many]


class TestUnseenRows:
    def test_many_that_were_tried_do_not_outvote_rows_that_were_not_fitted(self) -> None:
        data = table(120, 0.32)
        short, long, found = contestants(data)
        assert chance_over(long, short, data, 1) <= LEVEL < chance_over(long, short, data, len(found))
        assert no_better_by_chance(found, long, data, 0.0) is long

    @pytest.mark.parametrize("searched", [False, True])
    def test_structures_whose_search_no_fold_repeated_pay_for_all_that_were_tried(self, searched: bool) -> None:
        data = table(120, 0.32)
        short, long, found = contestants(data)
        known = replace(long, searched=searched, proposal=replace(long.proposal, repeated=False))
        rest = [c for c in found if c is not long]
        assert no_better_by_chance([*rest, known], known, data, 0.0) is short

    def test_losses_that_are_not_lower_there_leave_the_simpler(self) -> None:
        data = table(120, 0.32)
        short, long, found = contestants(data)
        level = replace(long, losses=short.losses)
        rest = [c for c in found if c is not long]
        assert no_better_by_chance([*rest, level], level, data, 0.0) is short

    def test_against_the_mean_all_that_were_tried_count(self) -> None:
        data = table(100, 0.0)
        data = replace(data, y=0.3 * data.X[:, 0] + np.random.default_rng(3).normal(size=100))
        mean, line = linear(data), linear(data, 0)
        many = [replace(mean, complexity=30 + i) for i in range(2000)]
        assert chance_over(line, mean, data, 1) <= LEVEL < chance_over(line, mean, data, 2000)
        assert no_better_by_chance([mean, line, *many], line, data, 0.0) is mean

    @pytest.mark.parametrize("n", [25, 39])
    def test_few_rows_are_not_asked(self, n: int) -> None:
        data = table(n, 0.32)
        short, long, found = contestants(data)
        known = replace(long, losses=0.5 * short.losses)
        rest = [c for c in found if c is not long]
        assert chance_over(known, short, data, len(found)) > LEVEL
        assert no_better_by_chance([*rest, known], known, data, 0.0) is short

    @pytest.mark.parametrize("repeated", [True, False])
    def test_a_simpler_one_whose_repeated_search_did_worse_is_no_way_out(self, repeated: bool) -> None:
        """As close to the rows that it was fitted to, but not to those that it did not see."""
        data = table(120, 1.0)
        short, long, found = contestants(data)
        proposal = replace(short.proposal, repeated=repeated)
        lucky = replace(short, train=long.train, losses=1.5 * long.losses, proposal=proposal)
        rest = [c for c in found if c is not short]
        assert chance_over(long, lucky, data, 1) > LEVEL
        assert no_better_by_chance([lucky, *rest], long, data, 0.0) is (long if repeated else lucky)


def test_the_simpler_one_that_is_as_good_may_not_break_either() -> None:
    """1/x is no worse than the choice and simpler, but it has a pole among the rows."""
    r = np.random.default_rng(3)
    X = r.uniform(-1, 1, (60, 1))
    data = Data(X, r.normal(size=60) / 5 + X[:, 0], ("x",))
    mean, line = linear(data), linear(data, 0)
    pole = replace(fitted("1/x", data), train=line.train, losses=line.losses)
    assert pole.complexity < line.complexity
    assert no_better_by_chance([mean, pole, line], line, data, 0.0) is pole
    contest = Contest([], Settings(), 1e9, [])
    assert _choice(contest, [mean, pole, line], data, Ground.of(data), 0.0) is line
    allowed = Contest([], Settings(allow_poles=True), 1e9, [])
    assert _choice(allowed, [mean, pole, line], data, Ground.of(data), 0.0) is pole


def test_a_constant_needs_no_defence() -> None:
    data = table(60, 0.0)
    f: Formula = Const(0.0)
    s = score(data.y, f.predict(data.X, data.names))
    c = Candidate(Proposal(f), "test", 1, s, s, data.y**2)
    assert no_better_by_chance([c], c, data, 0.0) is c

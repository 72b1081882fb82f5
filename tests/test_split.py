from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitx.errors import FitxError, UsageError
from fitx.split import split_rows


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@given(st.integers(1, 300), st.floats(0.01, 0.9), st.sampled_from(["random", "last"]), st.integers(0, 5))
def test_parts_are_disjoint_and_cover_the_table(n: int, share: float, how: str, seed: int) -> None:
    split = split_rows(n, share, how, np.random.default_rng(seed))
    for work, held in split.parts:
        assert len(work) > 0
        assert len(held) > 0
        np.testing.assert_array_equal(np.sort(np.r_[work, held]), np.arange(n))
        assert (np.diff(work) > 0).all()
    if n < 5:
        assert split.parts == ()
    if split.folds:  # each row is held out once a repeat
        counts = np.bincount(np.concatenate([held for _, held in split.parts]), minlength=n)
        assert len(set(counts)) == 1


def test_kinds() -> None:
    assert len(split_rows(3, 0.25, "random", rng()).parts) == 0
    assert len(split_rows(7, 0.25, "random", rng()).parts) == 7
    assert "leave-one-out" in split_rows(7, 0.25, "random", rng()).how
    assert len(split_rows(30, 0.25, "random", rng()).parts) == 10
    ((work, held),) = split_rows(100, 0.25, "random", rng()).parts
    assert (len(work), len(held)) == (75, 25)
    ((work, held),) = split_rows(100, 0.2, "last", rng()).parts
    np.testing.assert_array_equal(held, np.arange(80, 100))
    ((work, held),) = split_rows(200_000, 0.25, "random", rng()).parts
    assert abs(len(held) - 50_000) < 1000
    assert split_rows(100, 0, "random", rng()).parts == ()


def test_groups_stay_whole() -> None:
    groups = np.repeat(np.arange(10), 20)
    ((work, held),) = split_rows(200, 0.25, "group", rng(), groups).parts
    assert not set(groups[work]) & set(groups[held])
    assert len(set(groups[held])) == 3
    few = split_rows(12, 0.25, "group", rng(), np.repeat(list("abc"), 4))
    assert few.folds
    for work, held in few.parts:
        assert not set(np.repeat(list("abc"), 4)[work]) & set(np.repeat(list("abc"), 4)[held])
    with pytest.raises(FitxError, match="only one group"):
        split_rows(50, 0.25, "group", rng(), np.zeros(50))


def test_refusals() -> None:
    with pytest.raises(UsageError, match="between 0 and"):
        split_rows(100, 1.5, "random", rng())
    with pytest.raises(UsageError, match="no split named `best`"):
        split_rows(100, 0.25, "best", rng())

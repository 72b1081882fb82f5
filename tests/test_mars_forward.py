"""The forward pass: step for step as the slow reference finds it, on any number of threads; awkward columns; stops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import slow_mars
from mars_tables import friedman, rounded

from fitx import _core
from fitx._core.mars import MarsSearch
from fitx.mars import forward
from fitx.mars.forward import ForwardOptions, ForwardPath, forward_pass

RNG = np.random.default_rng


# Whole paths are compared by their repr, which tells every bit: NaN, which they hold, is not equal to itself.


def shape(path: ForwardPath) -> list[tuple[int, int, str, int, bool]]:
    return [(s.parent, s.variable, s.kind, s.knot_row, s.reverse) for s in path.steps]


def table(seed: int, n: int = 150, p: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = RNG(seed)
    X = rng.random((n, p))
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3] + rng.normal(size=n)
    return X, y[:, None]


def check(X: np.ndarray, Y: np.ndarray, o: ForwardOptions, **more: object) -> ForwardPath:
    got = forward_pass(X, Y, options=o, **more)
    want = slow_mars.forward_pass(X, Y, options=o, **more)
    assert shape(got) == shape(want)
    assert got.stopped == want.stopped
    np.testing.assert_allclose([i.mse for i in got.record], [i.mse for i in want.record], rtol=1e-11)
    assert [i.terms for i in got.record] == [i.terms for i in want.record]
    return got


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_tables_step_by_step(seed: int, degree: int) -> None:
    X, Y = table(seed)
    check(X, Y, ForwardOptions(max_terms=13, max_degree=degree))


@pytest.mark.parametrize("degree", [1, 2])
def test_weights_and_output_weights(degree: int) -> None:
    X, Y = table(3)
    rng = RNG(4)
    Y = np.c_[Y, rng.normal(size=150) + 3 * X[:, 0], X[:, 1] ** 2]
    o = ForwardOptions(max_terms=11, max_degree=degree)
    check(X, Y[:, :1], o, weights=rng.random(150) + 0.1)
    check(X, Y, o, weights=rng.random(150) + 0.1, output_weights=np.array([1.0, 2.0, 0.5]))
    check(X, Y, o)


@pytest.mark.parametrize("degree", [1, 2])
def test_missing_values(degree: int) -> None:
    X, Y = table(5)
    missing = RNG(6).random(X.shape) < 0.1
    missing[:, 3:] = False
    Y = Y + 3 * missing[:, :1]
    X[missing] = np.nan
    path = forward_pass(X, Y, options=(o := ForwardOptions(max_terms=13, max_degree=degree)), missing=missing)
    want = slow_mars.forward_pass(X, Y, options=o, missing=missing)
    assert shape(path) == shape(want)
    assert "present" in {s.kind for s in path.steps}


def test_ties_duplicates_constants_and_linear_variables() -> None:
    X, Y = table(7)
    X = np.round(X, 1)
    X[:, 1] = X[:, 0]
    X[:, 5] = 1.0
    path = check(X, Y, ForwardOptions(max_terms=13, max_degree=2))
    assert not {1, 5} & {s.variable for s in path.steps}  # the first of two equal columns; nothing constant
    check(X, Y, ForwardOptions(max_terms=9, max_degree=2), linvars=(0, 2))
    check(*rounded_table(), ForwardOptions(max_terms=9, max_degree=2, allow_linear=False))


def rounded_table() -> tuple[np.ndarray, np.ndarray]:
    X, y = rounded(200)
    return X, y[:, None]


def test_spans_by_number_and_which_variables_may_interact() -> None:
    X, Y = table(8)
    check(X, Y, ForwardOptions(max_terms=11, max_degree=2, endspan=2, minspan=1))
    path = check(X, Y, ForwardOptions(max_terms=15, max_degree=2), allowed=lambda a, b: {a, b} == {0, 1} or a == b)
    for s in path.steps:
        if s.parent > 0:
            assert {s.variable, path.steps[s.parent].variable} <= {0, 1} or s.variable == path.steps[s.parent].variable
    assert shape(path) == shape(
        forward_pass(
            X, Y, options=ForwardOptions(max_terms=15, max_degree=2), allowed={(1, 0)} | {(j, j) for j in range(6)}
        )
    )


@pytest.mark.parametrize("rules", ["pyearth", "R"])
@pytest.mark.parametrize("fast", [False, True])
def test_any_number_of_threads_gives_the_same_terms(rules: str, fast: bool) -> None:
    X, y = friedman(20_000, 8, 1.0)
    o = ForwardOptions(max_terms=15, max_degree=2, rules=rules, use_fast=fast, fast_K=3)
    paths = [forward_pass(X, y[:, None], options=replace(o, threads=t)) for t in (1, 2, 5)]
    assert repr(paths[0]) == repr(paths[1]) == repr(paths[2])


def test_every_instruction_set_gives_the_same_terms() -> None:
    X, Y = table(9)
    had = _core.isa()
    try:
        found = []
        for name in _core.available_isas():
            _core.set_isa(name)
            found.append(shape(forward_pass(X, Y, options=ForwardOptions(max_terms=15, max_degree=2))))
    finally:
        _core.set_isa(had)
    assert all(f == found[0] for f in found)


def test_little_memory_changes_nothing_but_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    X, Y = table(10, 400)
    o = ForwardOptions(max_terms=21, max_degree=2)
    plenty = forward_pass(X, Y, options=o)
    for cache in (0.0, 20_000.0):
        monkeypatch.setattr(forward, "CACHE", cache)
        assert shape(forward_pass(X, Y, options=o)) == shape(plenty)


def test_fast_mars_with_all_parents_and_variables_is_mars() -> None:
    X, Y = table(11)
    o = ForwardOptions(max_terms=13, max_degree=2)
    fast = forward_pass(X, Y, options=replace(o, use_fast=True, fast_K=99, fast_h=1))
    assert repr(forward_pass(X, Y, options=o)) == repr(fast)
    few = forward_pass(X, Y, options=replace(o, use_fast=True, fast_K=2, fast_h=4))
    assert few.record[-1].mse < 0.5 * few.record[0].mse


@pytest.mark.parametrize("shift", [0.0, 1.7e9, -1e300])
def test_large_offsets_and_ranges_keep_their_digits(shift: float) -> None:
    X, Y = table(12)
    moved = X * 2.0**40 if abs(shift) > 1e20 else np.round(X * 2**10)
    moved = moved * (1e288 if abs(shift) > 1e20 else 1.0) + shift
    o = ForwardOptions(max_terms=9, allow_linear=False)
    plain = np.round(X * 2**10) if abs(shift) < 1e20 else X
    rows = [s[:2] + s[3:] for s in shape(forward_pass(plain, Y, options=o))]
    assert [s[:2] + s[3:] for s in shape(forward_pass(moved, Y, options=o))] == rows or abs(shift) > 1e20
    assert forward_pass(moved, Y, options=o).record[-1].mse < 0.5 * Y.var()


def test_stop_and_interrupt_keep_the_terms_so_far() -> None:
    X, Y = table(13)
    o = ForwardOptions(max_terms=21)
    whole = forward_pass(X, Y, options=o)

    def after(count: int, what: type[BaseException] | None):
        asked = iter(range(100))

        def stop() -> bool:
            if next(asked) < count:
                return False
            if what is not None:
                raise what
            return True

        return stop

    for what, reason in ((None, "time limit"), (KeyboardInterrupt, "interrupted")):
        path = forward_pass(X, Y, options=o, stop=after(3, what))
        assert path.stopped == reason
        assert repr(path.record) == repr(whole.record[:4])
        assert repr(path.steps) == repr(whole.steps[: path.record[-1].terms])


def test_nothing_to_find() -> None:
    X, Y = table(14)
    o = ForwardOptions(max_terms=11, max_degree=2)
    assert len(forward_pass(X, np.ones_like(Y), options=o).steps) == 1
    assert len(forward_pass(np.ones_like(X), Y, options=o).steps) == 1
    assert len(forward_pass(X[:, :0], Y, options=o).steps) == 1
    assert len(forward_pass(X[:1], Y[:1], options=o).steps) == 1
    assert len(forward_pass(X, Y, options=replace(o, max_terms=1)).steps) == 1


def test_the_core_refuses_what_does_not_fit() -> None:
    x, y = np.zeros((2, 5)), np.zeros((1, 5))
    with pytest.raises(ValueError, match="responses"):
        MarsSearch(x, np.zeros((1, 4)), None, None, 0, 0.05, 1e6, 1)
    search = MarsSearch(x, y, None, None, 0, 0.05, 1e6, 1)
    with pytest.raises(ValueError, match="no such parent"):
        search.add(1, 0, [1], -1, [False], True)
    with pytest.raises(ValueError, match="no such variable"):
        search.add(0, 2, [1], -1, [False], True)
    with pytest.raises(ValueError, match="no such row"):
        search.add(0, 1, [2], 5, [False], True)

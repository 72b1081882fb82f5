"""The method `mars`: the pruning path as formulas."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import fitx
from fitx.errors import UsageError
from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.mars import Mars
from fitx.formula import Call, Const, Var, call

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")


def friedman(n: int, seed: int = 0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    r = np.random.default_rng(seed)
    X = r.uniform(size=(n, 5))
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3] + 5 * X[:, 4]
    return X, y + r.normal(0, noise, n)


def proposals(X: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, **options: object) -> list[Proposal]:
    X = np.asfortranarray(X.reshape(len(y), -1))
    data = Data(X, y, tuple(f"x{i + 1}" for i in range(X.shape[1])), weights)
    context = Context(Mars().resolve_options(options), np.random.default_rng(0))
    return list(Mars().propose(data, context))


def hinges(formula: object) -> list[Call]:
    return [f for f in formula.postorder() if isinstance(f, Call) and f.op == "hinge"]  # type: ignore[attr-defined]


def test_finds_bends_and_rounds_their_knots() -> None:
    x = np.linspace(0, 10, 400)
    y = np.abs(x - 3.14) - 2 * np.maximum(0, x - 7) + np.random.default_rng(0).normal(0, 0.03, 400)
    fit = fitx.fit(x, y, method="mars")
    assert fit.holdout.r2 > 0.995
    knots = {float(c) for h in hinges(fit.formula) for c in h.constants}
    assert all(len(repr(t)) <= 5 for t in knots)
    assert min(abs(t - 3.14) for t in knots) < 0.1
    assert min(abs(t - 7) for t in knots) < 0.1
    assert fit.expr.has(sp.Max)


def test_an_exact_broken_line_is_found_exactly() -> None:
    x = np.arange(200) / 8.0
    y = 3 + 2 * np.maximum(0, x - 10.25) - np.maximum(0, 10.25 - x)
    fit = fitx.fit(x, y, method="mars")
    np.testing.assert_allclose(fit.predict(x), y, rtol=1e-9, atol=1e-9)
    assert {c for h in hinges(fit.formula) for c in h.constants} == {10.25}
    assert fit.complexity <= 15


def test_interactions_are_found() -> None:
    X, y = friedman(1500)
    fit = fitx.fit(X, y, method="mars")
    assert fit.holdout.r2 > 0.9
    additive = fitx.fit(X, y, method="mars", options={"mars.max_degree": 1})
    assert fit.holdout.r2 > additive.holdout.r2 + 0.02
    assert not any(f.op == "mul" and len(f.variables) > 1 for f in additive.formula.postorder() if isinstance(f, Call))


def test_noise_gives_the_mean() -> None:
    r = np.random.default_rng(1)
    for n in (60, 150, 600):
        fit = fitx.fit(r.normal(size=(n, 4)), r.normal(size=n), method="mars")
        assert fit.formula.variables == ()


def test_simplest_first_additive_terms_first() -> None:
    X, y = friedman(400)
    found = proposals(X, y, max_degree=2)
    assert found[0].label == "constant"
    assert [p.formula.complexity for p in found[:4]] == sorted(p.formula.complexity for p in found[:4])
    assert all(p.label.startswith("degree 2, ") for p in found[1:])
    best = found[-1].formula
    terms: list[object] = []
    left = best
    while isinstance(left, Call) and left.op in ("add", "sub"):
        terms.append(left.args[1])
        left = left.args[0]
    degrees = [len(hinges(t)) + sum(isinstance(a, Var) for a in getattr(t, "args", ())) for t in reversed(terms)]
    assert isinstance(left, Const)
    assert degrees == sorted(degrees)


def test_options() -> None:
    X, y = friedman(300)
    assert len(proposals(X, y, max_terms=1)) <= 3
    assert not any("piecewise" in p.formula.text() for p in proposals(X, y))
    smooth = proposals(X, y, smooth=True)[-1]
    assert "piecewise" in smooth.formula.text()
    assert smooth.formula.to_sympy().has(sp.Piecewise)
    fine = proposals(X, y, round=False, max_degree=1)[-1]
    assert any(float(c) in X for h in hinges(fine.formula) for c in h.constants)
    assert proposals(X, y, fast=2)
    assert proposals(X, y, linear=False, minspan=5, endspan=10, penalty=2.0, thresh=0.01)
    for name, value in (("max_degree", 0), ("max_terms", 0), ("penalty", -1.0), ("fast", 0)):
        with pytest.raises(UsageError, match=f"mars.{name}"):
            proposals(X, y, **{name: value})


def test_weights_count() -> None:
    x = np.linspace(0, 1, 200)
    y = np.abs(x - 0.5)
    wrong = np.arange(200) % 4 == 0
    weights = np.where(wrong, 0.0, 2.0)
    best = proposals(x, np.where(wrong, 5.0, y), weights)[-1]
    np.testing.assert_allclose(best.formula.predict(x.reshape(-1, 1), ("x1",)), y, atol=0.02)


def test_scale_of_columns_does_not_matter() -> None:
    X, y = friedman(250)
    plain = proposals(X, y, round=False)
    for factor in (2.0**-900, 2.0**900):
        scaled = proposals(X * factor, y, round=False, max_degree=1)
        same = [p for p in plain if p.label == scaled[-1].label][-1]
        got = scaled[-1].formula.predict(X * factor, tuple(f"x{i + 1}" for i in range(5)))
        np.testing.assert_allclose(got, same.formula.predict(X, tuple(f"x{i + 1}" for i in range(5))), rtol=1e-9)


def test_large_offsets_keep_their_digits() -> None:
    seconds = np.arange(500.0)
    y = np.abs(seconds - 123) + np.sin(seconds)
    late, early = proposals(1.7e9 + seconds, y)[-1], proposals(seconds, y)[-1]
    assert late.label == early.label
    near = early.formula.predict(seconds.reshape(-1, 1), ("x1",))
    np.testing.assert_allclose(late.formula.predict(1.7e9 + seconds.reshape(-1, 1), ("x1",)), near, atol=1e-6)


def test_refits_on_other_rows_search_again() -> None:
    x = np.linspace(0, 10, 120)
    p = proposals(x, np.abs(x - 3))[-1]
    X = np.asfortranarray(x.reshape(-1, 1))
    elsewhere = Data(X, np.abs(x - 6), ("x1",))
    assert p.repeated
    assert p.refit is not None
    assert p.judge is not None
    np.testing.assert_allclose(p.refit(elsewhere).formula.predict(X, ("x1",)), elsewhere.y, atol=1e-6)
    np.testing.assert_allclose(p.judge(elsewhere, X), elsewhere.y, atol=1e-6)


def test_many_rows_keep_their_knots_in_a_refit() -> None:
    X, y = friedman(3000)
    p = proposals(X, y, max_degree=1)[-1]
    names = tuple(f"x{i + 1}" for i in range(5))
    assert p.refit is not None
    again = p.refit(Data(np.asfortranarray(X[:2500]), y[:2500], names))
    assert [h.constants for h in hinges(again.formula)] == [h.constants for h in hinges(p.formula)]


def test_time_limit_gives_what_there_is() -> None:
    X, y = friedman(500)
    data = Data(np.asfortranarray(X), y, tuple("abcde"))
    context = Context(Mars().resolve_options({}), np.random.default_rng(0), deadline=0.0)
    assert [p.label for p in Mars().propose(data, context)] == ["constant"]


def test_an_interrupt_gives_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from fitx.mars.growth import Growth

    asked, calls = Growth.ask, []

    def ask(self: Growth, *args: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return asked(self, *args)

    X, y = friedman(400)
    data = Data(np.asfortranarray(X), y, tuple("abcde"))
    monkeypatch.setattr(Growth, "ask", ask)
    found: list[Proposal] = []
    proposing = Mars().propose(data, Context(Mars().resolve_options({}), np.random.default_rng(0)))
    with pytest.raises(KeyboardInterrupt):
        found.extend(proposing)
    assert [p.label for p in found] == ["constant", *(f"degree 1, {k} terms" for k in range(2, len(found) + 1))]
    assert len(found) > 1
    calls[:] = [1, 1]
    with pytest.raises(KeyboardInterrupt):
        found[-1].refit(data.take(np.arange(300)))  # type: ignore[misc]


def test_declines_in_words() -> None:
    assert "at least 3 rows" in Mars().declines(Data(np.ones((2, 1)), np.ones(2), ("x",)))
    assert "feature" in Mars().declines(Data(np.ones((5, 0)), np.ones(5), ()))


def test_a_constant_column_is_not_used() -> None:
    x = np.linspace(0, 1, 80)
    best = proposals(np.column_stack([np.full(80, 2.0), x]), np.abs(x - 0.4))[-1]
    assert best.formula.variables == ("x2",)


def test_formulas_know_nothing_of_missing_values() -> None:
    from fitx.mars.formulas import factor
    from fitx.mars.terms import ConstantBasisFunction, LinearBasisFunction, MissingnessBasisFunction

    root = ConstantBasisFunction()
    with pytest.raises(fitx.FitxError, match="missing"):
        factor(MissingnessBasisFunction(root, 0, True), "x")
    assert factor(LinearBasisFunction(root, 0), "x") == Var("x")
    assert call("hinge", Var("x") - Const(1.5)).text() == "max(0, x - 1.5)"


def test_the_last_refit_keeps_the_knots_where_a_new_search_finds_worse_ones() -> None:
    x = np.linspace(0.5, 4, 60)
    y = np.abs(x - 2)
    fit = fitx.fit(x, y, method="mars")
    assert fit.holdout.rmse is not None
    assert fit.holdout.rmse < 1e-12
    assert np.abs(fit.predict(x) - y).max() < 1e-12

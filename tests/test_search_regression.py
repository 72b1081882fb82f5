"""Sparse regression whose search every fold repeats: paths, recipes, and the choice between it and the search."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

import fitx
from fitx.errors import FitxError
from fitx.fitters.base import Data, Proposal
from fitx.formula import Var
from fitx.front import Candidate, choose
from fitx.score import score
from fitx.search.grammar import DEFAULT_OPERATORS, parse_grammar
from fitx.search.regression import Recipe, Regressions, path_of, targets_of

GRAMMAR = parse_grammar(DEFAULT_OPERATORS, "", "")
NAMES = ("a", "b", "c")


def data_of(seed: int, n: int = 60) -> Data:
    """y = 2 a + 3 b c + 1 and a little noise."""
    rng = np.random.default_rng(seed)
    X = np.asfortranarray(rng.uniform(1, 4, (n, 3)))
    return Data(X, 2 * X[:, 0] + 3 * X[:, 1] * X[:, 2] + 1 + 0.05 * rng.normal(size=n), NAMES)


def test_the_terms_of_a_sum_are_found() -> None:
    """Largest first, with their coefficients."""
    model = path_of(data_of(0), "y", rich=True, shrinkage=0.0, grammar=GRAMMAR)[2]
    assert model.terms[0].formula(NAMES) == Var("b") * Var("c")
    assert model.terms[1].formula(NAMES) == Var("a")
    np.testing.assert_allclose((*model.coefficients, model.offset), (3, 2, 1), atol=0.1)


@pytest.mark.parametrize("target", ["y", "log", "inverse"])
@pytest.mark.parametrize("rich", [False, True])
@pytest.mark.parametrize("shrinkage", [0.0, 0.1])
def test_formulas_have_the_values_of_their_models(target: str, rich: bool, shrinkage: float) -> None:
    """And a path of no terms is a mean of T(y)."""
    data = data_of(1)
    for k, model in enumerate(path_of(data, target, rich, shrinkage, GRAMMAR)):
        assert len(model.terms) == k
        np.testing.assert_allclose(model.formula(NAMES).predict(data.X, NAMES), model.predict(data.X), rtol=1e-9)


def test_weights_are_repetitions() -> None:
    """A row of weight 2 counts like two rows."""
    data = data_of(2, 40)
    twice = np.arange(40) < 10
    rows = np.concatenate([np.arange(40), np.flatnonzero(twice)])
    weighted = replace(data, weights=1.0 + twice)
    for one, other in zip(
        path_of(weighted, "y", True, 0.0, GRAMMAR), path_of(data.take(rows), "y", True, 0.0, GRAMMAR), strict=False
    ):
        assert one.terms == other.terms
        np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-5)


def test_recipes_are_repeated_on_other_rows() -> None:
    """The choice of terms too; where T is undefined there is no model."""
    data = data_of(3)
    proposals = list(Regressions(GRAMMAR).proposals(data))
    assert proposals[0].formula.variables == ()
    assert all(p.repeated and p.refit is not None and p.judge is not None for p in proposals)
    assert len({p.label for p in proposals}) == len(proposals)
    recipe = Recipe("log", True, 0.0, 2)
    with pytest.raises(FitxError, match="not positive"):
        Regressions(GRAMMAR).proposal(recipe, replace(data, y=data.y - 20))


def test_targets() -> None:
    """Logarithms of positive values that vary, inverses of those that do not vary much."""
    assert targets_of(np.array([1.0, 2.0, 3.0]), GRAMMAR) == ("y", "log", "inverse")
    assert targets_of(np.array([0.001, 2.0, 3.0]), GRAMMAR) == ("y", "log")
    assert targets_of(np.array([-1.0, 2.0, 3.0]), GRAMMAR) == ("y",)
    assert targets_of(np.array([1.0, 2.0, 3.0]), parse_grammar("+ - *", "", "")) == ("y",)


def candidate(complexity: int, losses: np.ndarray, searched: bool) -> Candidate:
    """One of a search, or of a recipe."""
    s = score(np.ones(3), np.ones(3))
    return Candidate(Proposal(Var("x"), repeated=not searched), "m", complexity, s, s, losses, searched)


def test_errors_that_owe_nothing_to_the_search_count_for_more() -> None:
    """A recipe wins over a searched structure that is a little better, not over one that is much better."""
    noise = np.random.default_rng(0).normal(size=100) ** 2
    recipe = candidate(9, noise, searched=False)
    assert choose([recipe, candidate(9, 0.99 * noise, searched=True)], 0.0) is recipe
    law = candidate(9, 0.5 * noise, searched=True)
    assert choose([recipe, law], 0.0) is law


@pytest.mark.parametrize("features", [1, 3])
def test_noise_is_a_mean(features: int) -> None:
    """And nothing else, for most seeds."""
    means = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(60, features)), rng.normal(size=60)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fitx.FitxWarning)
            fit = fitx.fit(X, y, method="symbolic", time_limit=2, jobs=1, holdout=0.2)
        means += not fit.formula.variables
    assert means >= 3


def test_four_rows_are_a_mean_or_a_line() -> None:
    """Nothing else could be told from them."""
    with pytest.warns(fitx.FitxWarning):
        fit = fitx.fit([[1.0], [2.0], [3.0], [4.0]], [2.0, 4.1, 5.9, 8.0], method="symbolic", time_limit=2)
    assert fit.formula.predict(np.array([[5.0]]), ("x",))[0] == pytest.approx(10, abs=0.2)

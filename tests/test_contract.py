"""Every fitter found meets every known problem: a file added to fitx/fitters is tested before anyone writes a test."""

from __future__ import annotations

import math

import numpy as np
import pytest
from problems import Problem, problems

import fitx
from fitx.errors import FitxError
from fitx.fitters.base import Context, Data, Fitter, Proposal
from fitx.plugins import all_fitters

FITTERS = list(all_fitters().values())
PROBLEMS = problems()
LIMIT = 3.0


def options(fitter: Fitter, first: str = "x") -> dict[str, str]:
    """What a method cannot do without: `model` fits a formula of the user's."""
    return {"model.formula": f"a*`{first}` + b"} if fitter.name == "model" else {}


def run(fitter: Fitter, p: Problem, seed: int = 0) -> fitx.Fit:
    more = options(fitter, p.names[0])
    return fitx.fit(
        p.X, p.y, method=fitter.name, feature_names=p.names, seed=seed, time_limit=LIMIT, options=more
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: p.name)
@pytest.mark.parametrize("fitter", FITTERS, ids=lambda f: f.name)
def test_gives_a_formula_or_declines_in_words(fitter: Fitter, problem: Problem) -> None:
    try:
        fit = run(fitter, problem)
    except FitxError as e:
        why_not = fitter.declines(Data(problem.X, problem.y, problem.names))
        assert problem.declines or fitter.name == "lagrange" or why_not, e
        assert len(e.message) > 20
        return
    predicted = fit.predict(problem.X)
    assert predicted.shape == problem.y.shape
    assert np.isfinite(predicted).all()
    # What is printed, exported and turned into SymPy is what is predicted.
    parsed = fitx.parse(fit.formula.text())
    np.testing.assert_array_equal(parsed.predict(problem.X, problem.names), predicted)
    assert set(fit.formula.variables) <= set(problem.names)
    assert fit.complexity == fit.formula.complexity
    shown = fitx.parse(str(fit)).predict(problem.X, problem.names)
    rmse = fit.train.rmse if fit.holdout.rmse is None else fit.holdout.rmse
    assert rmse is not None
    scale = np.abs(predicted).max()
    assert np.abs(shown - predicted).max() <= max(rmse / 20, 1e-8 * scale)
    assert [c.complexity for c in fit.candidates] == sorted(c.complexity for c in fit.candidates)
    errors = [c.validation.rmse for c in fit.candidates]
    assert all(e is not None and math.isfinite(e) for e in errors) or fit.holdout.r2 is None or len(errors) == 1


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
@pytest.mark.parametrize("fitter", FITTERS, ids=lambda f: f.name)
def test_same_seed_same_formula_on_any_number_of_jobs(fitter: Fitter) -> None:
    x = np.linspace(0.5, 4, 25)
    y = x**2 + x
    more = options(fitter)
    first = fitx.fit(x, y, method=fitter.name, seed=3, jobs=1, options=more)
    for jobs in (1, 2):
        again = fitx.fit(x, y, method=fitter.name, seed=3, jobs=jobs, options=more)
        assert again.formula == first.formula
        assert again.holdout == first.holdout
        assert [c.formula for c in again.candidates] == [c.formula for c in first.candidates]


@pytest.mark.parametrize("fitter", FITTERS, ids=lambda f: f.name)
def test_says_what_it_is(fitter: Fitter) -> None:
    assert fitter.summary
    assert "\n" not in fitter.summary
    assert type(fitter).__doc__
    assert all(o.meaning for o in fitter.options)
    assert fitter.resolve_options({}) == {o.name: o.default for o in fitter.options}
    with pytest.raises(fitx.UsageError, match="has no option `nonsense`"):
        fitter.resolve_options({"nonsense": 1})


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
@pytest.mark.parametrize("fitter", FITTERS, ids=lambda f: f.name)
def test_proposals_are_formulas_of_the_features_that_refit(fitter: Fitter) -> None:
    x = np.linspace(1, 4, 24)
    data = Data(np.asfortranarray(x.reshape(-1, 1)), x**2 + 1, ("x",))
    given = {key.partition(".")[2]: value for key, value in options(fitter).items()}
    context = Context(fitter.resolve_options(given), np.random.default_rng(0))
    found = [p for p in fitter.propose(data, context) if isinstance(p, Proposal)]
    assert found
    for p in found:
        assert p.formula.variables in ((), ("x",))
        if p.refit is not None:
            fewer = data.take(np.arange(0, 24, 2))
            try:
                again = p.refit(fewer)
            except FitxError:
                continue
            values = again.formula.predict(data.X, data.names)
            if p.judge is not None:
                np.testing.assert_allclose(p.judge(fewer, data.X), values, rtol=1e-7, atol=1e-7)
            same = p.refit(data).formula.predict(data.X, data.names)
            np.testing.assert_allclose(same, p.formula.predict(data.X, data.names), rtol=1e-7, atol=1e-9)

"""The symbolic search under noise: how much noise there is, sparse fits, constants made simple, laws found again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from test_search import NAMES, context

import fitx
from fitx.fitters.base import Data, Proposal
from fitx.formula import Formula, Var, parse
from fitx.front import Candidate, choose, not_told_apart
from fitx.score import score
from fitx.search.contenders import Contenders
from fitx.search.description import description, polished
from fitx.search.noise import estimate_noise, row_weights, within
from fitx.search.setup import make_search
from fitx.search.smooth import Design
from fitx.search.sparse import forward, sparse_fit
from fitx.search.table import Table

Array = npt.NDArray[np.float64]


def noisy(law: str, noise: float, n: int = 400, seed: int = 0) -> tuple[Data, float]:
    """Rows of a law with noise of `noise` times rms(y), and the relative variance of that noise."""
    f = parse(law)
    d = max(NAMES.index(v) for v in f.variables) + 1
    rng = np.random.default_rng(seed)
    X = rng.uniform(1, 4, (d, n)).T
    y = f.predict(X, NAMES[:d])
    e = noise * np.sqrt(np.mean(y**2)) * rng.normal(size=n)
    return Data(X, y + e, NAMES[:d]), float(np.mean(e**2) / np.var(y + e))


@pytest.mark.parametrize("law", ["3*a**2*b", "a*exp(-b)", "sqrt(a + b*c)", "sin(a)", "a/(b + c)"])
@pytest.mark.parametrize("noise", [0.001, 0.01, 0.1])
def test_the_level_of_the_noise(law: str, noise: float) -> None:
    data, truth = noisy(law, noise)
    found = estimate_noise(np.ascontiguousarray(data.X.T), data.y)
    assert 0.6 * truth < found.level < 1.5 * truth


@pytest.mark.parametrize(
    "law", ["3*a**2*b", "a*exp(-b)", "sqrt((a - b)**2 + c**2)", "sin(5*a)", "a + sin(a**2)", "abs(a-2)"]
)
def test_exact_data_have_no_noise(law: str) -> None:
    data, _ = noisy(law, 0.0)
    assert estimate_noise(np.ascontiguousarray(data.X.T), data.y).level == 0


def test_noise_from_repeats_and_along_a_trajectory() -> None:
    rng = np.random.default_rng(1)
    x = np.repeat(rng.uniform(0, 9, 40), 5)
    y = np.sign(np.sin(7 * x)) + 0.1 * rng.normal(size=200)  # nothing smooth
    assert estimate_noise(x[None], y).level == pytest.approx(0.01 / y.var(), rel=0.3)
    t = np.linspace(0, 60, 400)
    path = np.array([np.cos(t) * np.exp(-t / 40), np.sin(t)])
    y = np.sin(9 * path[0]) * path[1] + 0.01 * rng.normal(size=400)
    assert estimate_noise(path, y).level == pytest.approx(1e-4 / y.var(), rel=0.5)


def test_weights_are_those_of_the_delta_method() -> None:
    y, sigma = np.array([0.001, 1.0, 2.0, 5.0]), np.full(4, 0.01)
    np.testing.assert_allclose(row_weights(np.log, y, sigma, log=False)[1:], y[1:] / sigma[1:], rtol=1e-3)
    np.testing.assert_allclose(row_weights(lambda v: v, y, sigma, log=True)[1:], y[1:] / sigma[1:], rtol=1e-3)
    assert row_weights(np.log, y, sigma, log=False)[0] == 0  # undefined at y - sigma
    assert within(np.array([-0.02, 1.0, 2.0]), np.full(3, 0.01)).min() > 0


def test_residuals_of_the_law_are_noise_and_those_of_another_are_not() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (2, 300))
    design = Design(x, np.ones(300))
    e = rng.normal(size=300)
    assert design.excess(e) < 3.3
    assert design.excess(e + x[0] ** 2) > 4
    (s2, flat), (fallen, _) = design.variances(np.array([e + x[0] * x[1], np.exp(x[0] + x[1])]))
    assert flat
    assert s2 == pytest.approx(1.0, rel=0.25)
    assert fallen < 1e-12


def test_sparse_fits_drop_terms_and_round_exponents() -> None:
    rng = np.random.default_rng(3)
    A = np.vstack([np.ones(300), rng.uniform(0, 1, (4, 300))])
    t = A.T @ [0.7, 2, 0, -0.5, 1.37] + 0.01 * rng.normal(size=300)
    number = np.arange(5)
    c = sparse_fit(A, t, number > 0, number < 0)
    assert c[1:4].tolist() == [2, 0, -0.5]
    assert c[4] == pytest.approx(1.37, abs=0.02)
    c = sparse_fit(A, t, number < 0, number >= 0)
    assert c[2] == 0
    assert np.count_nonzero(c) == 4
    assert sorted(forward(A, t, (0,), 5)) == [0, 1, 3, 4]


def table(f: str, noise: float) -> Table:
    data, truth = noisy(f, noise)
    t = Table(np.ascontiguousarray(data.X.T), data.y, data.names, np.arange(data.n))
    t.noise = truth
    return t


@pytest.mark.parametrize(
    ("law", "rough"),
    [
        ("3*a**2/b", "2.9*a**2.02*b**(-0.99) + 0.001"),
        ("sqrt(a**2 + b**2)", "1.01*sqrt(0.98*a**2.01 + 1.02*b**1.98 - 0.02)"),
        ("a*exp(-b/2)", "0.98*a**1.01*exp(-0.51*b)"),
    ],
)
def test_constants_are_made_simple_where_the_noise_allows(law: str, rough: str) -> None:
    t = table(law, 0.01)
    f, error = polished(parse(rough), t)
    g = parse(law).simplify()
    assert f.complexity <= g.complexity
    np.testing.assert_allclose(t.on_check(f), t.on_check(g), rtol=0.02)
    assert description(f, error, 400) < description(parse(rough), t.error_on_check(parse(rough)), 400) - 5


def test_contenders_settle_on_a_law_and_not_before() -> None:
    t = table("a*b + c", 0.01)
    contenders = Contenders(t)
    for f in contenders.chosen([parse("a*b"), parse("a*b + c")], lambda complexity, error: True):
        contenders.note(f, t.error_on_check(f))
    assert contenders.settled is not None
    wrong = Contenders(t)
    wrong.note(parse("a*b + 2.5"), t.error_on_check(parse("a*b + 2.5")))
    assert wrong.settled is None
    assert not wrong.done


def test_noise_that_is_only_supposed_has_to_be_like_noise() -> None:
    t = table("a*b + c", 0.01)
    f = parse("a*b + c")
    even = Contenders(t, supposed=True)
    even.note(f, t.error_on_check(f))
    assert even.settled is not None
    a, b, c = t.columns
    y = a * b + c + np.where(a > 2.5, 2.0, 0.3) * (t.y - a * b - c)  # as what a wrong formula leaves
    uneven = Table(t.columns, y, t.names, np.arange(len(y)))
    uneven.noise = uneven.error_on_check(f)
    for supposed in (True, False):
        contenders = Contenders(uneven, supposed=supposed)
        contenders.note(f, uneven.error_on_check(f))
        assert (contenders.settled is None) == supposed


@pytest.mark.parametrize("law", ["a*b/(1 + a)", "a*exp(-b)"])
def test_search_finds_the_law_under_noise_and_stops(law: str) -> None:
    data, _ = noisy(law, 0.01)
    s = make_search(data, context(60.0))
    list(s.run())
    assert s.solved
    assert s.contenders is not None
    best = min(s.front, key=lambda e: description(e.formula, e.error, data.n))
    X = np.random.default_rng(9).uniform(1, 4, (100, data.d))
    np.testing.assert_allclose(best.formula.predict(X, data.names), parse(law).predict(X, data.names), rtol=0.02)


def test_weights_tell_which_rows_are_noisy() -> None:
    rng = np.random.default_rng(5)
    X = rng.uniform(1, 4, (400, 2))
    sigma = np.where(np.arange(400) % 2 == 0, 2.0, 0.01)
    y = X[:, 0] ** 2 / X[:, 1] + sigma * rng.normal(size=400)
    fit = fitx.fit(X, y, method="symbolic", feature_names=["a", "b"], sigma=sigma, time_limit=20, seed=0)
    assert str(fit) in ("a**2/b", "a^2/b")


class TestChoice:
    def candidate(self, formula: Formula, losses: Array, fitted: float, rows: int) -> Candidate:
        s = score(np.ones(3), np.ones(3))
        return Candidate(Proposal(formula), "m", formula.complexity, s, s, losses, True, fitted, rows)

    def test_the_rows_that_were_searched_on_count_too(self) -> None:
        rng = np.random.default_rng(0)
        noise = rng.normal(size=100) ** 2
        near = self.candidate(Var("x"), 0.99 * noise, 1.3 * float(noise.mean()), 300)
        law = self.candidate(Var("x") + 1, noise, float(noise.mean()), 300)
        assert choose([near, law], 0.0) is law
        assert not_told_apart([near, law], law, 0.0) == []

    def test_what_cannot_be_told_apart_is_named(self) -> None:
        rng = np.random.default_rng(1)
        noise = rng.normal(size=100)
        one = self.candidate(Var("x"), noise**2, 1.0, 300)
        other = self.candidate(Var("z"), (noise + 0.1 * rng.normal(size=100)) ** 2, 1.0, 300)
        chosen = choose([one, other], 0.0)
        assert [c.complexity for c in not_told_apart([one, other], chosen, 0.0)] == [1]
        same = self.candidate(Var("x") * 1, chosen.losses, 1.0, 300)
        assert same not in not_told_apart([one, other, same], chosen, 0.0)


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
def test_values_that_differ_by_rounding_only_do_not_break_the_search() -> None:
    x = np.linspace(-1, 1, 30)
    x = np.sort(np.concatenate([x, np.nextafter(x, 2)]))
    y = np.where(x < 0, 0.0, 1.0) + np.random.default_rng(0).normal(0, 0.1, 60)
    fit = fitx.fit(x, y, method="symbolic", time_limit=2)
    assert np.isfinite(fit.predict(x)).all()

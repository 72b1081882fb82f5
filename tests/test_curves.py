"""The catalogue: what it says of each family is true, and its curves are found without starting values."""

from __future__ import annotations

import numpy as np
import pytest

import fitx
from fitx.curves import FAMILIES, Family
from fitx.curves.family import FEATURES
from fitx.curves.fit import curve, find, polish
from fitx.curves.starts import Shape
from fitx.curves.starts_waves import frequency
from fitx.fitters.base import Context, Data, Proposal
from fitx.formula.operators import OPERATORS
from fitx.parametric import Rows
from fitx.plugins import get_fitter

IDS = [f.name for f in FAMILIES]
CHOSEN = (
    "line", "power", "logarithmic", "exponential_offset", "gompertz", "logistic", "dose_response", "michaelis_menten",
    "gaussian", "lorentzian_line", "gaussian2", "sine_offset", "damped_sine", "planck", "butterworth",
)  # fmt: skip


def example(f: Family, rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """X (n, d) and y of the family's example, without noise."""
    rng = np.random.default_rng(list(f.name.encode()))
    d = max(1, f.features)
    X = np.linspace(*f.span, rows)[:, None] if d == 1 else rng.uniform(*f.span, (rows, d))
    return X, curve(f).model.tree.substitute(dict(f.example)).predict(X, FEATURES[:d])


def proposals(x: np.ndarray, y: np.ndarray, only: str = "", **more: object) -> list[Proposal]:
    X = np.asfortranarray(x.reshape(len(y), -1))
    data = Data(X, y, FEATURES[: X.shape[1]], **more)  # type: ignore[arg-type]
    fitter = get_fitter("curve")
    return list(fitter.propose(data, Context(fitter.resolve_options({"only": only}), np.random.default_rng(0))))


def test_there_are_many_families_of_different_names_and_formulas() -> None:
    assert len({f.name for f in FAMILIES}) == len(FAMILIES) >= 50
    assert len({f.formula for f in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize("f", FAMILIES, ids=IDS)
def test_a_row_of_the_catalogue_is_complete(f: Family) -> None:
    c = curve(f)
    assert set(f.example) == set(c.parameters)
    assert not set(c.parameters) & set(OPERATORS)
    assert set(c.model.tree.variables) - set(c.parameters) == set(FEATURES[: f.features])
    assert len(f.meaning) > 5
    assert f.source
    assert callable(f.starts) or set(f.starts) == set(c.model.nonlinear)


@pytest.mark.parametrize("f", FAMILIES, ids=IDS)
def test_every_family_finds_its_own_example(f: Family) -> None:
    X, y = example(f)
    rng = np.random.default_rng(0)
    noisy = y + 0.01 * (y.std() or np.abs(y).max()) * rng.normal(size=len(y))
    c = curve(f)
    rows = Rows(np.ascontiguousarray(X.T), noisy, FEATURES[: X.shape[1]])
    start = find(c, rows, Shape(rows.columns, rows.y))
    assert start is not None
    found = polish(c, start[0], rows)
    assert found is not None
    best = c.at(dict(zip(c.parameters, found[0], strict=True)), FEATURES)
    left = np.square(noisy - best.predict(X, FEATURES[: X.shape[1]])).sum()
    # No more is left than by the parameters that made the data, which are not the best for the noise.
    assert left <= np.square(noisy - y).sum() * (1 + 1e-9)


@pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")
@pytest.mark.parametrize("name", CHOSEN)
def test_the_family_of_the_data_is_chosen(name: str) -> None:
    f = next(f for f in FAMILIES if f.name == name)
    X, y = example(f)
    rng = np.random.default_rng(1)
    fit = fitx.fit(X, y + 0.01 * y.std() * rng.normal(size=len(y)), method="curve")
    assert fit.label == name
    for p in fit.parameters:
        assert p.stderr is not None
        assert abs(p.value - f.example[p.name]) < 5 * p.stderr


@pytest.mark.parametrize("sign", [1, -1])
def test_a_step_is_seen_from_where_its_rate_is_positive(sign: int) -> None:
    """c + d/(1 + exp(-r*(x - m))) with c + d, -d and -r is the same curve."""
    x = np.linspace(0, 10, 80)
    (p,) = proposals(x, 2 + sign * 6 / (1 + np.exp(-1.1 * (x - 5))), "logistic4")
    np.testing.assert_allclose([q.value for q in p.parameters], [2, sign * 6, 1.1, 5], rtol=1e-9)
    (p,) = proposals(x + 0.1, 1 + sign * 9 / (1 + ((x + 0.1) / 2) ** -2.2), "dose_response")
    assert {q.name: q.value for q in p.parameters} == pytest.approx({"c": 1, "d": sign * 9, "m": 2, "h": 2.2}, rel=1e-9)


def test_exact_data_give_exact_parameters() -> None:
    x = np.linspace(0, 10, 80)
    (p,) = proposals(x, 8 / (1 + np.exp(-1.1 * (x - 5))), "logistic")
    assert [q.name for q in p.parameters] == ["K", "r", "m"]
    np.testing.assert_allclose([q.value for q in p.parameters], [8, 1.1, 5], rtol=1e-9)


def test_standard_errors_are_those_of_linear_least_squares() -> None:
    rng = np.random.default_rng(2)
    x, w = np.linspace(0, 10, 50), rng.uniform(0.5, 2, 50)
    y = 2 * x + 1 + rng.normal(0, 0.3, 50)
    (p,) = proposals(x, y, "line", weights=w)
    A = np.stack([x, np.ones(50)], axis=1) * np.sqrt(w)[:, None]
    c, rss, *_ = np.linalg.lstsq(A, y * np.sqrt(w), rcond=None)
    V = np.linalg.inv(A.T @ A) * rss[0] / 48
    np.testing.assert_allclose([q.value for q in p.parameters], c, rtol=1e-10)
    np.testing.assert_allclose([q.stderr for q in p.parameters], np.sqrt(np.diag(V)), rtol=1e-8)
    np.testing.assert_allclose(p.covariance, V, rtol=1e-8)


def test_known_errors_of_measurement_are_not_scaled() -> None:
    x = np.linspace(0, 5, 30)
    sigma = 0.2
    y = 3 * x + 1 + sigma * np.random.default_rng(3).normal(size=30)
    (p,) = proposals(x, y, "line", weights=np.full(30, sigma**-2), absolute=True)
    A = np.stack([x, np.ones(30)], axis=1)
    errors = sigma * np.sqrt(np.diag(np.linalg.inv(A.T @ A)))
    np.testing.assert_allclose([q.stderr for q in p.parameters], errors, rtol=1e-8)


def test_bands_know_the_structure() -> None:
    x = np.linspace(0, 8, 40)
    (p,) = proposals(x, 3 * np.exp(-0.5 * x) + 0.01 * np.sin(40 * x), "exponential")
    assert p.structure is not None
    assert p.structure.substitute({q.name: q.value for q in p.parameters}) == p.formula
    assert p.noise == pytest.approx(0.0072, rel=0.05)


def test_equal_curves_are_proposed_once() -> None:
    x = np.linspace(0, 20, 60)
    y = 8 * x / (2.5 + x)
    labels = [p.label for p in proposals(x, y, "michaelis_menten,langmuir,monod,hill")]
    assert labels == ["michaelis_menten"]
    everything = proposals(x, y + 0.05 * np.random.default_rng(0).normal(size=60))
    values = [p.formula.predict(x, ("x",)) for p in everything]
    for i, one in enumerate(values):
        for other in values[:i]:
            assert np.abs(one - other).max() > 1e-9


def test_the_cheapest_comes_first() -> None:
    x = np.linspace(0.5, 8, 60)
    found = proposals(x, 3 * np.exp(-0.5 * x) + 0.01 * np.sin(40 * x))
    counts = [len(p.parameters) for p in found]
    assert counts == sorted(counts)
    assert len(found) > 3


def test_a_wrong_name_gets_a_suggestion() -> None:
    x = np.arange(10.0)
    with pytest.raises(fitx.UsageError, match="no curve called `gompert`") as e:
        fitx.fit(x, x, method="curve", options={"curve.only": "gompert"})
    assert "did you mean `gompertz`?" in e.value.hint


def test_a_family_that_does_not_apply_says_why() -> None:
    x = np.linspace(-1, 1, 20)
    with pytest.raises(fitx.FitxError, match="`planck` needs `x` above 0 in every row"):
        fitx.fit(x, x, method="curve", options={"curve.only": "planck"})


def test_what_the_data_do_not_tell_is_told_by_name() -> None:
    (p,) = proposals(np.linspace(1, 5, 40), np.zeros(40), "exponential")
    assert p.notes == ("`k` has no influence on these data: any value fits as well; fix it or leave it out",)
    assert p.parameters[1].stderr is None


def test_rows_where_a_curve_is_undefined_are_left_out_when_it_is_fitted_again() -> None:
    x = np.linspace(1, 20, 40)
    (p,) = proposals(x, 3 * np.log(x) + 2, "logarithmic")
    assert p.refit is not None
    more = Data(np.asfortranarray(np.append(x, 0.0)[:, None]), np.append(3 * np.log(x) + 2, 5.0), ("x",))
    again = p.refit(more)
    np.testing.assert_allclose([q.value for q in again.parameters], [3, 2], rtol=1e-12)


def test_any_name_of_a_column_and_of_two() -> None:
    rng = np.random.default_rng(0)
    X = rng.uniform(1, 10, (80, 2))
    y = 20 * X[:, 0] ** 1.6 * np.exp(-5 / X[:, 1])
    fit = fitx.fit(X, y, method="curve", feature_names=["E", "lambda"], options={"curve.only": "arrhenius_rate"})
    assert fit.label == "arrhenius_rate (x = lambda, z = E)"
    np.testing.assert_allclose(fit.predict(X), y, rtol=1e-8)


def test_frequencies_come_from_the_periodogram_on_uneven_rows() -> None:
    x = np.sort(np.random.default_rng(0).uniform(0, 50, 120))
    best = frequency(Shape(x[None], 3 * np.sin(2.3 * x + 1) + 5))[0]
    assert abs(best - 2.3) < np.pi / 50 / 2


def test_fast_waves_in_many_rows_are_found() -> None:
    x = np.linspace(0, 100, 6000)
    (p,) = proposals(x, 2 * np.sin(2 * np.pi * 3.1 * x + 0.4) + 1, "sine_offset")
    assert {q.name: q.value for q in p.parameters} == pytest.approx(
        {"a": 2, "w": 2 * np.pi * 3.1, "p": 0.4, "c": 1}, rel=1e-6
    )


def test_the_method_lists_its_families() -> None:
    shown = "\n".join(get_fitter("curve").details())
    for f in FAMILIES:
        assert f"{f.name} " in shown
        assert f"  {f.formula}\n" in shown

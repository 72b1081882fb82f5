"""Confidence and prediction bands: the closed form of linear models, coverage in simulation, after saving, too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student

import fitx
from fitx.errors import UsageError

RNG = np.random.default_rng(0)
X = np.linspace(1, 5, 30)
A = np.column_stack([X, np.ones_like(X)])
Y = 3 * X + 2 + RNG.normal(0, 0.3, len(X))
NEW = np.array([0.0, 2.5, 9.0])

pytestmark = pytest.mark.filterwarnings("ignore::fitx.errors.FitxWarning")


def closed_form(new: np.ndarray, level: float, more: float) -> tuple[np.ndarray, np.ndarray]:
    c, rss = np.linalg.lstsq(A, Y, rcond=None)[:2]
    dof = len(X) - 2
    B = np.column_stack([new, np.ones_like(new)])
    variance = rss[0] / dof * (np.einsum("ij,jk,ik->i", B, np.linalg.inv(A.T @ A), B) + more)
    return B @ c, student.ppf(0.5 + level / 2, dof) * np.sqrt(variance)


@pytest.mark.parametrize(("kind", "more"), [("confidence", 0.0), ("prediction", 1.0)])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_of_a_straight_line_is_the_textbooks(kind: str, more: float, level: float, tmp_path: Path) -> None:
    fit = fitx.fit(X, Y, model="a*x + b")
    value, half = closed_form(NEW, level, more)
    want = np.column_stack([value, value - half, value + half])
    np.testing.assert_allclose(fit.band(NEW, level, kind), want, rtol=1e-9)
    fit.save(tmp_path / "model.json")
    np.testing.assert_allclose(fitx.load(tmp_path / "model.json").band(NEW, level, kind), want, rtol=1e-9)


def test_parameters_that_are_not_told_apart_do_not_blur_the_curve() -> None:
    value, half = closed_form(NEW, 0.95, 0.0)
    fit = fitx.fit(X, Y, model="a*b*x + c", holdout=0)
    assert [p.stderr is None for p in fit.parameters] == [True, True, False]
    np.testing.assert_allclose(fit.band(NEW)[:, 2], value + half, rtol=1e-7)


def test_a_fixed_parameter_adds_nothing() -> None:
    fit = fitx.fit(X, Y, model="a*x + b", fix={"b": 2})
    s = np.sqrt(np.square(Y - 2 - fit.parameters[0].value * X).sum() / (len(X) - 1))
    half = student.ppf(0.975, len(X) - 1) * s * NEW / np.sqrt(X @ X)
    np.testing.assert_allclose(fit.band(NEW)[:, 2] - fit.band(NEW)[:, 0], half, rtol=1e-9)


@pytest.mark.parametrize("size", [1e-130, 1e130])
def test_scale_does_not_matter(size: float) -> None:
    value, half = closed_form(NEW, 0.95, 1.0)
    got = fitx.fit(X, size * Y, model="a*x + b").band(NEW, kind="prediction")
    np.testing.assert_allclose(got / size, np.column_stack([value, value - half, value + half]), rtol=1e-9)


def test_they_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    x = np.linspace(0, 4, 25)
    truth, at = 2.5 * np.exp(-0.7 * x) + 1.2, np.array([0.3, 2.0, 5.0])
    true = 2.5 * np.exp(-0.7 * at) + 1.2
    inside = np.zeros((2, len(at)))
    runs = 300
    for _ in range(runs):
        y = truth + rng.normal(0, 0.05, len(x))
        fit = fitx.fit(x, y, model="a*exp(-b*x) + c", start={"a": 2, "b": 1, "c": 1}, holdout=0)
        for i, (kind, wanted) in enumerate((("confidence", true), ("prediction", true + rng.normal(0, 0.05, len(at))))):
            band = fit.band(at, 0.9, kind)
            inside[i] += (band[:, 1] <= wanted) & (wanted <= band[:, 2])
    # Four standard deviations of a binomial share.
    assert np.abs(inside / runs - 0.9).max() < 4 * np.sqrt(0.9 * 0.1 / runs)


def test_known_errors_of_y() -> None:
    fit = fitx.fit(X, Y, model="a*x + b", sigma=np.full(len(X), 0.3))
    with pytest.raises(UsageError, match="not known"):
        fit.band(NEW, kind="prediction")
    B = np.column_stack([NEW, np.ones_like(NEW)])
    variance = 0.09 * (np.einsum("ij,jk,ik->i", B, np.linalg.inv(A.T @ A), B) + 1)
    half = student.ppf(0.975, len(X) - 2) * np.sqrt(variance)
    got = fit.band(NEW, kind="prediction", sigma=0.3)
    np.testing.assert_allclose(got[:, 2] - got[:, 0], half, rtol=1e-9)


def test_what_cannot_be_is_said() -> None:
    fit = fitx.fit(X, Y, model="a*x + b")
    with pytest.raises(UsageError, match="confidence or prediction"):
        fit.band(NEW, kind="both")
    with pytest.raises(UsageError, match="between 0 and 1"):
        fit.band(NEW, 95)
    with pytest.raises(UsageError, match="one number, or 3"):
        fit.band(NEW, kind="prediction", sigma=[1, 2])
    with pytest.raises(fitx.FitxError, match="no covariance"):
        fitx.fit([1, 2, 3], [1, 4, 9], "lagrange").band(NEW)


def test_correlations_are_those_of_the_covariance() -> None:
    fit = fitx.fit(X, Y, model="a*x + b")
    C = np.linalg.inv(A.T @ A)
    assert fit.correlations is not None
    assert fit.correlations[0, 1] == pytest.approx(C[0, 1] / np.sqrt(C[0, 0] * C[1, 1]))
    assert fit.correlations[0, 0] == pytest.approx(1)

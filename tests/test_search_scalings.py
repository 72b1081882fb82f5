"""Symmetries and scalings found under noise, and the turns of the exact and the noisy side of a search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from fitx.formula import Var, parse
from fitx.formula.evaluate import evaluate_columns
from fitx.search.plan import Evolve, Further, Step, Suppose, steps
from fitx.search.problem import Problem, make_problem
from fitx.search.reduce_noisy import noisy_chain
from fitx.search.scalings import Scaling

Array = npt.NDArray[np.float64]

NAMES = ("a", "b", "c", "d")


def noisy(law: str, n: int = 600, noise: float = 0.01) -> Problem:
    f = parse(law)
    rng = np.random.default_rng(3)
    X = rng.uniform(1, 3, (n, max(NAMES.index(v) for v in f.variables) + 1))
    y = f.predict(X, NAMES[: X.shape[1]])
    s = noise * float(np.sqrt(np.mean(y**2)))
    p = make_problem(X, y + s * rng.normal(size=n), NAMES[: X.shape[1]], rng)
    return p.noisy(np.full(n, s), p.rows)


@pytest.mark.parametrize(
    ("law", "left"),
    [
        ("exp(-a*b) + c", 2),
        ("sqrt(a**2 + b**2)", 1),
        ("a*exp(-b) - c/b**6", 2),
        ("1/sqrt((1 - a**2*b*c)**2 + (a*c*d)**2)", 2),  # two scalings of three columns each
        ("sin(a) + b*log(c)", 3),  # none
    ],
)
def test_columns_that_symmetries_take_away_under_noise(law: str, left: int) -> None:
    p = noisy(law)
    with np.errstate(all="ignore"):
        chain = noisy_chain(p)
    last = chain[-1] if chain else p
    assert len(last.active) == left
    columns = [evaluate_columns(f, p.columns, NAMES[: p.d]) for f in last.formulas]
    np.testing.assert_allclose(last.columns, columns, rtol=1e-9)
    # The problem's own y, put back, is y; and so is its noise.
    back = replace(last, formulas=()).lift(Var("z"))
    np.testing.assert_allclose(
        evaluate_columns(back, np.vstack([p.columns, last.y]), (*NAMES[: p.d], "z")), p.y, rtol=1e-9
    )
    assert last.sigma is not None
    assert p.sigma is not None
    np.testing.assert_allclose(last.sigma / np.abs(last.y), p.sigma / np.abs(p.y), rtol=1e-9)


def test_a_scaling_takes_the_column_of_exponent_one() -> None:
    p = noisy("a*b*c")
    child = Scaling((2, 1, -1), 2.0, 0.0).apply(p)
    assert child.d == 2
    a, b, c = p.columns
    np.testing.assert_allclose(child.columns, [a / b**2, c * b], rtol=1e-12)
    np.testing.assert_allclose(child.y, p.y / b**2, rtol=1e-12)
    # One more, of columns that are products: each factor stands once.
    again = Scaling((1, 1), 0.0, 0.0).apply(child)
    assert [f.text() for f in again.formulas] == ["b**3*c/a"]


def test_under_noise_the_second_variant_comes_early() -> None:
    exact, other = list(steps(3)), list(steps(3, noisy=True))
    assert exact.index(Suppose(early=True)) < exact.index(Suppose())
    seconds = [[i for i, s in enumerate(plan) if isinstance(s, Step) and s.variant == 1] for plan in (exact, other)]
    assert seconds[1][0] < seconds[0][0]
    assert min(s.work for s in exact if isinstance(s, Step | Further | Evolve)) > 0

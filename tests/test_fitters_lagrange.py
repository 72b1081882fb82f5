"""The interpolating fitter."""

from __future__ import annotations

import numpy as np
import pytest

from fitx.errors import FitxError
from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.lagrange import Lagrange
from fitx.formula import parse


def propose(x, y, **more) -> Proposal:
    x = np.array(x, dtype=float)
    data = Data(x[:, None], np.array(y, dtype=float), ("x",), **more)
    (proposal,) = Lagrange().propose(data, Context({}, np.random.default_rng(0)))
    return proposal


def test_whole_coefficients_stay_whole() -> None:
    proposal = propose([1, 2, 3], [10, 12, 4])
    assert str(proposal.formula) == "-5*x**2 + 17*x - 2"
    assert [p.value for p in proposal.parameters] == [-2, 17, -5]
    assert str(propose([0.1, 0.2, 0.3], [0.01, 0.04, 0.09]).formula) == "x**2"
    assert str(propose([1, 2, 4], [1, 2, 5]).formula) == "1/6*x**2 + 0.5*x + 1/3"


@pytest.mark.parametrize("n", [1, 2, 5, 12, 30, 31, 80])
@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_passes_through_every_point(n: int, scale: float) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.permutation(n) * scale, rng.normal(size=n).round(3) * scale
    proposal = propose(x, y)
    got = proposal.formula.predict(x[:, None], ("x",))
    assert np.abs(got - y).max() <= 1e-9 * np.abs(y).max()


def test_years() -> None:
    x = np.arange(1990.0, 2021.0, 5)
    y = np.array([3.0, 1, 4, 1, 5, 9, 2])
    proposal = propose(x, y)
    assert np.abs(proposal.formula.predict(x[:, None], ("x",)) - y).max() < 1e-8
    assert any("cannot carry" in note for note in proposal.notes)


def test_a_thousand_chebyshev_points() -> None:
    x = np.cos(np.arange(1001) * np.pi / 1000)
    at = np.linspace(-1, 1, 333)
    proposal = propose(x, np.exp(x) * np.cos(20 * x))
    assert np.abs(proposal.formula.predict(at[:, None], ("x",)) - np.exp(at) * np.cos(20 * at)).max() < 1e-12
    assert proposal.notes == ()
    assert parse(str(propose(x[::20], x[::20]).formula)) == propose(x[::20], x[::20]).formula


def test_warns_where_it_swings_and_names_a_better_method() -> None:
    notes = propose(np.arange(20), np.arange(20) % 3).notes
    assert "swing" in notes[0]
    assert "`--method poly`" in notes[0]
    assert "weights" in propose([1, 2], [1, 2], weights=np.ones(2)).notes[0]


def test_refitting_passes_through_the_new_points() -> None:
    proposal = propose([1, 2, 3], [10, 12, 4])
    assert proposal.refit is not None
    again = proposal.refit(Data(np.array([[0.0], [1.0]]), np.array([5.0, 7.0]), ("x",)))
    assert str(again.formula) == "2*x + 5"


def test_repeats() -> None:
    assert str(propose([1, 2, 1], [3, 4, 3]).formula) == "x + 2"
    with pytest.raises(FitxError, match=r"\(1, 3\) and \(1, 5\)"):
        propose([1, 2, 1], [3, 4, 5])


def test_declines_several_features() -> None:
    data = Data(np.zeros((3, 2), order="F"), np.zeros(3), ("a", "b"))
    assert Lagrange().declines(data) == "needs one feature, got 2 (name one with `--features`)"

"""Constants fitted to all rows, as far as the time will do; methods that end on time."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from fitx.errors import FitxError
from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.poly import Poly
from fitx.fitters.rational import Rational
from fitx.fitters.spline import Spline
from fitx.formula import Const
from fitx.numerics.aaa import aaa
from fitx.refit import PROBE, Refits


def mean(data: Data) -> Proposal:
    return Proposal(Const(float(data.n)), "rows", refit=mean)


def rows(n: int) -> Data:
    return Data(np.zeros((n, 1)), np.zeros(n), ("x",))


def noisy(n: int, d: int) -> Data:
    r = np.random.default_rng(0)
    X = np.asfortranarray(r.uniform(1, 2, (n, d)))
    return Data(X, X[:, 0] + r.normal(size=n), ("a", "b", "c")[:d])


class TestRefits:
    def test_all_rows_where_there_is_time(self) -> None:
        for deadline in (np.inf, time.perf_counter() + 1e6):
            p = Refits(rows(4 * PROBE), deadline).chosen(mean(rows(3)))
            assert (p.formula, p.notes) == (Const(float(4 * PROBE)), ())

    def test_a_part_with_a_note_where_there_is_none(self) -> None:
        refits = Refits(rows(4 * PROBE), 0.0)
        p = refits.chosen(mean(rows(3)))
        assert p.formula == Const(float(PROBE))
        assert "fitted to 50,000 of the 200,000 rows" in p.notes[0]
        assert refits.other(mean(rows(3))).formula == Const(3.0)

    def test_small_tables_are_never_cut(self) -> None:
        assert Refits(rows(PROBE), 0.0).chosen(mean(rows(3))).formula == Const(float(PROBE))

    def test_what_cannot_be_refitted_stays(self) -> None:
        def fails(data: Data) -> Proposal:
            raise FitxError("too few")

        p = replace(mean(rows(3)), refit=fails)
        refits = Refits(rows(2 * PROBE), 0.0)
        with pytest.raises(FitxError, match="too few"):
            refits.chosen(p)
        assert Refits(rows(9), np.inf).other(p) is p


class TestOnTime:
    @pytest.mark.parametrize(("fitter", "d"), [(Poly(), 3), (Rational(), 1), (Spline(), 1)])
    def test_when_the_time_is_up_the_first_formula_is_given_all_the_same(
        self, fitter: Poly | Rational | Spline, d: int
    ) -> None:
        context = Context(options=fitter.resolve_options({}), rng=np.random.default_rng(0), deadline=0.0)
        assert len(list(fitter.propose(noisy(300, d), context))) <= 1 + (fitter.name == "spline") * 2

    def test_aaa_gives_up_on_noise_and_on_stop(self) -> None:
        r = np.random.default_rng(0)
        x = np.linspace(0, 1, 400)
        found = aaa(x, r.normal(size=400), 130)
        assert found is not None
        assert len(found.nodes) < 100
        assert aaa(x, np.exp(x), 30, stop=lambda: True) is None
        smooth = aaa(x, np.abs(x - 0.501) + np.sin(20 * x), 130)
        assert smooth is not None
        assert smooth.error < 1e-10

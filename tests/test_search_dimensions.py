"""Dimensions guide the search: what is valid, which groups there are, and that only valid formulas are proposed."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fitx
from fitx.formula import Formula, parse
from fitx.search.dimensions import Units, rational
from fitx.search.groups import Columns, choices, group_problems, in_turn, monomials, reachable, reduced_groups
from fitx.search.problem import make_problem
from fitx.units import parse_unit

NAMES = ("x", "t", "v", "a")
UNITS = ("m", "s", "m/s", "1")


def units(target: str = "m", free: bool = False) -> Units:
    return Units.of(NAMES, [parse_unit(u) for u in (*UNITS, target)], free)


VALID = [
    "x", "v*t", "x + v*t", "2.5*x", "x*sin(a)", "x*exp(-x/(v*t))", "sqrt(x**2 + v**2*t**2)", "x**0.5*(v*t)**0.5",
    "x*a**a", "max(0, x)", "min(x, v*t)", "piecewise(x > 0, x, 0)", "piecewise(a > 1, x, v*t)", "abs(x)*sign(t)",
    "x*(x/(v*t))**1.37", "x*pi", "-x", "x*2**a", "x*log10(1 + a)", "cbrt(x**2*v*t)", "x*logistic(a)",
]  # fmt: skip
INVALID = [
    "t", "x + t", "x + 1", "exp(x)", "x*sin(t)", "x**1.01", "v", "2.1*v + 0.3*x", "x*exp(2.5*t)", "x*2**t",
    "piecewise(x > t, x, 0)", "piecewise(a > 1, x, t)", "max(x, t)", "x**a", "x*log(t)", "5.5", "x*floor(t)",
]  # fmt: skip


@pytest.mark.parametrize("text", VALID)
def test_valid(text: str) -> None:
    assert units().permits(parse(text))
    assert units(free=True).permits(parse(text))


@pytest.mark.parametrize("text", INVALID)
def test_not_valid(text: str) -> None:
    assert not units().permits(parse(text))


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2.5*t", True), ("x + 1.5", True), ("x*exp(-2.5*t)", True), ("2.5*exp(-x/3.1) + 0.4*t", True), ("5.5", True),
        ("x + t", False), ("x*exp(t)", False), ("x*sin(2.5*t + x)", False), ("2.5*t + exp(x + t)", False),
        ("2.5*(x + 3.1*t)*(x + 3.1*v)", True), ("x*exp(3.1)*2**(1.5*t)", True), ("x*sqrt(2.2*t)", True),
    ],
)  # fmt: skip
def test_numbers_with_units(text: str, valid: bool) -> None:
    assert units(free=True).permits(parse(text)) is valid


def test_one_number_has_one_unit() -> None:
    shared = units(free=True)
    # Each number in the text may have a unit of its own, but one number has only one.
    assert shared.permits(parse("(x + 2.5*t)/(1.5 + a)"))
    assert not shared.permits(parse("2.5*(x + t)"))
    assert not shared.permits(parse("(2.5*x)**(1.5*t)"))


def test_nearly_half_exponents_are_plausible() -> None:
    u = units()
    assert u.plausible(parse("x**0.4999*(v*t)**0.501"), 0.1)
    assert not u.permits(parse("x**0.4999*(v*t)**0.501"), 0.2)
    assert not u.permits(parse("x + t"), 0.01)
    assert u.rejected == (0.01, parse("x + t"))
    assert rational(0.3333333333333333) == Fraction(1, 3)
    assert rational(0.52, 0.03) == Fraction(1, 2)


def test_dimension() -> None:
    assert units().dimension(parse("x**2/t")) == (Fraction(2), Fraction(-1))
    assert units().dimension(parse("x + t")) is None


def test_without_dimensions_everything_is_valid() -> None:
    assert Units.of(("x",), [(), ()]).permits(parse("x + exp(x)"))


def _value(f: Formula, scale: dict[str, float]) -> float:
    """f where a unit is `scale` times as large: columns are 1 in old units."""
    columns = {
        n: 1.3 * np.prod([scale[b] ** float(e) for b, e in parse_unit(u)]) for n, u in zip(NAMES, UNITS, strict=True)
    }
    return float(f.evaluate(columns))


@given(st.sampled_from(VALID), st.floats(0.2, 5), st.floats(0.2, 5))
def test_valid_formulas_do_not_depend_on_the_choice_of_units(text: str, length: float, time: float) -> None:
    f = parse(text)
    one = _value(f, {"[length]": 1.0, "[time]": 1.0})
    other = _value(f, {"[length]": length, "[time]": time})
    assert other == pytest.approx(length * one, rel=1e-9, abs=1e-12)


def columns(names: tuple[str, ...], n: int = 50) -> Columns:
    return Columns(names, np.random.default_rng(0).uniform(1, 2, (len(names), n)))


class TestGroups:
    def test_few_dimensionless_products(self) -> None:
        names = ("h", "w", "k", "T")
        u = Units.of(names, [parse_unit(t) for t in ("J s", "1/s", "J/K", "K", "J")])
        found = list(choices(columns(names), u))
        texts = {
            (str(columns(names).formula(c.factor)), *(str(columns(names).formula(g)) for g in c.groups)) for c in found
        }
        assert texts == {("h*w", "k*T/(h*w)"), ("k*T", "h*w/(k*T)")}

    @given(st.integers(2, 7), st.integers(0, 10**6))
    def test_every_group_is_a_plain_number_and_they_are_independent(self, d: int, seed: int) -> None:
        r = np.random.default_rng(seed)
        names = tuple(f"x{i}" for i in range(d))
        given = [
            tuple((b, Fraction(int(e))) for b, e in zip(("[a]", "[b]", "[c]"), r.integers(-2, 3, 3), strict=True) if e)
            for _ in range(d)
        ]
        u = Units.of(names, [*given, given[0]])
        if u.trivial:
            return
        rank = np.linalg.matrix_rank(np.array([[float(e) for e in u.columns[n]] for n in names]))
        table = columns(names)
        for c in islice(choices(table, u), 5):
            assert len(c.groups) == d - rank
            for g in c.groups:
                assert u.dimension(table.formula(g)) == (0,) * len(u.bases)
            assert u.dimension(table.formula(c.factor)) == u.target
            powers = np.array([[float(e) for e in g] for g in c.groups])
            assert len(powers) == 0 or np.linalg.matrix_rank(powers) == len(powers)

    def test_columns_that_divide_are_not_zero(self) -> None:
        u = Units.of(("x", "z"), [parse_unit(t) for t in ("m", "m", "m")])
        table = Columns(("x", "z"), np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 2.0]]))
        assert [str(table.formula(c.factor)) for c in choices(table, u)] == ["x"]

    def test_a_target_that_cannot_be_made(self) -> None:
        u = Units.of(("x",), [parse_unit(t) for t in ("m", "kg")])
        assert not reachable(list(u.columns.values()), u.target)
        assert list(choices(columns(("x",)), u)) == []

    def test_problems_and_guesses_are_over_the_tables_names(self) -> None:
        names = ("m", "v", "c")
        table = columns(names, 300)
        u = Units.of(names, [parse_unit(t) for t in ("kg", "m/s", "m/s", "J")])
        m, v, c = table.values
        y = m * c**2 / np.sqrt(1 - (v / (2 * c)) ** 2)
        problem = make_problem(table.values.T, y, names, np.random.default_rng(0))
        found = group_problems(problem, table, u)
        assert {str(p.formulas[0]) for p in found} == {"v/c", "c/v"}
        for p in found:
            (group,) = p.formulas
            np.testing.assert_allclose(group.evaluate({"m": m, "v": v, "c": c}), p.columns[0])
            lifted = p.lift(group).evaluate({"m": m, "v": v, "c": c})
            np.testing.assert_allclose(lifted, p.columns[0] * y / p.y)
        guesses = monomials(table, y, u)
        assert guesses
        assert all(u.permits(g) for g in guesses)


def test_groups_of_differences() -> None:
    names = ("a", "b", "c", "d")
    table = columns(names, 400)
    a, b, c, d = table.values
    hot, cold = a + 3 - d, b + 1 - c
    y = (hot - cold) / np.log(hot / cold)
    u = Units.of(names, [parse_unit("K")] * 5)
    problem = make_problem(np.c_[a + 3, b + 1, c, d], y, names, np.random.default_rng(0))
    child = problem.with_columns(np.array([hot, cold]), [parse("a - d"), parse("b - c")], " differences")
    (found,) = reduced_groups(child.divided(a + 3, parse("a"), (0, 1), ""), u, 1)
    assert str(found.formulas[0]) == "(b - c)/(a - d)"
    np.testing.assert_allclose(found.columns[0], cold / hot)
    whole = found.lift(parse("1")).evaluate({"a": a + 3, "b": b + 1, "c": c, "d": d})
    np.testing.assert_allclose(found.y * whole, y)
    assert reduced_groups(child.with_columns(child.columns, [parse("a - d"), parse("exp(b)")], ""), u, 1) == []


def test_problems_take_turns() -> None:
    names = ("x",)
    problem = make_problem(np.arange(1.0, 20)[:, None], np.arange(19.0), names, np.random.default_rng(0))
    a, b, c, own, last = (problem.restricted((0,), text) for text in ("a", "b", "c", "own", "last"))
    assert [p.label for p in in_turn([[a, b], [c]], [own, last])] == ["a", "own", "c", "b", "last"]
    assert in_turn([[a]], [last]) == [a, last]
    assert in_turn([], [own, last]) == [own, last]


def fall(constant: bool) -> tuple[np.ndarray, np.ndarray, list[str], dict[str, str]]:
    r = np.random.default_rng(3)
    t, v, g = r.uniform(0.5, 3, 200), r.uniform(1, 5, 200), np.full(200, 9.81)
    names = ["t", "v", "g"] if constant else ["t", "v"]
    X = np.c_[t, v, g] if constant else np.c_[t, v]
    return X, v * t + g * t**2 / 2, names, {"t": "s", "v": "m/s", "s": "m"} | ({"g": "m/s^2"} if constant else {})


class TestSearch:
    def test_a_column_that_does_not_vary_carries_its_unit(self) -> None:
        X, y, names, given = fall(True)
        fit = fitx.fit(X, y, "symbolic", feature_names=names, target_name="s", units=given, time_limit=20)
        assert set(fit.formula.variables) == {"t", "v", "g"}
        assert fit.holdout.r2 is not None
        assert fit.holdout.r2 > 1 - 1e-12
        assert dict(fit.units) == given

    def test_only_valid_formulas_are_proposed_and_better_ones_are_told(self) -> None:
        X, y, names, given = fall(False)
        with pytest.warns(fitx.FitxWarning, match="a formula that the units forbid fits much better"):
            fit = fitx.fit(X, y, "symbolic", feature_names=names, target_name="s", units=given, time_limit=2)
        u = Units.of(names, [parse_unit(given[n]) for n in (*names, "s")])
        assert all(u.permits(c.formula) for c in fit.candidates)

    def test_numbers_may_carry_units_if_asked(self) -> None:
        X, y, names, given = fall(False)
        fit = fitx.fit(
            X, y, "symbolic", feature_names=names, target_name="s", units=given, time_limit=20,
            options={"symbolic.free_constants": True},
        )  # fmt: skip
        assert fit.holdout.r2 is not None
        assert fit.holdout.r2 > 1 - 1e-12

    def test_declines_where_no_formula_can_have_the_unit(self) -> None:
        X, y, names, given = fall(False)
        with pytest.raises(fitx.FitxError, match="no feature has mass") as e:
            fitx.fit(X, y, "symbolic", feature_names=names, target_name="s", units=given | {"s": "kg"}, time_limit=2)
        assert "free_constants" in e.value.hint

    def test_wrong_units_are_said_before_the_work(self) -> None:
        X, y, names, given = fall(False)
        for wrong, says in (({"t": "foo"}, "`foo` is no unit"), ({"q": "m"}, "no column `q`")):
            with pytest.raises(fitx.UsageError, match=says):
                fitx.fit(X, y, "symbolic", feature_names=names, target_name="s", units=given | wrong)

    def test_groups_find_laws_of_many_columns(self) -> None:
        r = np.random.default_rng(0)
        h, w, k, T = r.uniform(1, 5, (4, 300))
        y = h * w / (np.exp(h * w / (k * T)) - 1)
        fit = fitx.fit(
            np.c_[h, w, k, T], y, "symbolic", feature_names=["h", "w", "k", "T"], target_name="E", time_limit=20,
            units={"h": "J s", "w": "1/s", "k": "J/K", "T": "K", "E": "J"},
        )  # fmt: skip
        assert fit.holdout.r2 is not None
        assert fit.holdout.r2 > 1 - 1e-12


def test_what_the_units_forbid_is_named_where_nothing_else_is_better_than_the_mean() -> None:
    from fitx.errors import FitxError

    rng = np.random.default_rng(0)
    m, v, h = rng.uniform((1, 1, 0), (5, 9, 10), (200, 3)).T
    X, y = np.c_[m, v, h], m * v**2 / 2 + m * 9.81 * h
    names, units = ["m", "v", "h"], {"m": "kg", "v": "m/s", "h": "m", "y": "J"}
    with pytest.raises(FitxError, match=r"9\.81"):
        fitx.fit(X, y, method="symbolic", feature_names=names, units=units, time_limit=3)
    free = {"symbolic.free_constants": True}
    fit = fitx.fit(X, y, method="symbolic", feature_names=names, units=units, time_limit=30, options=free)
    assert fit.holdout.r2 == pytest.approx(1, abs=1e-12)

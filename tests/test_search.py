"""The symbolic search: known laws by each stage, the same formulas for any number of threads, time kept, bad input."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fitx import _core
from fitx.errors import UsageError
from fitx.fitters.base import Context, Data, Proposal
from fitx.fitters.symbolic import Symbolic
from fitx.formula import Formula, Var, call, parse
from fitx.search.budget import Budget
from fitx.search.clear import cleared, collected
from fitx.search.engine import Search
from fitx.search.extend import extended
from fitx.search.fit import fit_structure, structure_of
from fitx.search.front import Entry, Front
from fitx.search.grammar import parse_grammar
from fitx.search.growth import Size, grow
from fitx.search.offers import offer
from fitx.search.problem import make_problem
from fitx.search.reduce import symmetries, symmetry_chain
from fitx.search.refine import refine
from fitx.search.relations import sparse_relation
from fitx.search.rows import SCREEN, spread_rows
from fitx.search.setup import make_search, rounding_floor, useful_columns
from fitx.search.shapes import monomial_exponents
from fitx.search.snap import simple_forms, snap
from fitx.search.spaces import PRODUCTS, SUMS, make_space
from fitx.search.stages import all_stages, stages_of
from fitx.search.stages.base import Work
from fitx.search.strip import detect, relevant_columns
from fitx.search.table import Table
from fitx.search.targets import TARGETS, targets_for

Array = npt.NDArray[np.float64]
NAMES = ("a", "b", "c", "d", "e")


def sample(law: str, n: int = 300, d: int | None = None, low: float = 1.0, high: float = 4.0, seed: int = 0) -> Data:
    f = parse(law)
    d = d or max(NAMES.index(v) for v in f.variables) + 1
    X = np.random.default_rng(seed).uniform(low, high, (d, n)).T
    return Data(X, f.predict(X, NAMES[:d]), NAMES[:d])


def context(seconds: float = 60.0, jobs: int = 1, **options: Any) -> Context:
    import time

    given = Symbolic().resolve_options(options)
    return Context(given, np.random.default_rng(0), time.perf_counter() + seconds, jobs)


def search(data: Data, **more: Any) -> Search:
    s = make_search(data, context(**more))
    list(s.run())
    return s


def assert_law(formula: Formula, law: str, data: Data) -> None:
    """The same values on fresh rows, half of them outside of the ranges of the data."""
    low, high = data.X.min(axis=0), data.X.max(axis=0)
    X = np.random.default_rng(99).uniform(low, high + 0.2 * (high - low), (200, data.d))
    np.testing.assert_allclose(formula.predict(X, data.names), parse(law).predict(X, data.names), rtol=1e-7)


LAWS = {
    "power law": ["3*a*b**2/sqrt(c)", "1/sqrt(1 + a*b)", "asin(a/(2*b))" ],
    "polynomial": ["a*b + 2*c**2 - 3", "1/(a + b*c)", "sqrt(a**2 + b**2)"],
    "rational": ["(a + 2*b)/(c + a*b)", "log((a + b)/(1 + c))"],
    "algebraic": ["(a + b - sqrt((a - b)**2 + c**2))/2"],
}  # fmt: skip


@pytest.mark.parametrize(("stage", "law"), [(s, law) for s, laws in LAWS.items() for law in laws])
def test_instant_stages_find_their_laws(stage: str, law: str) -> None:
    data = sample(law, high=2.0 if "asin" in law else 4.0)
    s = make_search(data, context())
    runner = next(x for x in stages_of("instant") if x.name == stage)
    with np.errstate(all="ignore"):
        for formula in runner.run(Work(s.problem, s.table, s.grammar), s.budget):
            offer(s, formula, stage)
    assert s.front.best is not None
    assert s.front.best.error < 1e-24
    assert_law(s.front.best.formula, law, data)


@pytest.mark.parametrize(
    "law",
    [
        "a*exp(-b/c)",  # single in the space of products
        "a*b/(exp(a/c) - 1)",
        "a/sqrt(1 - b**2/(25*c**2))",
        "a + 0.5*b*sin(c)",  # raw single and pair
        "exp(-(a - b)**2/2)",  # symmetry
        "a*sqrt((b - c)**2 + d**2)",
        "b + (a - b)*exp(-c/d)",  # shift
        "a**(b - 1)*c",  # a variable power
        "1/tanh(a) - 1/a",
    ],
)
def test_search_finds_the_law(law: str) -> None:
    data = sample(law)
    s = search(data, jobs=2)
    assert s.solved
    assert s.front.best is not None
    assert_law(s.front.best.formula, law, data)


@pytest.mark.parametrize("law", ["a*b*exp(-c)", "b + (a - b)*exp(-c/2)", "a**2 + sin(b)*c"])
def test_the_same_formulas_for_any_number_of_threads_and_on_every_instruction_set(law: str) -> None:
    data = sample(law, n=120)
    found = []
    before = _core.isa()
    try:
        for isa, jobs in [*((i, 1) for i in _core.available_isas()), (before, 2), (before, 3)]:
            _core.set_isa(isa)
            found.append([str(e.formula.text(9)) for e in search(data, jobs=jobs).front])
    finally:
        _core.set_isa(before)
    assert found[0][-1]
    for other in found[1:]:
        assert other[-1] == found[0][-1]
    assert found[-1] == found[-2]


def test_the_search_ends_at_its_deadline() -> None:
    # A clock that moves on by a hundredth of a second each time somebody looks: the search looks often enough.
    rng = np.random.default_rng(0)
    data = Data(rng.uniform(1, 2, (3, 100)).T, rng.normal(size=100), NAMES[:3])
    s = make_search(data, context())
    ticks = itertools.count()
    clock: Callable[[], float] = lambda: next(ticks) * 0.01  # noqa: E731
    s.budget = Budget(3.0, clock)
    list(s.run())
    assert 300 <= next(ticks) < 330
    assert s.front.best is not None


def test_an_expired_budget_yields_the_instant_answers_only() -> None:
    data = sample("sin(a*b) + sqrt(a + b**3)")
    s = make_search(data, context())
    s.budget = Budget(-1.0, lambda: 0.0)
    list(s.run())
    assert not s.solved
    assert s.tried == 0


def test_an_interrupt_leaves_what_was_found() -> None:
    data = sample("sin(a*b) + cos(b + c*a) + exp(sin(c))")
    proposals = Symbolic().propose(data, context())
    first = next(p for p in proposals if isinstance(p, Proposal))
    proposals.close()
    assert np.isfinite(first.formula.predict(data.X, data.names)).all()


def test_what_it_is_at_is_told_and_formulas_are_counted() -> None:
    rng = np.random.default_rng(0)
    data = Data(rng.uniform(1, 2, (3, 60)).T, rng.normal(size=60), NAMES[:3])
    told: list[str] = []
    counted: list[int] = []
    c = context(5.0)
    c.tell, c.tried = told.append, counted.append
    list(Symbolic().propose(data, c))
    assert told
    assert sum(counted) > 1000
    assert min(counted) >= 0


# -- the front --------------------------------------------------------------------------------------------------
def test_front_keeps_the_best_of_each_complexity_and_the_simplest_of_equals() -> None:
    front = Front(1e-20)
    x = Var("x")
    for c, e in ((5, 0.5), (9, 0.1), (7, 0.6), (3, 0.9), (9, 0.05), (12, 1e-25), (20, 1e-30), (10, 1e-24)):
        front.add(Entry(x, c, e, ""))
    assert [(f.complexity, f.error) for f in front] == [(3, 0.9), (5, 0.5), (9, 0.05), (10, 1e-24)]
    assert not front.admits(11, 1e-31)


@pytest.mark.parametrize(("noise", "least"), [(0.3, 1), (0.0, 3)])
def test_every_entry_is_defined_on_every_row_and_better_than_the_simpler_ones(noise: float, least: int) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(3, 200)).T
    y = np.sin(X[:, 0]) * X[:, 1] + noise * rng.normal(size=200)
    if not noise:  # without noise there is more than one formula worth having, the more of them the harder the law
        y = y + np.tanh(X[:, 2] * X[:, 0] - np.cos(X[:, 1])) ** 3
    data = Data(np.asfortranarray(X), y, NAMES[:3])
    s = search(data, seconds=6.0)
    entries = list(s.front)
    assert len(entries) >= least
    assert all(np.isfinite(e.formula.predict(data.X, data.names)).all() for e in entries)
    assert all(a.complexity < b.complexity and a.error > b.error for a, b in itertools.pairwise(entries))


# -- constants --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5000000001, "1/2"),
        (6.283185307, "2*pi"),
        (9.81, "9.81"),
        (1.4142135624, "sqrt(2)"),
        (0.15915494309, "1/(2*pi)"),
    ],
)
def test_simple_forms(value: float, text: str) -> None:
    form, exact = simple_forms(value, 1e-8)[0]
    assert str(form) == text
    assert exact == pytest.approx(value, rel=1e-8)


def test_snap_keeps_what_is_no_simple_number() -> None:
    f = parse("0.33333333333*x + 2.7182817*y")
    assert str(snap(f, lambda g: True, 1e-9)) == "1/3*x + 2.7182817*y"
    assert snap(f, lambda g: False, 1e-9) == f


def test_refinement_reaches_the_least_squares_optimum() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 3, (1, 200))
    y = 2.3 * np.exp(-1.7 * x[0]) + 0.4
    f = refine(parse("2.0*exp(-1.5*x) + 0.5"), x, y, ("x",), rounds=20)
    np.testing.assert_allclose([float(v) for v in f.constants], [2.3, -1.7, 0.4], rtol=1e-9)


def test_relations_are_sparse() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(8, 60))
    rows[5] = 2 * rows[0] - 3 * rows[3]
    rows[7] = rows[1] + rows[2] + rows[4]
    c = sparse_relation(rows)
    assert c is not None
    assert np.count_nonzero(c) == 3
    np.testing.assert_allclose(c[[0, 3]] / c[5], [-2, 3], rtol=1e-9)
    assert sparse_relation(rng.normal(size=(8, 60))) is None


def test_sums_lose_denominators() -> None:
    assert str(cleared(parse("1 + (x/y)**2"))) == "y**2 + x**2"
    assert cleared(parse("x + y")) is None
    assert collected(parse("k**5*a/((x*k)**5)")) == parse("a/x**5")


# -- problems ---------------------------------------------------------------------------------------------------
def problem(law: str, **more: Any) -> Any:
    data = sample(law, **more)
    return make_problem(data.X, data.y, data.names, np.random.default_rng(0))


def test_power_variables_are_stripped() -> None:
    s = detect(problem("a**2*b*(c + d)", n=800))
    assert s.left == (2, 3)
    assert s.exponents[:2].tolist() == [2, 1]


def test_columns_without_effect_are_seen() -> None:
    assert relevant_columns(problem("a*exp(-b)", n=800, d=5)) == [0, 1]


@pytest.mark.parametrize(
    ("law", "family", "factor"),
    [("exp(a - b)*c", "sum", -1), ("sin(a*b) + c", "product", 1), ("sqrt(a**2 + b**2)*exp(c)", "squares", 1)],
)
def test_symmetries_are_seen(law: str, family: str, factor: int) -> None:
    best = symmetries(problem(law, n=800, high=2.0), 1)[0]
    assert (best.first, best.second, best.family.name, best.factor) == (0, 1, family, factor)


def test_a_reduced_problem_means_the_same() -> None:
    p = problem("exp(-(a - b)**2)*c", n=800, high=2.5)
    for child in symmetry_chain(p, Budget(np.inf)):
        names = dict(zip(NAMES, p.columns, strict=False))
        for f, column in zip(child.formulas, child.columns, strict=True):
            np.testing.assert_allclose(f.evaluate(names), column, rtol=1e-12)
        np.testing.assert_allclose(child.lift(Var("y")).evaluate({**names, "y": child.y}), p.y, rtol=1e-12)


def test_extended_problems_hold_what_their_formulas_say() -> None:
    p = problem("a*b + c")
    names = dict(zip(NAMES, p.columns, strict=False))
    labels = []
    for child in extended(p, parse_grammar()):
        labels.append(child.label)
        assert child.d > p.d
        for f, column in zip(child.formulas, child.columns, strict=True):
            np.testing.assert_allclose(f.evaluate(names), column, rtol=1e-12)
    assert len(labels) == len(set(labels)) > 5


def test_targets_invert_each_other() -> None:
    y = np.linspace(0.1, 0.9, 30)
    for target in targets_for(y):
        back = target.inverse(Var("t")).evaluate({"t": target.forward(y)})
        np.testing.assert_allclose(back, y, rtol=1e-9, err_msg=target.name)
    assert len({t.name for t in TARGETS}) == len(TARGETS)
    assert not {"log y", "y^2"} & {t.name for t in targets_for(y - 0.5)}


def test_screening_rows_are_spread_over_y() -> None:
    rng = np.random.default_rng(0)
    y = np.sort(rng.normal(size=50_000)) ** 3
    X = rng.uniform(1, 2, (2, 50_000))
    rows = spread_rows(X, y, np.random.default_rng(1))
    assert len(rows.screen) == SCREEN
    assert rows.weight.all()
    strata = np.floor(np.sort(rows.screen) / 50_000 * 8)
    assert np.bincount(strata.astype(int), minlength=8).min() >= 6
    few = spread_rows(X[:, :10], y[:10], np.random.default_rng(1))
    assert few.weight.sum() == 10


def test_library_formulas_have_the_values_of_the_library() -> None:
    p = problem("a*b + c*d", low=0.5, high=2.0)
    lib = grow(p, Size(600, 200, 3000), parse_grammar(), Budget(np.inf), 1)
    assert len(lib) == 3000
    ids = np.arange(0, 3000, 7, dtype=np.int32)
    values = lib.values.values(ids)
    names = dict(zip(NAMES, p.screen_columns, strict=False))
    for i, v in zip(ids, values, strict=True):
        got = lib.formula(int(i)).evaluate(names)
        np.testing.assert_allclose(got, v, rtol=1e-9, err_msg=str(lib.formula(int(i))))


def test_monomials_come_by_cost() -> None:
    exponents, cost = monomial_exponents(3, 200)
    assert exponents.shape == (200, 3)
    assert (np.diff(cost) >= 0).all()
    assert len({tuple(e) for e in exponents.tolist()}) == 200


@pytest.mark.parametrize(("kind", "law"), [(PRODUCTS, "2*a**3*sqrt(b)*sin(c)"), (SUMS, "3 - 2*sin(c)")])
def test_fit_of_a_structure(kind: Any, law: str) -> None:
    data = sample(law, high=3.0)
    p = make_problem(data.X, data.y, data.names, np.random.default_rng(0))
    table = Table(p.columns, data.y, data.names, p.rows.check)
    space = make_space(kind, p, parse_grammar())
    found = fit_structure(structure_of(space, TARGETS[0], [call("sin", Var("c"))]), table)
    assert min(table.error_on_all(f) for f in found) < 1e-28


# -- options and bad input --------------------------------------------------------------------------------------
def test_operators_are_kept_to() -> None:
    data = sample("a*exp(-b)")
    s = search(data, seconds=5.0, operators="+ - * /")
    allowed = {"add", "sub", "mul", "div", "neg", "square", "cube", "pow", "abs", "pi"}
    for entry in s.front:
        assert {f.op for f in entry.formula.postorder() if hasattr(f, "op")} <= allowed
    with pytest.raises(UsageError, match="no operator `sine`"):
        parse_grammar("+ sine")
    with pytest.raises(UsageError, match="NAME=WHOLE NUMBER"):
        parse_grammar("+", costs="exp=cheap")


def test_max_complexity_is_kept_to() -> None:
    c = context(5.0)
    c.max_complexity = 7
    proposals = [p for p in Symbolic().propose(sample("a*b + c*d + exp(a)"), c) if isinstance(p, Proposal)]
    assert proposals
    assert all(p.formula.complexity <= 7 for p in proposals)


def test_stages_are_found_and_have_names_of_their_own() -> None:
    names = [s.name for s in all_stages()]
    assert len(names) == len(set(names))
    assert {s.family for s in all_stages()} == {"instant", "library", "scan", "deep", "last", "nested", "late"}


RNG = np.random.default_rng(7)
X3 = RNG.uniform(1, 5, (3, 60)).T
WHOLE = RNG.integers(-3, 4, (3, 60)).T.astype(float)
BAD: dict[str, tuple[Array, Array]] = {
    "constant y": (X3, np.full(60, 3.0)),
    "noise": (X3, RNG.normal(size=60)),
    "whole numbers with zeros": (WHOLE, WHOLE[:, 0] ** 2 + 3 * WHOLE[:, 1]),
    "huge": (X3 * 1e200, X3[:, 0] * 1e200),
    "tiny": (X3 * 1e-200, X3[:, 0] * X3[:, 1] * 1e-30),
    "repeated rows": (np.repeat(X3[:6], 10, axis=0), np.repeat(X3[:6, 0] * X3[:6, 1], 10)),
    "five rows": (X3[:5], X3[:5, 0] / X3[:5, 1]),
    "a hundred columns": (RNG.uniform(1, 2, (100, 80)).T, RNG.normal(size=80)),
    "constant column": (np.c_[X3, np.ones(60)], X3[:, 0] / X3[:, 1]),
    "repeated column": (np.c_[X3, 2 * X3[:, 0]], X3[:, 0] / X3[:, 1]),
    "negative base": (X3 - 3, np.abs(X3[:, 0] - 3) ** 1.5),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_something_sensible(name: str) -> None:
    X, y = BAD[name]
    data = Data(np.asfortranarray(X), y, tuple(f"x{i}" for i in range(X.shape[1])))
    assert not Symbolic().declines(data)
    proposals = [p for p in Symbolic().propose(data, context(3.0)) if isinstance(p, Proposal)]
    assert proposals
    for p in proposals:
        assert np.isfinite(p.formula.predict(data.X, data.names)).all()
    best = min(float(np.abs((p.formula.predict(data.X, data.names) - y) / np.abs(y).max()).max()) for p in proposals)
    if name not in ("noise", "a hundred columns"):
        assert best < 1e-10


def test_too_few_rows_are_declined_in_words() -> None:
    assert "3 rows" in Symbolic().declines(sample("a*b", n=2))


def test_useless_columns_and_digits_of_y() -> None:
    X = np.c_[X3, np.ones(60), 3 - 2 * X3[:, 1]]
    assert useful_columns(X) == [0, 1, 2]
    assert rounding_floor(RNG.normal(size=50)) == 0
    y = np.round(RNG.normal(size=50), 4)
    assert 1e-12 < rounding_floor(y) < 1e-7


def test_a_law_in_rounded_numbers_is_found() -> None:
    data = sample("a*sin(b)/c")
    rounded = Data(data.X, np.round(data.y, 4), data.names)
    s = search(rounded)
    assert s.front.best is not None
    assert s.front.best.formula.complexity <= 7
    assert_law(s.front.best.formula, "a*sin(b)/c", data)


def test_weights_leave_out_rows_of_no_weight() -> None:
    data = sample("2.5*a*exp(-b)")
    y, weights = data.y.copy(), np.ones(data.n)
    # Rows outside of the sample that constants are fitted on may be wrong, if they weigh nothing.
    rows = make_problem(data.X, data.y, data.names, np.random.default_rng(0)).rows
    outside = np.setdiff1d(np.arange(data.n), np.union1d(rows.check, rows.screen))
    y[outside], weights[outside] = 7.0, 0.0
    table = Table(np.ascontiguousarray(data.X.T), y, data.names, rows.check, weights)
    assert table.error_on_all(parse("2.5*a*exp(-b)")) < 1e-28


def test_refit_keeps_the_structure() -> None:
    data, other = sample("2.5137*a*exp(-b)"), sample("3.5173*a*exp(-b)", seed=1)
    best = [p for p in Symbolic().propose(data, context()) if isinstance(p, Proposal)][-1]
    assert best.refit is not None
    assert_law(best.refit(other).formula, "3.5173*a*exp(-b)", other)

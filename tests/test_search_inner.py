"""Laws with constants inside are found by the dictionary of atoms: the structure, and all constants to many digits."""

from __future__ import annotations

import numpy as np
import pytest

import fitx
from fitx.formula import parse
from fitx.search.atoms.driver import Atoms
from fitx.search.atoms.formulas import formulas
from fitx.search.atoms.scene import Scene, make_scene
from fitx.search.atoms.starts import one_argument, two_arguments
from fitx.search.bench import Workbench
from fitx.search.budget import Budget
from fitx.search.grammar import parse_grammar
from fitx.search.growth import Size, grow
from fitx.search.problem import make_problem
from fitx.search.rounds import SMALL
from fitx.search.stages.base import Work
from fitx.search.stages.nested import NestedAtoms
from fitx.search.table import Table


def scene_of(X: np.ndarray, y: np.ndarray, operators: str | None = None) -> tuple[Work, Scene | None]:
    names = tuple(f"x{k}" for k in range(X.shape[1]))
    problem = make_problem(X, y, names, np.random.default_rng(0))
    table = Table(np.ascontiguousarray(X.T), y, names, problem.rows.check)
    work = Work(problem, table, parse_grammar(operators) if operators else parse_grammar())
    return work, make_scene(work)


def atoms_of(X: np.ndarray, y: np.ndarray, seconds: float = 60.0, threads: int = 1) -> tuple[Atoms, Table]:
    work, scene = scene_of(X, y)
    assert scene is not None
    atoms = Atoms(work, scene, Budget(Budget(0.0).clock() + seconds), threads)
    atoms.evaluate()
    return atoms, work.table


def single(atoms: Atoms):
    with np.errstate(all="ignore"):
        every = range(len(atoms.scene.targets))
        return atoms.refined(atoms.singles(160, range(min(4, len(atoms.scene.bases))), every, True), 200)


@pytest.mark.parametrize(
    ("law", "low", "high"),
    [
        ("12.4*exp(-3.17*exp(-0.412*x0))", 0.2, 12.0),
        ("83.6/(1 + exp(4.9 - 0.437*x0))", 0.0, 25.0),
        ("3.17 + 1.28*sin(0.506*x0 + 0.84)", 0.0, 40.0),
        ("2.37*exp(-0.214*x0)*sin(3.17*x0 + 0.42)", 0.0, 8.0),
        ("1.512 + 0.0138/(x0 - 0.143)**1.2", 0.35, 1.0),
        ("exp(18.6 - 3985/(x0 + 233.4))", 20.0, 100.0),
        ("0.3 + 1.86*x0**1.62/(7.4 + x0**1.62)", 0.3, 15.0),
        ("1.27 + 0.183*x0 + 3.46*exp(-((x0 - 4.82)/1.13)**2)", 0.0, 10.0),
        ("0.93*sin(1.62*atan(8.47*x0))", 0.01, 1.0),
    ],
)
def test_laws_of_one_atom(law: str, low: float, high: float) -> None:
    X = np.random.default_rng(1).uniform(low, high, (300, 1))
    y = parse(law).predict(X, ("x0",))
    atoms, table = atoms_of(X, y)
    with np.errstate(all="ignore"):
        found = list(formulas(atoms, single(atoms)))
    assert min(table.error_on_all(f) for f in found) < 1e-20
    # Few constants come first: the first formula holds no more of them than the law and one.
    assert len(found[0].constants) <= len(parse(law).constants) + 2


def test_two_atoms_are_found_by_pairs() -> None:
    X = np.random.default_rng(2).uniform(0.5, 3.0, (300, 1))
    y = parse("4.75*(1 - exp(-1.94*(x0 - 0.741)))**2").predict(X, ("x0",))
    atoms, table = atoms_of(X, y)
    with np.errstate(all="ignore"):
        base = next(k for k, b in enumerate(atoms.scene.bases) if b.name == "1")
        fits = atoms.refined(atoms.pairs(200, [base], [0]), 200)
        assert min(table.error_on_all(f) for f in formulas(atoms, fits)) < 1e-18


def test_constants_that_do_not_count_are_left_out() -> None:
    # ... rather than a pole at -3e-11 and the exponent 2.9999999.
    R = np.random.default_rng(7).uniform(1e3, 3e4, (300, 1))
    law = parse("1/(0.00113 + 0.000234*log(x0) + 8.78e-8*log(x0)**3)")
    atoms, table = atoms_of(R, law.predict(R, ("x0",)))
    with np.errstate(all="ignore"):
        base = next(k for k, b in enumerate(atoms.scene.bases) if b.name == "1 log")
        target = next(k for k, t in enumerate(atoms.scene.targets) if t.name == "1/y")
        fits = atoms.refined(atoms.singles(160, [base], [target], True), 200)
        first = next(iter(formulas(atoms, fits)))
    assert table.error_on_all(first) < 1e-20
    assert first.complexity <= law.complexity + 2


def test_the_whole_search_finds_a_law_with_three_constants_inside() -> None:
    X = np.random.default_rng(8).uniform(0.2, 12.0, (400, 1))
    y = parse("2.4 + 12.4*exp(-3.17*exp(-0.412*x0))").predict(X, ("x0",))
    found = fitx.fit(X, y, method="symbolic", feature_names=["x0"], time_limit=20, jobs=1)
    fresh = np.random.default_rng(9).uniform(0.2, 12.0, (50, 1))
    expected = parse("2.4 + 12.4*exp(-3.17*exp(-0.412*x0))").predict(fresh, ("x0",))
    np.testing.assert_allclose(found.predict(fresh), expected, rtol=1e-9)


def test_threads_do_not_change_the_answer() -> None:
    X = np.random.default_rng(3).uniform(0.5, 3.0, (200, 1))
    y = np.exp(-X[:, 0]) / (X[:, 0] + 0.3)
    answers = []
    for threads in (1, 3):
        atoms, _ = atoms_of(X, y, threads=threads)
        fits = single(atoms)
        answers.append((fits.atoms, fits.theta, fits.error))
    for a, b in zip(*answers, strict=True):
        np.testing.assert_array_equal(a, b)


def test_forbidden_operators_make_no_atoms() -> None:
    X = np.random.default_rng(4).uniform(0.5, 3.0, (200, 1))
    work, scene = scene_of(X, np.sin(3 * X[:, 0]), "+ - * /")
    assert scene is not None
    atoms = Atoms(work, scene, Budget(Budget(0.0).clock() + 60), 1)
    atoms.evaluate()
    with np.errstate(all="ignore"):
        for f in formulas(atoms, single(atoms)):
            assert work.grammar.permits(f)


def test_a_spent_budget_ends_the_work_at_once() -> None:
    X = np.random.default_rng(5).uniform(0.5, 3.0, (200, 1))
    atoms, _ = atoms_of(X, np.sin(3 * X[:, 0]), seconds=0.0)
    fits = atoms.singles(10, [0], [0])
    assert not len(fits.error)
    assert list(formulas(atoms, fits)) == []


def test_a_constant_target_has_no_scene() -> None:
    X = np.random.default_rng(6).uniform(0.5, 3.0, (100, 1))
    assert scene_of(X, np.full(100, 2.0))[1] is None


def test_starts_keep_poles_outside_of_the_data() -> None:
    u = np.linspace(-2.0, 5.0, 50)
    for outer, form, theta in one_argument(u):
        assert np.isfinite(theta).all()
        if form == 1:
            assert (u + theta[0]).min() > 0 or (u + theta[0]).max() < 0, outer
    assert all(np.isfinite(t).all() for _, _, t in two_arguments(u, u**2))


@pytest.mark.parametrize(
    ("law", "low", "high"),
    [
        ("sin(1.3*x0*x1 + 0.4*x0**2)", 0.5, 3.0),
        ("exp(-0.7*sqrt(x0**2 + 1.9*x1**2))", 0.5, 3.0),
        ("log(2.3 + x0*x1**2)", 0.5, 3.0),
        ("cos(sqrt(x0) + 1.7*x1)", 0.5, 3.0),
        ("0.3*x0 + 2.1*log(1 + exp(1.3*sin(x0)))", 0.5, 5.0),
        ("2.3*cos(1.2*exp(-0.3*x0) + 0.7*x1)", 0.5, 5.0),
    ],
)
def test_expressions_and_atoms_inside_atoms(law: str, low: float, high: float) -> None:
    f = parse(law)
    names = tuple(f"x{k}" for k in range(len(f.variables)))
    X = np.random.default_rng(1).uniform(low, high, (400, len(names)))
    problem = make_problem(X, f.predict(X, names), names, np.random.default_rng(0))
    table = Table(np.ascontiguousarray(X.T), problem.y, names, problem.rows.check)
    grammar, budget = parse_grammar(), Budget(Budget(0.0).clock() + 60.0)
    bench = Workbench(problem, grow(problem, Size(20, 20, 40), grammar, budget, 1), grammar, table, 1, budget)
    work = Work(problem, table, grammar, bench, None, SMALL)
    with np.errstate(all="ignore"):
        assert any(table.error_on_all(g) < 1e-20 for g in NestedAtoms().run(work, budget))

"""Evolution: genomes stay trees, fits are those of the core, and a seed decides everything."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from fitx.formula import Var, parse
from fitx.formula.evaluate import predict
from fitx.search.budget import Budget
from fitx.search.evolve.archive import Archive, kind_of
from fitx.search.evolve.batch import Rows, fit_batch
from fitx.search.evolve.calculus import adjoints, node_values
from fitx.search.evolve.genome import Genome, arity, folded, formula_of, genome_of, start_of
from fitx.search.evolve.grafts import grafts
from fitx.search.evolve.loop import Evolution
from fitx.search.evolve.prune import pruned
from fitx.search.evolve.slices import Slices
from fitx.search.evolve.tidy import tidied
from fitx.search.evolve.variation import make_alphabet, offspring, random_tree
from fitx.search.evolve.vocabulary import make_vocabulary
from fitx.search.grammar import parse_grammar
from fitx.search.problem import make_problem

NAMES = ("x", "z")
ALPHABET = make_alphabet(parse_grammar(), 2)
X = np.random.default_rng(3).uniform(0.5, 3.0, (300, 2))
COLUMNS = np.ascontiguousarray(X[:64].T)


def is_tree(genome: Genome) -> bool:
    """Whether the postfix program leaves one value and never lacks an operand."""
    height = 0
    for t in genome:
        height += 1 - arity(t)
        if height < 1:
            return False
    return height == 1


def genome(text: str) -> Genome:
    """A formula's genome."""
    g = genome_of(parse(text), {"x": 0, "z": 1})
    assert g is not None
    return g


@pytest.mark.parametrize("seed", range(20))
def test_offspring_are_trees(seed: int) -> None:
    """Also where constants are whole numbers, as opcodes are."""
    rng = Random(seed)
    pool = [random_tree(ALPHABET, rng, 4) for _ in range(20)]
    pool = [tuple(float(rng.randrange(40)) if type(t) is float else t for t in g) for g in pool]
    vocabulary = make_vocabulary(ALPHABET, COLUMNS)
    for _ in range(300):
        child = offspring(rng.choice(pool), rng.choice(pool), ALPHABET, rng)
        if child is not None:
            assert is_tree(child)
            assert ALPHABET.fits(child)
            pool.append(child)
    with np.errstate(all="ignore"):
        for child in grafts(pool[-20:], Rows(COLUMNS, np.sin(COLUMNS[0])), vocabulary, rng):
            assert is_tree(child)


@pytest.mark.parametrize("text", ["sin(x*0.5) + z**2", "x**1.5/(z + 0.3) - exp(-x)", "sqrt(x)*log(z)", "z**-3"])
def test_genomes_are_formulas(text: str) -> None:
    """There and back; constants become free, whole exponents stay."""
    g = genome(text)
    f = formula_of(g, [Var("x"), Var("z")])
    np.testing.assert_allclose(predict(f, X, NAMES), predict(parse(text), X, NAMES), rtol=1e-14)


def test_constants_are_folded() -> None:
    """sin(2*3) is a constant, x + sin(2*3) has one."""
    assert len(folded((*genome("x + 1.5")[:1], 2.0, 3.0, genome("x*z")[-1], genome("x + 1.5")[-1]))) == 3


def test_derivatives_by_every_node() -> None:
    """Against a small change of the subtree's value."""
    g = genome("sin(x*0.5)*exp(-z)/(x + 1.2) + sqrt(z)*log(x + 3.0) + x**z + cos(x)**2 - tanh(z)")
    found = node_values(g, COLUMNS)
    assert found is not None
    values, below = found
    slopes = adjoints(g, values, below)
    for i in range(len(g) - 1):
        for step in (1e-6,):
            start = start_of(g, i)
            add = genome("x + 1.5")[-1]
            up, down = ((*g[: i + 1], s, add, *g[i + 1 :]) for s in (step, -step))
            a, b = (node_values(h, COLUMNS) for h in (up, down))
            assert a is not None
            assert b is not None
            assert start <= i
            np.testing.assert_allclose((a[0][-1] - b[0][-1]) / (2 * step), slopes[i], rtol=1e-5, atol=1e-6)


def test_a_graft_finds_the_missing_part() -> None:
    """The residuals of x*sin(z) for y = x*sin(z**2) ask for z**2 in the place of z."""
    y = COLUMNS[0] * np.sin(COLUMNS[1] ** 2 / 4)
    rows, rng = Rows(COLUMNS, y), Random(1)
    children = grafts([genome("x*sin(z*0.6)")] * 40, rows, make_vocabulary(ALPHABET, COLUMNS), rng)
    assert float(fit_batch(children, rows, 0, 40).error.min()) < 1e-20


def test_the_best_of_each_kind_is_kept() -> None:
    """And the front: the least error of each size."""
    archive = Archive(50)
    for error, text in ((0.5, "x"), (0.2, "x*z"), (0.3, "x + z"), (0.1, "sin(x)*z"), (0.25, "sin(x*z)")):
        g = genome(text)
        assert archive.admits(error, kind_of(g))
        archive.add(error, kind_of(g), g)
    archive.settle()
    assert archive.best == 0.1
    assert [e[1] for e in archive.front] == [4, 3, 1]
    assert not archive.admits(0.2, kind_of(genome("x*z")))


def test_what_is_not_needed_is_left_out() -> None:
    """sin(1.3 x) + 0*z + sqrt(x*x)*0 is sin(1.3 x)."""
    g = genome("sin(x*1.2) + z*0.0001 - 0.001*sqrt(x*x)")
    short, offset, factor = pruned(g, Rows(COLUMNS, 2 - 3 * np.sin(1.3 * COLUMNS[0])), 1e-18)
    assert len(short) == 4
    assert offset == pytest.approx(2)
    assert abs(factor) == pytest.approx(3)


def test_evolution_finds_a_law_alike_for_any_number_of_threads() -> None:
    """x**z + constants inside, bit for bit."""
    y = (X[:, 0] + 0.7) ** X[:, 1] - 1.5 * np.sin(1.3 * X[:, 0])
    found = []
    for threads in (1, 3):
        problem = make_problem(X, y, NAMES, np.random.default_rng(0))
        slices = Slices(problem, parse_grammar(), 1e-22, threads)
        with np.errstate(all="ignore"):
            formulas = [f.text() for f in slices.run(5000, [parse("x + z")], Budget(np.inf))]
        found.append(formulas)
    assert found[0] == found[1]
    errors = [np.mean((predict(parse(t), X, NAMES) - y) ** 2) / y.var() for t in found[0]]
    assert min(errors) < 1e-3


def test_islands_of_a_seed_differ() -> None:
    """Each has a stream of its own."""
    rows = Rows(COLUMNS, COLUMNS[0] ** 2)
    evolution = Evolution(ALPHABET, [rows, rows])
    with np.errstate(all="ignore"):
        next(evolution.generations())
    a, b = (island.archive.elites for island in evolution.islands)
    assert {e[2] for e in a} != {e[2] for e in b}


@pytest.mark.parametrize(
    ("text", "usual"),
    [("2.718281828459045**x", "exp(x)"), ("exp(log(x) + sin(z))", "x*exp(sin(z))"),
     ("exp(2*(log(x) - z))", "x**2*exp(-2*z)"),
     ("log(x*exp(z))", "log(x) + z"), ("log(exp(x*z)/z)", "x*z - log(z)"),
     ("exp(-log(x)/2.0)", "x**-0.5"), ("2.5**x", "exp(0.9162907318741551*x)")],
)  # fmt: skip
def test_unusual_forms_become_usual(text: str, usual: str) -> None:
    """Of the same values."""
    f = tidied(parse(text))
    np.testing.assert_allclose(predict(f, X, NAMES), predict(parse(text), X, NAMES), rtol=1e-12)
    assert f.simplify().complexity <= parse(usual).simplify().complexity

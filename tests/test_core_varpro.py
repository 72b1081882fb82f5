"""The batch fit of inner constants: columns against NumPy, constants found again, the same on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest

from fitx import _core
from fitx._core.varpro import varpro_columns, varpro_fit
from fitx.formula import Var
from fitx.formula.evaluate import evaluate_columns
from fitx.search.atoms.shapes import FORMS, NUMBER, OUTERS, TWO_COLUMNS, argument, combined, constants_of

X = np.linspace(0.3, 2.7, 64)
V = np.sqrt(X) + np.cos(5 * X) / 9
ONE = np.ones((1, 64))


def fit(atoms, theta, target, basis=None, iterations=60, threads=1, u=None):
    u = np.array([X, V]) if u is None else u
    basis = np.zeros((0, u.shape[1])) if basis is None else np.linalg.qr(basis.T)[0].T.copy()
    atoms = np.array(atoms, np.int32).reshape(len(theta), -1, 5)
    of = np.zeros((len(atoms), 2), np.int32)
    start = np.array([0, len(basis)], np.int32)
    return varpro_fit(
        atoms, of, u, np.ones((1, u.shape[1])), basis, start, target[None].copy(), np.array(theta, float), iterations,
        threads,
    )  # fmt: skip


@pytest.mark.parametrize("outer", range(len(OUTERS)))
@pytest.mark.parametrize("form", range(len(FORMS)))
def test_a_column_is_what_its_formula_says(outer: int, form: int) -> None:
    # z stays positive on these rows, so that every function is defined.
    theta = np.array([0.7, 0.4, 0.3, 0.0])
    theta[len(FORMS[form][1])] = 1.3 if OUTERS[outer].own else 0.0
    m = 1 + X[None] ** 2
    columns = varpro_columns(np.array([[outer, form, 0, 1, 0]], np.int32), theta[None], np.array([X, V]), m)[0]
    z = argument(outer, form, theta, Var("x"), Var("v"), (X, V))
    c = np.array([0.6, -1.1])
    size, f = combined(outer, z, c)
    expected = size * evaluate_columns(f, np.array([X, V]), ("x", "v")) * m[0]
    got = c[0] * columns[0] + (c[1] * columns[1] if outer in TWO_COLUMNS else 0)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)
    if outer not in TWO_COLUMNS:
        assert not columns[1].any()


@pytest.mark.parametrize("outer", range(len(OUTERS)))
def test_every_atom_finds_its_constants_again(outer: int) -> None:
    form = 0 if OUTERS[outer].name in ("exp", "exp pair", "wave", "damped wave", "bose") else 2
    if constants_of(outer, 2) == 2 and outer in (NUMBER["reciprocal"], NUMBER["log"], NUMBER["sqrt"]):
        form = 1
    if OUTERS[outer].name.startswith(("reciprocal", "power", "exp reciprocal", "log pair")):
        form = 1
    truth = np.array([1.4, 0.8, 0.0, 0.0])
    if form == 2:
        truth[:2] = 1.4, -0.9
    if OUTERS[outer].name == "log minus":
        truth[:2] = 1.4, 0.2
    truth[len(FORMS[form][1])] = -0.6 if OUTERS[outer].own else truth[len(FORMS[form][1])] * 0
    truth[len(FORMS[form][1]) + 1 :] = 0
    atom = [outer, form, 0, 1, 0]
    columns = varpro_columns(np.array([atom], np.int32), truth[None], np.array([X, V]), ONE)[0]
    target = 2.0 + 3.0 * columns[0] + (1.5 * columns[1] if outer in TWO_COLUMNS else 0)
    start = truth * np.array([1.07, 1.05, 1.06, 1.0])
    theta, linear, error, evaluations = fit([atom], start[None, None], target, ONE)
    assert error[0] < 1e-24
    assert evaluations[0] > 1
    np.testing.assert_allclose(theta[0, 0], truth, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(linear[0, 0, 0], 3.0, rtol=1e-6)


def test_two_exponentials_and_the_base_are_told_apart() -> None:
    target = 0.7 - 0.2 * X + 7.4 * np.exp(-0.3 * X) - 3.1 * np.exp(-2.9 * X)
    atoms = [[[NUMBER["exp"], 0, 0, 0, 0], [NUMBER["exp"], 0, 0, 0, 0]]]
    start = np.array([[[-0.6, 0, 0, 0], [-2.0, 0, 0, 0]]])
    theta, linear, error, _ = fit(atoms, start, target, np.array([ONE[0], X]), 200)
    assert error[0] < 1e-20
    np.testing.assert_allclose(theta[0, :, 0], [-0.3, -2.9], rtol=1e-4)
    np.testing.assert_allclose(linear[0, :, 0], [7.4, -3.1], rtol=1e-3)


def test_equal_columns_are_dropped_not_fought() -> None:
    target = 2 * np.exp(-0.8 * X)
    atoms = [[[NUMBER["exp"], 0, 0, 0, 0], [NUMBER["exp"], 0, 0, 0, 0]]]
    theta, linear, error, _ = fit(atoms, np.full((1, 2, 4), 0.5) * [-1, 0, 0, 0], target)
    assert error[0] < 1e-20
    assert np.isfinite(theta).all()
    assert np.isfinite(linear).all()


def test_an_empty_slot_takes_no_part() -> None:
    target = 2 / (X + 0.4)
    atoms = [[[NUMBER["reciprocal"], 1, 0, 0, 0], [-1, 0, 0, 0, 0]]]
    theta, linear, error, _ = fit(atoms, np.array([[[0.9, 0, 0, 0], [5, 5, 5, 5]]]), target)
    assert error[0] < 1e-24
    np.testing.assert_allclose(theta[0, 0, 0], 0.4, rtol=1e-9)
    np.testing.assert_allclose(linear[0], [[2, 0], [0, 0]], rtol=1e-9)


def test_an_atom_that_is_undefined_at_the_start_has_an_infinite_error() -> None:
    _, _, error, _ = fit([[NUMBER["reciprocal"], 1, 0, 0, 0]], np.array([[[-X[3], 0, 0, 0]]]), X)
    assert error[0] == np.inf


def batch(rng: np.random.Generator):
    atoms = np.stack(
        [rng.integers(0, len(OUTERS), 300), np.full(300, 2), np.zeros(300), np.ones(300), np.zeros(300)], 1
    )
    theta = rng.normal(size=(300, 1, 4))
    return atoms[:, None], theta, np.exp(-X) + np.sin(3 * X)


def test_threads_do_not_change_a_bit() -> None:
    atoms, theta, target = batch(np.random.default_rng(3))
    one = fit(atoms, theta, target, ONE, 20, 1)
    three = fit(atoms, theta, target, ONE, 20, 3)
    for a, b in zip(one, three, strict=True):
        np.testing.assert_array_equal(a, b)


def test_instruction_sets_agree_on_the_columns() -> None:
    rng = np.random.default_rng(5)
    atoms = np.array([[o, f, 0, 1, 0] for o in range(len(OUTERS)) for f in range(len(FORMS))], np.int32)
    theta = rng.uniform(0.2, 1.5, (len(atoms), 4))
    before = _core.isa()
    results = []
    try:
        for isa in _core.available_isas():
            _core.set_isa(isa)
            results.append(varpro_columns(atoms, theta, np.array([X, V]), ONE))
    finally:
        _core.set_isa(before)
    for r in results[1:]:
        np.testing.assert_allclose(r, results[0], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "fields", [[99, 0, 0, 0, 0], [0, 7, 0, 0, 0], [0, 0, 2, 0, 0], [0, 0, 0, -1, 0], [0, 0, 0, 0, 1]]
)
def test_atoms_that_do_not_exist_are_refused(fields: list[int]) -> None:
    with pytest.raises(ValueError, match="no such"):
        fit([fields], np.zeros((1, 1, 4)), X)


def test_rows_must_fill_whole_vectors() -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        fit([[0, 0, 0, 0, 0]], np.zeros((1, 1, 4)), X[:9], u=X[None, :9].copy())

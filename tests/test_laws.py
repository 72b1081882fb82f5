"""The catalogues of laws are what they claim to be. Messages name a law, never the formula: two of them stay unread."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import laws

SHARED = Path(__file__).resolve().parents[2] / "shared" / "bench" / "problems.json"
EVERY = [law for name in laws.CATALOGUES for law in laws.load(name)]


@pytest.mark.parametrize(
    ("name", "least"), [("tune", 90), ("unseen", 90), ("measured_tune", 50), ("measured_unseen", 50)]
)
def test_catalogue_is_large_and_well_formed(name: str, least: int) -> None:
    catalogue = laws.load(name)
    assert len(catalogue) >= least
    for law in catalogue:
        names = {node.id for node in ast.walk(laws.parse(law["formula"])) if isinstance(node, ast.Name)}
        assert names - set(laws.FUNCTIONS) - {"pi"} == set(law["variables"]), law["name"]
        assert law["n_vars"] == len(law["variables"]) <= 9, law["name"]
        assert law["target"] not in law["variables"], law["name"]
        assert law["sampling"] == "uniform", law["name"]
        assert all(lo < hi for lo, hi in law["variables"].values()), law["name"]
        if "units" in law:
            assert set(law["units"]) == {*law["variables"], law["target"]}, law["name"]


def test_names_are_unique() -> None:
    names = [law["name"] for law in EVERY]
    assert len(names) == len(set(names))


def test_twins_are_alike_in_size() -> None:
    for a, b in (("tune", "unseen"), ("measured_tune", "measured_unseen")):
        for size in ("n_vars", "n_ops"):
            one, other = (np.mean([law[size] for law in laws.load(name)]) for name in (a, b))
            assert abs(one - other) < 0.15 * one


def is_sound(law: laws.Law) -> bool:
    """Defined in its box and almost everywhere in the wider one, and y varies."""
    rng = np.random.default_rng(3)
    for widen, least in ((0.0, 1.0), (0.25, 0.85)):
        lo, hi = laws.box(law, widen).T
        y = laws.truth(law, rng.uniform(lo, hi, size=(2000, len(lo))))
        if np.isfinite(y).mean() < least:
            return False
    X, y = laws.sample(law, 500, seed=0)
    return X.shape == (500, law["n_vars"]) and bool(np.std(y) > 1e-3 * abs(np.mean(y)))


def test_laws_are_finite_and_vary() -> None:
    assert not [law["name"] for law in EVERY if not is_sound(law)]


def test_no_law_stands_twice() -> None:
    for i, law in enumerate(EVERY):
        assert not [law["name"] for other in EVERY[i + 1 :] if laws.same_law(law, other)]


def test_no_law_is_in_the_shared_benchmark() -> None:
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not here")
    known = json.loads(SHARED.read_text(encoding="utf-8"))
    assert not [law["name"] for law in EVERY for other in known if laws.same_law(law, other)]


def test_same_law_sees_through_names_order_and_factor() -> None:
    a = {"name": "a", "formula": "x*y**2/(z+1)", "variables": {"x": [1, 2], "y": [1, 2], "z": [1, 2]}, "n_vars": 3}
    b = {"name": "b", "formula": "2*q*p**2/(r+1)", "variables": {"r": [1, 2], "p": [1, 2], "q": [1, 2]}, "n_vars": 3}
    assert laws.same_law(a, b)
    assert not laws.same_law(a, {**b, "formula": "q*p**2/(r+1.1)"})


@pytest.mark.parametrize("law", laws.load("tune")[:5] + laws.load("measured_tune")[:5], ids=lambda law: law["name"])
def test_exact_tells_the_law_from_its_neighbours(law: laws.Law) -> None:
    rng = np.random.default_rng(0)
    assert laws.exact(lambda X: laws.truth(law, X), law)
    assert laws.exact(lambda X: laws.truth(law, X), law, nuisance=4)
    assert not laws.exact(lambda X: laws.truth(law, X) * (1 + 1e-3 * rng.normal(size=len(X))), law)
    assert not laws.exact(lambda X: np.full(len(X), np.nan), law)


def test_exact_looks_beyond_the_box() -> None:
    law = {"name": "line", "formula": "x", "variables": {"x": [0, 1]}, "n_vars": 1}
    assert not laws.exact(lambda X: np.clip(X[:, 0], 0, 1), law)


def test_sample_adds_noise_and_nuisance_and_leaves_the_rest() -> None:
    law = laws.load("tune")[0]
    X, y = laws.sample(law, 400, seed=1)
    Xn, yn = laws.sample(law, 400, seed=1, noise=0.1, nuisance=7)
    assert Xn.shape == (400, law["n_vars"] + 7)
    assert len(laws.feature_names(law, 7)) == Xn.shape[1]
    np.testing.assert_array_equal(X, Xn[:, : law["n_vars"]])
    assert np.std(yn - y) == pytest.approx(0.1 * np.sqrt(np.mean(y**2)), rel=0.15)
    np.testing.assert_array_equal(Xn, laws.sample(law, 400, seed=1, nuisance=7)[0])
    assert not np.array_equal(y, laws.sample(law, 400, seed=2)[1])


NOT_ARITHMETIC = ["__import__('os')", "x.real", "exp(x, x)", "[x]", "x if x else 1", "'a'", "sqrt", "open(x)", "True"]


@pytest.mark.parametrize("text", NOT_ARITHMETIC)
def test_only_arithmetic_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"not|function"):
        laws.parse(text)


def test_evaluate_knows_every_function() -> None:
    x = np.array([0.3, 0.7])
    for name, function in laws.FUNCTIONS.items():
        np.testing.assert_allclose(laws.evaluate(f"2*{name}(x)-pi**2/x", {"x": x}), 2 * function(x) - np.pi**2 / x)

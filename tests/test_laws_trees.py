"""Random trees as laws: what the generator promises. Messages name a law, never the formula."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

import laws
from laws import trees

LAWS = trees.laws(7, 25)


def test_a_seed_decides() -> None:
    """The same laws again, also where fewer are asked for; others for another seed."""
    assert [law["formula"] for law in trees.laws(7, 5)] == [law["formula"] for law in LAWS[:5]]
    assert [law["formula"] for law in trees.laws(8, 5)] != [law["formula"] for law in LAWS[:5]]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law["name"])
def test_a_law_is_as_described(law: laws.Law) -> None:
    """Size, features, range; defined on its box and of influence by every feature."""
    assert 3 <= law["n_ops"] <= 7
    assert 1 <= law["n_vars"] <= 3
    X, y = laws.sample(law, 300, 1)
    assert len(y) == 300
    assert np.isfinite(y).all()
    assert np.abs(y).max() < 1.1e6
    for k in range(law["n_vars"]):
        Z = X.copy()
        Z[:, k] = np.median(X[:, k])
        assert not np.allclose(laws.truth(law, Z), y, rtol=1e-9), law["name"]


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        (trees.Node("log", (trees.Node("exp", (trees.Node("x1"),)),)), "a simpler one is equal"),
        (trees.Node("-", (trees.Node("x1"), trees.Node("x1"))), "nearly constant"),
        (trees.Node("log", (trees.Node("-", (trees.Node("x1"), trees.Node("const", value=9.0))),)), "undefined"),
        (
            trees.Node(
                "*",
                (trees.Node("*", (trees.Node("x1"), trees.Node("const", value=2.0))), trees.Node("const", value=3.0)),
            ),
            "dependent constants",
        ),
    ],
)
def test_degenerate_trees_are_thrown_out(tree: trees.Node, why: str) -> None:
    """With the reason."""
    assert trees.degenerate(tree, np.array([[1.0, 5.0]]), np.random.default_rng(0)) == why

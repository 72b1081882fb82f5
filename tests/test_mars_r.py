"""What R's earth finds (package earth 5.3.2, R 4.2.2, default settings), as numbers: ours by the same rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import slow_mars
from mars_tables import friedman, rounded

from fitx.mars.forward import ForwardOptions, ForwardPath, forward_pass
from fitx.mars.pruning import PruningPath, prune

TREES = Path("/work/shared/data/trees.csv")

# GRSq, GCV, RSS and the number of terms of earth(x, y, degree=...).
FACTS = {
    ("friedman 300 x 10", 1): (0.88054, 2.904735, 721.6232, 14),
    ("friedman 300 x 10", 2): (0.9429656, 1.386822, 310.098, 17),
    ("friedman 1000 x 10", 1): (0.8769045, 3.092033, 2963.531, 11),
    ("friedman 80 x 6", 1): (0.7246547, 7.703911, 358.3282, 10),
    ("friedman 80 x 6", 2): (0.6229303, 10.55007, 384.55, 11),
    ("friedman 60 x 25", 1): (0.8714879, 2.354588, 48.07283, 13),
    ("friedman 60 x 25", 2): (0.8333432, 3.053471, 35.73833, 14),
    ("ties 400 x 4", 1): (0.8385422, 0.1148268, 42.10958, 9),
}
# As above, where one knot differs: GRSq only.
NEAR = {("friedman 1000 x 10", 2): 0.950786, ("ties 400 x 4", 2): 0.9670168}


def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    return {
        "friedman 300 x 10": lambda: friedman(300, 10, 1.0),
        "friedman 1000 x 10": lambda: friedman(1000, 10, 1.0),
        "friedman 80 x 6": lambda: friedman(80, 6, 3.0),
        "friedman 60 x 25": lambda: friedman(60, 25, 1.0),
        "ties 400 x 4": lambda: rounded(400),
    }[name]()


def fit(X: np.ndarray, y: np.ndarray, degree: int) -> tuple[ForwardPath, PruningPath, float]:
    terms, penalty = min(200, max(20, 2 * X.shape[1])) + 1, 2.0 if degree == 1 else 3.0
    o = ForwardOptions(terms, degree, penalty, rules="R", use_fast=True, fast_K=20)
    path = forward_pass(X, y[:, None], options=o)
    B = slow_mars.columns(path.steps, X, np.zeros(X.shape, bool))
    pruned = prune(B, y[:, None], penalty=penalty, rules="R")
    n = len(y)
    return path, pruned, 1 - pruned.gcv[pruned.best] / (np.sum((y - y.mean()) ** 2) / n / (1 - 1 / n) ** 2)


@pytest.mark.parametrize(("name", "degree"), FACTS)
def test_the_same_model_as_r(name: str, degree: int) -> None:
    grsq, gcv, rss, terms = FACTS[name, degree]
    _, pruned, ours = fit(*table(name), degree)
    assert ours == pytest.approx(grsq, abs=2e-6)
    assert pruned.gcv[pruned.best] == pytest.approx(gcv, rel=1e-5)
    assert pruned.rss[pruned.best] == pytest.approx(rss, rel=1e-5)
    assert len(pruned.subsets[pruned.best]) == terms


@pytest.mark.parametrize(("name", "degree"), NEAR)
def test_grsq_near_that_of_r(name: str, degree: int) -> None:
    assert fit(*table(name), degree)[2] == pytest.approx(NEAR[name, degree], abs=0.005)


@pytest.mark.skipif(not TREES.exists(), reason="the table trees is not here")
def test_trees() -> None:
    data = np.loadtxt(TREES, delimiter=",", skiprows=1)
    X, y = data[:, :2], data[:, 2]
    path, pruned, grsq = fit(X, y, 1)
    terms = {(s.variable, s.knot, s.reverse) for k in pruned.subsets[pruned.best] if (s := path.steps[k]).parent == 0}
    assert terms == {(0, 14.2, False), (0, 14.2, True), (1, 75.0, False)}
    assert pruned.gcv[pruned.best] == pytest.approx(11.25439, rel=1e-6)
    assert pruned.rss[pruned.best] == pytest.approx(209.1139, rel=1e-6)
    assert grsq == pytest.approx(0.959692, abs=1e-6)

"""Real tables to predict: those that ship inside scikit-learn, small ones typed here, and CSV files where they are.

The split of a table is by `splits`: a quarter of the rows, at least two, is the test.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

Array = Any
Tables = dict[str, tuple[Array, Array]]
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "real"
TARGETS = {"longley": "Employed", "mtcars": "mpg", "Puromycin": "rate", "Loblolly": "height"}  # others: the last column

# Facts, a line for each column; the last is the target.
TYPED = {
    # Ezekiel 1930: speeds (mph) and stopping distances (ft) of cars
    "cars": """
        4 4 7 7 8 9 10 10 10 11 11 12 12 12 12 13 13 13 13 14 14 14 14 15 15 15 16 16 17 17 17 18 18 18 18 19 19
            19 20 20 20 20 20 22 23 24 24 24 24 25
        2 10 4 22 16 10 18 26 34 17 28 14 20 24 28 26 34 34 46 26 36 60 80 20 26 54 32 40 32 40 50 42 56 76 84
            36 46 68 32 48 52 56 64 66 54 70 92 93 120 85""",
    # The World Almanac 1975: heights (in) and weights (lb) of American women
    "women": """
        58 59 60 61 62 63 64 65 66 67 68 69 70 71 72
        115 117 120 123 126 129 132 135 139 142 146 150 154 159 164""",
    # Handbook of Chemistry and Physics 1973: vapour pressure of mercury (mm) by temperature (C)
    "pressure": """
        0 20 40 60 80 100 120 140 160 180 200 220 240 260 280 300 320 340 360
        0.0002 0.0012 0.006 0.03 0.09 0.27 0.75 1.85 4.2 8.8 17.3 32.1 57 96 157 247 376 558 806""",
    # Brownlee 1960: loss of ammonia by air flow, water temperature and acid concentration
    "stackloss": """
        80 80 75 62 62 62 62 62 58 58 58 58 58 58 50 50 50 50 50 56 70
        27 27 25 24 22 23 24 24 23 18 18 17 18 19 18 18 19 19 20 20 20
        89 88 90 87 87 87 93 93 87 80 89 88 82 93 89 86 72 79 80 82 91
        42 37 37 28 18 18 19 20 15 14 14 13 11 12 8 7 8 8 9 15 15""",
    # Longley 1967: deflator, GNP, unemployed, armed forces, population, year; employed
    "longley": """
        83 88.5 88.2 89.5 96.2 98.1 99 100 101.2 104.6 108.4 110.8 112.6 114.2 115.7 116.9
        234.289 259.426 258.054 284.599 328.975 346.999 365.385 363.112 397.469 419.18 442.769 444.546 482.704
            502.601 518.173 554.894
        235.6 232.5 368.2 335.1 209.9 193.2 187 357.8 290.4 282.2 293.6 468.1 381.3 393.1 480.6 400.7
        159 145.6 161.6 165 309.9 359.4 354.7 335 304.8 285.7 279.8 263.7 255.2 251.4 257.2 282.7
        107.608 108.632 109.773 110.929 112.075 113.27 115.094 116.219 117.388 118.734 120.445 121.95 123.366
            125.368 127.852 130.081
        1947 1948 1949 1950 1951 1952 1953 1954 1955 1956 1957 1958 1959 1960 1961 1962
        60.323 61.122 60.171 61.187 63.221 63.639 64.989 63.761 66.019 67.857 68.169 66.513 68.655 69.564 69.331
            70.551""",
    # Ryan et al. 1976: girth (in), height (ft) and volume (cubic ft) of black cherry trees
    "trees": """
        8.3 8.6 8.8 10.5 10.7 10.8 11 11 11.1 11.2 11.3 11.4 11.4 11.7 12 12.9 12.9 13.3 13.7 13.8 14 14.2 14.5
            16 16.3 17.3 17.5 17.9 18 18 20.6
        70 65 63 72 81 83 66 75 80 75 79 76 76 69 75 74 85 86 71 64 78 80 74 72 77 81 82 80 80 80 87
        10.3 10.3 10.2 16.4 18.8 19.7 15.6 18.2 22.6 19.9 24.2 21 21.4 21.3 19.1 22.2 33.8 27.4 25.7 24.9 34.5
            31.7 36.3 38.3 42.6 55.4 55.7 58.3 51.5 51 77""",
}


def twelve() -> Tables:
    """X (n, d) and y (n,) by name: six tables of scikit-learn and six typed ones."""
    from sklearn import datasets

    diabetes, linnerud = datasets.load_diabetes(), datasets.load_linnerud()
    iris, wine = datasets.load_iris().data, datasets.load_wine().data
    found = {"diabetes": (diabetes.data, diabetes.target)}
    for k, name in enumerate(linnerud.target_names):
        found[f"linnerud_{name}"] = linnerud.data, linnerud.target[:, k]
    found["iris_petal_width"] = iris[:, :3], iris[:, 3]
    found["wine_alcohol"] = wine[:, 1:], wine[:, 0]
    return {**found, **{name: typed(text) for name, text in TYPED.items()}}


def typed(text: str) -> tuple[Array, Array]:
    """X and y of lines of figures, of which further indented ones go on the line before."""
    lines: list[list[float]] = []
    for line in text.strip("\n").splitlines():
        values = [float(v) for v in line.split()]
        if line.startswith(" " * 12):
            lines[-1] += values
        else:
            lines.append(values)
    return np.array(lines[:-1]).T, np.array(lines[-1])


def friedman() -> Tables:
    """Friedman's three functions with noise: no real tables, but known to all."""
    from sklearn import datasets

    return {
        "friedman1": datasets.make_friedman1(500, noise=1.0, random_state=1),
        "friedman2": datasets.make_friedman2(500, noise=125.0, random_state=1),
        "friedman3": datasets.make_friedman3(500, noise=0.1, random_state=1),
    }


def others() -> Tables:
    """Tables that nobody chose `auto`'s rules by: other columns of scikit-learn's tables as targets, and made ones."""
    from sklearn import datasets

    iris, wine = datasets.load_iris().data, datasets.load_wine().data
    cancer = datasets.load_breast_cancer().data
    found = {
        "iris_sepal_length": (iris[:, 1:], iris[:, 0]),
        "iris_sepal_width": (iris[:, [0, 2, 3]], iris[:, 1]),
        "wine_flavanoids": (np.delete(wine, 6, 1), wine[:, 6]),
        "wine_colour": (np.delete(wine, 9, 1), wine[:, 9]),
        "wine_proline": (wine[:, :-1], wine[:, -1]),
        "cancer_smoothness": (np.delete(cancer[:, :10], 4, 1), cancer[:, 4]),
        "regression_20": datasets.make_regression(20, 4, n_informative=2, noise=20.0, random_state=5),
        "regression_30": datasets.make_regression(30, 10, n_informative=3, noise=30.0, random_state=6),
        "regression_200": datasets.make_regression(200, 8, n_informative=4, noise=50.0, random_state=7),
        "friedman1_60": datasets.make_friedman1(60, noise=1.0, random_state=11),
        "friedman2_40": datasets.make_friedman2(40, noise=60.0, random_state=12),
        "friedman3_100": datasets.make_friedman3(100, noise=0.1, random_state=13),
    }
    return {name: (np.asarray(X), np.asarray(y)) for name, (X, y) in found.items()}


def from_folder() -> Tables:
    """The CSV files of the folder `shared/data/real` beside the project; none, with a reason, where it is not there."""
    if not REAL.is_dir():
        print(f"skipped the CSV files: there is no `{REAL}`", file=sys.stderr)
        return {}
    return {path.stem: read(path) for path in sorted(REAL.glob("*.csv"))}


def read(path: Path) -> tuple[Array, Array]:
    """A small CSV file: text columns are numbered in order of appearance."""
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = list(csv.reader(file))
    columns = {}
    for name, texts in zip(head, zip(*rows, strict=True), strict=True):
        try:
            columns[name] = [float(t) for t in texts]
        except ValueError:
            order = {t: float(k) for k, t in enumerate(dict.fromkeys(texts))}
            columns[name] = [order[t] for t in texts]
    target = TARGETS.get(path.stem, head[-1])
    return np.array([columns[n] for n in head if n != target]).T, np.array(columns[target])


def splits(n: int, number: int, seed: int) -> Iterator[tuple[Array, Array]]:
    """(train, test) rows of each split."""
    for split in range(number):
        test, train = np.split(np.random.default_rng([seed, split]).permutation(n), [max(2, n // 4)])
        yield train, test


def test_r2(formula: str, X: Array, y: Array, names: list[str]) -> float:
    """1 - SSE/SST on the test rows; -inf where the formula cannot be read or is undefined on one of them."""
    from fitx.errors import FitxError
    from fitx.formula import parse
    from fitx.formula.evaluate import predict

    try:
        return r2(y, predict(parse(formula.replace("^", "**")), X, names))
    except (FitxError, ValueError, RecursionError):
        return -np.inf


def r2(y: Array, p: Array) -> float:
    """1 - SSE/SST; -inf where a prediction is undefined."""
    return float(1 - np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)) if np.isfinite(p).all() else -np.inf

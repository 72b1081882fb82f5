"""Extreme tables that every method must bear: sizes, scales, degenerate columns. Each is made when it is asked for."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rows = tuple[Array, Array]

SCALES = (1e-300, 1e-150, 1e-20, 1e20, 1e150, 1e300)


@dataclass(frozen=True)
class Extreme:
    """A table of n rows and d features. make(rng) -> X (n, d), y (n,)."""

    name: str
    n: int
    d: int
    make: Callable[[np.random.Generator], Rows]

    def rows(self) -> Rows:
        """X, columns contiguous, and y: the same at every call."""
        X, y = self.make(np.random.default_rng(zlib.crc32(self.name.encode())))
        assert X.shape == (self.n, self.d)
        assert y.shape == (self.n,)
        return np.asfortranarray(X), y

    @property
    def names(self) -> tuple[str, ...]:
        """Those that `fitx.fit` gives to columns without names."""
        return ("x",) if self.d == 1 else tuple(f"x{i + 1}" for i in range(self.d))


def _smooth(n: int, d: int, r: np.random.Generator) -> Rows:
    """A smooth surface in the first three columns, with 1 percent noise; made in blocks, columns contiguous."""
    X, y = np.empty((n, d), order="F"), np.empty(n)
    for start in range(0, n, 1 << 18):
        part = slice(start, min(n, start + (1 << 18)))
        for j in range(d):
            X[part, j] = r.uniform(0.5, 4, part.stop - start)
        x = X[part]
        y[part] = 2 + 3 * x[:, 0] - 0.7 * x[:, 0] ** 2 + 0.02 * r.normal(size=len(x))
        if d > 1:
            y[part] += x[:, 0] * x[:, 1]
        if d > 2:
            y[part] += np.sqrt(x[:, 2])
    return X, y


def _scaled(sx: float, sy: float, r: np.random.Generator) -> Rows:
    X, y = _smooth(200, 1, r)
    return X / 4 * sx, y / 8 * sy


def _mixed(r: np.random.Generator) -> Rows:
    X, y = _smooth(200, 4, r)
    return X / 4 * np.array([1e-300, 1e300, 1.0, 1e-20]), y / 32 * 1e150


def _wide(n: int, d: int, r: np.random.Generator) -> Rows:
    X = r.normal(size=(n, d))
    return X, 2 * X[:, 0] - X[:, -1] + 0.1 * r.normal(size=n)


def _exact(n: int, d: int, r: np.random.Generator) -> Rows:
    X = r.uniform(1, 2, (n, d))
    return X, X[:, 3] * X[:, 7] / (X[:, 1] + X[:, 2])


def _line(make: Callable[[np.random.Generator, Array], Array], n: int = 200) -> Callable[[np.random.Generator], Rows]:
    """n rows of one even column, and what `make` makes of it."""

    def rows(r: np.random.Generator) -> Rows:
        x = np.linspace(0.5, 4, n)
        return x[:, None], make(r, x)

    return rows


def _stamps(start: float, step: float, r: np.random.Generator) -> Rows:
    k = np.arange(500.0)
    return (start + step * k)[:, None], 20 + 0.01 * k + np.sin(k / 20) + 0.05 * r.normal(size=500)


def _target_is_feature(n: int, r: np.random.Generator) -> Rows:
    X = r.normal(size=(n, 3))
    return X, X[:, 1].copy()


def _leak(n: int, r: np.random.Generator) -> Rows:
    X, y = _smooth(n, 3, r)
    X[:, 2] = 1.8 * y + 32
    return X, y


def _near_leak(r: np.random.Generator) -> Rows:
    X, y = _smooth(300, 3, r)
    X[:, 2] = y + 1e-6 * r.normal(size=300)
    return X, y


def _constant_features(r: np.random.Generator) -> Rows:
    return np.full((50, 3), 7.0), r.normal(size=50)


def _one_constant(r: np.random.Generator) -> Rows:
    X, y = _smooth(100, 3, r)
    X[:, 1] = 5.0
    return X, y


def _few_x(values: int, r: np.random.Generator) -> Rows:
    x = np.arange(60.0) % values
    return x[:, None], 3 * x + 1 + 0.1 * r.normal(size=60)


def _collinear(r: np.random.Generator) -> Rows:
    X, y = _smooth(200, 4, r)
    X[:, 2] = 2 * X[:, 0]
    X[:, 3] = X[:, 0] + X[:, 1]
    return X, y


def _integers(r: np.random.Generator) -> Rows:
    X = r.integers(0, 10, (300, 2)).astype(float)
    return X, X[:, 0] * X[:, 1] + r.integers(-1, 2, 300)


def _zeros(r: np.random.Generator) -> Rows:
    X = r.normal(size=(500, 3)) * (r.uniform(size=(500, 3)) < 0.05)
    return X, X[:, 0] + X[:, 1] ** 2


def _heavy(r: np.random.Generator) -> Rows:
    X = r.standard_cauchy((400, 2))
    return X, X[:, 0] + r.standard_cauchy(400)


def _repeats(r: np.random.Generator) -> Rows:
    x = np.repeat(np.arange(20.0), 10)
    return x[:, None], np.sqrt(x) + 0.1 * r.normal(size=200)


def _outlier(r: np.random.Generator, x: Array) -> Array:
    y = 2 * x + 0.1 * r.normal(size=len(x))
    y[37] = 1e10
    return y


def _all_rows_same(r: np.random.Generator) -> Rows:
    return np.tile([[1.0, 2.0]], (40, 1)), np.full(40, 3.0)


def _offset_x(r: np.random.Generator) -> Rows:
    k = np.arange(200.0)
    return (1e15 + k)[:, None], k**2 / 100 + r.normal(size=200)


def _binary(r: np.random.Generator) -> Rows:
    X = r.normal(size=(300, 2))
    return X, (X[:, 0] + 0.3 * r.normal(size=300) > 0).astype(float)



def extremes() -> list[Extreme]:
    """All of them, the small ones first."""
    found: list[Extreme] = []

    def add(name: str, n: int, d: int, make: Callable[[np.random.Generator], Rows]) -> None:
        found.append(Extreme(name, n, d, make))

    for n in (1, 2, 3, 5, 10, 30, 100, 1000):
        add(f"n {n}", n, 1, partial(_smooth, n, 1))
    for s in SCALES:
        add(f"x scale {s:g}", 200, 1, partial(_scaled, s, 1.0))
        add(f"y scale {s:g}", 200, 1, partial(_scaled, 1.0, s))
    for sx, sy in ((1e-300, 1e-300), (1e-300, 1e300), (1e300, 1e-300), (1e300, 1e300)):
        add(f"x scale {sx:g} y scale {sy:g}", 200, 1, partial(_scaled, sx, sy))
    add("mixed scales", 200, 4, _mixed)
    add("denormal x", 200, 1, partial(_scaled, 1e-315, 1.0))
    add("denormal y", 200, 1, partial(_scaled, 1.0, 1e-315))
    add("largest x", 200, 1, partial(_scaled, float(np.finfo(float).max), 1.0))
    add("largest y", 200, 1, partial(_scaled, 1.0, float(np.finfo(float).max)))
    add("time stamps, seconds", 500, 1, partial(_stamps, 1.7e9, 1.0))
    add("time stamps, minutes", 500, 1, partial(_stamps, 1.7e9, 60.0))
    add("time stamps, nanoseconds", 500, 1, partial(_stamps, 1.7e18, 1e9))
    add("x offset 1e15", 200, 1, _offset_x)
    add("y offset 1e15", 200, 1, _line(lambda r, x: 1e15 + np.round(50 * x) + r.integers(-2, 3, len(x))))
    add("target is a feature", 300, 3, partial(_target_is_feature, 300))
    add("target is the only feature", 100, 1, _line(lambda r, x: x.copy(), 100))
    add("leak", 300, 3, partial(_leak, 300))
    add("near leak", 300, 3, _near_leak)
    add("constant target", 50, 1, _line(lambda r, x: np.full(len(x), 3.7), 50))
    add("zero target", 50, 1, _line(lambda r, x: np.zeros(len(x)), 50))
    add("constant features", 50, 3, _constant_features)
    add("one constant feature", 100, 3, _one_constant)
    add("one distinct x", 60, 1, partial(_few_x, 1))
    add("two distinct x", 60, 1, partial(_few_x, 2))
    add("all rows the same", 40, 2, _all_rows_same)
    add("integers", 300, 2, _integers)
    add("one outlier 1e10", 200, 1, _line(_outlier))
    add("y 0 or 1", 300, 2, _binary)
    add("collinear", 200, 4, _collinear)
    add("repeated x", 200, 1, _repeats)
    add("many zeros", 500, 3, _zeros)
    add("steep step", 300, 1, _line(lambda r, x: np.where(x > 2.2, 1e6, 0.0) + r.normal(size=len(x)), 300))
    add("steps", 300, 1, _line(lambda r, x: np.floor(4 * x), 300))
    add("heavy tails", 400, 2, _heavy)
    add("alternating signs", 200, 1, _line(lambda r, x: np.where(np.arange(len(x)) % 2, -1.0, 1.0) * x))
    for n, d in ((50, 2), (8, 10), (20, 20), (200, 10), (50, 100), (500, 100), (100, 300), (1000, 300), (100, 1000)):
        add(f"d {d} n {n}", n, d, partial(_wide, n, d))
    add("d 40 n 400, positive", 400, 40, partial(_smooth, 400, 40))
    add("d 60 n 400, exact", 400, 60, partial(_exact, 400, 60))
    for n, d in ((3000, 1000), (20_000, 1), (20_000, 5), (100_000, 1), (100_000, 5), (20_000, 100)):
        add(f"d {d} n {n}" if d > 1 else f"n {n}", n, d, partial(_smooth if d < 100 else _wide, n, d))
    add("target is a feature, n 100000", 100_000, 3, partial(_target_is_feature, 100_000))
    add("leak, n 100000", 100_000, 3, partial(_leak, 100_000))
    for n, d in ((1_000_000, 1), (1_000_000, 4), (10_000_000, 1), (10_000_000, 3)):
        add(f"d {d} n {n}" if d > 1 else f"n {n}", n, d, partial(_smooth, n, d))
    return found

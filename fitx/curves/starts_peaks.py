"""Starts of sums of peaks: the best pairs and triples of a dictionary of places and widths."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from fitx.curves.starts import Array, Shape, Start

_PLACES, _WIDTHS = 32, (0.012, 0.025, 0.05, 0.1, 0.2)
_PAIRS = 12  # pairs that are started from, or extended by a third peak


def gauss(u: Array) -> Array:
    """Height 1, standard deviation 1."""
    return np.exp(-u * u / 2)


def lorentz(u: Array) -> Array:
    """Height 1, half width 1."""
    return 1 / (1 + u * u)


def peaks(count: int, kernel: Callable[[Array], Array]) -> Callable[[Shape], Iterable[Start]]:
    """Starts m1, s1, m2, s2, ... of so many peaks over a straight background."""

    def starts(s: Shape) -> Iterable[Start]:
        key = f"{kernel.__name__} {count}"
        if key not in s.kept:
            s.kept[key] = [_named(*_at(s, atoms)) for atoms in _best(s, kernel, count)]
        return s.kept[key]  # type: ignore[return-value]

    return starts


def _at(s: Shape, atoms: Iterable[int]) -> tuple[list[float], list[float]]:
    places, widths = _dictionary(s)
    chosen = sorted(atoms, key=lambda k: places[k])
    return [float(places[k]) for k in chosen], [float(widths[k]) for k in chosen]


def _named(places: list[float], widths: list[float]) -> Start:
    return {f"m{k}": v for k, v in enumerate(places, 1)} | {f"s{k}": v for k, v in enumerate(widths, 1)}


def _dictionary(s: Shape) -> tuple[Array, Array]:
    places = s.x.min() + (np.arange(_PLACES) + 0.5) / _PLACES * s.span
    return np.repeat(places, len(_WIDTHS)), np.tile(np.array(_WIDTHS) * s.span, _PLACES)


def _best(s: Shape, kernel: Callable[[Array], Array], count: int) -> list[tuple[int, ...]]:
    """Numbers of atoms, the best first, by what they leave of y over a straight background."""
    places, widths = _dictionary(s)
    t = (s.x - s.x.min()) / s.span
    base = np.linalg.qr(np.stack([np.ones_like(t), t], axis=1))[0]
    y = s.y - base @ (base.T @ s.y)
    A = kernel((s.x - places[:, None]) / widths[:, None])
    A = A - (A @ base) @ base.T
    size = np.linalg.norm(A, axis=1)
    A = A / np.where(size > 1e-6, size, np.inf)[:, None]
    G, b = A @ A.T, A @ y
    one_less = 1 - G * G
    with np.errstate(all="ignore"):
        gain = (b[:, None] ** 2 + b**2 - 2 * G * b[:, None] * b) / one_less
    gain[(one_less < 0.02) | ~np.isfinite(gain)] = -1
    gain = np.triu(gain, 1)
    order = np.argsort(-gain, axis=None, kind="stable")[: 40 * _PAIRS]
    pairs: list[tuple[int, ...]] = []
    for k in order:
        i, j = divmod(int(k), len(b))
        if all(_far((i, j), p) for p in pairs):
            pairs.append((i, j))
        if len(pairs) == _PAIRS:
            break
    for _ in range(count - 2):
        pairs = [(*p, _next(A, y, p)) for p in pairs]
    return pairs


def _far(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two pairs are more than neighbours in the dictionary."""
    places = [sorted(k // len(_WIDTHS) for k in pair) for pair in (a, b)]
    widths = [sorted(k % len(_WIDTHS) for k in pair) for pair in (a, b)]
    return any(abs(p - q) > 1 for p, q in zip(*places, strict=True)) or widths[0] != widths[1]


def _next(A: Array, y: Array, chosen: tuple[int, ...]) -> int:
    """The atom that takes most off what the chosen ones leave."""
    Q = np.linalg.qr(A[list(chosen)].T)[0]
    rest = A - (A @ Q) @ Q.T
    size = np.linalg.norm(rest, axis=1)
    score = np.abs(rest @ y) / np.where(size > 0.05, size, np.inf)
    return int(np.argmax(score))

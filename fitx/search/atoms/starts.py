"""Where the inner constants start: grids in units of the argument's range."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt

from fitx.search.atoms.shapes import AFFINE, AFFINE_SUM, NUMBER, SCALED, SCALED_SUM, SHIFTED, SUM

Array = npt.NDArray[np.float64]
Start = tuple[int, int, tuple[float, ...]]  # outer, form, theta
Starts = Callable[[Array, int], list[Start]]  # of one argument's values, and how many frequencies

_CENTRES = (-0.4, 0.0, 0.25, 0.5, 0.75, 1.0, 1.4)
_SLOPES = (2.5, 6.0, 15.0)
_OFFSETS = (0.01, 0.04, 0.15, 0.5, 1.5, 5.0)
_DECAYS = (0.3, 1.0, 2.5, 6.0, 15.0, 40.0)


def one_argument(u: Array, waves: int = 40) -> list[Start]:
    """Starts of every shape in one argument; u: its values; waves: frequencies, half a period over the range apart."""
    lo, hi = float(u.min()), float(u.max())
    w = hi - lo
    out: list[Start] = []

    def add(name: str, form: int, *theta: float) -> None:
        out.append((NUMBER[name], form, theta))

    offsets = [-lo + w * s for s in _OFFSETS] + [-hi - w * s for s in _OFFSETS]
    slopes = [s / w for s in _SLOPES]
    decays = [t * s / w for s in _DECAYS for t in (1.0, -1.0)]
    for a in decays:
        add("exp", SCALED, a)
        add("log minus", SCALED, a)
        add("bose", SCALED, a)
        add("exp pair", SCALED, a)
    for k in range(waves):
        omega = np.pi / w * (0.3 + 0.45 * k)
        add("wave", SCALED, omega)
        if k % 2 == 0:
            for p in (-0.6, -2.0, -6.0):
                add("damped wave", SCALED, omega, p / w)
    for a in offsets:
        for name in ("reciprocal", "log", "sqrt", "reciprocal square", "reciprocal sqrt", "log pair"):
            add(name, SHIFTED, a)
        for p in (-3.0, -1.5, -0.7, 0.4, 0.8, 1.5, 2.5):
            add("power", SHIFTED, a, p)
        centre = abs((lo + hi) / 2 + a)
        for p in (-6.0, -2.0, -0.5, 0.5, 2.0, 6.0):
            add("exp reciprocal", SHIFTED, a, p * centre)
    for a, c in product(slopes, _CENTRES):
        b = a * (lo + c * w)
        for s in (1.0, -1.0):
            add("logistic", AFFINE, s * a, -s * b)
            add("softplus", AFFINE, s * a, -s * b)
            add("exp exp", AFFINE, s * a, -s * b)
            for p in (-3.0, -1.4, -0.5, 0.5, 1.7):
                add("richards", AFFINE, s * a, -s * b, p)
        add("gauss", AFFINE, a, -b)
        add("atan", AFFINE, a, -b)
    for a in (2.0, 6.0, 15.0, 40.0):
        size = max(abs(lo), abs(hi))
        add("atan", SCALED, a / size)
        for p in (1.2, 1.7, 2.4):
            add("sine atan", SCALED, a / size, p)
    return out


def nested(u: Array, waves: int = 12) -> list[Start]:
    """Starts in one argument that is an expression: fewer, since there are many expressions."""
    lo, hi = float(u.min()), float(u.max())
    w = hi - lo
    out: list[Start] = [(NUMBER["exp"], SCALED, (t * s / w,)) for s in (0.5, 2.0, 6.0, 20.0) for t in (1.0, -1.0)]
    # The expression as it is comes first: most constants inside are 1.
    frequencies = [1.0, *(np.pi / w * (0.3 + 0.45 * k) for k in range(waves))]
    out += [(NUMBER["wave"], SCALED, (f,)) for f in frequencies if f * w < 40]
    for a in (*(-lo + w * s for s in (0.02, 0.3, 2.0)), *(-hi - w * s for s in (0.02, 0.3, 2.0))):
        out += [(NUMBER[name], SHIFTED, (a,)) for name in ("reciprocal", "log", "sqrt", "reciprocal sqrt")]
        out += [(NUMBER["power"], SHIFTED, (a, p)) for p in (-1.5, 0.7, 1.6)]
    for s, c in product((2.5, 8.0), (0.0, 0.5, 1.0)):
        a = s / w
        b = a * (lo + c * w)
        out += [(NUMBER[name], AFFINE, (t * a, -t * b)) for name in ("logistic", "softplus") for t in (1.0, -1.0)]
        out += [(NUMBER[name], AFFINE, (a, -b)) for name in ("gauss", "atan")]
    return out


def two_arguments(u: Array, v: Array, waves: bool = True) -> list[Start]:
    """Starts of the shapes in u + a v and a u + b v."""
    ru, rv = float(np.ptp(u)), float(np.ptp(v))
    out: list[Start] = []
    for s in (-10.0, -3.0, -1.0, -0.3, -0.1, 0.1, 0.3, 1.0, 3.0, 10.0):
        a = s * ru / rv
        for name in ("reciprocal", "log", "sqrt", "reciprocal square", "reciprocal sqrt"):
            out.append((NUMBER[name], SUM, (a,)))
        for p in (-1.5, -0.5, 0.5, 1.5):
            out.append((NUMBER["power"], SUM, (a, p)))
    for s, t in product((-6.0, -2.0, -0.5, 0.5, 2.0, 6.0), repeat=2):
        for name in ("exp", "log minus", "bose", "softplus", "logistic", "gauss"):
            out.append((NUMBER[name], SCALED_SUM, (s / ru, t / rv)))
    mu, mv = float(np.mean(u)), float(np.mean(v))
    for s, t, c in product((-6.0, -2.0, 2.0, 6.0), (-6.0, -2.0, 2.0, 6.0), (-2.0, 0.0, 2.0)):
        for name in ("softplus", "logistic"):
            out.append((NUMBER[name], AFFINE_SUM, (s / ru, t / rv, c - s / ru * mu - t / rv * mv)))
    if waves:
        for s, t in product(np.arange(0.7, 16, 1.8), np.arange(-15.3, 16, 1.8)):
            out.append((NUMBER["wave"], SCALED_SUM, (s / ru, t / rv)))
    return out

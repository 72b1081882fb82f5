"""Where the nonlinear parameters of a formula may lie, from its form and the data: no starting values are needed.

A parameter that multiplies g(x) is of the size 1/g, one that is added to g lies where g does, one that g is divided by
is of the size of g, an exponent is a small number; inside a wave it is a frequency that the rows can tell.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from fitx.formula import Call, Const, Formula, Var
from fitx.parametric.rows import Rows

Array = npt.NDArray[np.float64]

_WIDE = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_PLAIN = (0.3, 1.0, 3.0)
_POWERS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
_PLACES = (0.0, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0)
_BEYOND = (0.3, 1.0, 3.0, 10.0)  # spans outside of the range
_PEAKS = 24  # frequencies taken from the spectrum
_FREQUENCIES = 2000
_MOST_WAVES = 0.5  # of the rows, that may be waves over the whole range


def likely_values(tree: Formula, parameters: tuple[str, ...], rows: Rows) -> dict[str, list[float]]:
    """For each of the parameters the values that it may have, likely ones first."""
    found: dict[str, list[float]] = {p: [] for p in parameters}
    for name, chain in _occurrences(tree, set(parameters)):
        found[name] += _at(chain, rows)
    return {p: list(dict.fromkeys(v)) or list(_PLAIN) for p, v in found.items()}


def _occurrences(tree: Formula, names: set[str]) -> Iterator[tuple[str, list[tuple[Call, int]]]]:
    """Each place where a parameter stands: its name, and the calls around it from the inside, with its position."""
    stack: list[tuple[Formula, list[tuple[Call, int]]]] = [(tree, [])]
    while stack:
        f, around = stack.pop()
        if isinstance(f, Var) and f.name in names:
            yield f.name, around[::-1]
        if isinstance(f, Call):
            stack += [(a, [*around, (f, i)]) for i, a in enumerate(f.args) if names & set(a.variables)]


def _at(chain: list[tuple[Call, int]], rows: Rows) -> list[float]:
    """Likely values of the parameter that stands at the inner end of the chain."""
    power, sign, wave = 1.0, 1.0, any(c.op in ("sin", "cos", "tan") for c, _ in chain)
    for call, at in chain:
        other = call.args[1 - at] if len(call.args) == 2 else None
        if call.op == "neg":
            sign = -sign
        elif call.op in ("square", "cube", "sqrt"):
            power *= {"square": 2.0, "cube": 3.0, "sqrt": 0.5}[call.op]
        elif call.op == "pow" and at == 0 and isinstance(other, Const):
            power *= float(other.value) or 1.0
        elif call.op == "pow":
            g, _ = _value(other, rows)
            if at == 1:
                return [s * m for m in _POWERS for s in (sign, -sign)]
            return [float(np.exp(s * m / w)) for w in _widths(g) for m in _WIDE for s in (1, -1)]
        elif call.op in ("mul", "div") and other is not None:
            g, _ = _value(other, rows)
            if call.op == "div" and at == 1 and power == 1 and not _varies(g):
                power = -1.0 / power
                continue
            if not _varies(g) and not wave:
                continue
            up = call.op == "div"  # the parameter is of the size of g, not its reciprocal
            if wave:
                return _waves(g, rows, up and at == 1, sign)
            sizes = [w if up else 1 / w for w in _widths(g)]
            return [m * v for v in _roots(sizes, power, sign) for m in _WIDE]
        elif call.op in ("add", "sub") and other is not None:
            g, free = _value(other, rows)
            if _varies(g) and free:
                return _places(g, rows, -sign if call.op == "add" else sign, power)
            if wave:
                return [s * np.pi * k / 4 for k in range(5) for s in (1, -1)]
            if _varies(g):  # beside a*x, of which only the data know how large it is
                return _roots([*_PLAIN, 10.0], power, sign)
        elif call.op == "piecewise":
            continue
        else:
            return _roots([*_PLAIN, 10.0], power, sign)
    return _roots(list(_PLAIN), power, sign)


def _value(g: Formula | None, rows: Rows) -> tuple[Array, bool]:
    """g on the rows with plain numbers for the parameters in it, and whether it varies without them."""
    if g is None:
        return np.ones(1), False
    others = [v for v in g.variables if v not in rows.names]
    # In x - m a place m of 0 leaves g of the size of x; in m*x a factor of 1 does.
    for number in (0.0, 1.0):
        with np.errstate(all="ignore"):
            v = rows.value(g.substitute(dict.fromkeys(others, number)))
        if np.isfinite(v).mean() > 0.5 and _varies(v[np.isfinite(v)]):
            return v[np.isfinite(v)], number == 0 or not others
    return np.ones(1), False


def _varies(g: Array) -> bool:
    return len(g) > 1 and float(np.ptp(g)) > 0


def _widths(g: Array) -> list[float]:
    """The range of g, and its typical size where that is another."""
    span, size = float(np.ptp(g)), float(np.median(np.abs(g)))
    if not span > 0:
        return [size or 1.0]
    return [span] if size == 0 or 0.2 < span / size < 5 else [span, size]


def _roots(sizes: list[float], power: float, sign: float) -> list[float]:
    """Both signs of the values whose power these are; one where the sign does not matter."""
    with np.errstate(all="ignore"):
        values = [float(np.abs(s) ** (1 / power)) for s in sizes]
    even = power % 2 == 0
    return [s * v for v in values if 0 < v < np.inf for s in ((1.0,) if even else (sign, -sign))]


def _places(g: Array, rows: Rows, sign: float, power: float) -> list[float]:
    """Where g lies, where it is when y is extreme, and beyond its ends."""
    span = float(np.ptp(g))
    inside = [float(q) for q in np.quantile(g, _PLACES)]
    if len(g) == len(rows.y):
        inside += [float(g[int(np.argmax(rows.y))]), float(g[int(np.argmin(rows.y))])]
    outside = [end for m in _BEYOND for end in (float(g.max()) + m * span, float(g.min()) - m * span)]
    if power != 1:
        return _roots([*inside, *outside], power, sign)
    return [sign * v for v in (*inside, *outside)]


def _waves(g: Array, rows: Rows, period: bool, sign: float) -> list[float]:
    """Angular frequencies k/g (or periods) that rows can tell: peaks of the spectrum, then from half a wave up."""
    span = float(np.ptp(g))
    if not span > 0:
        return [1.0]
    most = max(3.0, _MOST_WAVES * len(np.unique(g)))
    omega = np.pi / span * np.geomspace(0.5, 2 * most, 60)
    if len(g) == len(rows.y):
        omega = np.concatenate([_spectrum(g, rows.y, 2 * np.pi * most / span), omega])
    values = 1 / omega if period else omega
    return [float(v) * sign for v in values]


def _spectrum(g: Array, y: Array, highest: float) -> Array:
    """Angular frequencies at the highest peaks of the Lomb-Scargle spectrum of y, highest first."""
    from scipy.signal import lombscargle

    y = (y - y.mean()) / (float(np.abs(y).max()) or 1.0)
    omega = np.linspace(0, highest, _FREQUENCIES + 1)[1:]
    with np.errstate(all="ignore"):
        power = np.nan_to_num(lombscargle(g, y, omega))
    inner = power[1:-1]
    peaks = np.flatnonzero((inner > power[:-2]) & (inner >= power[2:])) + 1
    return omega[peaks[np.argsort(-power[peaks], kind="stable")][:_PEAKS]]

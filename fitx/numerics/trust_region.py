"""One step of a trust region: the least of ||A h + e|| with ||h|| <= radius, within bounds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_RANK = 1e-14  # relative singular value below which a direction is not gone along


class Model:
    """The quadratic model of a loss at x, in h = step * size / unit.

    J: (n, p); e: (n,) residuals over `unit`; weight: (n,) what rows of J are multiplied by; size: (p,) scales of the
    parameters, all above 0. A parameter at a bound rests where the loss falls only outwards.
    """

    def __init__(
        self, x: Array, e: Array, J: Array, weight: Array, size: Array, unit: float, low: Array, high: Array
    ) -> None:
        self.x, self.size, self.unit, self.low, self.high = x, size, unit, low, high
        self._rows = J / size * weight[:, None]
        if len(e) > len(x):
            self._q, self._a = np.linalg.qr(self._rows)
        else:
            self._q, self._a = np.eye(len(e)), self._rows
        self._e = self._q.T @ e
        g = self._a.T @ self._e
        self.free: Mask = ~(((x <= low) & (g >= 0)) | ((x >= high) & (g <= 0)))
        self._factors: dict[bytes, tuple[Array, Array, Array]] = {}

    def step(self, radius: float, damping: float) -> tuple[Array, float, float]:
        """(h, reduction of the squares that the model predicts, damping). damping: a first guess.

        A step that meets a bound ends there for the parameters concerned and is done again for the others.
        """
        free, e, h = self.free, self._e, np.zeros(len(self.x))
        while free.any():
            U, s, V = self._factored(free)
            room = float(np.sqrt(max(radius**2 - float(h @ h), 0.0))) if np.isfinite(radius) else radius
            part, damping = _within(s, U.T @ e, room, damping)
            h[free] = V.T @ part
            aim = self.x + self.in_units(h)
            end = np.clip(aim, self.low, self.high)
            met = free & (end != aim)
            if not met.any():
                break
            h[met] = ((end - self.x) / self.unit * self.size)[met]
            free = free & ~met
            h[free] = 0.0
            e = self._e + self._a @ h
        Ah = self._a @ h
        return h, -float(Ah @ (2 * self._e + Ah)), damping

    def acceleration(self, bend: Array, damping: float) -> Array:
        """Half the second-order correction of a step, in the units of h; bend: (n,) second derivative of the
        residuals along the step. [Transtrum & Sethna 2012, arXiv:1201.5885]"""
        a = np.zeros(len(self.x))
        if self.free.any():
            U, s, V = self._factored(self.free)
            good = s > _RANK * s[0]
            gain = np.where(good, s / np.where(good, s * s + damping, 1.0), 0.0)
            a[self.free] = -0.5 * (V.T @ (gain * (U.T @ (self._q.T @ bend))))
        return a

    def along(self, h: Array) -> Array:
        """(n,) first derivative of the (weighted) residuals along h."""
        return np.asarray(self._rows @ h)

    def in_units(self, h: Array) -> Array:
        """The step of the parameters that h is."""
        return np.asarray(h * self.unit / self.size)

    def length(self, x: Array) -> float:
        """Of a step x of the parameters, in the units of h."""
        return norm(x / self.unit * self.size)

    def _factored(self, free: Mask) -> tuple[Array, Array, Array]:
        key = free.tobytes()
        if key not in self._factors:
            U, s, V = np.linalg.svd(self._a[:, free], full_matrices=False)
            self._factors[key] = U, s, V
        return self._factors[key]


def _within(s: Array, ue: Array, radius: float, damping: float) -> tuple[Array, float]:
    """argmin ||diag(s) v + ue|| for ||v|| <= radius, and its damping: Hebden's iteration, as in More 1978."""
    good = s > _RANK * s[0]
    newton = np.where(good, -ue / np.where(good, s, 1.0), 0.0)
    if norm(newton) <= radius:
        return newton, 0.0
    g = s * ue
    if radius <= 0 or not norm(g) > 0:
        return np.zeros_like(s), 0.0
    upper, lower = norm(g) / radius, 0.0
    for _ in range(20):
        if not lower < damping < upper:
            damping = max(1e-3 * upper, float(np.sqrt(lower * upper)))
        below = s**2 + damping
        length = norm(g / below)
        over = length - radius
        if abs(over) <= 0.01 * radius:
            break
        slope = -float((g**2 / below**3).sum()) / length if length > 0 else 0.0
        if not slope < 0:  # it underflows: the gradient is next to nothing beside the damping
            break
        upper = damping if over < 0 else upper
        lower = max(lower, damping - over / slope)
        damping -= length / radius * over / slope
    v = -g / (s**2 + damping)
    size = norm(v)
    return (v * (radius / size) if size > radius else v), damping


def lengths(J: Array) -> Array:
    """Euclidean length of each column of J (n, p), without overflow."""
    most = np.abs(J).max(axis=0, initial=0.0)
    unit = np.where(most > 0, most, 1.0)
    return np.asarray(np.sqrt(np.square(J / unit).sum(axis=0)) * unit)


def norm(v: Array) -> float:
    """Euclidean length, without overflow."""
    square = float(v @ v)
    if 1e-250 < square < 1e250:
        return float(np.sqrt(square))
    most = float(np.abs(v).max(initial=0.0))
    return most * float(np.sqrt(np.square(v / most).sum())) if 0 < most < np.inf else most

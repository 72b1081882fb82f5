"""Nonlinear least squares, the one solver of all parametric fits: min_p sum_i rho(r_i(p)), lower <= p <= upper.

A trust region in parameters scaled by the Jacobian's columns, so that their units do not matter [More 1978,
doi:10.1007/BFb0067700]. Steps follow curved valleys by their second-order correction [Transtrum & Sethna 2012,
arXiv:1201.5885] and go on along the bounds that they meet. In the end, when the loss no longer tells better from
worse, Gauss-Newton steps are taken for as long as they shrink: that gives the last digits, which a comparison of losses
cannot (losses that agree to 1e-16 fix parameters to 1e-8 only).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fitx.numerics.losses import TUNING, reweighted, spread_of, total
from fitx.numerics.trust_region import Model, lengths, norm

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Function = Callable[[Array], Array]
Bounds = tuple[npt.ArrayLike, npt.ArrayLike]

_ALIKE = 1e-11  # relative singular value of the scaled Jacobian below which parameters are not told apart
_TOLERANCE, _ROUGH = 1e-15, 1e-9  # relative gain, or step, that is none
_IDLE = 5  # steps without a gain, inside the trust region, after which to stop
_CURVED, _PROBE = 10, 0.1  # after so many steps the way is a valley; its bend is measured at this part of a step
_POLISH, _SHRINK = 60, 0.9
_ROUNDING = 1e-8  # relative change of the loss that steps of the polish may make: residuals are small differences
_WIDEST = 1e15  # of the first radius
_EXACT = 1e-36  # mean squared residual, in units of the largest at the start


@dataclass(frozen=True, slots=True)
class Solution:
    """values: (p,); loss: the total at them; residual: (n,); jacobian: (n, p), of the residuals;
    at_bound: (p,) where a value lies on a bound; evaluations: of the residuals; scale: c of a robust loss.

    status: why it stopped: "converged"; "exact" (nothing is left); "steps" (they were used up); "undefined" (a
    residual is NaN or infinite at the start: no residuals are given).
    """

    values: Array
    loss: float
    residual: Array = field(repr=False)
    jacobian: Array = field(repr=False)
    at_bound: Mask
    status: str
    evaluations: int
    scale: float = 1.0

    @property
    def rank(self) -> int:
        """Of the Jacobian, its columns scaled to length 1: below p where the rows cannot tell the parameters apart."""
        return rank_of(self.jacobian)


def least_squares(
    residual: Function,
    jacobian: Function,
    start: npt.ArrayLike,
    *,
    bounds: Bounds | None = None,
    loss: str = "linear",
    scale: float | None = None,
    steps: int = 1000,
    exact: bool = True,
) -> Solution:
    """Parameters at a local optimum of the loss.

    residual: p (p,) -> (n,), not finite where undefined: such places are not entered; weights and sigma are its
    caller's. jacobian: p -> (n, p), its exact derivatives; entries that are not finite count as 0.
    start: (p,), moved into the bounds. bounds: (lower, upper), each (p,) or a number; equal ones fix a parameter.
    loss: see `fitx.numerics.losses`. scale: of a robust loss; None: from the residuals of the smallest total |r|.
    steps: at most so many. exact: False for a Jacobian that is nearly right only; the last digits are then not sought.
    """
    x = np.array(start, np.float64)
    low, high = (np.broadcast_to(np.asarray(b, np.float64), x.shape) for b in bounds or (-np.inf, np.inf))
    if loss == "lad" or (loss != "linear" and scale is None):
        from fitx.numerics.absolute import least_absolute

        found = least_absolute(residual, jacobian, x, (low, high), steps)
        c = spread_of(found.residual) * TUNING[loss]
        # Where most residuals are rounding, a robust loss is the one of absolute values.
        if loss == "lad" or found.status == "undefined" or not c > 1e-13 * float(np.abs(found.residual).max()):
            return found
        x, scale = found.values, c
    with np.errstate(all="ignore"):
        return _Search(residual, jacobian, low, high, loss, scale or 1.0, steps, exact).run(x)


class _Search:
    """Residuals are in units of the largest one at the start, so that no square over- or underflows."""

    def __init__(
        self, residual: Function, jacobian: Function, low: Array, high: Array, loss: str, scale: float, steps: int,
        exact: bool,
    ) -> None:  # fmt: skip
        self._residual, self._jacobian = residual, jacobian
        self.low, self.high, self.loss, self.scale, self.steps = low, high, loss, scale, steps
        self.tolerance = _TOLERANCE if exact else _ROUGH
        self.bends = self.polishes = exact
        self.unit, self.evaluations = 1.0, 0

    def residual(self, x: Array) -> Array | None:
        self.evaluations += 1
        r = np.asarray(self._residual(x), np.float64) / self.unit
        return r if np.isfinite(r).all() else None

    def jacobian(self, x: Array) -> Array:
        J = np.asarray(self._jacobian(x), np.float64)
        return np.where(np.isfinite(J), J, 0.0)

    def total(self, r: Array | None) -> float:
        return np.inf if r is None else total(self.loss, r, self.scale / self.unit)

    def model(self, x: Array, r: Array, J: Array, size: Array) -> Model:
        e, weight = reweighted(self.loss, r, self.scale / self.unit)
        return Model(x, e, J, weight, np.where(size > 0, size, 1.0), self.unit, self.low, self.high)

    def run(self, x: Array) -> Solution:
        x = np.clip(x, self.low, self.high)
        r = self.residual(x)
        if r is None:
            none = np.empty((0, len(x)))
            return Solution(x, np.inf, none[:, 0], none, np.zeros(len(x), bool), "undefined", 1, self.scale)
        self.unit = float(np.abs(r).max(initial=0.0)) or 1.0
        x, r, status = self.descend(x, r / self.unit)
        x, r, J = self.polish(x, r)
        r = r * self.unit
        at_bound = (x <= self.low) | (x >= self.high)
        return Solution(x, total(self.loss, r, self.scale), r, J, at_bound, status, self.evaluations, self.scale)

    def descend(self, x: Array, r: Array) -> tuple[Array, Array, str]:
        """Steps of the trust region, each to a smaller loss: (x, residuals there, why it stopped)."""
        loss = self.total(r)
        size, radius, widest, damping, idle = np.zeros(len(x)), 0.0, np.inf, 0.0, 0
        for count in range(self.steps):
            if loss <= _EXACT * len(r):
                return x, r, "exact"
            J = self.jacobian(x)
            size = np.maximum(size, lengths(J))
            model = self.model(x, r, J, size)
            if count == 0:
                radius = min(model.length(x), 1e150) or 1.0
                widest = radius * _WIDEST
            while True:
                h, predicted, damping = model.step(radius, damping)
                if count >= _CURVED and self.bends:
                    h = self.bent(x, r, model, h, damping)
                new = np.clip(x + model.in_units(h), self.low, self.high)
                if not predicted > 0 or (new == x).all():
                    return x, r, "converged"
                tried = self.residual(new)
                gained = loss - self.total(tried)
                rate, length = gained / predicted, norm(h)
                if not rate >= 0.25:
                    radius = 0.25 * min(length, radius)
                elif rate > 0.75 and length > 0.9 * radius:
                    radius = min(2 * radius, widest)
                small = length <= self.tolerance * model.length(x)
                if tried is not None and gained > 0:
                    idle = idle + 1 if gained <= self.tolerance * loss else 0
                    x, r, loss = new, tried, loss - gained
                    if small or idle >= (1 if damping == 0 else _IDLE):
                        return x, r, "converged"
                    break
                if small or predicted <= self.tolerance * loss:
                    return x, r, "converged"
        return x, r, "steps"

    def bent(self, x: Array, r: Array, model: Model, h: Array, damping: float) -> Array:
        """The step with its acceleration where that is small beside it, else the step itself."""
        probe = self.residual(x + _PROBE * model.in_units(h))
        if probe is None:
            return h
        _, weight = reweighted(self.loss, r, self.scale / self.unit)
        bend = 2 / _PROBE * (weight * (probe - r) / _PROBE - model.along(h))
        a = model.acceleration(bend, damping)
        return h + a if norm(a) <= 0.375 * norm(h) else h

    def polish(self, x: Array, r: Array) -> tuple[Array, Array, Array]:
        """Gauss-Newton steps while they shrink and the loss does not tell against them; the Jacobian at the end."""
        J, last, loss = self.jacobian(x), np.inf, self.total(r)
        for _ in range(_POLISH if self.polishes else 0):
            model = self.model(x, r, J, lengths(J))
            h, _, _ = model.step(np.inf, 0.0)
            length = norm(h)
            if not 0 < length < _SHRINK * last:
                break
            new = np.clip(x + model.in_units(h), self.low, self.high)
            tried = self.residual(new)
            if tried is None or not self.total(tried) <= loss * (1 + _ROUNDING):
                break
            x, r, J, last = new, tried, self.jacobian(new), length
        return x, r, J


def rank_of(J: Array) -> int:
    """Rank of J (n, p) with its columns scaled to length 1."""
    size = lengths(J)
    used = (size > 0) & np.isfinite(size)
    if not used.any() or not len(J):
        return 0
    s = np.linalg.svd(J[:, used] / size[used], compute_uv=False)
    return int((s > _ALIKE * s[0]).sum())

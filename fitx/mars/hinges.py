"""Terms with a knot: hinges, and the cubics with continuous slopes that take their place.

[Friedman 1991, eq. 34 and 35, doi:10.1214/aos/1176347963]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fitx.mars.terms import Array, BasisFunction, VariableBasisFunction


class HingeBasisFunctionBase(VariableBasisFunction):
    """What hinges and their cubics share. reverse: max(0, knot - x); knot_idx: the row whose x is the knot."""

    def __init__(
        self, parent: BasisFunction, knot: float, knot_idx: int, variable: int, reverse: bool, label: str | None = None
    ) -> None:
        super().__init__(parent, variable, label)
        self.knot, self.knot_idx, self.reverse = float(knot), int(knot_idx), bool(reverse)

    def has_knot(self) -> bool:
        """True."""
        return True

    def get_knot(self) -> float:
        """The knot t."""
        return self.knot

    def get_reverse(self) -> bool:
        """True for max(0, t - x)."""
        return self.reverse

    def get_knot_idx(self) -> int:
        """The row of the fit whose x is the knot."""
        return self.knot_idx

    def _own(self) -> tuple[Any, ...]:
        return (self.variable, self.label, self.knot, self.knot_idx, self.reverse)


class HingeBasisFunction(HingeBasisFunctionBase):
    """max(0, x - knot), or max(0, knot - x) in reverse."""

    def eval(self, x: Array) -> Array:
        """Values of the hinge."""
        return np.maximum(0.0, self.knot - x if self.reverse else x - self.knot)

    def eval_deriv(self, x: Array) -> Array:
        """Slopes of the hinge; at the knot, the left one."""
        return np.where(x > self.knot, 0.0, -1.0) if self.reverse else np.where(x <= self.knot, 0.0, 1.0)

    def _text(self, x: str) -> str:
        return f"max(0, {self.knot!r} - {x})" if self.reverse else f"max(0, {x} - {self.knot!r})"

    def _name(self) -> str:
        if self.reverse:
            return f"h({self.knot:G}-{self.label})"
        return f"h({self.label}-{self.knot:G})" if self.knot >= 0 else f"h({self.label}+{-self.knot:G})"


class SmoothedHingeBasisFunction(HingeBasisFunctionBase):
    """The hinge with p*(x - e)**2 + r*(x - e)**3 between the side knots, e being the end where it is zero."""

    def __init__(
        self,
        parent: BasisFunction,
        knot: float,
        knot_minus: float,
        knot_plus: float,
        knot_idx: int,
        variable: int,
        reverse: bool,
        label: str | None = None,
    ) -> None:
        super().__init__(parent, knot, knot_idx, variable, reverse, label)
        self.knot_minus, self.knot_plus = float(knot_minus), float(knot_plus)
        # in shares of the width, so that neither its square nor its cube over- or underflows
        width = self.knot_plus - self.knot_minus
        left, right = (self.knot - self.knot_minus) / width, (self.knot_plus - self.knot) / width
        self.p = (2 * left - right if self.reverse else 2 * right - left) / width
        self.r = (left - right) / width / width

    def get_knot_minus(self) -> float:
        """The left side knot."""
        return self.knot_minus

    def get_knot_plus(self) -> float:
        """The right side knot."""
        return self.knot_plus

    def get_p(self) -> float:
        """Coefficient of the square."""
        return self.p

    def get_r(self) -> float:
        """Coefficient of the cube."""
        return self.r

    def eval(self, x: Array) -> Array:
        """Values of the cubic between the side knots, of the hinge beyond."""
        hinge = np.maximum(0.0, self.knot - x if self.reverse else x - self.knot)
        inside = (self.knot_minus < x) & (x < self.knot_plus)
        u = np.where(inside, x - (self.knot_plus if self.reverse else self.knot_minus), 0.0)
        return np.where(inside, u * u * (self.p + self.r * u), hinge)

    def eval_deriv(self, x: Array) -> Array:
        """Slopes, continuous."""
        beyond = np.where(x <= self.knot_minus, -1.0, 0.0) if self.reverse else np.where(x <= self.knot_minus, 0.0, 1.0)
        inside = (self.knot_minus < x) & (x < self.knot_plus)
        u = np.where(inside, x - (self.knot_plus if self.reverse else self.knot_minus), 0.0)
        return np.where(inside, u * (2.0 * self.p + 3.0 * self.r * u), beyond)

    def _text(self, x: str) -> str:
        end = self.knot_plus if self.reverse else self.knot_minus
        cubic = f"{self.p!r} * ({x} - {end!r}) ** 2 + {self.r!r} * ({x} - {end!r}) ** 3"
        below, above = (f"{self.knot!r} - {x}", "0") if self.reverse else ("0", f"{x} - {self.knot!r}")
        return f"({below} if {x} <= {self.knot_minus!r} else {above} if {x} >= {self.knot_plus!r} else {cubic})"

    def _own(self) -> tuple[Any, ...]:
        return (*super()._own(), self.knot_minus, self.knot_plus)

    def _name(self) -> str:
        sign = "-1" if self.reverse else "+1"
        return f"C({self.label}|s={sign},{self.knot_minus:G},{self.knot:G},{self.knot_plus:G})"

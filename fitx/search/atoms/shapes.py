"""The table of atoms: f(z; p) with z linear in one or two arguments, as numbers for the core and as formulas.

Written around a + b*f: what an argument log x makes of them is in brackets (a power, Hill's function, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atan2, hypot

import numpy as np
import numpy.typing as npt

from fitx.formula import Call, Formula, call
from fitx.search.algebra import linear, power

Array = npt.NDArray[np.float64]
Term = tuple[float, Formula]

# Forms of z, as in varpro_kernels.hpp: is u taken once, and what the constants multiply.
SCALED, SHIFTED, AFFINE, SUM, SCALED_SUM, SHIFTED_SUM, AFFINE_SUM = range(7)
FORMS: tuple[tuple[bool, str], ...] = (
    (False, "u"), (True, "1"), (False, "u1"), (True, "v"), (False, "uv"), (True, "v1"), (False, "uv1"),
)  # fmt: skip


_SMALL = 1e-5  # relative size of what is left out where a fit is as good without it


@dataclass(frozen=True, slots=True)
class Argument:
    """z as a formula: sum of terms and a constant. sign: of the values, 0 where they change it. own: the constant p.
    first: (coefficient 1) u."""

    terms: tuple[Term, ...]
    constant: float
    sign: int
    own: float
    first: Formula

    @property
    def formula(self) -> Formula:
        """z."""
        return linear(self.terms) + self.constant if self.constant else linear(self.terms)

    @property
    def positive(self) -> Formula:
        """|z|."""
        if self.sign >= 0:
            return self.formula
        return Argument(tuple((-c, f) for c, f in self.terms), -self.constant, 1, self.own, self.first).formula


def exponential(terms: Sequence[Term], constant: float = 0.0) -> Formula:
    """exp(constant + sum c f), logarithms as powers."""
    powers = [(c, f.args[0]) for c, f in terms if isinstance(f, Call) and f.op == "log"]
    rest = [(c, f) for c, f in terms if not (isinstance(f, Call) and f.op == "log")]
    factors = [power(f, c) for c, f in powers]
    if not factors and not rest:
        return call("exp", constant)
    if rest or constant:
        z = linear(rest) + constant if rest and constant else linear(rest) if rest else constant
        factors.append(call("exp", z))
    result = factors[0]
    for f in factors[1:]:
        result = result * f
    return result


def _grow(a: Argument, factor: float = 1.0) -> Formula:
    return exponential([(factor * c, f) for c, f in a.terms], factor * a.constant)


@dataclass(frozen=True, slots=True)
class Outer:
    """f(z; p) as formula; own: it has a p; sign: z may not change its sign; needs: operators beyond arithmetic."""

    name: str
    formula: Callable[[Argument], Formula]
    own: bool = False
    signed: bool = False
    needs: tuple[str, ...] = ()


# In the order of the core's enumeration.
OUTERS: tuple[Outer, ...] = (
    Outer("exp", _grow, needs=("exp",)),
    Outer("wave", lambda a: call("sin", a.formula), needs=("sin",)),
    Outer("reciprocal", lambda a: 1 / a.formula, signed=True),
    Outer("log", lambda a: call("log", a.positive), signed=True, needs=("log",)),
    Outer("power", lambda a: power(a.positive, a.own), own=True, signed=True),
    Outer("sqrt", lambda a: call("sqrt", a.positive), signed=True, needs=("sqrt",)),
    Outer("logistic", lambda a: 1 / (1 + _grow(a)), needs=("exp",)),
    Outer("softplus", lambda a: call("log", 1 + _grow(a)), needs=("exp", "log")),
    Outer(
        "log minus",
        lambda a: call("log", 1 - _grow(a) if a.sign < 0 else _grow(a) - 1),
        signed=True,
        needs=("exp", "log"),
    ),
    Outer("gauss", lambda a: call("exp", -(a.formula**2)), needs=("exp",)),
    Outer("exp exp", lambda a: call("exp", -_grow(a)), needs=("exp",)),
    Outer("richards", lambda a: power(1 + _grow(a), a.own), own=True, needs=("exp",)),
    Outer("atan", lambda a: call("atan", a.formula), needs=("atan",)),
    Outer("sine atan", lambda a: call("sin", a.own * call("atan", a.formula)), own=True, needs=("sin", "atan")),
    Outer("bose", lambda a: 1 / (_grow(a) - 1), signed=True, needs=("exp",)),
    Outer("damped wave", lambda a: call("sin", a.formula), own=True, needs=("sin", "exp")),
    Outer("reciprocal square", lambda a: 1 / a.formula**2, signed=True),
    Outer("reciprocal sqrt", lambda a: 1 / call("sqrt", a.positive), signed=True, needs=("sqrt",)),
    Outer("exp reciprocal", lambda a: call("exp", a.own / a.formula), own=True, signed=True, needs=("exp",)),
    Outer("log pair", lambda a: call("log", a.positive), signed=True, needs=("log",)),
    Outer("exp pair", _grow, needs=("exp",)),
)
NUMBER = {o.name: k for k, o in enumerate(OUTERS)}
DERIVATIVES = (NUMBER["log pair"], NUMBER["exp pair"])  # of a function and its derivative by a constant inside
TWO_COLUMNS = frozenset((NUMBER["wave"], NUMBER["damped wave"], *DERIVATIVES))


def constants_of(outer: int, form: int) -> int:
    """How many inner constants."""
    return len(FORMS[form][1]) + OUTERS[outer].own


def argument(outer: int, form: int, theta: Array, u: Formula, v: Formula, values: tuple[Array, Array]) -> Argument:
    """z at theta; values: of u and v on some rows, for the sign."""
    fixed, rows = FORMS[form]
    terms = [(1.0, u)] if fixed else []
    z = values[0].copy() if fixed else np.zeros_like(values[0])
    constant = 0.0
    for t, row in zip(map(float, theta), rows, strict=False):
        if row == "1":
            constant = t
            z = z + t
        else:
            part = t * values[row == "v"]
            if np.ptp(part) < 1e-9 and np.abs(part).max() < 1e-6 and len(rows) > 1:
                continue  # no effect: the form with one term less
            terms.append((t, u if row == "u" else v))
            z = z + part
    own = float(theta[len(rows)]) if OUTERS[outer].own else 0.0
    sign = 1 if z.min() > 0 else -1 if z.max() < 0 else 0
    return Argument(tuple(terms), constant, sign, own, u)


def tidied(outer: int, form: int, theta: Array, values: tuple[Array, Array]) -> Array:
    """theta with a constant beside z that hardly counts at 0, and an exponent next to a whole or half number there."""
    fixed, rows = FORMS[form]
    result = theta.copy()
    z = sum((t * values[row == "v"] for t, row in zip(theta, rows, strict=False) if row != "1"), np.zeros(1))
    z = z + values[0] if fixed else z
    if rows[-1] == "1" and abs(theta[len(rows) - 1]) < _SMALL * float(np.abs(z).min()):
        result[len(rows) - 1] = 0.0
    p = len(rows)
    if OUTERS[outer].own and abs(2 * theta[p] - round(2 * theta[p])) < _SMALL * abs(theta[p]):
        result[p] = round(2 * theta[p]) / 2
    return result


def combined(outer: int, a: Argument, c: Array) -> tuple[float, Formula] | None:
    """coefficient and formula of c_1 f_1 + c_2 f_2; None where f is not defined on all rows."""
    if OUTERS[outer].signed and a.sign == 0:
        return None
    if outer not in TWO_COLUMNS:
        return float(c[0]), OUTERS[outer].formula(a)
    if outer in DERIVATIVES:
        f = OUTERS[outer].formula(a)
        g = 1 / a.formula if outer == NUMBER["log pair"] else a.first * f
        return 1.0, linear([(float(v), h) for v, h in zip(c, (f, g), strict=True) if v])
    size, phase = hypot(c[0], c[1]), atan2(c[0], c[1])
    if phase < 0:  # a sine's sign goes into its coefficient
        size, phase = -size, phase + np.pi
    if phase < 1e-9 or np.pi - phase < 1e-9:
        size, phase = (size if phase < 1 else -size), 0.0
    f = OUTERS[outer].formula(Argument(a.terms, a.constant + phase, 0, a.own, a.first))
    return size, f if outer == NUMBER["wave"] else exponential([(a.own, a.first)]) * f

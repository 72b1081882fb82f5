"""A fitted quotient as a formula: in the plainest form that double precision carries, with short numbers if exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fitx.formula.polynomial import power_sum, scaled
from fitx.formula.tree import Formula, Var
from fitx.numerics import quotient_powers
from fitx.numerics.doubledouble import Array
from fitx.numerics.powers import loss, scaling
from fitx.numerics.quotient import Quotient

CARRIED, CARRIED_IN_NOISE = 1e-13, 5e-9  # loss of a form relative to rms(y); the second where the noise is larger
MOST_PLACES = 1000  # rows, and as many places between them, that forms are checked at


@dataclass(frozen=True, slots=True)
class Form:
    """How a quotient is written: in powers of x (scaling None) or of (x - middle) / half; one: which coefficient of the
    denominator is 1."""

    scaling: tuple[float, float] | None
    one: int


@dataclass(frozen=True, slots=True)
class Written:
    """A quotient as a formula; a, b: the coefficients of numerator and denominator in it, constant terms first."""

    form: Form
    formula: Formula
    a: list[float]
    b: list[float]


def write(r: Quotient, name: str, x: Array, y: Array, form: Form | None, *, exact: bool) -> Written | None:
    """The quotient in the given form, or in the plainest that carries it; None where none does.

    x, y: (n,) the rows. exact: the rows have no noise, so coefficients may be rounded if the rows are met as before.
    """
    at = _places(x)
    stable = r.evaluate(at)
    noise = loss(r.evaluate(x), y, y)
    best: tuple[float, Written] | None = None
    for s in (form.scaling,) if form else (None, scaling(x)):
        u = Var(name) if s is None else scaled(name, *s)
        for one, a, b in quotient_powers.normalised(r, s, form.one if form else None, exact=exact):
            found = Written(Form(s, one), quotient(a, b, u), a, b)
            lost = loss(found.formula.predict(at[:, None], (name,)), stable, y)
            if not np.isfinite(lost):
                continue
            if exact:
                found = _shortened(found, name, x, y, u.predict(at[:, None], (name,)))
            if lost <= CARRIED or (lost <= CARRIED_IN_NOISE and lost <= 1e-3 * noise):
                return found
            if best is None or lost < best[0]:
                best = lost, found
    return best[1] if best is not None and best[0] <= CARRIED_IN_NOISE else None


def quotient(a: Sequence[float], b: Sequence[float], u: Formula) -> Formula:
    """(a_m u^m + ... + a_0) / (b_n u^n + ... + b_0)."""
    top, bottom = (power_sum(c, [[k] for k in range(len(c))], [u]) for c in (a, b))
    return top if b[0] == 1 and not any(b[1:]) else top / bottom


def _shortened(w: Written, name: str, x: Array, y: Array, v: Array) -> Written:
    """Short numbers instead of 0.30000000000000016, where the rows are met as well as before. v: values of the
    variable."""

    def missed(f: Formula) -> float:
        return loss(f.predict(x[:, None], (name,)), y, y)

    u = Var(name) if w.form.scaling is None else scaled(name, *w.form.scaling)
    before = max(2 * missed(w.formula), 4e-15)
    for digits in (6, 9, 12):
        a, b = quotient_powers.rounded(w.a, w.b, v, digits)
        shorter = quotient(a, b, u)
        if missed(shorter) <= before:
            return Written(w.form, shorter, a, b)
    return w


def _places(x: Array) -> Array:
    """Rows, the ends among them, and places between them."""
    ordered = np.unique(x)
    some = ordered[np.unique(np.linspace(0, len(ordered) - 1, min(len(ordered), MOST_PLACES)).astype(int))]
    return np.unique(np.r_[some, some[:-1] / 2 + some[1:] / 2])

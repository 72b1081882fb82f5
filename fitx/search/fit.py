"""From a structure to formulas: the linear constants and exponents of T(y) = base + terms on the check rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product as combinations

import numpy as np
import numpy.typing as npt

from fitx.formula import Const, Formula, call
from fitx.search.algebra import linear, product
from fitx.search.noise import row_weights
from fitx.search.problem import Problem
from fitx.search.spaces import Kind, Space
from fitx.search.sparse import sparse_fit
from fitx.search.table import Table
from fitx.search.targets import Target

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Structure:
    """log_target: T(y) - shift = +-c * prod base^a * prod terms^b (or exp(sum b term) unless log_terms);
    otherwise T(y) - shift = sum a * base + sum b * terms. base begins with the formula 1."""

    problem: Problem
    target: Target
    base: Sequence[Formula]
    base_values: Array  # on the check rows; logarithms if log_target
    terms: Sequence[Formula]
    log_target: bool
    log_terms: bool
    shift: Formula | None = None


def structure_of(space: Space, target: Target, terms: Sequence[Formula], shift: Formula | None = None) -> Structure:
    """The structure of a space with these terms."""
    kind: Kind = space.kind
    columns = space.problem.columns[:, space.problem.rows.check]
    return Structure(
        space.problem, target, space.base, space.base_values(columns), terms, kind.log, kind.log_features, shift
    )


def fit_structure(s: Structure, table: Table) -> list[Formula]:
    """Formulas for the table's target with the structure's constants at their optimum in the transformed space.

    Exponents that are halves as far as y's digits tell are set to these, terms that contribute less than 1e-8 are
    dropped, and the others fitted again. More than one formula where logarithms have lost signs. [] where nothing is
    defined. Where y is noisy the rows have weights, and what the noise cannot tell from a simple exponent or from
    nothing is set to that.
    """
    values = [table.on_check(f) for f in s.terms]
    with np.errstate(all="ignore"):
        z = s.target.forward(s.problem.y[s.problem.rows.check])
        if s.shift is not None:
            z = z - table.on_check(s.shift)
        t = np.log(np.abs(z)) if s.log_target else z
        columns = [*s.base_values, *(np.log(np.abs(v)) if s.log_terms else v for v in values)]
    A = np.array(columns)
    usable = np.isfinite(A).mean(axis=1) > 0.5
    rows = np.isfinite(t) & np.isfinite(A[usable]).all(axis=0)
    if s.problem.sigma is not None:
        return _fit_noisy(s, table, A, t, values, z, rows & np.isfinite(s.problem.y[s.problem.rows.check]), usable)
    if rows.sum() < max(3, min(len(t) / 2, usable.sum() + 1)):
        return []
    beta = np.zeros(len(A))
    beta[usable] = least_squares(A[usable][:, rows], t[rows])
    if s.log_target:
        beta = _snap_exponents(
            beta, A[:, rows], t[rows], usable, s, float(np.clip(30 * np.sqrt(table.floor), 1e-5, 0.02))
        )
        return _products(s, table, beta, values, z, rows)
    beta = _drop_small(beta, A[:, rows], t[rows], usable)
    f = linear(zip(beta, [*s.base, *s.terms], strict=True))
    return [_finish(s, f)]


def _fit_noisy(
    s: Structure, table: Table, A: Array, t: Array, values: Sequence[Array], z: Array,
    rows: Mask, usable: Mask,
) -> list[Formula]:  # fmt: skip
    check, sigma = s.problem.rows.check, s.problem.sigma
    assert sigma is not None
    if s.shift is None:
        weight = row_weights(s.target.forward, s.problem.y[check], sigma[check], s.log_target)
    else:
        shift = table.on_check(s.shift)
        weight = row_weights(lambda y: s.target.forward(y) - shift, s.problem.y[check], sigma[check], s.log_target)
    rows = rows & (weight > 0)
    if rows.sum() < max(3, len(t) / 5, usable.sum() + 1):
        return []
    W = np.where(usable[:, None], A[:, rows], 0.0) * weight[rows]
    k = len(s.base)
    number = np.arange(len(A))
    if not s.log_target:
        beta = sparse_fit(W, t[rows] * weight[rows], number < 0, number >= 0)
        return [_finish(s, linear(zip(beta, [*s.base, *s.terms], strict=True)))]
    powers = (number > 0) & ((number < k) | s.log_terms)
    beta = sparse_fit(W, t[rows] * weight[rows], powers, number >= k)
    return _products(s, table, beta, values, z, rows)


def least_squares(rows: Array, t: Array) -> Array:
    """Coefficients c minimising |sum c_i rows_i - t|; rows: (k, m), scaled inside. Zeros for dependent rows."""
    norms = np.sqrt((rows * rows).sum(axis=1))
    norms[~(norms > 0)] = 1.0
    c = np.linalg.lstsq((rows / norms[:, None]).T, t, rcond=1e-12)[0]
    return np.asarray(c / norms)


def _snap_exponents(beta: Array, A: Array, t: Array, usable: Array, s: Structure, tolerance: float) -> Array:
    last = len(A) if s.log_terms else len(s.base)
    fixed = np.zeros(len(A), bool)
    halves = np.round(2 * beta) / 2
    fixed[1:last] = np.abs(beta - halves)[1:last] < tolerance
    for q in (3, 4, 5):
        other = np.round(q * beta) / q
        close = np.abs(beta - other) < tolerance / 10
        close[0], close[last:] = False, False
        halves[close & ~fixed] = other[close & ~fixed]
        fixed |= close
    if not fixed.any():
        return beta
    out = np.where(fixed, halves, 0.0)
    free = usable & ~fixed
    rest = t - out[fixed] @ np.where(np.isfinite(A[fixed]), A[fixed], 0.0)
    out[free] = least_squares(A[free], rest)
    return out


def _drop_small(beta: Array, A: Array, t: Array, usable: Array) -> Array:
    size = beta**2 * np.where(usable, (np.where(usable[:, None], A, 0.0) ** 2).sum(axis=1), 0.0)
    keep = size > 1e-16 * float(t @ t)
    if keep.sum() in (0, usable.sum()):
        return beta
    out = np.zeros(len(A))
    out[keep] = least_squares(A[keep], t)
    return out


def _products(s: Structure, table: Table, beta: Array, values: Sequence[Array], z: Array, rows: Mask) -> list[Formula]:
    """The products with these exponents whose sign agrees with T(y) on nearly all rows; else with both signs."""
    k = len(s.base)
    natural = np.ones(int(rows.sum()))
    factors: list[tuple[Formula, float]] = []
    for f, e in zip(s.base[1:], beta[1:k], strict=True):
        if e == 0:
            continue
        signs = np.sign(table.on_check(f)[rows])
        whole = float(e).is_integer()
        if whole and e % 2:
            natural = natural * signs
        elif not whole and (signs < 0).any():
            f = call("abs", f)
        factors.append((f, float(e)))
    if not s.log_terms:
        inside = linear(zip(beta[k:], s.terms, strict=True))
        return _signed(s, beta[0], [(factors, natural)], call("exp", inside), z[rows])
    options: list[list[tuple[Formula, float, Array]]] = []
    for f, e, v in zip(s.terms, beta[k:], values, strict=True):
        signs = np.sign(v[rows])
        mixed = bool((signs < 0).any())
        odd = float(e).is_integer() and e % 2 != 0
        if not mixed or (float(e).is_integer() and not odd):
            options.append([(f, float(e), np.ones(len(signs)))])
        elif odd:
            options.append([(f, float(e), signs), (call("abs", f), float(e), np.ones(len(signs)))])
        elif (signs < 0).all():
            options.append([(-f, float(e), np.ones(len(signs)))])
        else:
            options.append([(call("abs", f), float(e), np.ones(len(signs)))])
    variants = [
        ([*factors, *((f, e) for f, e, _ in choice)], natural * np.prod([g for *_, g in choice], axis=0))
        for choice in combinations(*options)
    ]
    return _signed(s, beta[0], variants, None, z[rows])


def _signed(
    s: Structure, log_constant: float, variants: list[tuple[list[tuple[Formula, float]], Array]],
    exponential: Formula | None, z: Array,
) -> list[Formula]:  # fmt: skip
    if not abs(log_constant) < 300:
        return []
    out: list[Formula] = []
    scale = float(np.exp(log_constant))
    weight = np.abs(z)
    for factors, sign in variants:
        agree = float((weight * sign * np.sign(z)).sum() / weight.sum())
        if abs(agree) < 0.9:
            continue
        f = product(_tidy(scale if agree > 0 else -scale), factors)
        out.append(_finish(s, f if exponential is None else f * exponential))
    return out


def _tidy(c: float) -> float:
    """A constant that is a short number but for rounding as that number: exp(log 2) is 2."""
    short = float(f"{c:.6g}")
    return short if abs(short - c) < 1e-11 * abs(c) else c


def _finish(s: Structure, f: Formula) -> Formula:
    if s.shift is not None:
        f = f + s.shift if not (isinstance(f, Const) and f.value == 0) else s.shift
    return s.problem.lift(s.target.inverse(f))

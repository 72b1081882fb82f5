"""The best of many starts: sampled from the likely values, compared with the linear parameters solved for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product as combinations
from typing import TYPE_CHECKING

import numpy as np

from fitx.parametric.rows import Limits, Rows, Solution, Values
from fitx.parametric.scales import likely_values

if TYPE_CHECKING:
    from fitx.parametric.formula import ParametricFormula

Start = Mapping[str, float]

_ROWS = 300  # on which starts are compared
_MANY = 20_000  # on which the best starts are refined
_STARTS = 1000  # of a round
_ROUNDS = 8
_OFTEN = 3  # times that the best optimum is reached before it is believed
_REFINED = 14  # of a round
_STEPS = 40
_SAME = 1e-6  # relative difference of losses of the same optimum
_EXACT = 1e-28


def search(
    model: ParametricFormula,
    rows: Rows,
    rng: np.random.Generator,
    starts: Sequence[Start],
    limits: Limits,
    expired: Callable[[], bool],
) -> Solution | None:
    """The best local optimum found; None where the formula is undefined at all starts.

    In rounds: many starts are compared, the best refined by variable projection, until the best optimum is found often.
    """
    ones = limits.within(dict.fromkeys(model.parameters, 1.0))
    given = [s for s in starts if all(p in s for p in model.nonlinear)]
    if given:  # as they are where they are complete, their linear parameters solved for where not
        full = [_complete(model, s, ones, rows, limits) for s in given]
        return _best(model, full, rows, limits, expired)
    if not model.nonlinear:
        return model.refine(model.solve_linear(ones, rows, limits)[0], rows, limits=limits)
    few = rows.sample(_ROWS)
    total = float(np.square(few.y * few.root).sum())
    grids = _grids(model, few, starts[0] if starts else {}, limits)
    found: list[tuple[float, Values]] = []
    for round_number in range(_ROUNDS):
        tried = _compared(model, _sampled(grids, rng, round_number), ones, few, limits)
        for values in _spread(tried, _REFINED):
            near = _near(model, values, few, limits)
            if near is not None:
                found.append(near)
            if expired():
                break
        found.sort(key=lambda f: f[0])
        best = found[0][0] if found else np.inf
        often = sum(loss <= best * (1 + _SAME) for loss, _ in found)
        if expired() or best <= _EXACT * total or (often >= _OFTEN and round_number > 0):
            break
        if np.prod([float(len(g)) for g in grids.values()]) <= _STARTS:
            break
    # Of equal ones that with the plainest numbers: a*exp(b) may be anything else.
    equal = [f for f in found if f[0] <= found[0][0] * (1 + _SAME)]
    plain = sorted(equal, key=lambda f: _size(f[1]))[:1]
    return _best(model, [v for _, v in [*plain, *found[len(equal) : len(equal) + 2]]], rows, limits, expired)


def _size(values: Values) -> float:
    """How far the values are from 1, in decades."""
    return float(sum(abs(np.log10(abs(v))) for v in values.values() if v != 0 and np.isfinite(v)))


def _complete(model: ParametricFormula, s: Start, ones: Values, rows: Rows, limits: Limits) -> Values:
    values = limits.within({**ones, **s})
    if all(p in s for p in model.parameters):
        return values
    solved, _ = model.solve_linear(values, rows, limits)
    return {**solved, **limits.within(s)}


def _grids(model: ParametricFormula, rows: Rows, start: Start, limits: Limits) -> dict[str, list[float]]:
    """Likely values of each nonlinear parameter, one entry for those that are alike, within bounds."""
    tree = model.tree.substitute(dict.fromkeys(model.linear, 1))
    likely = likely_values(tree, model.nonlinear, rows)
    grids: dict[str, list[float]] = {}
    for p in model.nonlinear:
        base = model.like[p]
        if base in grids:
            continue
        low, high = limits.bounds.get(p, (-np.inf, np.inf))
        values = [float(start[p])] if p in start else [v for v in likely[p] if low <= v <= high]
        if p not in start and np.isfinite(low) and np.isfinite(high):
            values += [low + (high - low) * k / 6 for k in range(7)]
            if low > 0:
                values += [low * (high / low) ** (k / 6) for k in range(1, 6)]
        elif p not in start and not values:
            end = low if np.isfinite(low) else high
            step = max(abs(end), 1.0) if np.isfinite(low) else -max(abs(end), 1.0)
            values = [end + step * k for k in (0.1, 1.0, 10.0)]
        grids[base] = list(dict.fromkeys(values))
    return grids


def _sampled(grids: dict[str, list[float]], rng: np.random.Generator, round_number: int) -> list[Values]:
    """All combinations where they are few, else some, likely values more often."""
    names = list(grids)
    if np.prod([float(len(g)) for g in grids.values()]) <= _STARTS:
        return [dict(zip(names, c, strict=True)) for c in combinations(*grids.values())] if round_number == 0 else []
    columns = []
    for g in grids.values():
        near = rng.permutation(np.tile(np.arange(len(g)), -(-_STARTS // len(g))))[:_STARTS]
        jitter = np.exp(rng.normal(0, 0.3, _STARTS)) if round_number else np.ones(_STARTS)
        columns.append(np.array(g)[near] * jitter)
    return [dict(zip(names, map(float, c), strict=True)) for c in zip(*columns, strict=True)]


def _compared(
    model: ParametricFormula, starts: list[Values], ones: Values, rows: Rows, limits: Limits
) -> list[tuple[float, int, Values]]:
    """The starts with their linear parameters, best first: (loss, number, values)."""
    tried = []
    for i, start in enumerate(starts):
        full = {p: start.get(model.like[p], ones[p]) for p in model.parameters}
        values, loss = model.solve_linear(limits.within(full), rows, limits)
        if np.isfinite(loss):
            tried.append((loss, i, values))
    return sorted(tried, key=lambda t: t[:2])


def _spread(tried: list[tuple[float, int, Values]], most: int) -> list[Values]:
    """The best starts, only the best of those whose loss is the same; then the best of groups of the others.

    The very best often lead to one optimum; those of groups that were sampled apart lead to others, too.
    """
    chosen: list[tuple[float, int, Values]] = []
    for t in tried:
        if len(chosen) < most // 2 and (not chosen or t[0] > chosen[-1][0] * (1 + 1e-9)):
            chosen.append(t)
    taken, groups = {t[1] for t in chosen}, most - most // 2
    best: dict[int, tuple[float, int, Values]] = {}
    for t in tried:
        if t[1] not in taken:
            best.setdefault(t[1] % groups, t)
    return [t[2] for t in (*chosen, *best.values())]


def _near(model: ParametricFormula, values: Values, rows: Rows, limits: Limits) -> tuple[float, Values] | None:
    """The optimum near these values, roughly, and its loss."""
    if limits.loss == "linear" and not any(p in limits.bounds for p in model.linear):
        values = model.project(values, rows, limits, _STEPS) or values
        loss = model.solve_linear(values, rows, limits)[1]
        return (loss, values) if np.isfinite(loss) else None
    found = model.refine(values, rows, _STEPS, limits)
    return None if found is None else (found.loss, found.values)


def _best(
    model: ParametricFormula, starts: list[Values], rows: Rows, limits: Limits, expired: Callable[[], bool]
) -> Solution | None:
    """The best optimum from these values, on all rows in the end."""
    many = rows.sample(_MANY)
    total = float(np.square(many.y * many.root).sum())
    best: Solution | None = None
    for values in starts:
        found = model.refine(values, many, limits=limits)
        if found is not None and (best is None or found.loss < best.loss):
            best = found
        if best is not None and (best.loss <= _EXACT * total or expired()):
            break
    if best is None:
        return None
    upright = _upright(model, best.values, many, limits)
    if many is rows and upright == best.values:
        return best
    return model.refine(upright, rows, limits=limits) or best


def _upright(model: ParametricFormula, values: Values, rows: Rows, limits: Limits) -> Values:
    """Parameters whose sign means nothing, as a width that is squared, with a plus."""
    found = dict(values)
    at = model.value([found[p] for p in model.parameters], rows)
    for p in model.nonlinear:
        if found[p] < 0 and -found[p] <= limits.bounds.get(p, (0.0, np.inf))[1]:
            other = model.value([-found[q] if q == p else found[q] for q in model.parameters], rows)
            if np.array_equal(other, at):
                found[p] = -found[p]
    return found

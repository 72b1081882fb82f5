"""From exact problems to noisy ones: is y noisy, how much in each row of each problem, and samples that are larger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fitx.formula import Formula
from fitx.search.noise import estimate_noise
from fitx.search.problem import Problem
from fitx.search.rows import spread_rows
from fitx.search.table import Table
from fitx.search.variants import variants

_AGREE = 2.0  # one view's level may be this much above another's bound
_ASSUMED = 0.01  # noise, as a share of rms(y)
_VARIANTS = 2
_LITTLE = 0.05  # noise above this would have hidden the columns' powers
_ABOVE = 10.0  # times the error that the digits of y cause, from which on noise counts


def noise_of(table: Table, best: Formula | None, made: Sequence[Problem] = (), doubt: bool = False) -> float:
    """Relative variance of the noise in the table's y, 0 where there is no sign of any.

    best: the best formula yet, whose residuals show more of the noise. made: problems made of the table's, whose y
    may be a simpler function of fewer columns; the last one is the table's own. doubt: the most that the noise can be
    where there is no sign of it.
    """
    values = () if best is None else (table.on_all(best),)
    noise = estimate_noise(table.columns, table.y, table.weights, values)
    level, bound = noise.level, noise.bound
    if not level and made:
        # Perhaps noise has hidden which columns can be divided out.
        p = made[-1]
        assumed = p.noisy(np.full(p.n, _ASSUMED * float(np.sqrt(np.mean(p.y**2)))), p.rows)
        made = [*made[:-1], *(v for v in variants(assumed)[:_VARIANTS] if len(v.active) < p.d)]
    for p in made:
        if p.n != len(table.y) or not np.isfinite(p.y).all():
            continue
        with np.errstate(all="ignore"):
            factor = np.abs(table.y / p.y)
        if not (np.isfinite(factor) & (factor > 0)).all():
            continue
        weights = factor**2 if table.weights is None else factor**2 * table.weights
        found = estimate_noise(p.columns[list(p.active)], p.y, weights)
        # From a share of this y's weighted variance to a share of the table's.
        mean = float(np.average(p.y, weights=weights))
        base = float(np.average(table.y, weights=table.weights))
        w = np.ones(p.n) if table.weights is None else table.weights
        share = float(weights @ (p.y - mean) ** 2) / max(float(w @ (table.y - base) ** 2), 1e-300)
        bound = min(bound, share * found.bound)
        if share * found.level < _LITTLE:
            level = min((v for v in (level, share * found.level) if v), default=0.0)
    if level > _AGREE * bound:
        level = 0.0
    if doubt and not level:
        level = min(bound, supposed(table))
    return level if level > _ABOVE * table.floor else 0.0


def supposed(table: Table) -> float:
    """Relative variance of noise that would be usual."""
    y = table.y / (float(np.abs(table.y).max()) or 1.0)
    return _ASSUMED**2 * float(np.mean(y**2)) / max(float(y.var()), 1e-300)


def with_noise(problem: Problem, table: Table, made: list[Problem]) -> tuple[Problem, Table, list[Problem]]:
    """`problem`, its table, whose noise is known, and problems made of it, with the noise of each row in each.

    Noise of standard deviation s in y is s / |factor| in y / factor; a row of weight w has 1 / sqrt(w) times as much.
    """
    n, y = problem.n, problem.y
    check = problem.rows.check
    largest = np.argmax(np.abs(table.check_y))
    unit = float(table.check_y[largest] / y[check[largest]]) or 1.0
    sigma = np.full(n, table.sigma / abs(unit))
    rows = spread_rows(problem.columns, y, np.random.default_rng(n), noisy=True)
    if n == len(table.y):
        if table.weights is not None:
            sigma = sigma / np.sqrt(np.maximum(table.weights / table.weights.mean(), 1e-12))
        table = table.with_check(rows.check)
    else:
        rows = replace(rows, check=check)
    with np.errstate(all="ignore"):
        factors = [np.nan_to_num(np.abs(p.y / y), nan=1.0, posinf=1.0) for p in made]
    return problem.noisy(sigma, rows), table, [p.noisy(sigma * f, rows) for p, f in zip(made, factors, strict=True)]

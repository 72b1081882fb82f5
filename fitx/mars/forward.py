"""The forward pass of MARS [Friedman 1991, doi:10.1214/aos/1176347963]: pairs of hinges are added while they help.

The compiled core finds for every parent term and variable the best knot (mars_search.hpp says how); this file decides
what may be asked, which answer is taken and when to stop. Two sets of rules: those of py-earth, term for term, and
those that the manual of R's earth describes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Set

import numpy as np
import numpy.typing as npt

from fitx._core.mars import MarsSearch
from fitx.mars.growth import Answers, Growth
from fitx.mars.parents import Ageing, Everyone, Heap, Parents
from fitx.mars.path import ForwardOptions, ForwardPath, Iteration, Step

__all__ = ["ForwardOptions", "ForwardPath", "Iteration", "Step", "forward_pass"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Allowed = Callable[[int, int], bool] | Set[tuple[int, int]]

FULL = "Reached maximum number of terms"
DONE = "Achieved RSQ value within threshold of 1"
SMALL = "Improvement below threshold"
LOW = "GRSQ too low"
NONE = "No remaining candidate knot locations"
ROUNDING = 1e-26  # of the responses' square: a constant's error
EQUAL = 1e-12  # of the responses' variance: gains this close are equal, and the first counts
# Rules "R", as R's earth 5.3.2 was seen to behave: a linear term that is new by less than NEW of its variance gets one
# hinge instead of a pair; hinges that are less new are not taken, but for LATER after the first STRICT steps.
NEW, LATER, STRICT = 0.01, 1e-5, 7
CACHE = 2.0**30  # bytes of candidates that the core keeps


def forward_pass(
    X: Array,
    Y: Array,
    *,
    options: ForwardOptions,
    weights: Array | None = None,
    output_weights: Array | None = None,
    missing: Flags | None = None,
    linvars: Iterable[int] = (),
    allowed: Allowed | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> ForwardPath:
    """The terms that lower the weighted squared error of Y most, one or two at a time.

    X (n, d), finite but where missing (n, d) says so; Y (n, k). weights (n,) and output_weights (k,) multiply squared
    residuals. linvars: variables that get no knots. allowed: which pairs of variables may stand in one term, a function
    or a set of pairs. stop is asked between additions; on it, and on KeyboardInterrupt, the terms so far are returned.
    The result is the same for any options.threads.
    """
    growth = _start(X, Y, options, weights, output_weights, missing, linvars, allowed)
    steps = [Step(-1, -1, "constant", math.nan, -1, False)]
    record = [Iteration(-1, -1, -1, growth.mse(), 1)]
    parents: Parents = Everyone()
    if options.use_fast:
        parents = Ageing(options.fast_K) if options.rules == "R" else Heap(options.fast_K, options.fast_h)
    parents.enter(0, growth.variables(0))
    grow = _grow_r if options.rules == "R" else _grow
    nothing = ROUNDING * float(np.max(np.abs(Y), initial=0.0)) ** 2
    stopped = "" if options.max_terms > 1 and record[0].mse > nothing else FULL
    try:
        while not stopped:
            if stop():
                stopped = "time limit"
                break
            stopped = grow(growth, parents, steps, record, options)
    except KeyboardInterrupt:
        stopped = "interrupted"
    return ForwardPath(tuple(steps[: record[-1].terms]), tuple(record), stopped)


def _start(
    X: Array,
    Y: Array,
    o: ForwardOptions,
    weights: Array | None,
    output_weights: Array | None,
    missing: Flags | None,
    linvars: Iterable[int],
    allowed: Allowed | None,
) -> Growth:
    n, d = X.shape
    gone = missing if missing is not None and missing.any() else None
    v = np.ones(Y.shape[1]) if output_weights is None else np.asarray(output_weights, float)
    root = None if weights is None else np.sqrt(np.asarray(weights, float))
    total = float(v.sum()) * (n if weights is None else float(np.sum(weights)))
    search = MarsSearch(
        np.ascontiguousarray(X.T, dtype=np.float64),
        np.ascontiguousarray((Y * np.sqrt(v)).T, dtype=np.float64),
        root,
        None if gone is None else np.ascontiguousarray(gone.T).view(np.uint8),
        int(o.rules == "R"),
        o.minspan_alpha,
        CACHE,
        o.threads,
    )
    run = 3 - math.log2(o.endspan_alpha / max(d, 1))
    endspan = o.endspan if o.endspan >= 0 else int(run) if o.rules == "R" else round(run)
    every = o.check_every if o.check_every >= 0 else (n // o.min_search_points if n > o.min_search_points else 1)
    linear = np.zeros(d, bool) if o.rules == "R" else np.asarray(search.flat(endspan, max(every, 1)), bool)
    linear[list(linvars)] = True
    holes: Flags = np.zeros(d, bool) if gone is None else np.asarray(gone.any(axis=0))
    degree = o.max_degree if o.max_degree >= 0 else n
    return Growth(
        search, X, total, linear, holes, degree, allowed, endspan, 3 if o.rules == "R" else 1, o.minspan, o.rules == "R"
    )


def _grow(g: Growth, parents: Parents, steps: list[Step], record: list[Iteration], o: ForwardOptions) -> str:
    """One addition by py-earth's rules; returns why to stop, or nothing."""
    k, n = len(steps), g.rows
    a = g.ask(parents.take())
    if not len(a.parent):
        return NONE
    f = [_gcv_factor(k + more, n, o.penalty) for more in range(5)]
    line, pair = (g.rss - a.linear) / g.total, (g.rss - a.linear - a.hinge) / g.total
    may = o.allow_linear & ~np.array([(int(p), int(j)) in g.lines for p, j in zip(a.parent, a.variable, strict=True)])
    factor = np.where(a.cover, f[3], f[1]), np.where(a.cover, f[4], f[2])
    knots = (a.count > 0) & ~g.linear[a.variable]
    hinge = knots & ~(may & (factor[1] * pair >= factor[0] * line))
    mse = np.where(hinge, pair, line)
    mse[~hinge & ~may & ~g.linear[a.variable]] = np.inf  # nothing to offer
    parents.learn(a.parent, a.variable, mse)
    mse0 = record[0].mse
    best = int(np.argmax(mse <= mse.min() + EQUAL * mse0))
    if mse[best] == np.inf or (not hinge[best] and a.dependent[best]):
        return NONE
    _add(g, parents, steps, record, a, best, bool(hinge[best]), (False, True))
    last, before = record[-1], record[-2]
    if last.terms > o.max_terms:
        return FULL
    if 1 - last.mse / mse0 > 1 - o.thresh:
        return DONE
    if (before.mse - last.mse) / mse0 < o.thresh:
        return SMALL
    return LOW if _grsq(last, mse0, n, o.penalty) < -10 else ""


def _grow_r(g: Growth, parents: Parents, steps: list[Step], record: list[Iteration], o: ForwardOptions) -> str:
    """One addition as R's manual says: a pair always, but for variables without knots; a step below thresh is not
    taken; every step counts as two terms."""
    if 2 * len(record) + 1 > o.max_terms:
        return FULL
    a = g.ask(parents.take(), NEW, NEW if len(record) <= STRICT else LATER)
    if not len(a.parent):
        return NONE
    knots = (a.count > 0) & (a.hinge > 0) & ~g.linear[a.variable]
    gain = a.linear + np.where(knots, a.hinge, 0)
    parents.learn(a.parent, a.variable, -gain)
    mse0 = record[0].mse
    best = int(np.argmax(gain >= gain.max() - EQUAL * g.total * mse0))
    if not gain[best] > 0:
        return NONE
    if gain[best] / g.total < o.thresh * mse0:
        return SMALL
    _add(g, parents, steps, record, a, best, bool(knots[best]), (False,) if a.dependent[best] else (False, True))
    last = record[-1]
    if 1 - last.mse / mse0 > 1 - o.thresh:
        return DONE
    return LOW if _grsq(last, mse0, g.rows, o.penalty) < -10 else ""


def _add(
    g: Growth,
    parents: Parents,
    steps: list[Step],
    record: list[Iteration],
    a: Answers,
    at: int,
    hinge: bool,
    backs: tuple[bool, ...],
) -> None:
    asked, j = int(a.parent[at]), int(a.variable[at])
    row = int(a.row[at]) if hinge else -1
    parent, first = asked, len(steps)
    if a.cover[at]:
        known = g.present.get((asked, j))
        if known is None:
            g.add(asked, j, ("present", "missing"), -1, (False, False))
            steps += [Step(asked, j, kind, math.nan, -1, False) for kind in ("present", "missing")]
            known = first
        parent = known
    if hinge:
        g.add(parent, j, ("hinge",) * len(backs), row, backs)
        steps += [Step(parent, j, "hinge", float(g.X[row, j]), row, back) for back in backs]
    else:
        g.add(parent, j, ("linear",), -1, (False,))
        steps.append(Step(parent, j, "linear", math.nan, -1, False))
    parents.chosen(asked)
    for k in range(first, len(steps)):
        parents.enter(k, g.variables(k))
    record.append(Iteration(asked, j, row, g.mse(), len(steps)))


def _gcv_factor(terms: int, rows: int, penalty: float) -> float:
    left = 1 - (terms + penalty * (terms - 1) / 2) / rows
    return 1 / left**2 if left else math.inf


def _grsq(last: Iteration, mse0: float, n: int, penalty: float) -> float:
    return 1 - last.mse * _gcv_factor(last.terms, n, penalty) / (mse0 * _gcv_factor(1, n, penalty))

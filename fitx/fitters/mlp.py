"""A small neural network with one hidden layer, written out as one formula: a proposal for each width.

    y = c + sum_k v_k s(b_k + sum_j w_kj x_j),    s: tanh, logistic or hinge (relu)

Trained by scikit-learn's MLPRegressor on standardised columns; the scaling is multiplied into the weights before the
network is proposed, so that the formula takes the columns as they are. [Cybenko 1989, doi:10.1007/BF02551274]
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Array, Context, Data, Entry, Fitter, Option, Pause, Proposal
from fitx.formula import Const, Formula, Var, call
from fitx.formula.tree import add_all
from fitx.link import Link, range_option

if TYPE_CHECKING:
    from fitx.look import Look

WIDTHS = (1, 2, 3, 5, 8, 13, 21, 34)
MOST_ROWS = 20_000  # that the network is trained on, spread over the table: more would cost hours, not constants
LEAST_ROWS, MOST_VALUES = 5000, 500_000  # of tables with many columns: rows, and rows times columns
ROWS_A_CONSTANT = 3  # widths that leave fewer are not tried unless asked for
OPERATOR = {"tanh": "tanh", "logistic": "logistic", "relu": "hinge"}
_ENOUGH, _MOST_FEATURES = 200, 20  # rows and features, unless the method is named
FAR = 1e3  # a column whose mean is so many standard deviations from 0 is shifted in the formula, which keeps digits


class Mlp(Fitter):
    """Neural networks with one hidden layer, narrow ones first; the width is the one that predicts held-out rows best.

    Trained by scikit-learn (L-BFGS, the best of several starts) on standardised columns and written in the columns
    themselves. Weights multiply the squared residual. Tables of more than 20,000 rows are trained on that many.
    """

    name = "mlp"
    summary = "a small neural network (one hidden layer) as a formula, its width chosen on held-out rows"
    good_for = "a small neural network as a formula; in `auto` only for 200 noisy rows or more, and last"
    not_for = "a formula to read, few rows"
    papers = ("Cybenko 1989, Approximation by superpositions of a sigmoidal function, doi:10.1007/BF02551274",)
    example = "fitx fit data.csv --method mlp --set mlp.width=3"
    fixed_structures = True
    options = (
        Option("activation", str, "tanh", "what a hidden unit computes", tuple(OPERATOR)),
        Option("width", int, None, "number of hidden units; chosen on held-out rows if not given"),
        Option("max_width", int, 13, "the most hidden units that are tried when no number is given"),
        Option("alpha", float, 1e-4, "penalty on the squared weights of the standardised network"),
        Option("starts", int, 3, "random starts, of which the one with the least error is taken"),
        Option("iterations", int, 300, "steps of L-BFGS from each start"),
        Option("output_range", range_option, None, "LO,HI: the formula never leaves this range (through tanh)"),
    )

    def declines(self, data: Data) -> str:
        """Too few rows; weights where scikit-learn knows none."""
        if data.n < 5:
            return f"needs 5 rows, got {data.n}"
        return "" if data.weights is None or _weighs() else "needs scikit-learn 1.7 or later for rows with weights"

    def enters(self, data: Data, look: Look) -> Entry:
        """Last, where there is noise and rows enough: its formulas are long."""
        few = data.n < _ENOUGH or data.d > _MOST_FEATURES
        why = f"needs {_ENOUGH} rows and at most {_MOST_FEATURES} features to be worth its time" if few else ""
        return Entry(20.0, self.declines(data) or why or ("comes near a law and never gives it" if look.exact else ""))

    def propose(self, data: Data, context: Context) -> Iterator[Proposal | Pause]:
        """One proposal for each width, from 1 up, until two more in a row take less than two percent off the error."""
        between = context.options["output_range"]
        if between is not None:
            link = Link(*between)
            remark = link.check(data.y)
            if remark:
                context.warn(remark)
            yield from link.proposals(_networks, data, context, rounds=3)
        else:
            yield from _networks(data, context)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a network is trained; starts: a seed for each."""

    width: int
    activation: str
    alpha: float
    iterations: int
    starts: tuple[int, ...]


def _networks(data: Data, context: Context) -> Iterator[Proposal]:
    o = context.options
    for name, least in (("width", 1), ("max_width", 1), ("starts", 1), ("iterations", 1), ("alpha", 0)):
        if o[name] is not None and not o[name] >= least:
            raise UsageError(f"`mlp.{name}` must be {least} or more. Got {o[name]} instead")
    starts = tuple(int(s) for s in context.rng.integers(0, 2**31 - 1, o["starts"]))
    used = int((np.ptp(data.X, axis=0) > 0).sum())
    most = max(1, (_trained_on(data).n // ROWS_A_CONSTANT - 1) // (used + 2))
    widths = [o["width"]] if o["width"] else [w for w in WIDTHS if w <= min(o["max_width"], most)]
    errors: list[float] = []
    before, seconds = 0, 0.0
    for width in widths:
        began = time.perf_counter()
        # The chosen one is trained twice more from its best start: for the report, and on all rows, up to twice these.
        if before and began + seconds * width / before * (1 + 4 / len(starts)) > context.deadline:
            return
        plan = Plan(width, o["activation"], o["alpha"], o["iterations"], starts)
        proposal, error = _trained(data, plan, context.expired)
        before, seconds = width, time.perf_counter() - began
        yield proposal
        errors.append(error)
        if context.expired() or (len(errors) > 2 and min(errors[-2:]) > 0.98 * min(errors[:-2])):
            return


def _trained(data: Data, plan: Plan, stop: Callable[[], bool] = lambda: False) -> tuple[Proposal, float]:
    """The network of the best start, on `stop` of those so far, and its error; `refit` trains from that start again, so
    that folds owe nothing to the rows that they hold out but the start."""
    data = _trained_on(data)
    if data.weights is not None:
        data = data.take(np.flatnonzero(data.weights > 0))
    columns = [_Column.of(x) for x in data.X.T]
    target = _Column.of(data.y)
    used = [j for j, c in enumerate(columns) if c.spread > 0]
    label = f"{plan.width} {plan.activation} unit{'s' if plan.width > 1 else ''}"
    if not used or target.spread == 0:
        mean = target.middle
        return Proposal(Const(mean), label, refit=lambda rows: _trained(rows, plan)[0]), 0.0
    Z = np.column_stack([columns[j].standard(data.X[:, j]) for j in used])
    t = target.standard(data.y)
    weights = None if data.weights is None else data.weights / data.weights.mean()
    found: list[tuple[float, int, _Network]] = []
    for start in plan.starts:
        if not (found and stop()):
            error, network = _train(Z, t, weights, plan, start)
            found.append((error, start, network))
    error, seed, network = min(found, key=lambda one: one[:2])
    formula = _written(network, plan.activation, [(data.names[j], columns[j]) for j in used], target)
    again = Plan(plan.width, plan.activation, plan.alpha, plan.iterations, (seed,))
    return Proposal(formula, label, refit=lambda rows: _trained(rows, again)[0]), error


def _trained_on(data: Data) -> Data:
    """Some of the rows of a large table: fewer of many columns, for which a step takes as much longer."""
    return data.every(-(-data.n // max(LEAST_ROWS, min(MOST_ROWS, MOST_VALUES // max(1, data.d)))))


@dataclass(frozen=True, slots=True)
class _Network:
    """hidden: (d, h), bias: (h,), out: (h,), offset: of the standardised network."""

    hidden: Array
    bias: Array
    out: Array
    offset: float


def _weighs() -> bool:
    """Whether scikit-learn's networks take weights."""
    from inspect import signature

    from sklearn.neural_network import MLPRegressor

    return "sample_weight" in signature(MLPRegressor.fit).parameters


def _train(Z: Array, t: Array, weights: Array | None, plan: Plan, seed: int) -> tuple[float, _Network]:
    """(weighted mean squared residual, network) from one start. Z: (n, d) and t: (n,) standardised."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor
    from threadpoolctl import threadpool_limits

    model = MLPRegressor(
        hidden_layer_sizes=(plan.width,), activation=plan.activation, solver="lbfgs", alpha=plan.alpha,
        max_iter=plan.iterations, max_fun=10 * plan.iterations, tol=1e-7, random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings(), threadpool_limits(1), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # held-out rows judge, converged or not
        model.fit(Z, t, **({} if weights is None else {"sample_weight": weights}))
    (hidden, out), (bias, offset) = model.coefs_, model.intercepts_
    if not all(np.isfinite(a).all() for a in (hidden, out, bias, offset)):
        raise FitxError("the network's weights are beyond double precision", "raise `mlp.alpha`")
    residual = t - model.predict(Z)
    error = float(np.average(residual * residual, weights=weights))
    return error, _Network(hidden, bias, out[:, 0], float(offset[0]))


@dataclass(frozen=True, slots=True)
class _Column:
    """z = (v - middle) / spread: mean and standard deviation; spread 0 where the column is constant."""

    middle: float
    spread: float

    @staticmethod
    def of(v: Array) -> _Column:
        """Of the values (n,), which may be as small or large as double precision has them."""
        scale = float(np.abs(v).max()) or 1.0
        if not np.ptp(v) > 0:
            return _Column(float(v[0]), 0.0)
        u = v / scale
        return _Column(float(u.mean()) * scale, float(u.std()) * scale)

    def standard(self, v: Array) -> Array:
        """z of the values."""
        return np.asarray(v / self.spread - self.middle / self.spread)


def _written(net: _Network, activation: str, columns: list[tuple[str, _Column]], target: _Column) -> Formula:
    """The network over the columns as they are."""
    terms: list[Formula] = []
    for k in range(len(net.out)):
        inside: list[Formula] = []
        bias = float(net.bias[k])
        for (name, c), w in zip(columns, net.hidden[:, k], strict=True):
            x: Formula = Var(name)
            if abs(c.middle) > FAR * c.spread:
                x = x - Const(c.middle)
            else:
                bias -= float(w) * (c.middle / c.spread)
            with np.errstate(over="ignore"):
                factor = float(w / c.spread)
            # A column near the smallest numbers is divided by its spread: the quotient has no double of its own.
            inside.append(Const(factor) * x if np.isfinite(factor) and factor else Const(float(w)) * (x / c.spread))
        unit = call(OPERATOR[activation], add_all([*inside, Const(bias)]))
        terms.append(Const(float(net.out[k]) * target.spread) * unit)
    return add_all([*terms, Const(target.middle + net.offset * target.spread)])

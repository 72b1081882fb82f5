"""The method `symbolic`: from x and y to the formula behind them, by systematic search."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fitx.errors import FitxError
from fitx.fitters.base import Context, Data, Entry, Fitter, Option, Pause, Proposal
from fitx.formula import Formula
from fitx.numerics.screening import strongest
from fitx.rescaled import rescaled

if TYPE_CHECKING:
    from fitx.look import Look
    from fitx.search.grammar import Grammar


class Symbolic(Fitter):
    """Searches expressions modulo monomials and target transforms, cheap structures before dear ones.

    Power laws, polynomials and rational functions come first, then libraries of expressions in growing rounds.
    Constants inside functions are fitted without starting values.
    It stops at its time limit, or where a law is found, or where nothing better has been found for long.
    """

    name = "symbolic"
    aliases = ("gp",)
    uses_units = True
    summary = "laws of any form: a systematic search through formulas of all features"
    good_for = "the law behind one or many features, constants inside, some noise; units make it quick"
    not_for = "a smooth curve will do"
    papers = (
        "Udrescu and Tegmark 2020, AI Feynman, doi:10.1126/sciadv.aay2631, on features that separate",
        "Bartlett, Desmond and Ferreira 2023, Exhaustive symbolic regression, arXiv:2211.11461, on a formula's price",
        "Buckingham 1914, On physically similar systems, doi:10.1103/PhysRev.4.345, on units",
    )
    example = 'fitx fit data.csv --method symbolic --set "symbolic.operators=+ * / exp"'
    options = (
        Option("operators", str, "", "operators that a formula may use, between blanks (empty: the usual ones)"),
        Option("costs", str, "", 'extra cost of operators in the order of the search: "exp=1 sin=2"'),
        Option("forbidden", str, "", 'nestings that are not tried: "sin(exp) log(sqrt)"'),
        Option("time", float, None, "seconds at most, within the time limit of the whole fit"),
        Option("free_constants", bool, False, "with units: numbers in a formula may carry a unit of their own"),
        Option("memory", float, 1.0, "memory of its libraries at most, in GiB"),
    )

    def declines(self, data: Data) -> str:
        """Too few rows."""
        return f"needs at least {_LEAST} rows" if data.n < _LEAST else ""

    def enters(self, data: Data, look: Look) -> Entry:
        """Early where y may be exact, up to the first pause; where it is noisy after those that take less time."""
        return Entry(0.1 if look.exact else 5.0, self.declines(data))

    def propose(self, data: Data, context: Context) -> Iterator[Proposal | Pause]:
        """Formulas as they join the front, so that an interrupt or the time limit leaves the best so far. A pause after
        what is quickly tried."""
        from fitx._core.search import release_memory

        try:
            yield from rescaled(self._search, data, context)
        finally:
            release_memory()

    def _search(self, data: Data, context: Context) -> Iterator[Proposal | Pause]:
        from fitx.search.description import description
        from fitx.search.grammar import DEFAULT_OPERATORS, parse_grammar
        from fitx.search.regression import FEW_ROWS
        from fitx.search.setup import make_search, units_remark

        if data.n < FEW_ROWS and data.dimensions is None:
            grammar = parse_grammar(context.options["operators"] or DEFAULT_OPERATORS, "", "")
            yield from _regressions(grammar, data, context)
            return
        seen = _some(data, context)
        search = make_search(seen, replace(context, deadline=context.deadline - _reserve(context)))
        found = False
        try:
            for entry in search.run():
                if entry is None:
                    yield Pause(_DEAR)
                    continue
                # Longer to write down, with y given it, than y alone: no rows could choose it.
                if found and search.units is None and description(entry.formula, entry.error, data.n) > _TOO_LONG:
                    continue
                found = True
                yield _proposal(entry.formula, entry.stage, data)
        finally:
            remark = units_remark(search)
            if remark and found:
                context.warn(remark)
        best = search.front.best
        if search.units is None and (best is None or best.error > search.floor):
            found = True
            yield from _regressions(search.grammar, data, context)
        if not found and search.units is not None:
            raise FitxError(f"no formula that the units allow is better than the mean; {remark or _CONSTANTS}")


_LEAST = 3  # rows
_MOST_ROWS = 100_000  # that are searched on, spread over the table; the constants come from all in the end
_MOST_FEATURES = 30
_DEAR = 10.0  # seconds, about, that follow the stages that are quick
_TOO_LONG = 10.0  # nats beyond the mean's description: odds of 20,000 to 1
_RESERVE, _AT_MOST = 0.1, 1.5  # share and seconds of the time that remain for regressions
_CONSTANTS = "symbolic.free_constants=true lets numbers in the formula carry units"


def _reserve(context: Context) -> float:
    left = context.deadline - time.perf_counter()
    return min(_RESERVE * left, _AT_MOST) if np.isfinite(left) else 0.0


def _some(data: Data, context: Context) -> Data:
    """The rows and the features that are searched: all that there are, up to very many."""
    if data.n > _MOST_ROWS:
        data = data.take(np.arange(0, data.n, -(-data.n // _MOST_ROWS)))
    if data.d <= _MOST_FEATURES:
        return data
    kept = strongest(data.X, data.y, _MOST_FEATURES)
    context.warn(f"`symbolic` searched the {len(kept)} of {data.d} features that go with `{data.target}` most")
    dimensions = data.dimensions and (*(data.dimensions[j] for j in kept), data.dimensions[-1])
    X = np.asfortranarray(data.X[:, kept])
    return replace(data, X=X, names=tuple(data.names[j] for j in kept), dimensions=dimensions)


def _regressions(grammar: Grammar, data: Data, context: Context) -> Iterator[Proposal]:
    """Where there is no exact law: sparse linear models, the mean among them."""
    from fitx.search.regression import Regressions

    most = np.inf if context.max_complexity is None else context.max_complexity
    for p in Regressions(grammar).proposals(data):
        if p.formula.complexity <= most and grammar.permits(p.formula):
            yield p


def _proposal(formula: Formula, stage: str, data: Data) -> Proposal:
    return Proposal(formula, label=stage, refit=lambda rows: _refit(formula, stage, rows))


def _refit(formula: Formula, stage: str, data: Data) -> Proposal:
    from fitx.search.refine import float_constants, refit

    if data.n <= len(float_constants(formula)):
        raise FitxError(f"{data.n} rows are too few for {len(float_constants(formula))} constants")
    columns: Any = np.ascontiguousarray(data.X.T)
    return _proposal(refit(formula, columns, data.y, data.names, data.weights), stage, data)

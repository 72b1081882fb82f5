"""The method `mars`: adaptive regression splines, each size of the pruning path a formula.

The forward pass adds hinges where they lower the squared error most; pruning takes them out one by one. What is left
at each size is proposed, for each degree of interaction. In folds the search is repeated, so that knots which fit the
noise earn nothing. [Friedman 1991, doi:10.1214/aos/1176347963]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fitx.errors import FitxError, UsageError
from fitx.fitters.base import Array, Context, Data, Entry, Fitter, Option, Pause, Proposal
from fitx.rescaled import rescaled

if TYPE_CHECKING:
    from fitx.look import Look
    from fitx.mars.models import ModelPath, Terms, Units

MOST_TERMS = 40  # of the forward pass when no number is asked for: more are no formula to read
BEYOND_BEST = 3  # sizes that are proposed beyond the best by GCV
SEARCH_AGAIN = 2_000  # rows up to which a refit searches for terms and knots again; beyond, knots stand
MOST_KEPT = 64  # searches whose results are kept, of the folds of one table


class Mars(Fitter):
    """Multivariate adaptive regression splines: sums of products of hinges max(0, x - t), from few terms to many."""

    name = "mars"
    summary = "adaptive regression splines: sums and products of hinges max(0, x - t), knots found"
    good_for = "many rows or features, bends, interactions; `fitx.mars.Earth` is py-earth's estimator"
    not_for = "a smooth law, jumps"
    papers = ("Friedman 1991, Multivariate adaptive regression splines, doi:10.1214/aos/1176347963",)
    example = "fitx fit data.csv --method mars --set mars.max_degree=2"
    options = (
        Option("max_degree", int, None, "most factors of a term; by default 1, 2 and 3 are tried"),
        Option("max_terms", int, None, "terms of the forward pass; by default by rows and features, at most 40"),
        Option("penalty", float, 3.0, "price of a knot when pruning"),
        Option("minspan", int, -1, "rows between knots; -1: chosen so that noise makes no knots"),
        Option("endspan", int, -1, "rows between the ends and the first knot; -1: chosen likewise"),
        Option("thresh", float, 0.001, "least gain in R2 for which the forward pass goes on"),
        Option("smooth", bool, False, "cubics with continuous slopes in place of hinges"),
        Option("linear", bool, True, "plain x where a hinge is no better"),
        Option("fast", int, None, "parents that are tried for a new term, the most promising ones; all if not given"),
        Option("round", bool, True, "knots with as few digits as lose nothing"),
    )

    def declines(self, data: Data) -> str:
        """Too few rows, or no feature."""
        if not data.d:
            return "needs a feature"
        return "" if data.n >= 3 else f"needs at least 3 rows, got {data.n}"

    def enters(self, data: Data, look: Look) -> Entry:
        """After the methods that give shorter formulas."""
        return Entry(1.0, self.declines(data))

    def propose(self, data: Data, context: Context) -> Iterator[Proposal | Pause]:
        """For each degree the models of the pruning path, from the constant up to a little beyond the best by GCV."""
        yield from rescaled(self._paths, data, context, shift=False)

    def _paths(self, data: Data, context: Context) -> Iterator[Proposal]:
        _check(context.options)
        asked = context.options["max_degree"]
        seen: set[str] = set()
        for degree in [asked] if asked is not None else range(1, min(data.d, 3) + 1):
            search = _Search(degree, context.options, context.jobs)
            path = search.run(data, context.expired)
            for size in path.sizes(BEYOND_BEST):
                proposal = search.proposal(data, size, path)
                text = proposal.formula.text()
                if text not in seen:
                    seen.add(text)
                    yield proposal
                if context.expired():
                    return
            if path.stopped == "interrupted":
                raise KeyboardInterrupt
            if path.exact:
                return


def _check(o: Any) -> None:
    for name, least in (("max_degree", 1), ("max_terms", 1), ("penalty", 0), ("thresh", 0), ("fast", 1)):
        if o[name] is not None and not o[name] >= least:
            raise UsageError(f"`mars.{name}` must be {least} or more. Got {o[name]} instead")


@dataclass(slots=True)
class _Search:
    """The search of one degree, for any rows; results are kept, since every size of model asks for the same folds."""

    degree: int
    options: Any
    jobs: int
    kept: dict[int, tuple[Units, ModelPath]] = field(default_factory=dict)

    def run(self, data: Data, stop: Callable[[], bool] = lambda: False) -> ModelPath:
        """The path of models of these rows; after an interrupt, as far as it came."""
        return self._path(data, stop, True)[1]

    def _path(
        self, data: Data, stop: Callable[[], bool] = lambda: False, partly: bool = False
    ) -> tuple[Units, ModelPath]:
        from fitx.mars.forward import ForwardOptions
        from fitx.mars.models import Rows, Units, model_path

        weights = b"" if data.weights is None else data.weights.tobytes()
        key = hash((data.y.tobytes(), data.X.tobytes(order="A"), weights))
        if key not in self.kept:
            o = self.options
            most = o["max_terms"] if o["max_terms"] is not None else min(2 * data.d + data.n // 10, MOST_TERMS)
            more: dict[str, Any] = {} if o["fast"] is None else {"use_fast": True, "fast_K": o["fast"]}
            options = ForwardOptions(
                max(most, 1), self.degree, o["penalty"], o["endspan"], 0.05, o["minspan"], 0.05, o["thresh"],
                allow_linear=o["linear"], threads=self.jobs, **more,
            )  # fmt: skip
            units = Units.of(data.X, data.y)
            rows = Rows.of(units, data.X, data.y, data.weights)
            path = model_path(rows, units, data.names, options, smooth=o["smooth"], rounding=o["round"], stop=stop)
            if path.stopped == "interrupted" and not partly:
                raise KeyboardInterrupt
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[key] = units, path
        return self.kept[key]

    def proposal(self, data: Data, size: int, path: ModelPath | None = None) -> Proposal:
        """The model of at most `size` terms for these rows."""
        units, found = self._path(data) if path is None else (_units(data), path)
        return self._write(data, size, units, found.model(size))

    def _write(self, data: Data, size: int, units: Units, terms: Terms) -> Proposal:
        from fitx.mars.formulas import formula_of

        c = units.table_coefficients(terms, _coefficients(data, units, terms))
        formula = formula_of([units.table_term(term) for term in terms], c.tolist(), data.names)

        def refit(rows: Data) -> Proposal:
            if rows.n > SEARCH_AGAIN:
                return self._write(rows, size, units, terms)
            return self.proposal(rows, size)

        def judge(rows: Data, X: Array) -> Array:
            from fitx.mars.models import values

            its_units, its = (units, terms) if rows.n > SEARCH_AGAIN else self._model(rows, size)
            again = _coefficients(rows, its_units, its)
            return np.ldexp(values(its, its_units.columns(X)) @ again, its_units.y)

        label = "constant" if size == 1 else f"degree {self.degree}, {size} terms"
        return Proposal(formula, label, refit=refit, judge=judge, repeated=True)

    def _model(self, rows: Data, size: int) -> tuple[Units, Terms]:
        units, path = self._path(rows)
        return units, path.model(size)


def _units(data: Data) -> Units:
    from fitx.mars.models import Units

    return Units.of(data.X, data.y)


def _coefficients(data: Data, units: Units, terms: Terms) -> Array:
    from fitx.mars.models import Rows

    if data.n < len(terms):
        raise FitxError(f"{data.n} rows are too few for {len(terms)} coefficients")
    return Rows.of(units, data.X, data.y, data.weights).coefficients(terms)

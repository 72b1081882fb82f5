"""A model with an unknown function f: the search fills f, the parameters around it are fitted with it.

With the parameters fixed, the model solved for f gives a target for the search. First values of the parameters come
from polynomials in place of f; each formula that the search finds for f is then refined together with all parameters,
and with the parameters so found the search is done again, until nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError
from fitx.fitters.base import Context, Data
from fitx.formula import Const, Formula, Var, call
from fitx.formula.template import Template, solve_for
from fitx.parametric import ParametricFormula, Rows, Values, free_constants
from fitx.search.engine import Search
from fitx.search.front import Entry
from fitx.search.monomials import polynomial_exponents
from fitx.search.plan import CHEAP
from fitx.search.rounds import FIRST_SPACES, ROUNDS
from fitx.search.setup import make_search
from fitx.search.snap import snap
from fitx.search.tasks import Round
from fitx.search.variants import variants

Array = npt.NDArray[np.float64]

TARGET = "\0y"  # the target in the model solved for f
CONSTANT = "\0c"  # prefix of constants inside f
_DEGREES = {1: (0, 1, 2, 3, 5, 7), 2: (0, 1, 2, 3, 4), 3: (0, 1, 2, 3)}
_VARIANTS = 2
_AGAIN = 3
_EXACT = 1e-22  # relative squared error of a model that holds but for rounding
_SAME = 1e-9  # relative change of the parameters below which a search would be the same again
_REFINED_ON = 2000


@dataclass(frozen=True, slots=True)
class Filling:
    """f with numbers; values: of all parameters; error: relative squared error of the whole model."""

    f: Formula
    values: Values
    error: float


class _Instant(Search):
    """The instant stages of a search on all variants of its problem."""

    __slots__ = ()

    def run(self) -> Iterator[Entry]:
        for problem in dict.fromkeys((self.problem, *variants(self.problem))):
            yield from self._instant(problem)
            if self.solved or self.budget.expired():
                return


class _Quick(Search):
    """The first round of a search on the first few variants of its problem."""

    __slots__ = ()

    def run(self) -> Iterator[Entry]:
        for problem in variants(self.problem)[:_VARIANTS]:
            yield from self._instant(problem)
            if not self.solved:
                yield from self._tasks([Round(self.table.part(self.rows), problem, ROUNDS[0], CHEAP, FIRST_SPACES)])
            if self.solved or self.budget.expired():
                return


class Unknown:
    """The search for f in `tree`: the template's tree, parameters of groups in place of those that differ."""

    def __init__(
        self, template: Template, tree: Formula, like: Mapping[str, str], data: Data, context: Context
    ) -> None:
        self.template, self.tree, self.like = template, tree, dict(like)
        self.data, self.context = data, context
        self.inverse = solve_for(tree, template.place, Var(TARGET))
        self.names = tuple(
            a.name if isinstance(a, Var) else f"{template.function}{i + 1}" for i, a in enumerate(template.arguments)
        )
        self.rows = Rows(np.ascontiguousarray(data.X.T), data.y, data.names, data.weights)
        self.columns = np.array([self.rows.value(a) for a in template.arguments])
        if not np.isfinite(self.columns).all():
            raise FitxError(f"an argument of `{template.function}` is undefined on some row")
        self.spread = float((np.square((data.y - data.y.mean()) * self.rows.root)).sum()) or 1.0

    def run(self) -> Iterator[Filling]:
        """Fillings, each better or simpler than those before it."""
        best: dict[int, float] = {}
        leader: Filling | None = None

        def followed(values: Values, seen: list[Values], kind: type[Search]) -> Iterator[Filling]:
            nonlocal leader
            for f in self._fill(values, seen, kind):
                size = f.f.complexity
                if not any(c <= size and e <= f.error * 1.000001 for c, e in best.items()):
                    best[size] = f.error
                    yield f
                if leader is None or f.error < leader.error:
                    leader = f

        first = list(self._first_values())
        for kind in (_Instant, _Quick):
            seen: list[Values] = []
            for again in range(len(first) + _AGAIN):
                if again >= len(first) and leader is None:
                    return
                values = first[again] if again < len(first) or leader is None else leader.values
                yield from followed(values, seen, kind)
                if leader is not None and leader.error <= _EXACT:
                    # With the parameters exact, the search may find f itself in a shorter form.
                    yield from followed(leader.values, [], kind)
                    return
                if self.context.expired():
                    return
        if leader is not None:
            yield from followed(leader.values, [], Search)

    def refit(self, f: Formula, values: Mapping[str, float], rows: Rows, most: int = 10**9) -> Filling | None:
        """f's constants and all parameters at their joint optimum."""
        structure, constants = free_constants(f, CONSTANT)
        model = ParametricFormula(self.filled(structure), (*self.like, *constants))
        start: Values = {**values, **constants}
        few = rows.sample(most)
        found = model.refine(start, few, 60)
        if found is None:
            return None
        filled = structure.substitute({c: Const(found.values[c]) for c in constants})
        filling = Filling(filled, {p: found.values[p] for p in self.like}, np.inf)
        filling = replace(filling, error=self._error(filling))
        return self._simplified(filling) if np.isfinite(filling.error) else None

    def _simplified(self, f: Filling) -> Filling:
        """With simple numbers for f's constants where the error does not tell them from the optimum."""
        n = len(self.data.y)
        allowed = max(4 * f.error, 1e-28) if f.error <= _EXACT else f.error * (1 + 4 / n)
        tolerance = float(np.clip(10 * np.sqrt(f.error), 1e-11, 1e-2))
        simple = snap(f.f, lambda g: self._error(replace(f, f=g)) <= allowed, tolerance).simplify()
        error = self._error(replace(f, f=simple))
        return Filling(simple, f.values, error) if error <= allowed else f

    def _error(self, f: Filling) -> float:
        with np.errstate(all="ignore"):
            whole = self.filled(f.f).substitute({p: Const(float(v)) for p, v in f.values.items()})
            r = (self.rows.value(whole) - self.rows.y) * self.rows.root
            e = float(r @ r) / self.spread
        return e if np.isfinite(e) else np.inf

    def named(self, f: Formula) -> Formula:
        """f over the table's columns."""
        return f.substitute(dict(zip(self.names, self.template.arguments, strict=True)))

    def filled(self, f: Formula) -> Formula:
        """The model with f, over the arguments' names, in its place."""
        return self.tree.substitute({self.template.place: self.named(f)})

    def _first_values(self) -> Iterator[Values]:
        """Parameters of the model with polynomials in place of f, those that explain most first."""
        found: list[tuple[float, int, Values]] = []
        d = len(self.columns)
        u = [(Var(n), x) for n, x in zip(self.names, self.columns, strict=True)]
        scaled = [(v - float(np.median(x))) / (float(np.ptp(x)) or 1.0) for v, x in u]
        for degree in _DEGREES.get(d, (0, 1, 2)):
            exponents = polynomial_exponents(d, degree)
            if len(exponents) + len(self.like) > len(self.data.y) // 3 or self.context.expired():
                break
            total: Formula = Var(f"{CONSTANT}0")
            names = [f"{CONSTANT}0"]
            for i, e in enumerate(exponents[1:], 1):
                names.append(f"{CONSTANT}{i}")
                term: Formula = Var(names[-1])
                for v, p in zip(scaled, e, strict=True):
                    term = term if p == 0 else term * (v if p == 1 else v**p)
                total = total + term
            solution = ParametricFormula(self.filled(total), (*self.like, *names), self.like).solve(
                self.rows.sample(_REFINED_ON), self.context.rng
            )
            if solution is not None:
                found.append((solution.loss, degree, {p: solution.values[p] for p in self.like}))
        for _, _, values in sorted(found, key=lambda t: t[:2]):
            yield values

    def _fill(self, values: Values, seen: list[Values], kind: type[Search]) -> Iterator[Filling]:
        """What the search finds for f with these parameters, each refined with them."""
        if any(_alike(values, s) for s in seen):
            return
        seen.append(values)
        numbers = {p: Const(float(v)) for p, v in values.items()}
        known = {n: self.data.X[:, i] for i, n in enumerate(self.data.names)}
        with np.errstate(all="ignore"):
            z = self.inverse.substitute(numbers).evaluate({**known, TARGET: self.data.y})
        ok = np.isfinite(z)
        if ok.mean() < 0.8:
            return
        weights = None if self.data.weights is None else self.data.weights[ok]
        X = np.asfortranarray(self.columns[:, ok].T)
        data = replace(self.data, X=X, y=z[ok], names=self.names, weights=weights, target="", dimensions=None)
        # f is part of a formula: how large that may be, the whole formula says.
        search = make_search(data, replace(self.context, max_complexity=None), kind)
        constant = Const(float(np.average(z[ok], weights=weights)))
        for f in (constant, *(e.formula for e in search.run() if e is not None)):
            found = self.refit(f, values, self.rows, _REFINED_ON)
            if found is not None:
                yield found


def _alike(a: Values, b: Values) -> bool:
    return all(abs(a[k] - b[k]) <= _SAME * max(abs(a[k]), abs(b[k])) for k in a)


def by_group(tree: Formula, column: str, codes: Array, parameters: tuple[str, ...]) -> tuple[Formula, dict[str, str]]:
    """The tree with a value of each parameter for each group: piecewise over the group's column.

    codes: the groups' numbers, sorted. A group that is not among them gets the mean. Returns also each new parameter,
    `a[1]` for group 1, with the parameter that it stands for.
    """
    like: dict[str, str] = {}
    instead: dict[str, Formula] = {}
    for p in parameters:
        names = [f"{p}[{code:g}]" for code in codes]
        like.update(dict.fromkeys(names, p))
        pieces: list[Formula] = []
        for code, name in zip(codes, names, strict=True):
            number = int(code) if float(code).is_integer() else float(code)
            pieces += [call("eq", Var(column), number), Var(name)]
        mean: Formula = Var(names[0])
        for name in names[1:]:
            mean = mean + Var(name)
        instead[p] = call("piecewise", *pieces, mean / len(names))
    return tree.substitute(instead), like

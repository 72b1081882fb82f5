"""The interface of a fitter, and the frozen values that it takes and gives.

Write one file in `fitx/fitters/` with one subclass of `Fitter`; it is found by being there. A fitter proposes formulas
for `Data`; it does not read, split, score, choose, print or keep time, and never sees the rows it is judged by.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from fitx.errors import UsageError, did_you_mean
from fitx.formula import Formula
from fitx.units import Dimension

if TYPE_CHECKING:
    from fitx.look import Look

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Data:
    """Rows to fit. X: (n, d) float64, columns contiguous; y: (n,); weights: (n,) or None, they multiply the squared
    residual; absolute: the weights are 1/sigma**2 of known measurement errors, so that standard errors are not scaled
    by the residuals; names: (d,) the features' names. dimensions: (d + 1,) those of the features and, last, of the
    target, where units are known and are to be respected."""

    X: Array
    y: Array
    names: tuple[str, ...]
    weights: Array | None = None
    absolute: bool = False
    target: str = "y"
    dimensions: tuple[Dimension, ...] | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def d(self) -> int:
        """Number of features."""
        return len(self.names)

    def every(self, step: int) -> Data:
        """Every step-th row, without copying."""
        if step == 1:
            return self
        weights = None if self.weights is None else self.weights[::step]
        return replace(self, X=self.X[::step], y=self.y[::step], weights=weights)

    def take(self, rows: npt.NDArray[np.intp]) -> Data:
        """The data of those rows, in that order."""
        X = np.empty((len(rows), self.d), order="F")
        for j in range(self.d):
            np.take(self.X[:, j], rows, out=X[:, j], mode="clip")  # "raise" would copy through a buffer
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, X=X, y=self.y[rows], weights=weights)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a fitter: `--set METHOD.NAME=VALUE`, or options={"METHOD.NAME": value} in Python.

    kind: int, float, bool, str, or a function text -> value that raises ValueError. default None: chosen by the fitter.
    """

    name: str
    kind: Callable[[str], Any]
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A fitted constant. stderr: standard error, None where the method has none; dof: degrees of freedom, n - p.

    interval: a 95 percent interval of another kind, as by profile likelihood, which may be infinite at an end.
    """

    name: str
    value: float
    stderr: float | None = None
    dof: float = np.inf
    interval: tuple[float, float] | None = None

    @property
    def ci95(self) -> tuple[float, float] | None:
        """95 percent confidence interval: `interval`, else value -+ t(0.975, dof) * stderr; None without that."""
        if self.interval is not None:
            return self.interval
        if self.stderr is None or self.dof <= 0:
            return None
        from fitx.numerics.students import t_quantile

        half = t_quantile(0.975, self.dof) * self.stderr
        return self.value - half, self.value + half


@dataclass(frozen=True, slots=True)
class Proposal:
    """A formula for the data, with its constants at their optimum on the data it was proposed for.

    label: names the structure in words ("degree 3"), the same for the same structure.
    refit: Data -> the same structure with its constants at their optimum there; used on folds and, at the end, on all
      rows. It raises FitxError where the rows do not suffice. None: the formula stands as it is.
    judge: (Data, X) -> values at the rows X of what `refit` would give, where that can be had without writing a
      formula; folds ask for it hundreds of times. None: refit and evaluate.
    repeated: `refit` and `judge` search for the structure again, so that its errors in folds owe nothing to the search.
    covariance: (p, p) of `parameters`, or None. notes: warnings to show when this proposal is chosen.
    structure: the formula over features and the names of all `parameters`, for confidence bands, where it is known.
    noise: standard deviation of y in a row of weight 1, from the residuals.
    loss: what its constants minimise; the pipeline sets it.
    """

    formula: Formula
    label: str = ""
    parameters: tuple[Parameter, ...] = ()
    covariance: Array | None = None
    refit: Callable[[Data], Proposal] | None = None
    notes: tuple[str, ...] = ()
    judge: Callable[[Data, Array], Array] | None = None
    repeated: bool = False
    structure: Formula | None = None
    noise: float | None = None
    loss: str = "linear"


    def values_beside(self, rows: Data, X: Array) -> Callable[[Data], Array]:
        """For fits to changed targets or weights of `rows`: what `judge` gives there, at `rows` and then at X."""
        judge, both = self.judge, np.vstack([rows.X, X])
        assert judge is not None
        return lambda work: judge(work, both)


@dataclass(frozen=True, slots=True)
class Pause:
    """Yielded where a fitter's dear work begins: cheaper methods go first, and if one of them finds the law the rest is
    never asked for. cost: about how many seconds the rest takes on one core."""

    cost: float


@dataclass(frozen=True, slots=True)
class Entry:
    """Whether and when a method takes part in a contest in which no method is named. cost: about how many seconds it
    takes on one core, up to its first pause: the cheapest goes first. why_not: why it stays out, in words."""

    cost: float = 1.0
    why_not: str = ""


@dataclass(slots=True)
class Context:
    """What a fitter is given besides the data. options: every option declared, defaults filled in.

    deadline: time.perf_counter() value; check `expired()` between pieces of work of at most some tenths of a second.
    loss: one of `Fitter.losses`, which the proposals are to minimise.
    tell(text): what it is at, shown while it works; tried(n): n more formulas, besides those proposed, were
    tried. warn(text): a warning that goes with the result whatever is chosen.
    """

    options: Mapping[str, Any]
    rng: np.random.Generator
    deadline: float = np.inf
    jobs: int = 1
    max_complexity: int | None = None
    tell: Callable[[str], None] = lambda text: None
    tried: Callable[[int], None] = lambda n: None
    warnings: list[str] = field(default_factory=list)
    loss: str = "linear"

    def expired(self) -> bool:
        """True when the time is up."""
        return time.perf_counter() >= self.deadline

    def warn(self, text: str) -> None:
        """Note a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)


class Fitter(ABC):
    """One method. Subclasses are stateless: all that a fit needs is in its arguments."""

    name: ClassVar[str]
    summary: ClassVar[str]  # one line for `fitx methods`
    # What `fitx methods NAME` says besides: for which data, for which not, where the method is published, a command.
    good_for: ClassVar[str] = ""
    not_for: ClassVar[str] = ""
    papers: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[tuple[Option, ...]] = ()
    # True where the structures do not depend on y (degrees, knots at quantiles). A structure that was searched for
    # among very many has to pay for that when formulas are chosen: `front.choose`.
    fixed_structures: ClassVar[bool] = False
    losses: ClassVar[tuple[str, ...]] = ("linear",)  # those that it heeds in `Context.loss`
    reweights: ClassVar[bool] = False  # refits by weighted least squares; other losses are then fitted around it
    uses_units: ClassVar[bool] = False  # respects `Data.dimensions`, which are read only where a fitter does

    def declines(self, data: Data) -> str:
        """Why this method does not apply to the data, in words ("needs one feature, got 3"); "" when it does."""
        return ""

    def enters(self, data: Data, look: Look) -> Entry:
        """Whether and when the method takes part where none is named (`auto`), by a cheap look at the data."""
        return Entry(why_not=self.declines(data))

    def details(self) -> Sequence[str]:
        """Lines that `fitx methods NAME` shows under the options: a catalogue, a table of choices."""
        return ()

    @abstractmethod
    def propose(self, data: Data, context: Context) -> Iterator[Proposal | Pause]:
        """Yield proposals for the data, simplest first. Stops when done; the caller may stop sooner.

        Errors: FitxError where the data are at fault. Same data, options and rng: same proposals.
        """

    def resolve_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options with their values; `given` holds texts (from the command line) or values.

        Errors: UsageError for an unknown option or a value that does not fit.
        """
        known = {o.name: o for o in self.options}
        values = {o.name: o.default for o in self.options}
        for name, value in given.items():
            if name not in known:
                listed = ", ".join(f"`{self.name}.{o}`" for o in known) or "none"
                raise UsageError(
                    f"method `{self.name}` has no option `{name}`", f"{did_you_mean(name, list(known))}it has: {listed}"
                )
            values[name] = _convert(self.name, known[name], value)
        return values


def _convert(method: str, option: Option, value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = _truth(value) if option.kind is bool else option.kind(value)
        except (ValueError, TypeError) as e:
            kind = getattr(option.kind, "__name__", "value").strip("_")
            raise UsageError(f"`{method}.{option.name}` takes {_KINDS.get(kind, str(e))}, got `{value}`") from None
    elif value is not None and option.kind in (int, float):
        if isinstance(value, bool) or (option.kind is int and float(value) != int(value)):
            raise UsageError(f"`{method}.{option.name}` takes {_KINDS[option.kind.__name__]}, got `{value}`")
        value = option.kind(value)
    if option.choices and value is not None and value not in option.choices:
        raise UsageError(
            f"`{method}.{option.name}` is one of {', '.join(option.choices)}; got `{value}`",
            did_you_mean(str(value), list(option.choices)).strip(),
        )
    return value


_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text"}


def _truth(text: str) -> bool:
    if text.lower() in ("true", "yes", "on", "1"):
        return True
    if text.lower() in ("false", "no", "off", "0"):
        return False
    raise ValueError(text)

"""The front as a tuple that notebooks show as a table and that becomes a data frame on request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fitx.errors import FitxError, UsageError, did_you_mean

if TYPE_CHECKING:
    from fitx.formula import Formula
    from fitx.result import CandidateFit


class Candidates(tuple["CandidateFit", ...]):
    """The formulas of a front, simplest first: a tuple in every other respect. chosen: place of the chosen one."""

    chosen: int | None

    def __new__(cls, found: Iterable[CandidateFit] = (), chosen: int | None = None) -> Candidates:
        """`found` in their order."""
        made = super().__new__(cls, found)
        made.chosen = chosen
        return made

    def to_frame(self, kind: str = "pandas") -> Any:
        """A data frame, a row for each formula, simplest first.

        Columns: complexity, method, formula (as text), r2 and rmse on the rows that chose (validation_r2,
        validation_rmse) and on those that were fitted (train_r2, train_rmse), chosen. kind: "pandas", "polars" or
        "pyarrow". Errors: UsageError for another kind, FitxError where that library is not installed.
        """
        make = _library(kind)
        return make(
            {
                "complexity": [c.complexity for c in self],
                "method": [c.method for c in self],
                "formula": [c.formula.text() for c in self],
                "validation_r2": [c.validation.r2 for c in self],
                "validation_rmse": [c.validation.rmse for c in self],
                "train_r2": [c.train.r2 for c in self],
                "train_rmse": [c.train.rmse for c in self],
                "chosen": [i == self.chosen for i in range(len(self))],
            }
        )

    def _repr_html_(self) -> str:
        from fitx.notebook import candidates_html

        return candidates_html(self)


def front_of(found: tuple[CandidateFit, ...], formula: Formula, method: str) -> Candidates:
    """`found` with the place of the chosen formula, whose constants may since come from more rows than theirs."""
    same = [i for i, c in enumerate(found) if c.formula == formula]
    like = [i for i, c in enumerate(found) if (c.method, c.complexity) == (method, formula.complexity)]
    return Candidates(found, next(iter([*same, *like]), None))


def _library(kind: str) -> Callable[[dict[str, list[Any]]], Any]:
    kinds = ["pandas", "polars", "pyarrow"]
    if kind not in kinds:
        hint = f"{did_you_mean(kind, kinds)}the kinds are {', '.join(kinds)}"
        raise UsageError(f"no kind of data frame named `{kind}`", hint)
    import importlib

    try:
        module = importlib.import_module(kind)
    except ImportError:
        raise FitxError(f"{kind} is not installed", f"pip install {kind}, or ask for another kind") from None
    return module.table if kind == "pyarrow" else module.DataFrame  # type: ignore[no-any-return]

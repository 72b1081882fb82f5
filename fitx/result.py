"""What a fit gives back: the chosen formula, its scores, and the front of candidates."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fitx.baselines import Baseline
from fitx.candidates import front_of
from fitx.conformal import NOTHING, Residuals
from fitx.errors import ExtrapolationWarning
from fitx.fitters.base import Parameter
from fitx.formula import Formula
from fitx.given import NO_ROWS, Given
from fitx.score import Score

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Found:
    """A formula over named features. shown: the same with as many digits as the data support."""

    formula: Formula
    shown: Formula
    method: str
    features: tuple[str, ...]
    train: Score

    @property
    def complexity(self) -> int:
        """Number of nodes of the expression tree."""
        return self.formula.complexity

    @property
    def expr(self) -> Any:
        """The SymPy expression over sympy.Symbol(name) of each feature; computes what `predict` computes."""
        return self.formula.to_sympy()

    def predict(self, X: Any) -> Array:
        """Values (n,) for rows X: (n, d) or (n,) array-like in the order of `features`, or a data frame with them.

        NaN where the formula is undefined. Errors: FitxError where columns are missing or their number is wrong.
        """
        from fitx.arrays import as_rows
        from fitx.formula.evaluate import predict

        return predict(self.formula, as_rows(X, self.features), self.features)

    def latex(self) -> str:
        """The formula as LaTeX, with as many digits as the data support."""
        from fitx.export import export

        return export(self, "latex")

    def to(self, format: str, digits: int | None = None) -> str:
        """The formula in one of the formats of `fitx export`."""
        from fitx.export import export

        return export(self, format, digits)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def __str__(self) -> str:
        return self.shown.text()


@dataclass(frozen=True, slots=True)
class CandidateFit(Found):
    """One formula of the front. validation: its errors on the rows that chose."""

    validation: Score

    def _repr_html_(self) -> str:
        from fitx.notebook import candidate_html

        return candidate_html(self)


@dataclass(frozen=True, slots=True)
class Fit(Found):
    """The chosen formula, refitted on all rows, with its held-out errors and all that was considered.

    holdout: errors on rows that neither fitting nor choosing saw. train: on the rows that the judged formula was fitted
    to. candidates: the front, simplest first. covariance: of the parameters, or None. structure: the formula over
    features and the parameters' names, where bands can be had; noise: standard deviation of y in a row of weight 1.
    loss: what the constants minimise. residuals: those of held-out rows, for intervals. box: column -> its smallest and
    its largest value in the rows that were fitted; {} in models of earlier versions.
    baselines: the mean and a straight line on the held-out rows, beside which the formula stands; only after a fit.
    given: the rows as they came in, by reference, for pictures; only after a fit, not saved.
    """

    target: str
    holdout: Score
    parameters: tuple[Parameter, ...] = ()
    covariance: Array | None = None
    candidates: tuple[CandidateFit, ...] = ()  # once it is made, `Candidates`
    warnings: tuple[str, ...] = ()
    label: str = ""
    seed: int = 0
    seconds: float = 0.0
    units: Mapping[str, str] = field(default_factory=dict)
    how: Mapping[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    version: str = ""
    structure: Formula | None = None
    noise: float | None = None
    loss: str = "linear"
    residuals: Residuals = NOTHING
    baselines: tuple[Baseline, ...] = ()
    given: Given = field(default=NO_ROWS, repr=False, compare=False)
    box: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "candidates", front_of(self.candidates, self.formula, self.method))

    def predict(self, X: Any, interval: float | None = None) -> Array:
        """Values (n,) for rows X: (n, d) or (n,) array-like in the order of `features`, or a data frame with them.

        interval: a level such as 0.95; then (n, 3) with columns value, lower and upper end, which hold the target of a
        new row in that share of cases, whatever the method (`fitx.conformal`).
        NaN where the formula is undefined. An ExtrapolationWarning counts rows outside the range of those that were
        fitted. Errors: FitxError where columns are missing or their number is wrong, or where too few rows were held
        out for the level.
        """
        half = None if interval is None else self.residuals.half_width(interval)
        values = Found.predict(self, X)
        text = self.extrapolation(X)
        if text:
            warnings.warn(text, ExtrapolationWarning, stacklevel=2)
        return values if half is None else np.column_stack([values, values - half, values + half])

    def extrapolation(self, X: Any) -> str:
        """A warning that counts the rows of X (as for `predict`) outside the range of those that were fitted, or ""."""
        from fitx.arrays import as_rows
        from fitx.box import outside

        return outside(self.box, self.formula.variables, as_rows(X, self.features), self.features, self.dates)

    @property
    def dates(self) -> dict[str, str]:
        """Column name -> the time that is day 0, for features that were dates."""
        found = self.how.get("dates", {})
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, Mapping) else {}

    @property
    def correlations(self) -> Array | None:
        """(p, p) correlations of the parameters, from `covariance`; NaN for those that have no standard error."""
        if self.covariance is None:
            return None
        known = [p.stderr is not None and p.stderr > 0 for p in self.parameters]
        with np.errstate(all="ignore"):
            s = np.where(known, np.sqrt(np.diag(self.covariance)), np.nan)
            return np.asarray(np.clip(self.covariance / s[:, None] / s, -1.0, 1.0))

    def band(self, X: Any, level: float = 0.95, kind: str = "confidence", sigma: Any = None) -> Array:
        """(n, 3): value, lower and upper end of the band at rows X, as for `predict`; NaN where undefined.

        kind: "confidence", where the curve lies: f -+ t sqrt(g' C g), g the derivatives by the parameters and C their
        covariance; "prediction", where a new measurement lies: the variance of one is added, that of the residuals, or
        sigma**2, a number or (n,), which fits with known errors of y need. level: of the pointwise band.

        Errors: FitxError where the method gives no covariance, UsageError for another kind or level.
        """
        from fitx.bands import band

        return band(self, X, level, kind, sigma)

    def latex_table(self, digits: int | None = None, longest: int = 60) -> str:
        """The candidates as a LaTeX table with the chosen one marked: `fitx.export.latex_table`."""
        from fitx.export.latex_table import latex_table

        return latex_table(self, digits, longest)

    def to_frame(self, kind: str = "pandas") -> Any:
        """The candidates as a data frame of pandas, polars or pyarrow: `Candidates.to_frame`."""
        return front_of(self.candidates, self.formula, self.method).to_frame(kind)

    def _repr_html_(self) -> str:
        from fitx.notebook import fit_html

        return fit_html(self)

    def plot(self, X: Any = None, y: Any = None, path: str | Path | None = None, *, what: str = "all") -> Any:
        """The picture, a matplotlib Figure (no pyplot needed); written to path where one is given: .png, .svg or .pdf.

        One feature: rows, those held out marked, the formula over their range with its 95 percent confidence band
        (`band`; without a covariance the interval of a new row, as of `predict`), and residuals under it. Several:
        predicted against observed, residuals, partial dependence on each feature, most important first. The front:
        error against complexity, the chosen formula marked. Undefined values are gaps. Logarithmic axes: all values
        above 0, over a factor of 100 or more, and better spread that way.
        X, y: rows as for `fit`. Without them those that were fitted, which the fit refers to (X and y as they were
        given, no copy) but does not save or pickle: a fit that was loaded needs them.
        what: "all", "fit" (without the front) or "front".

        Errors: UsageError for another ending of path, or where there are no rows; FitxError where it cannot be written.
        """
        from fitx.report.picture import plot

        return plot(self, X, y, path, what)

    def report(self, path: str | Path, X: Any = None, y: Any = None, *, command: str | None = None) -> None:
        """Write a page about the fit, one HTML file that works offline: formula, errors, parameters, pictures, the
        front with each formula's picture and code to choose from, the code in every format, how it was fitted.

        X, y: rows for the pictures, as for `plot`; a fit that was loaded has none, and the page then no pictures of
        rows. command: what makes the fit again, as the page shows it; by default from what the fit keeps.

        Errors: UsageError unless path ends in .html; FitxError where it cannot be written.
        """
        from fitx.report.page import report

        report(self, path, X, y, command)

    def save(self, path: str | Path) -> None:
        """Write the model file (JSON), whole or not at all."""
        from fitx.model_file import save

        save(self, path)

    def as_dict(self) -> dict[str, Any]:
        """The object of `--format json`."""
        return {
            "formula": self.formula.text(),
            "latex": self.latex(),
            "method": self.method,
            "label": self.label,
            "loss": self.loss,
            "target": self.target,
            "features": list(self.features),
            "complexity": self.complexity,
            "holdout": self.holdout.as_dict(how=True),
            "train": self.train.as_dict(),
            "parameters": [parameter_dict(p) for p in self.parameters],
            "candidates": [
                {
                    "formula": c.formula.text(),
                    "method": c.method,
                    "complexity": c.complexity,
                    "validation": c.validation.as_dict(),
                    "train": c.train.as_dict(),
                }
                for c in self.candidates
            ],
            "baselines": [b.as_dict() for b in self.baselines],
            "warnings": list(self.warnings),
            "seed": self.seed,
            "seconds": self.seconds,
            "fitx_version": self.version,
        }


def parameter_dict(p: Parameter) -> dict[str, Any]:
    """A parameter for JSON; what is not finite becomes None."""
    ci = p.ci95
    ci95 = [_finite(v) for v in ci] if ci is not None else None
    return {"name": p.name, "value": p.value, "stderr": _finite(p.stderr), "ci95": ci95}


def _finite(v: float | None) -> float | None:
    return v if v is not None and math.isfinite(v) else None

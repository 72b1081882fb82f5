"""The front of a fit as a LaTeX table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fitx.export.base import for_reading
from fitx.export.latex_ import formula_latex, text_mode
from fitx.export.latex_long import number_latex

if TYPE_CHECKING:
    from fitx.result import Fit
    from fitx.score import Score


def latex_table(fit: Fit, digits: int | None = None, longest: int = 60) -> str:
    """The candidates, simplest first, as a table that needs the packages booktabs and amsmath.

    Columns: complexity (nodes), root mean square error on the rows that chose, formula; a star marks the chosen row,
    whose formula is the one fitted to all rows. The caption has its error on held-out rows.
    digits: significant digits of constants; None: as many as the data support. longest: a formula of more nodes is
    named by its size alone.
    """
    from fitx.candidates import front_of

    front = front_of(fit.candidates, fit.formula, fit.method)
    lines = []
    for k, candidate in enumerate(front):
        found = fit if k == front.chosen else candidate
        formula = f"${formula_latex(for_reading(found, digits))}$"
        if found.complexity > longest:
            formula = rf"\emph{{a formula of {found.complexity} nodes}}"
        star = r"$\star$" if k == front.chosen else ""
        lines.append(rf"{star} & {candidate.complexity} & {_rmse(candidate.validation)} & {formula} \\")
    target = text_mode(fit.target)
    said = f" Its error on held-out rows is {_rmse(fit.holdout)}." if fit.holdout.rmse is not None else ""
    return "\n".join(
        [
            "% needs \\usepackage{amsmath,booktabs}", r"\begin{table}", r"\centering",
            rf"\caption{{Formulas for {target} by complexity; $\star$ marks the chosen one.{said}}}",
            r"\begin{tabular}{crrl}", r"\toprule", r" & Complexity & Validation RMSE & Formula \\", r"\midrule",
            *lines, r"\bottomrule", r"\end{tabular}", r"\end{table}",
        ]
    )  # fmt: skip


def _rmse(score: Score) -> str:
    return (
        "--" if score.rmse is None or score.rmse != score.rmse else f"${number_latex(float(f'{score.rmse:.4g}'))[0]}$"
    )

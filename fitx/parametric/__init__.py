"""Formulas with parameters, fitted by nonlinear least squares: for the user's model, for curves and for the search."""

from fitx.parametric.constants import free_constants
from fitx.parametric.formula import ParametricFormula
from fitx.parametric.rows import Limits, Rows, Solution, Values
from fitx.parametric.uncertainty import covariance, not_told_apart

__all__ = [
    "Limits", "ParametricFormula", "Rows", "Solution", "Values", "covariance", "free_constants", "not_told_apart"
]  # fmt: skip

"""fitx: find formulas that fit a table of numbers, and say how far to trust them.

>>> import fitx
>>> fit = fitx.fit([1, 2, 3], [10, 12, 4], method="lagrange")
>>> fit.expr
-5*x**2 + 17*x - 2
"""

__version__ = "0.1.0"
TYPE_CHECKING = False  # importing it takes most of the time that `import fitx` takes

if TYPE_CHECKING:
    from fitx import mars as mars
    from fitx.api import fit, load, methods
    from fitx.errors import ExtrapolationWarning, FitxError, FitxWarning, UsageError
    from fitx.estimator import Regressor
    from fitx.formula import Formula
    from fitx.formula.parse import parse
    from fitx.result import Fit

__all__ = [
    "ExtrapolationWarning", "Fit", "FitxError", "FitxWarning", "Formula", "Regressor", "UsageError", "fit", "load",
    "methods", "parse",
]  # fmt: skip

_HOME = {
    "fit": "fitx.api", "load": "fitx.api", "methods": "fitx.api", "FitxError": "fitx.errors",
    "FitxWarning": "fitx.errors", "UsageError": "fitx.errors", "Formula": "fitx.formula", "parse": "fitx.formula",
    "ExtrapolationWarning": "fitx.errors", "Fit": "fitx.result", "Regressor": "fitx.estimator",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Public names are imported when first used: `import fitx` and `fitx --help` stay quick."""
    import importlib

    if name == "mars":
        return importlib.import_module("fitx.mars")
    if name not in _HOME:
        raise AttributeError(f"module 'fitx' has no attribute '{name}'")
    value: object = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

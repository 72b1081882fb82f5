"""Multivariate adaptive regression splines: `Earth`, py-earth's estimator, and `export`: models as SymPy, as Python.

A program written for py-earth runs with `import fitx.mars as pyearth`, or `from fitx.mars import Earth`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fitx.mars import export
    from fitx.mars.earth import Earth

__all__ = ["Earth", "export"]


def __getattr__(name: str) -> object:
    """Earth, and scikit-learn with it, is imported when first used: the method `mars` needs neither."""
    import importlib

    if name == "Earth":
        return importlib.import_module("fitx.mars.earth").Earth
    if name == "export":
        return importlib.import_module("fitx.mars.export")
    raise AttributeError(f"module 'fitx.mars' has no attribute '{name}'")

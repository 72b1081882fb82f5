"""LaTeX mathematics, by SymPy's printer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fitx.export.base import Format, for_reading

if TYPE_CHECKING:
    from fitx.result import Found

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "°": r"\ensuremath{^\circ}", "µ": r"\ensuremath{\mu}",
    "\n": " ", "\r": " ", "\t": " ",
}  # fmt: skip


def text_mode(name: str) -> str:
    """Any text inside \\text{...}, with LaTeX's special characters escaped."""
    return r"\text{" + "".join(_ESCAPES.get(c, c) for c in name) + "}"


def symbol_latex(name: str) -> str | None:
    """How a column's name is set: None where SymPy's own way (x_1, alpha) is right, else upright text."""
    return None if re.fullmatch(r"[A-Za-z]+(_[A-Za-z0-9]+)?|[A-Za-z]+[0-9]+", name) else text_mode(name)


def _write(found: Found, digits: int | None) -> str:
    import sympy as sp
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):  # type: ignore[misc]
        def _print_Float(self, expr: Any) -> str:
            # SymPy shows 15 digits; a float's shortest text is the one that means the same number.
            shown = repr(float(expr))
            shown = shown.removesuffix(".0")
            if "e" in shown:
                mantissa, exponent = shown.split("e")
                return rf"{mantissa.removesuffix('.0')} \cdot 10^{{{int(exponent)}}}"
            return shown

    f = for_reading(found, digits)
    symbols = {name: sp.Symbol(name) for name in f.variables}
    names = {s: latex for name, s in symbols.items() if (latex := symbol_latex(name)) is not None}
    result: str = Printer({"symbol_names": names}).doprint(f.to_sympy())
    return result


FORMAT = Format("latex", "LaTeX mathematics, without dollar signs", _write)

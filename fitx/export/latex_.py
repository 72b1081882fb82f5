"""LaTeX mathematics. What it sets needs the packages amsmath and, beyond ASCII, inputenc or a newer engine."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fitx.export.base import Format, for_reading
from fitx.export.latex_long import long_latex, number_latex
from fitx.export.names import GREEK, letter_and_index

if TYPE_CHECKING:
    from fitx.formula import Formula

LONG = 300  # nodes: from here on SymPy takes its time
_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "°": r"\ensuremath{^\circ}", "µ": r"\ensuremath{\mu}",
    "²": r"\ensuremath{^2}", "³": r"\ensuremath{^3}", "·": r"\ensuremath{\cdot}", "×": r"\ensuremath{\times}",
    "−": r"\ensuremath{-}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}",
    "|": r"\ensuremath{|}", "`": r"\textasciigrave{}", '"': "''",
}  # fmt: skip


_GREEK = {
    letter: rf"\ensuremath{{\{name}}}" for name, letter in GREEK.items()
    if name != "omicron" and (name.islower() or name in "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega")
}  # fmt: skip


def text_mode(name: str) -> str:
    """Any text inside \\text{...}, with LaTeX's special characters escaped."""
    shown = (_ESCAPES.get(c) or _GREEK.get(c) or (c if c.isprintable() else " ") for c in name)
    return r"\text{" + "".join(shown) + "}"


@lru_cache(maxsize=4096)
def symbol_latex(name: str) -> str:
    """How a column's name is set: x_1 and alpha as mathematics, else upright text.

    SymPy's own way takes the ends of words for accents: `medical` would be a calligraphic `medi`.
    """
    import sympy as sp

    known = letter_and_index(name)
    if known is None:
        return text_mode(name)
    letter = str(sp.latex(sp.Symbol(known[0])))
    index = known[1] if known[1].isdigit() or len(known[1]) == 1 else text_mode(known[1])
    return f"{letter}_{{{index}}}" if index and known[1] else letter


def formula_latex(f: Formula) -> str:
    """A formula as LaTeX mathematics: by SymPy's printer, in SymPy's order, unless it is long or deep."""
    if f.complexity <= LONG:
        try:
            return _by_sympy(f)
        except (RecursionError, TypeError, ValueError, ArithmeticError):
            pass  # too deep for SymPy, or it meets parts that are no real numbers
    return long_latex(f, symbol_latex)


def _by_sympy(f: Formula) -> str:
    import sympy as sp
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):  # type: ignore[misc]
        def _print_Float(self, expr: Any) -> str:
            # SymPy shows 15 digits; a float's shortest text is the one that means the same number.
            return number_latex(float(expr))[0]

    # SymPy formats powers of functions by `%`: a name with that sign in the exponent would be a format.
    shown = {name: symbol_latex(name) for name in f.variables}
    mark = next(m for m in map(chr, range(0xE000, 0xF8FF)) if not any(m in text for text in shown.values()))
    names = {sp.Symbol(name): text.replace("%", mark) for name, text in shown.items()}
    result: str = Printer({"symbol_names": names}).doprint(f.to_sympy())
    return result.replace(mark, "%")


FORMAT = Format(
    "latex", "LaTeX mathematics, without dollar signs", lambda found, digits: formula_latex(for_reading(found, digits))
)

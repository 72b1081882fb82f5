"""What a notebook shows of a fit: the formula in mathematics and as text, errors, constants, a picture, the front.

HTML without styles or scripts of its own, so that it follows the notebook's theme; mathematics is LaTeX between dollar
signs, which notebooks typeset. All texts come from tables that anybody may have made: every one of them is escaped.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Sequence
from html import escape as escape_html
from typing import TYPE_CHECKING, Any

from fitx.errors import FitxError, one_line

if TYPE_CHECKING:
    from fitx.result import CandidateFit, Fit, Found
    from fitx.score import Score

LONG = 4000  # characters of LaTeX beyond which a formula is shown as text only
_TEXT = 1000  # characters of a formula's text that are shown
_MOST = 20  # constants that are listed


def escape(text: str) -> str:
    """Text as HTML holds it, control characters written out."""
    return escape_html(one_line(text))


def fit_html(fit: Fit) -> str:
    """A fit: formula, held-out errors beside those of the baselines, warnings, constants, picture, front."""
    names = {"mean": "the mean", "line": "a straight line"}
    rows = [("this formula", fit.holdout), *((names.get(b.name, b.name), b.score) for b in fit.baselines)]
    found_by = " ".join(filter(None, (fit.method, fit.label)))
    caption = fit.holdout.how if fit.holdout.n else f"no held-out error: {fit.holdout.how}"
    parts = [
        _formula_html(fit, fit.target),
        f"<p>found by: {escape(found_by)}; {escape(caption)}</p>",
        _table(("", "rmse", "r2", "mae"), [(escape(name), *_figures(s)) for name, s in rows]) if fit.holdout.n else "",
        *(f"<p><b>Warning:</b> {escape(text)}</p>" for text in fit.warnings),
        _parameters_html(fit),
        _picture_html(fit),
        f"<details><summary>{len(fit.candidates)} candidates</summary>{candidates_html(fit.candidates)}</details>",
    ]
    return f'<div class="fitx-fit">{"".join(parts)}</div>'


def candidate_html(c: CandidateFit) -> str:
    """One formula of the front with its errors."""
    rows = [(where, *_figures(s)) for where, s in (("rows that chose", c.validation), ("fitted rows", c.train))]
    about = f"<p>{escape(c.method)}, complexity {c.complexity}</p>"
    return f'<div class="fitx-candidate">{_formula_html(c)}{about}{_table(("", "rmse", "r2", "mae"), rows)}</div>'


def candidates_html(found: Sequence[CandidateFit]) -> str:
    """The front as a table, the chosen formula marked."""
    chosen = getattr(found, "chosen", None)
    rows = [
        (
            "chosen" if i == chosen else "",
            str(c.complexity),
            escape(c.method),
            f"<code>{escape(_short(str(c)))}</code>",
            _number(c.validation.rmse),
            _number(c.validation.r2),
        )
        for i, c in enumerate(found)
    ]
    return _table(("", "complexity", "method", "formula", "validation rmse", "validation r2"), rows)


def _formula_html(found: Found, target: str = "") -> str:
    latex = found.latex()
    text = f"<p><code>{escape(_short(f'{target} = {found}' if target else str(found)))}</code></p>"
    if len(latex) > LONG:
        return text
    left = f"{_name_latex(target)} = " if target else ""
    maths = f"$\\displaystyle {left}{latex}$"
    return f"<p>{escape(maths)}</p>{text}"


def _name_latex(name: str) -> str:
    import sympy as sp

    from fitx.export.latex_ import symbol_latex

    return symbol_latex(name) or str(sp.latex(sp.Symbol(name)))


def _parameters_html(fit: Fit) -> str:
    if not fit.parameters:
        return ""
    rows = []
    for p in fit.parameters[:_MOST]:
        ends = "" if p.ci95 is None else " to ".join(_number(v, 6) for v in p.ci95)
        rows.append((escape(p.name), _number(p.value, 8), _number(p.stderr, 2), ends))
    left = len(fit.parameters) - len(rows)
    more = f"<p>and {left} more</p>" if left else ""
    return _table(("parameter", "value", "std. error", "95 % interval"), rows) + more


def _picture_html(fit: Fit) -> str:
    """The picture as PNG, where pictures can be had: matplotlib is there, and so are the rows."""
    plot: Any = getattr(fit, "plot", None)
    if plot is None:
        return ""
    try:
        png: bytes = plot(what="fit")._repr_png_()
    except (FitxError, ImportError):
        return ""
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="data, formula and residuals" style="max-width: 600px" src="data:image/png;base64,{data}">'


def _figures(s: Score) -> tuple[str, str, str]:
    return _number(s.rmse), _number(s.r2), _number(s.mae)


def _number(v: float | None, digits: int = 4) -> str:
    return "" if v is None or math.isnan(v) else f"{v:.{digits}g}"


def _short(text: str) -> str:
    return text if len(text) <= _TEXT else text[:_TEXT] + " ..."


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; the cells of `rows` are HTML already."""
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{''.join(f'<th>{h}</th>' for h in head)}</tr></thead><tbody>{lines}</tbody></table>"

"""A fit in text, for a terminal: a line of braille, two by four dots a character; rows as dots, few rows as `o`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fitx.formula.evaluate import predict
from fitx.report.mathtext import printable
from fitx.report.rows import shown_rows

if TYPE_CHECKING:
    from fitx.result import Fit

Array = npt.NDArray[np.float64]

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # Unicode's order within a character
MARGIN = 11  # characters left of the frame


def preview(fit: Fit, X: Any = None, y: Any = None, width: int = 80, height: int = 20, ascii: bool = False) -> str:
    """Rows and formula of one feature, or predicted against observed for more, in `height` lines of `width`.

    ascii: rows as `o` and the line as `*`, for terminals without braille. Undefined values are left out. Errors: as
    `rows.shown_rows`.
    """
    s = shown_rows(fit, X, y)
    single = len(fit.features) == 1
    a, b = (s.X[:, 0], s.y) if single else (s.y, s.p)
    columns, lines = max(10, width - MARGIN - 1), max(4, height - 3)
    at = np.linspace(a.min(), a.max(), 4 * columns)
    line = predict(fit.formula, at[:, None], fit.features) if single else at
    view = _range(a), _range(np.concatenate([s.y, s.p[np.isfinite(s.p)]]))
    names = (fit.features[0], fit.target) if single else (f"observed {fit.target}", f"predicted {fit.target}")
    rows, curve = (_raster(u, v, view, columns, lines) for u, v in ((a[s.drawn], b[s.drawn]), (at, line)))
    if ascii:
        cells = np.where(curve.any(axis=(1, 3)), "*", np.where(rows.any(axis=(1, 3)), "o", " "))
    else:
        dots = ((rows | curve) * _DOTS[None, :, None, :]).sum(axis=(1, 3))
        cells = np.where(dots > 0, np.vectorize(chr)(0x2800 + dots), " ")
        if len(s.drawn) <= columns:  # few rows would drown in the line
            cells = np.where(rows.any(axis=(1, 3)), "o", cells)
    top, bottom = view[1][1], view[1][0]
    left = [f"{top:.4g}", *[""] * (lines - 2), f"{bottom:.4g}"]
    bar, corner, dash = ("|", "+", "-") if ascii else ("│", "└", "─")
    out = [printable(names[1])]
    out += [f"{text:>{MARGIN - 1}} {bar}" + "".join(row).rstrip() for text, row in zip(left, cells, strict=True)]
    out.append(" " * MARGIN + corner + dash * (columns - 1))
    lo, hi = (f"{v:.4g}" for v in view[0])
    room = columns - len(lo) - len(hi)
    out.append(" " * (MARGIN + 1) + lo + printable(names[0])[: max(0, room - 2)].center(room) + hi)
    return "\n".join(out)


def _range(v: Array) -> tuple[float, float]:
    lo, hi = float(v.min()), float(v.max())
    return (lo, hi) if lo < hi else (lo - (abs(lo) or 1.0) / 2, hi + (abs(hi) or 1.0) / 2)


def _raster(
    x: Array, y: Array, view: tuple[tuple[float, float], tuple[float, float]], columns: int, lines: int
) -> npt.NDArray[np.bool_]:
    """(lines, 4, columns, 2): which dots hold a point; points outside the view are left out."""
    out = np.zeros((4 * lines, 2 * columns), bool)
    (x0, x1), (y0, y1) = view
    with np.errstate(all="ignore"):
        i, j = (y1 - y) / (y1 - y0) * (4 * lines - 1), (x - x0) / (x1 - x0) * (2 * columns - 1)
        fine = (i > -0.5) & (i < 4 * lines - 0.5) & (j > -0.5) & (j < 2 * columns - 0.5)
    out[np.rint(i[fine]).astype(int), np.rint(j[fine]).astype(int)] = True
    return out.reshape(lines, 4, columns, 2)

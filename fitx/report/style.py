"""How pictures look, whatever the user's matplotlib is set to: no state of pyplot, colours that colour-blind eyes tell
apart [Okabe & Ito 2008, jfly.uni-koeln.de/color], and shapes beside the colours."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, BLUE, SKY, ORANGE, RED = "#1a1a1a", "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
WIDTH = 8.0  # inches: 800 pixels at 100 to the inch, text of 10 points is 14 of them
DPI = 150

_SETTINGS: dict[str, Any] = {
    "text.usetex": False, "font.family": ["DejaVu Sans"], "font.size": 10.0, "mathtext.fontset": "dejavusans",
    "axes.titlesize": 10.0, "axes.labelsize": 10.0, "xtick.labelsize": 9.0, "ytick.labelsize": 9.0,
    "legend.fontsize": 9.0, "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK,
    "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": False,
    "axes.unicode_minus": True, "axes.formatter.useoffset": False, "axes.titlelocation": "left",
    "figure.facecolor": "white", "axes.facecolor": "white", "savefig.facecolor": "auto", "savefig.bbox": None,
    "lines.linewidth": 1.8, "legend.frameon": False, "path.simplify": True, "axes.linewidth": 0.8,
    "svg.fonttype": "path", "svg.hashsalt": "fitx", "pdf.fonttype": 42,
}  # fmt: skip


@contextmanager
def style(**changes: Any) -> Iterator[None]:
    """matplotlib with our settings, while the context lasts."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name in another script: a box
        warnings.filterwarnings("ignore", message="Tight layout|constrained_layout not applied")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS | changes)
        yield


def rendered(figure: Figure, ending: str, title: str = "", **changes: Any) -> bytes:
    """The figure as a file's bytes, the same for the same figure: no date in it."""
    out = io.BytesIO()
    nothing = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}[ending]
    with style(**changes):
        figure.savefig(out, format=ending, dpi=DPI, metadata={"Title": title, **nothing} if title else nothing)
    return out.getvalue()

"""One function a panel: each draws on the axes it is given."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fitx.errors import FitxError
from fitx.formula.evaluate import predict
from fitx.report.mathtext import name_math, printable
from fitx.report.rows import Shown, wants_log
from fitx.report.style import BLUE, INK, ORANGE, RED, SKY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fitx.result import CandidateFit, Fit, Found

Array = npt.NDArray[np.float64]

POINTS = 600  # of a curve evenly over the range; as many again where the rows are


def label(fit: Fit, name: str) -> str:
    """A column on an axis, with its unit or the day that its numbers count from."""
    unit = fit.units.get(name, "")
    since = fit.dates.get(name)
    after = f" [{unit}]" if unit else f" (days since {since})" if since else ""
    simple = re.fullmatch(r"\w{1,12}", name, re.ASCII)
    return (f"${name_math(name)}$" if simple else plain(name)) + plain(after)


def plain(text: str) -> str:
    """Text as it stands, no maths in it, cut where it is long."""
    shown = printable(text)
    return (shown if len(shown) <= 40 else shown[:39] + "…").replace("$", r"\$")


def scatter(ax: Axes, s: Shown, x: Array, y: Array, what: str = "rows") -> None:
    """The drawn rows; those held out are diamonds. Each is one marker; undefined ones are left out."""
    d = s.drawn
    fine = np.isfinite(x[d]) & np.isfinite(y[d])
    d = d[fine]
    size = 5.0 if len(d) <= 300 else 3.5 if len(d) <= 1500 else 2.2
    held = np.zeros(len(d), bool) if s.held is None else s.held[d]
    ax.plot(
        x[d][~held], y[d][~held], "o", ms=size, mfc=INK, mec="none", alpha=0.55, gid=f"{what}-fitted",
        label="rows" if s.held is None else "rows fitted",
    )  # fmt: skip
    if held.any():
        ax.plot(
            x[d][held], y[d][held], "D", ms=size, mfc=ORANGE, mec=INK, mew=0.4, alpha=0.9, gid=f"{what}-held-out",
            label="rows held out", zorder=2.5,
        )  # fmt: skip


def curve_points(x: Array, log: bool) -> Array:
    """Where a curve over the rows x is evaluated: evenly over their range, and as densely as they lie."""
    lo, hi = float(x.min()), float(x.max())
    if lo == hi:
        return np.array([lo])
    even = np.geomspace(lo, hi, POINTS) if log else np.linspace(lo, hi, POINTS)
    return np.unique(np.clip(np.concatenate([even, np.quantile(x, np.linspace(0, 1, POINTS))]), lo, hi))


def band_of(fit: Fit, found: Found, x: Array) -> tuple[Array, str] | None:
    """((n, 2) ends, in words): the 95 percent confidence band, else the interval from held-out rows; None without."""
    if found is not fit:
        return None
    if fit.structure is not None and fit.covariance is not None:
        ends = fit.band(x[:, None])[:, 1:]
        if np.isfinite(ends).any():
            return ends, "95 % confidence band"
    try:
        return fit.predict(x[:, None], 0.95)[:, 1:], "95 % interval of a new row"
    except FitxError:
        return None


def draw_curve(ax: Axes, fit: Fit, found: Found, s: Shown) -> None:
    """The rows of one feature, the formula over their range, and its band. Gaps where it is undefined."""
    x, y = s.X[:, 0], s.y
    log_x, log_y = wants_log(x), wants_log(y) and bool((s.p[np.isfinite(s.p)] > 0).all())
    at = curve_points(x, log_x)
    value = predict(found.formula, at[:, None], found.features)
    value = np.where(np.isfinite(value), value, np.nan)
    scatter(ax, s, x, y)
    band = band_of(fit, found, at)
    if band is not None:
        lower, upper = np.where(np.isfinite(band[0]), band[0], np.nan).T
        ax.fill_between(at, lower, upper, color=SKY, alpha=0.35, lw=0, label=band[1], gid="band", zorder=1)
    jump = _poles(value, y)
    at, cut = np.insert(at, jump, np.nan), np.insert(value, jump, np.nan)
    ax.plot(at, cut, color=BLUE, label="formula", gid="curve", zorder=3)
    ax.set_xscale("log" if log_x else "linear")
    ax.set_yscale("log" if log_y else "linear")
    _view(ax, y, value, log_y)
    ax.set_ylabel(label(fit, fit.target))


def _poles(value: Array, y: Array) -> npt.NDArray[np.intp]:
    """Places before which a curve is cut: it leaves the rows' range at one end and comes back at the other."""
    lo, hi = float(y.min()), float(y.max())
    with np.errstate(invalid="ignore"):
        above, below = value > hi + (hi - lo), value < lo - (hi - lo)
    crossing = (above[:-1] & below[1:]) | (below[:-1] & above[1:])
    return np.flatnonzero(crossing) + 1


def _view(ax: Axes, y: Array, value: Array, log: bool) -> None:
    """The rows, and of the curve what lies within half of their range beside them: a pole does not flatten the rest."""
    both = np.concatenate([y, value[np.isfinite(value)]])
    if log:
        y, both = np.log(y), np.log(both[both > 0])
    lo, hi = float(y.min()), float(y.max())
    room = (hi - lo) / 2 or abs(hi) / 2 or 0.5
    lo, hi = max(lo - room, min(lo, float(both.min()))), min(hi + room, max(hi, float(both.max())))
    pad = 0.05 * (hi - lo) or room
    ends = (lo - pad, hi + pad)
    ax.set_ylim(*(np.exp(ends) if log else ends))


def draw_residuals(ax: Axes, fit: Fit, s: Shown, x: Array, below: str) -> None:
    """y - p of each row over x; the line at zero."""
    with np.errstate(all="ignore"):
        r = s.y - s.p
    scatter(ax, s, x, r, "residuals")
    ax.axhline(0.0, color=BLUE, lw=1.2, zorder=1)
    ax.set_ylabel("residual")
    ax.set_xlabel(below)


def draw_observed(ax: Axes, fit: Fit, s: Shown) -> None:
    """Predicted against observed, with the line on which both agree; log where both ask for it."""
    scatter(ax, s, s.y, s.p)
    fine = s.p[np.isfinite(s.p)]
    log = wants_log(s.y) and len(fine) > 0 and bool((fine > 0).all())
    lo, hi = float(s.y.min()), float(s.y.max())
    ax.plot([lo, hi], [lo, hi], color=BLUE, lw=1.2, label="equal", gid="equal")
    if log:
        ax.set_xscale("log")
        ax.set_yscale("log")
    _view(ax, s.y, fine if len(fine) else s.y, log)
    ax.set_xlabel(f"observed {label(fit, fit.target)}")
    ax.set_ylabel("predicted")


def draw_front(ax: Axes, fit: Fit) -> None:
    """Error on the rows that chose against complexity, a marker a formula; the chosen one is marked."""
    from matplotlib.ticker import MaxNLocator

    own = chosen_index(fit)
    points = [(c.complexity, front_error(c)) for c in fit.candidates]
    known = [(x, e) for x, e in points if math.isfinite(e)]
    if known:
        ax.plot(*zip(*known, strict=True), drawstyle="steps-post", color=INK, lw=0.8, alpha=0.5, zorder=1)
    for i, (x, e) in enumerate(points):
        if math.isfinite(e):
            mine = i == own
            ax.plot(
                [x], [e], "*" if mine else "o", ms=15 if mine else 8, mfc=RED if mine else SKY, mec=INK, mew=0.8,
                gid=f"front-{i}", zorder=3, ls="none",
            )  # fmt: skip
            if mine:
                ax.annotate("chosen", (x, e), (0, -11), textcoords="offset points", ha="center", va="top", zorder=4)
    errors = np.array([e for _, e in known if e > 0])
    if len(errors) == len(known) > 1 and errors.max() >= 10 * errors.min():
        ax.set_yscale("log")
    sizes = np.array([x for x, _ in known], float)
    if len(sizes) > 1 and sizes.max() >= 30 * sizes.min():
        ax.set_xscale("log")
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.margins(x=0.06, y=0.22)
    ax.set_xlabel("complexity (nodes)")
    ax.set_ylabel("error (rmse)")
    ax.set_title("formulas considered: error on the rows that chose")


def front_error(c: CandidateFit) -> float:
    """rmse on the rows that chose; NaN where there is none."""
    v = c.validation.rmse
    return v if v is not None and math.isfinite(v) else math.nan


def chosen_index(fit: Fit) -> int | None:
    """The chosen formula's place on the front."""
    same: list[Any] = [i for i, c in enumerate(fit.candidates) if c.formula == fit.formula]
    like = [i for i, c in enumerate(fit.candidates) if (c.method, c.complexity) == (fit.method, fit.complexity)]
    return next(iter([*same, *like]), None)

"""The picture of a fit: which panels, where. One feature: curve over residuals. Many: agreement, then dependences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fitx.errors import UsageError
from fitx.report.dependence import Dependence, dependences
from fitx.report.endings import check_ending
from fitx.report.mathtext import fitting, printable
from fitx.report.panels import draw_curve, draw_front, draw_observed, draw_residuals, label
from fitx.report.rows import Shown, shown_rows, wants_log
from fitx.report.style import BLUE, INK, SKY, WIDTH, rendered, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fitx.result import Fit, Found

WHAT = ("all", "fit", "front")
_ACROSS = 3  # panels of dependence in a row


def plot(fit: Fit, X: Any = None, y: Any = None, path: str | Path | None = None, what: str = "all") -> Figure:
    """The picture, written to `path` where one is given; see `Fit.plot`."""
    if what not in WHAT:
        raise UsageError(f"what is shown is one of {', '.join(WHAT)}. Got {what!r} instead")
    ending = "" if path is None else check_ending(path)
    if what == "front":
        figure = front_figure(fit)
    else:
        figure = fit_figure(fit, fit, shown_rows(fit, X, y), front=what == "all", titled=True)
    if path is not None:
        from fitx.model_file import write_whole

        write_whole(path, rendered(figure, ending, printable(f"{fit.target} = {fit.shown}")[:500]))
    return figure


def front_figure(fit: Fit) -> Figure:
    """Error against complexity alone. Errors: UsageError where the fit has no front."""
    if not fit.candidates:
        raise UsageError("this fit has no other formulas to show")
    with style():
        figure = _figure(3.4)
        draw_front(figure.add_subplot(), fit)
        figure.draw_without_rendering()
    return figure


def fit_figure(fit: Fit, found: Found, s: Shown, *, front: bool, titled: bool, dependence: bool = True) -> Figure:
    """The panels of one formula, the fit's own or a candidate's, over the rows s."""
    front = front and len(fit.candidates) > 1
    with style():
        single = len(fit.features) == 1
        shown, left_out = ([], []) if single or not dependence else dependences(found, s.X)
        deep = -(-len(shown) // _ACROSS)
        heights = ([3.4, 1.4] if single else [3.4, *[1.9] * deep]) + ([2.2] if front else [])
        figure = _figure(sum(heights) + 0.6 * titled + 0.3)
        grid = figure.add_gridspec(len(heights), 6, height_ratios=heights)
        if single:
            _one_feature(fit, found, s, figure.add_subplot(grid[0, :]), figure)
        else:
            agree, apart = figure.add_subplot(grid[0, :3]), figure.add_subplot(grid[0, 3:])
            draw_observed(agree, fit, s)
            draw_residuals(apart, fit, s, s.p, f"predicted {label(fit, fit.target)}")
            apart.set_title(s.thinned)
            first: Axes | None = None  # all share its axis: a flat line is a feature that matters little
            for k, part in enumerate(shown):
                row, column = divmod(k, _ACROSS)
                panel = figure.add_subplot(grid[1 + row, 2 * column : 2 * column + 2], sharey=first)
                first = first or panel
                _dependence_panel(panel, fit, part, column == 0)
            if s.held is not None:
                agree.legend(loc="upper left")
        if front:
            draw_front(figure.add_subplot(grid[-1, :]), fit)
        if titled:
            renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
            size, most = 13.0, 0.94 * WIDTH * figure.dpi
            text = fitting(fit.target, found.shown, lambda t: _width(renderer, t, size), most)
            figure.suptitle(text, fontsize=size, x=0.03, ha="left", gid="formula")
        _note(figure, fit, found, s, left_out)
        figure.draw_without_rendering()  # laid out by our settings, not by those that hold when it is shown
    return figure


def _figure(height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A figure that a notebook shows, with or without pyplot."""

        def _repr_png_(self) -> bytes:
            return rendered(self, "png")

    figure = Picture(figsize=(WIDTH, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _width(renderer: Any, text: str, size: float) -> float:
    from matplotlib.font_manager import FontProperties

    width, _, _ = renderer.get_text_width_height_descent(text, FontProperties(family="DejaVu Sans", size=size), True)
    return float(width)


def _one_feature(fit: Fit, found: Found, s: Shown, main: Axes, figure: Figure) -> None:
    draw_curve(main, fit, found, s)
    main.tick_params(labelbottom=False)
    main.legend(loc="best")
    grid: Any = main.get_subplotspec()
    under = figure.add_subplot(grid.get_gridspec()[1, :], sharex=main)
    main.set_title(s.thinned)
    draw_residuals(under, fit, s, s.X[:, 0], label(fit, fit.features[0]))


def _dependence_panel(ax: Axes, fit: Fit, d: Dependence, first: bool) -> None:
    ax.fill_between(d.at, d.low, d.high, color=SKY, alpha=0.35, lw=0)
    ax.plot(d.at, d.mean, color=BLUE, gid="dependence")
    ax.set_xscale("log" if wants_log(d.at) else "linear")
    ax.set_xlabel(label(fit, d.feature))
    if first:
        ax.set_ylabel(f"mean predicted\n{label(fit, fit.target)}")


def _note(figure: Figure, fit: Fit, found: Found, s: Shown, left_out: list[str]) -> None:
    """What a reader must know and no panel says, in small type at the foot."""
    words = []
    if fit.holdout.r2 is not None and found is fit:
        words.append(f"held-out rmse {fit.holdout.rmse:.4g}, r2 {fit.holdout.r2:.5g} ({fit.holdout.how})")
    if s.held is None and s.which not in " ".join(words):
        words.append(s.which)
    undefined = int((s.p != s.p).sum())
    if undefined:
        words.append(f"undefined on {undefined:,} of {len(s.y):,} rows")
    if len(fit.features) > 1:
        words.append("shaded: middle 80 % of the rows")
    if left_out:
        words.append(f"{len(left_out)} less important features not shown")
    import textwrap

    text = "\n".join(textwrap.wrap("; ".join(words), 118))
    figure.supxlabel(text.replace("$", r"\$"), fontsize=8, color=INK, x=0.03, ha="left")

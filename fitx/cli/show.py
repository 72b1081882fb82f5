"""What goes to standard error, and the short table under a formula on a terminal."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fitx.cli.streams import drop, put

if TYPE_CHECKING:
    from fitx.result import CandidateFit, Fit
    from fitx.score import Score


_LONGEST = 5000
_above: list[Callable[[str], None]] = []  # what prints above a display of progress, while there is one


@contextmanager
def above(show: Callable[[str], None]) -> Iterator[None]:
    """Messages go through `show`, which keeps a display below them whole."""
    _above.append(show)
    try:
        yield
    finally:
        _above.remove(show)


def say(text: str) -> None:
    """One message on standard error; the middle of one that is longer than a screen is left out."""
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 500]} ... {text[-500:]}"
    if _above:
        _above[-1](printable(text))
    else:
        try:
            print(printable(text), file=sys.stderr, flush=True)
        except OSError:  # nobody can be told; the work goes on
            drop(sys.stderr)


def show_error(message: str, hint: str = "") -> None:
    """An error and, after a blank line, what to do next."""
    say(f"Error: {message}" + (f"\n\nhint: {hint}" if hint else ""))


def printable(text: str) -> str:
    """Without control characters, which a column's name could bring to the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def column_list(text: str) -> list[str]:
    """Column names from `a,b` or, for names with commas, `"a,b",c`."""
    from fitx.comma_list import comma_list

    return [name.strip() for name in comma_list(text) if name.strip()]


def result_line(text: str) -> None:
    """The result on standard output; characters that its encoding lacks are escaped, and so, on a terminal, are those
    that would control it. Errors: as `streams.put`."""
    if sys.stdout.isatty():
        text = "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)
    encoding = sys.stdout.encoding or "utf-8"
    put(text.encode(encoding, "backslashreplace").decode(encoding))


def show_preview(fit: Fit) -> None:
    """The fit drawn in text on standard error, as wide as the terminal."""
    import shutil

    from fitx.report.preview import preview

    width = max(40, min(shutil.get_terminal_size().columns, 120))
    encoding = (sys.stderr.encoding or "ascii").lower()
    say(preview(fit, width=width, ascii=not encoding.startswith("utf")))


def summary(fit: Fit) -> None:
    """The short table under the formula on a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fitx.baselines import words

    console = Console(highlight=False)
    found_by = printable(" ".join(filter(None, (fit.method, fit.label))))
    console.print(Text(f"\n{_error_line(fit.holdout)}; found by: {found_by}"))
    if fit.baselines and (said := words(fit.baselines)):
        console.print(Text(said))
    if fit.parameters:
        table = Table("parameter", "value", "std. error", "95 % interval", box=None, pad_edge=False)
        for p in fit.parameters[:20]:
            ci = p.ci95
            table.add_row(
                Text(printable(p.name)),
                f"{p.value:.8g}",
                "" if p.stderr is None else f"{p.stderr:.2g}",
                "" if ci is None else f"{ci[0]:.6g} to {ci[1]:.6g}",
            )
        console.print(table)
        if len(fit.parameters) > 20:
            console.print(f"... and {len(fit.parameters) - 20} more (--format json has all)")
    for word, other in _neighbours(fit):
        console.print(Text(f"{word}: {str(other)[:100]}   ({_cost(fit, other)})"))


def _neighbours(fit: Fit) -> list[tuple[str, CandidateFit]]:
    """The best formula that is simpler than the chosen one, and the best that is closer."""
    own = _own(fit)
    simpler = [c for c in fit.candidates if c.complexity < fit.complexity]
    closer = [
        c for c in fit.candidates if c.complexity > fit.complexity and _rmse(c) < (_rmse(own) if own else math.inf)
    ]
    out: list[tuple[str, CandidateFit]] = []
    if simpler:
        out.append(("simpler", simpler[-1]))
    if closer:
        out.append(("closer", closer[-1]))
    return out


def _cost(fit: Fit, other: CandidateFit) -> str:
    """What the other formula costs, or gains, beside the chosen one."""
    own = _own(fit)
    nodes = other.complexity - fit.complexity
    size = f"{abs(nodes)} nodes {'more' if nodes > 0 else 'fewer'}"
    rmse = f"rmse {_figure(other.validation.rmse)}"
    if own is None or not 0 < _rmse(own) < math.inf or not _rmse(other) < math.inf:
        return f"{size}; {rmse}"
    change = _rmse(other) / _rmse(own) - 1
    much = (
        f"{1 + change:.3g} times that of the chosen one"
        if change > 1
        else (f"{abs(change):.1%} {'more' if change > 0 else 'less'} on the rows that chose")
    )
    return f"{size}; {rmse}, {much}"


def _own(fit: Fit) -> CandidateFit | None:
    """The chosen formula on the front, with its errors on the rows that chose."""
    return next((c for c in fit.candidates if c.method == fit.method and c.complexity == fit.complexity), None)


def _rmse(c: CandidateFit) -> float:
    return math.inf if c.validation.rmse is None or not math.isfinite(c.validation.rmse) else c.validation.rmse


def _figure(v: float | None) -> str:
    return "-" if v is None else f"{v:.4g}"


def _error_line(s: Score) -> str:
    if s.r2 is None:
        return f"no held-out error: {s.how}"
    return f"held-out rmse {_figure(s.rmse)}, r2 {s.r2:.6g} ({s.how})"

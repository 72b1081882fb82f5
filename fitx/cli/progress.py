"""What a fit shows on standard error while it works: a display on a terminal, or plain lines."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from fitx.cli.show import above, printable, say

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.text import Text

    from fitx.progress import Front, Improvement, Status

ROWS = 7  # of the front
_EVERY = 5.0  # seconds between plain lines of one method
_PER_SECOND = 8  # drawings


@dataclass(frozen=True, slots=True)
class Listeners:
    """What the fit tells: `Settings.progress` and `Settings.status`."""

    improved: Callable[[Improvement], None] | None = None
    status: Callable[[Status], None] | None = None


@contextmanager
def progress(how: str) -> Iterator[Listeners]:
    """Shown while the context lasts. how: "plain" for lines; "auto" for a display that is gone afterwards, where
    standard error is a terminal; else, and with "none", nothing."""
    if how == "none" or (how == "auto" and not sys.stderr.isatty()):
        yield Listeners()
        return
    if how == "auto":
        from rich.console import Console

        console = Console(stderr=True, highlight=False)
        if not console.is_dumb_terminal:
            from rich.live import Live

            display = Display(console)
            live = Live(
                get_renderable=display.render, console=console, refresh_per_second=_PER_SECOND, transient=True,
                redirect_stdout=False, redirect_stderr=False, vertical_overflow="crop",
            )  # fmt: skip
            with above(display.print), live:
                console.show_cursor(True)  # should the process be killed, the terminal is as it was
                yield Listeners(display.improved, display.told)
            return
    lines = Lines()
    yield Listeners(lambda i: say(str(i)), lines.told)


class Lines:
    """Plain lines: each improvement, each method that begins, and a sign of life now and then."""

    def __init__(self) -> None:
        self._method, self._last = "", -math.inf

    def told(self, s: Status) -> None:
        """A line where a method begins or some seconds have passed."""
        if s.method != self._method or s.seconds - self._last >= _EVERY:
            self._method, self._last = s.method, s.seconds
            say(str(s))


class Display:
    """Elapsed and limit, method at work, formulas tried a second; the best formula; the front."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.perf_counter()
        self._status: Status | None = None
        self._best: Improvement | None = None
        self._front: Front = ()

    def improved(self, i: Improvement) -> None:
        """A new best formula."""
        self._best, self._front = i, i.front

    def told(self, s: Status) -> None:
        """News of the work."""
        if self._status is None:
            self._began = time.perf_counter() - s.seconds
        self._status, self._front = s, s.front

    def print(self, text: str) -> None:
        """A message above the display."""
        from rich.text import Text

        self._console.print(Text(text), soft_wrap=True)

    def render(self) -> Group:
        """The display as it is now, each line cut to the terminal's width."""
        from rich.console import Group

        lines = [_line(self._head())]
        if self._best is not None:
            rmse = self._best.validation.rmse
            error = "" if rmse is None else f"rmse {rmse:.4g}  "
            lines.append(_line(f"best  {error}{self._best.text}", "bold"))
        if self._front:
            lines.append(_line(_row("size", "error", "formula"), "dim"))
        best = None if self._best is None else self._best.complexity
        for size, figure, text in _some(self._front):
            lines.append(_line(_row(size, f"{figure:.4g}", text), "bold" if size == best else ""))
        return Group(*lines)

    def _head(self) -> str:
        s = self._status
        words = [f"{time.perf_counter() - self._began:.1f} s"]
        if s is not None:
            words[0] += f" of {s.limit:g} s" if math.isfinite(s.limit) else ""
            words.append(s.method + (f": {s.doing}" if s.doing else ""))
            if s.tried > 1:
                words.append(f"{s.rate:.3g} formulas/s" if s.rate < 1e3 else f"{s.rate:,.0f} formulas/s")
        return "   ".join(words)


def _row(size: object, error: str, text: str) -> str:
    return f"{size:>4}  {error:<10}  {text}"


def _line(text: str, style: str = "") -> Text:
    """Text as it stands: a column's name is no markup and brings no control characters."""
    from rich.text import Text

    return Text(printable(text).replace("\n", " "), style, no_wrap=True, overflow="ellipsis")


def _some(front: Front) -> Front:
    """At most `ROWS` of the front: the ends, and those that gain most on the simpler one."""
    if len(front) <= ROWS:
        return front
    gains = [math.log(max(a[1], 1e-300) / max(b[1], 1e-300)) for a, b in pairwise(front[:-1])]
    middle = sorted(range(len(gains)), key=lambda i: -gains[i])[: ROWS - 2]
    return (front[0], *(front[i + 1] for i in sorted(middle)), front[-1])

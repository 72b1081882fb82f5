"""What a fit tells while it works: improvements, which users get, and a status, which a terminal shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fitx.formula import Formula
from fitx.front import Candidate
from fitx.score import Score

Front = tuple[tuple[int, float, str], ...]
Choose = Callable[[list[Candidate]], Candidate]
Keep = Callable[[Candidate, list[Candidate], float], None]

_SHARE, _AT_LEAST = 0.05, 0.1  # of the time, and seconds, that may go into choosing the best so far
_EVERY = 0.1  # seconds between one status and the next of the same method
_DIGITS = 6  # of the constants in texts
_LONG = 100  # characters of a formula in a line


@dataclass(frozen=True, slots=True)
class Improvement:
    """A new best formula: the one that would be the answer if the search ended now, its constants not yet fitted to
    all rows. (It is chosen as in the end; where choosing would take more than a twentieth of the time, an improvement
    may come a little late or be passed over for the next one.)

    seconds: since the fit began. validation: its errors on the rows that choose. label: its structure in words.
    front: (complexity, error, text) of the best formula of each complexity so far, simplest first; error: rmse, or mae
    where that chooses.
    """

    seconds: float
    method: str
    formula: Formula
    complexity: int
    validation: Score
    label: str
    front: Front

    def __str__(self) -> str:
        """One line."""
        rmse = self.validation.rmse
        error = "" if rmse is None else f": rmse {rmse:.4g}"
        return f"{self.seconds:.1f} s  {self.method} {self.label}".rstrip() + f"{error}  {self.text[:_LONG]}"

    @property
    def text(self) -> str:
        """The formula with few digits."""
        return self.formula.text(_DIGITS)


@dataclass(frozen=True, slots=True)
class Status:
    """What is going on. method: at work; doing: at what, in words; tried: formulas that it tried so far, rate: a
    second. seconds: since the fit began, of `limit`, which may be infinite. front: as in `Improvement`."""

    seconds: float
    limit: float
    method: str
    doing: str
    tried: int
    rate: float
    front: Front

    def __str__(self) -> str:
        """One line."""
        rate = f", {self.rate:.3g} formulas/s" if self.tried else ""
        return f"{self.seconds:.1f} s  {self.method}{': ' if self.doing else ''}{self.doing}{rate}"


@dataclass(slots=True)
class Reporter:
    """Hands events to those who listen; without listeners it does nothing.

    began: time.perf_counter() value; limit: seconds. metric: "rmse" or "mae". improved, status: called with each event.
    keep: called with the candidate, the front and the seconds of each improvement.
    """

    began: float = 0.0
    limit: float = float("inf")
    metric: str = "rmse"
    improved: Callable[[Improvement], None] | None = None
    status: Callable[[Status], None] | None = None
    keep: Keep | None = None
    _best: Candidate | None = None
    _front: list[tuple[float, Candidate]] = field(default_factory=list)  # with the mean loss, simplest first
    _texts: dict[int, tuple[int, float, str]] = field(default_factory=dict)  # of what was ever on the front
    _points: Front = ()
    _spent: float = 0.0
    _method: str = ""
    _doing: str = ""
    _tried: int = 0
    _since: float = 0.0
    _shown: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)  # fitters may count from threads

    def judged(self, candidates: Sequence[Candidate], choose: Choose) -> None:
        """One more candidate, the last of `candidates`; tells when that changes what `choose` gives."""
        if self.improved is None and self.keep is None and self.status is None:
            return
        self.tried(1)
        if self._joins_front(candidates[-1]):
            self._tell_status(True)
        now = time.perf_counter()
        if self._best is None or self._spent <= max(_AT_LEAST, _SHARE * (now - self.began)):
            self.settled(choose(list(candidates)))
            self._spent += time.perf_counter() - now

    def settled(self, best: Candidate) -> None:
        """The best of all candidates is known; tells when it is new."""
        if best is self._best or (self.improved is None and self.keep is None):
            return
        self._best = best
        seconds = time.perf_counter() - self.began
        if self.keep is not None:
            self.keep(best, [c for _, c in self._front], seconds)
        if self.improved is not None:
            p = best.proposal
            self.improved(
                Improvement(seconds, best.method, p.formula, best.complexity, best.validation, p.label, self._points)
            )

    def at(self, method: str, doing: str = "") -> None:
        """A method, or a step of the fit, begins."""
        with self._lock:
            self._method, self._doing, self._tried = method, doing, 0
            self._since = time.perf_counter()
        self._tell_status(True)

    def tell(self, doing: str) -> None:
        """What the method is doing, in words."""
        self._doing = doing
        self._tell_status()

    def tried(self, n: int) -> None:
        """The method tried n more formulas."""
        with self._lock:
            self._tried += n
        self._tell_status()

    def _tell_status(self, at_once: bool = False) -> None:
        if self.status is None:
            return
        now = time.perf_counter()
        with self._lock:
            if not at_once and now - self._shown < _EVERY:
                return
            self._shown = now
            rate = self._tried / max(now - self._since, 1e-3)
            told = Status(now - self.began, self.limit, self._method, self._doing, self._tried, rate, self._points)
        self.status(told)

    def _joins_front(self, c: Candidate) -> bool:
        """Enter `c` on the front; whether it belongs there (`front.pareto`)."""
        error = c.error
        if any(o.complexity <= c.complexity and e <= error for e, o in self._front):
            return False
        kept = [(e, o) for e, o in self._front if o.complexity < c.complexity or e < error]
        self._front = sorted([*kept, (error, c)], key=lambda pair: pair[1].complexity)
        shown = c.validation.mae if self.metric == "mae" else c.validation.rmse
        self._texts[id(c)] = (c.complexity, float("nan") if shown is None else shown, c.proposal.formula.text(_DIGITS))
        self._points = tuple(self._texts[id(o)] for _, o in self._front)
        return True

"""The best formula so far in a model file, so that a process which is killed loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fitx.conformal import Residuals
from fitx.errors import FitxError
from fitx.front import Candidate
from fitx.progress import Keep
from fitx.result import CandidateFit, Fit
from fitx.score import no_score

EVERY = 0.2  # seconds from one writing to the next, at least
INTERIM = (
    "interim: saved while the search went on; its constants come from a part of the rows, no held-out error is known"
)


def interim(best: Candidate, front: Sequence[Candidate], common: Mapping[str, Any], seconds: float) -> Fit:
    """`best` as a result. common: the fields of `Fit` that do not depend on the formula."""
    p = best.proposal
    features = tuple(common["features"])
    return Fit(
        formula=p.formula,
        shown=p.formula,
        method=best.method,
        train=best.train,
        holdout=no_score("the search was not finished"),
        parameters=p.parameters,
        covariance=p.covariance,
        structure=p.structure,
        noise=p.noise,
        residuals=Residuals((), (), 0, "the search was not finished"),
        loss=p.loss,
        candidates=tuple(
            CandidateFit(c.proposal.formula, c.proposal.formula, c.method, features, c.train, c.validation)
            for c in front
        ),
        warnings=tuple(dict.fromkeys((INTERIM, *p.notes))),
        label=p.label,
        seconds=seconds,
        interrupted=True,
        **common,
    )


class Saver:
    """Writes the newest result to a file, in a thread of its own, at most five times a second.

    Each is written whole and moved into place (`model_file.write_whole`). Where it cannot be written the fit goes on:
    saving its result will say why. path: None: nothing is written. common: as for `interim`.
    """

    def __init__(self, path: str | Path | None, common: Mapping[str, Any]) -> None:
        self._path, self._common = path, common
        self._newest: Callable[[], Fit] | None = None
        self._closed = threading.Event()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def keep(self) -> Keep | None:
        """What takes each improvement, for a `Reporter`; a device or a pipe gets the result alone."""
        from fitx.model_file import replaceable

        try:
            return None if self._path is None or not replaceable(self._path) else self._keep
        except OSError:
            return None

    def _keep(self, best: Candidate, front: Sequence[Candidate], seconds: float) -> None:
        self._newest = lambda: interim(best, front, self._common, seconds)
        self._changed.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="fitx saver", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what is still to be written; afterwards the file is left alone."""
        self._closed.set()
        self._changed.set()
        if self._thread is not None:
            try:
                self._thread.join()
            except KeyboardInterrupt:  # that takes a moment only, and the result is there
                self._thread.join()

    def _run(self) -> None:
        from fitx.model_file import save

        while True:
            self._changed.wait()
            self._changed.clear()
            make, self._newest = self._newest, None
            if make is not None:
                try:
                    save(make(), str(self._path))
                except FitxError:
                    return
            elif self._closed.is_set():
                return
            if self._closed.wait(EVERY):
                self._changed.set()

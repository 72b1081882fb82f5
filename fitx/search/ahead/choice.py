"""Which errand is done next ahead of its turn, by this process or by a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from fitx.search.ahead.crew import AnyWorker
from fitx.search.ahead.errand import Errand
from fitx.search.problem import Problem
from fitx.search.tasks import Workshop


@dataclass(slots=True)
class Choice:
    """upcoming: the errands that come next, in their order; owners: who has a problem's evolution, which goes on there
    only, None being this process."""

    shop: Workshop
    upcoming: Callable[[], Iterable[Errand]]
    owners: dict[Problem | None, AnyWorker | None] = field(default_factory=dict)

    def owner(self, errand: Errand) -> AnyWorker | None:
        """The worker that has done earlier slices of the same evolution, if one has."""
        owner = None if errand.evolution is None else self.owners.get(errand.evolution)
        return None if owner is None or owner.gone else owner

    def here(self, workers: Iterable[AnyWorker]) -> Errand | None:
        """For this process; workers begin evolutions, if they can."""
        begins = not any(w.evolves for w in workers)
        for errand in self._open():
            if errand.evolution in self.owners and self.owners[errand.evolution] is not None:
                continue
            if errand.evolution is not None and errand.evolution not in self.owners and not begins:
                continue
            if self._affordable(errand):
                return errand
        return None

    def not_started(self) -> Errand | None:
        """One that a worker has not begun to work on, and that can be taken back."""
        for errand in self.upcoming():
            if errand.worker is not None and not (errand.started or errand.done) and errand.evolution is None:
                return errand
        return None

    def there(self, worker: AnyWorker) -> Errand | None:
        """For a worker."""
        for errand in self._open():
            mine = worker.evolves and self.owners.get(errand.evolution, worker) is worker
            if (errand.evolution is None or mine) and self._affordable(errand):
                return errand
        return None

    def _open(self) -> Iterator[Errand]:
        """Errands that nobody has begun, and of an evolution's slices the next one only."""
        waiting: set[Problem] = set()
        for errand in self.upcoming():
            if errand.begun or errand.evolution in waiting:
                continue
            if errand.ready():
                yield errand
            if errand.evolution is not None and not errand.begun:
                waiting.add(errand.evolution)

    def _affordable(self, errand: Errand) -> bool:
        """Whether its library has room beside those that are in use."""
        own = errand.task.memory(self.shop)
        return not own or own + self._used() <= self.shop.memory

    def _used(self) -> int:
        """Bytes of the large libraries in use."""
        return sum(e.task.memory(self.shop) for e in self.upcoming() if e.begun and not e.done)

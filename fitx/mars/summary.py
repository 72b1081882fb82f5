"""What py-earth prints: records of the two passes, their tables, and the summary of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fitx.mars.earth import Earth

STOPPING_CONDITIONS = (
    "Reached maximum number of terms",
    "Achieved RSQ value within threshold of 1",
    "Improvement below threshold",
    "GRSQ too low",
    "No remaining candidate knot locations",
    "time limit",
    "interrupted",
)


def gcv_factor(terms: float, rows: float, penalty: float) -> float:
    """1 / (1 - C/rows)**2 with C = terms + penalty*(terms - 1)/2; infinite from C = rows on.

    [Friedman 1991, eq. 30 and 32]
    """
    left = 1.0 - (terms + penalty * (terms - 1.0) / 2.0) / rows
    return 1.0 / left**2 if left > 0 else float("inf")


def ascii_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as py-earth prints it."""
    widths = [max(len(cell) for cell in column) + 1 for column in zip(header, *rows, strict=True)]
    rule = "".join("-" * (w + 1) for w in widths)
    lines = ["".join(cell.ljust(w) + " " for cell, w in zip(row, widths, strict=True)) for row in (header, *rows)]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


@dataclass(frozen=True, slots=True)
class PassIteration:
    """What an iteration left: mean squared error and number of terms."""

    mse: float
    size: int

    def get_mse(self) -> float:
        """Mean squared error."""
        return self.mse

    def get_size(self) -> int:
        """Number of terms."""
        return self.size


@dataclass(frozen=True, slots=True)
class ForwardPassIteration(PassIteration):
    """One step of the forward pass. knot: the row whose x is the knot, -1 for a linear term; None for the start."""

    parent: int | None = None
    variable: int | None = None
    knot: int | None = None

    def cells(self) -> list[str]:
        """The columns parent, var, knot, mse, terms."""
        place = ["-" if v is None else str(v) for v in (self.parent, self.variable, self.knot)]
        return [*place, f"{self.mse:4f}", str(self.size)]


@dataclass(frozen=True, slots=True)
class PruningPassIteration(PassIteration):
    """One step of the pruning pass. pruned: number of the term that left; None for the start."""

    pruned: int | None = None

    def get_pruned(self) -> int | None:
        """Number of the term that left."""
        return self.pruned

    def cells(self) -> list[str]:
        """The columns bf, terms, mse."""
        return ["-" if self.pruned is None else str(self.pruned), str(self.size), f"{self.mse:.2f}"]


@dataclass(frozen=True, slots=True)
class _Record:
    num_samples: int
    num_variables: int
    penalty: float
    sst: float

    def _iterations(self) -> Sequence[PassIteration]:
        raise NotImplementedError

    def __len__(self) -> int:
        return len(self._iterations())

    def mse(self, iteration: int) -> float:
        """Mean squared error after the iteration."""
        return self._iterations()[iteration].mse

    def gcv(self, iteration: int) -> float:
        """Generalized cross-validation score after the iteration."""
        it = self._iterations()[iteration]
        return it.mse * gcv_factor(it.size, self.num_samples, self.penalty)

    def rsq(self, iteration: int) -> float:
        """1 - mse / mse of the constant."""
        return 1 - self.mse(iteration) / self.sst if self.sst else 1.0

    def grsq(self, iteration: int) -> float:
        """1 - gcv / gcv of the constant."""
        start = self.sst * gcv_factor(1, self.num_samples, self.penalty)
        return 1 - self.gcv(iteration) / start if start else 1.0

    def _scores(self, i: int) -> list[str]:
        return [f"{round(v, 3) + 0.0:.3f}" for v in (self.gcv(i), self.rsq(i), self.grsq(i))]  # no -0.000


@dataclass(frozen=True, slots=True)
class ForwardPassRecord(_Record):
    """The forward pass: its iterations and why it stopped."""

    xlabels: tuple[str, ...]
    iterations: tuple[ForwardPassIteration, ...]
    stopped: str

    def _iterations(self) -> Sequence[PassIteration]:
        return self.iterations

    def __getitem__(self, i: int) -> ForwardPassIteration:
        return self.iterations[i]

    @property
    def stopping_condition(self) -> int:
        """Position of the reason in STOPPING_CONDITIONS."""
        return STOPPING_CONDITIONS.index(self.stopped)

    def __str__(self) -> str:
        rows = [[str(i), *it.cells(), *self._scores(i)] for i, it in enumerate(self.iterations)]
        return ascii_table(["iter", "parent", "var", "knot", "mse", "terms", "gcv", "rsq", "grsq"], rows)

    def final_str(self) -> str:
        """Why the pass stopped."""
        return f"Stopping Condition {self.stopping_condition}: {self.stopped}"


@dataclass(frozen=True, slots=True)
class PruningPassRecord(_Record):
    """The pruning pass: its iterations and the one that was selected."""

    iterations: tuple[PruningPassIteration, ...]
    selected: int

    def _iterations(self) -> Sequence[PassIteration]:
        return self.iterations

    def __getitem__(self, i: int) -> PruningPassIteration:
        return self.iterations[i]

    def get_selected(self) -> int:
        """The iteration whose terms are the model's."""
        return self.selected

    def __str__(self) -> str:
        rows = [[str(i), *it.cells(), *self._scores(i)] for i, it in enumerate(self.iterations)]
        return ascii_table(["iter", "bf", "terms", "mse", "gcv", "rsq", "grsq"], rows)

    def final_str(self) -> str:
        """Which iteration was selected."""
        return f"Selected iteration: {self.selected}"


@dataclass(frozen=True, slots=True)
class EarthTrace:
    """Both records; its text is py-earth's trace."""

    forward_trace: ForwardPassRecord | None
    pruning_trace: PruningPassRecord | None

    def __str__(self) -> str:
        text = ""
        for title, record in (("Forward Pass", self.forward_trace), ("Pruning Pass", self.pruning_trace)):
            if record is not None:
                text += f"{title}\n{record}\n{record.final_str()}\n" + ("\n" if title == "Forward Pass" else "")
        return text


def summary(model: Earth) -> str:
    """The model's terms with their coefficients, and its scores."""
    if model.forward_trace() is None:
        return "Untrained Earth Model"
    title = "Unpruned Earth Model\n" if model.pruning_trace() is None else "Earth Model\n"
    responses = len(model.coef_)
    header = ["Basis Function", "Pruned"]
    header += [f"Coefficient {i}" for i in range(responses)] if responses > 1 else ["Coefficient"]
    rows, kept = [], 0
    for term in model.basis_:
        if term.is_pruned():
            rows.append([str(term), "Yes", *["None"] * responses])
        else:
            rows.append([str(term), "No", *[f"{c[kept]:g}" for c in model.coef_]])
            kept += 1
    scores = f"MSE: {model.mse_:.4f}, GCV: {model.gcv_:.4f}, RSQ: {model.rsq_:.4f}, GRSQ: {model.grsq_:.4f}"
    return f"{title}{ascii_table(header, rows)}\n{scores}"

"""What the forward pass of MARS is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForwardOptions:
    """What limits the forward pass; the names and meanings are py-earth's. rules: "pyearth", or "R" for what R's earth
    does by its manual and by what was seen of it: knots evenly spaced, three times the endspan in interactions, a
    variable at most once in a term, terms that are new enough, only steps that gain thresh; use_fast then ages parents
    (fast.beta = 1)."""

    max_terms: int
    max_degree: int = 1
    penalty: float = 3.0
    endspan: int = -1
    endspan_alpha: float = 0.05
    minspan: int = -1
    minspan_alpha: float = 0.05
    thresh: float = 0.001
    zero_tol: float = 1e-12
    min_search_points: int = 100
    check_every: int = -1
    allow_linear: bool = True
    use_fast: bool = False
    fast_K: int = 5
    fast_h: int = 1
    rules: str = "pyearth"
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """A term: its parent (index of a step) times a factor of one variable. kind: constant, linear (x), hinge
    (max(0, x - knot); reverse: max(0, knot - x)), present or missing (1 where x is, or is not). knot_row: the row whose
    value is the knot, else -1."""

    parent: int
    variable: int
    kind: str
    knot: float
    knot_row: int
    reverse: bool


@dataclass(frozen=True, slots=True)
class Iteration:
    """One addition: what was chosen (knot_row -1: linear), the mean squared error after it and the number of terms."""

    parent: int
    variable: int
    knot_row: int
    mse: float
    terms: int


@dataclass(frozen=True, slots=True)
class ForwardPath:
    """The terms in the order in which they came, what was recorded, and why it stopped: one of py-earth's reasons,
    "time limit" or "interrupted"."""

    steps: tuple[Step, ...]
    record: tuple[Iteration, ...]
    stopped: str

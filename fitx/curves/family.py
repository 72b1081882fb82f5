"""What the catalogue says of a family of curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fitx.curves.starts import Estimator, Shape

Joint = Callable[[Shape], Iterable[Mapping[str, float]]]
FEATURES = ("x", "z")


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the catalogue.

    formula: over x, or x and z, and parameters: all other names. meaning: of the parameters. source: a reference.
    example: values and the range of the features, of data for which the family is right.
    starts: for each nonlinear parameter its starting values, all combinations of which are tried, or one function for
      all of them. Linear parameters are solved for.
    x, y: what the features and the target must be: any, nonnegative, positive or fraction (between 0 and 1).
    ordered: of two features, which is x makes a difference; both are tried.
    within: values that parameters have in practice; beyond them the family is not proposed unless it is asked for.
    features: how many; 0: any number. waves: (amplitude, angular frequency, phase) of each sine.
    step: (limit, other limit less this, rate) of a curve that is the same seen from its other limit; the rate is
      made positive.
    """

    name: str
    formula: str
    meaning: str
    source: str
    example: Mapping[str, float]
    span: tuple[float, float]
    starts: Mapping[str, Estimator] | Joint = field(default_factory=dict)
    x: str = "any"
    y: str = "any"
    features: int = 1
    ordered: bool = False
    within: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    waves: tuple[tuple[str, str, str], ...] = ()
    step: tuple[str, str, str] | None = None

"""The rounds: library sizes and reaches that grow, and the order of the spaces."""

from __future__ import annotations

from dataclasses import replace

from fitx.search.growth import Size
from fitx.search.spaces import EXPONENTS, PRODUCTS, QUADRATIC, SUMS, WAVE_EXPONENTS, WAVES, Kind
from fitx.search.stages.base import Effort

SMALL = Effort("small", Size(5_000, 1_500, 20_000), 4_000, 5_000, 500, 240, 4_000, 200, 0, 300, 500, 80, 128)
# For problems with a further column each: many of them, so little for each.
EXTENDED = Effort("extended", Size(1_500, 800, 6_000), 1_500, 2_000, 128, 48, 1_500, 48, 0, 60, 300, 60, 32)
MEDIUM = Effort("medium", Size(80_000, 6_000, 180_000), 20_000, 25_000, 800, 800, 25_000, 800, 40, 400, 1_200, 140, 300)
LARGE = Effort(
    "large", Size(300_000, 15_000, 900_000), 60_000, 80_000, 1_800, 3_000, 80_000, 3_000, 200, 2_000, 2_500, 220, 600
)
ROUNDS = (SMALL, MEDIUM, LARGE)

FIRST_SPACES: tuple[Kind, ...] = (PRODUCTS, SUMS, EXPONENTS, QUADRATIC)
FEW_SPACES: tuple[Kind, ...] = (PRODUCTS, SUMS, EXPONENTS)
SECOND_SPACES: tuple[Kind, ...] = (WAVES, WAVE_EXPONENTS)


def affordable(effort: Effort, memory: int, rows: int) -> Effort:
    """The effort with a library that fits into `memory` bytes."""
    most = int(memory / _bytes(rows))
    size = effort.size
    if size.total <= most:
        return effort
    part = most / size.total
    return replace(effort, size=Size(int(size.generic * part), int(size.monomials * part), most))


def bytes_of(effort: Effort, rows: int) -> int:
    """Bytes that its library takes."""
    return effort.size.total * _bytes(rows)


def _bytes(rows: int) -> int:
    """An expression takes 8 bytes a screening row, its feature 4, and about 64 of bookkeeping."""
    return 12 * rows + 64

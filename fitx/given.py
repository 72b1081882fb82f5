"""The rows that a fit was made from, by reference for pictures: no copy, and no part of what is saved or pickled."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Given:
    """X and y as they came in, the y as `fit` was given it; groups: (n,), by which whole groups were held out."""

    X: Any = None
    y: Any = None
    groups: Any = None

    def __reduce__(self) -> tuple[type[Given], tuple[()]]:
        """Copied to another process or a pickle it holds nothing."""
        return Given, ()


NO_ROWS = Given()


def mark(y: npt.NDArray[np.float64]) -> int:
    """A checksum of the targets in their order: it tells whether rows are those of the fit, nothing else of them."""
    return zlib.crc32(np.ascontiguousarray(y, np.float64).data)

"""Room for columns of unknown length: in memory up to a budget, beyond it in temporary files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fitx.errors import FitxError

#: Bytes of columns that stay in memory; a larger table goes to temporary files.
BUDGET = 256 * 2**20


class Store:
    """Columns of float64 that grow by blocks; column j's blocks are independent of the others'."""

    def __init__(self, budget: int | None = None) -> None:
        self._budget = BUDGET if budget is None else budget
        self._blocks: dict[int, list[NDArray[np.float64]]] = {}
        self._files: dict[int, IO[bytes]] = {}
        self._size = 0

    def append(self, column: int, values: NDArray[np.float64]) -> None:
        """Add values to the end of a column."""
        if self._files:
            _write(self._file(column), values)
            return
        self._blocks.setdefault(column, []).append(values)
        self._size += values.nbytes
        if self._size > self._budget:
            self._spill()

    def blocks(self, column: int) -> Iterator[NDArray[np.float64]]:
        """The column's values in order, a block at a time."""
        if column in self._files:
            file = self._files[column]
            file.seek(0)
            while data := file.read(2**23):
                yield np.frombuffer(data, dtype=np.float64)
        else:
            yield from self._blocks.get(column, [])

    def drop(self, column: int) -> None:
        """Forget a column."""
        self._size -= sum(block.nbytes for block in self._blocks.pop(column, []))
        if column in self._files:
            self._files.pop(column).close()

    def _spill(self) -> None:
        for column in list(self._blocks):
            file = self._file(column)
            for block in self._blocks.pop(column):
                _write(file, block)
        self._size = 0

    def _file(self, column: int) -> IO[bytes]:
        if column not in self._files:
            self._files[column] = tempfile.TemporaryFile(prefix="fitx-")  # noqa: SIM115  closed when dropped
        return self._files[column]


def allocate(shape: tuple[int, ...], dtype: DTypeLike = np.float64, budget: int | None = None) -> NDArray[Any]:
    """A Fortran-ordered array: in memory when it fits the budget, else mapped from a temporary file.

    The file has no name (or goes when it is closed), so nothing is left behind however the program ends.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size <= (BUDGET if budget is None else budget):
        return np.empty(shape, dtype=dtype, order="F")
    try:
        file = tempfile.TemporaryFile(prefix="fitx-")  # noqa: SIM115  the mapping keeps it open
        return np.asarray(np.memmap(file, dtype=dtype, mode="w+", shape=shape, order="F"))
    except OSError as error:
        raise _full(error) from None


def _write(file: IO[bytes], values: NDArray[np.float64]) -> None:
    try:
        file.write(np.ascontiguousarray(values).data)
    except OSError as error:
        raise _full(error) from None


def _full(error: OSError) -> FitxError:
    return FitxError(
        f"the table is too large for memory and a temporary file cannot hold it: {error.strerror or error}",
        "set TMPDIR to a folder with more room, or name fewer columns with `--features`",
    )

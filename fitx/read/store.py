"""Room for columns of unknown length: in memory up to a budget, beyond it in temporary files."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from typing import Any

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
        self._files: dict[int, _Spill] = {}
        self._size = 0

    def append(self, column: int, values: NDArray[np.float64]) -> None:
        """Add values to the end of a column."""
        if self._files:
            self._file(column).write(values)
            return
        self._blocks.setdefault(column, []).append(values)
        self._size += values.nbytes
        if self._size > self._budget:
            self._spill()

    def blocks(self, column: int) -> Iterator[NDArray[np.float64]]:
        """The column's values in order, a block at a time."""
        if column in self._files:
            yield from self._files[column].blocks()
        else:
            yield from self._blocks.get(column, [])

    def drop(self, column: int) -> None:
        """Forget a column."""
        self._size -= sum(block.nbytes for block in self._blocks.pop(column, []))
        if column in self._files:
            del self._files[column]

    def _spill(self) -> None:
        for column in list(self._blocks):
            file = self._file(column)
            for block in self._blocks.pop(column):
                file.write(block)
        self._size = 0

    def _file(self, column: int) -> _Spill:
        if column not in self._files:
            self._files[column] = _Spill()
        return self._files[column]


class _Spill:
    """A column in a temporary file without a name: it goes with this object, or with the program however that ends."""

    def __init__(self) -> None:
        import tempfile

        try:
            with tempfile.TemporaryFile(prefix="fitx-") as file:
                self._descriptor = os.dup(file.fileno())
        except OSError as error:
            raise _full(error) from None
        weakref.finalize(self, os.close, self._descriptor)

    def write(self, values: NDArray[np.float64]) -> None:
        """Add values to the end."""
        data = memoryview(values.tobytes())
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError as error:
            raise _full(error) from None

    def blocks(self) -> Iterator[NDArray[np.float64]]:
        """The values from the start, 1 Mi at a time."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        while data := os.read(self._descriptor, 2**23):
            yield np.frombuffer(data, dtype=np.float64)


def allocate(shape: tuple[int, ...], dtype: DTypeLike = np.float64, budget: int | None = None) -> NDArray[Any]:
    """A Fortran-ordered array: in memory when it fits the budget, else mapped from a temporary file.

    The file has no name (or goes when it is closed), so nothing is left behind however the program ends.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    if size <= (BUDGET if budget is None else budget):
        return np.empty(shape, dtype=dtype, order="F")
    import tempfile

    try:
        with tempfile.TemporaryFile(prefix="fitx-") as file:  # the mapping keeps the room when the file is closed
            return np.asarray(np.memmap(file, dtype=dtype, mode="w+", shape=shape, order="F"))
    except OSError as error:
        raise _full(error) from None


def _full(error: OSError) -> FitxError:
    return FitxError(
        f"the table is too large for memory and a temporary file cannot hold it: {error.strerror or error}",
        "set TMPDIR to a folder with more room, or name fewer columns with `--features`",
    )

"""Columns of float64 out of an Arrow stream (the C data interface), without pyarrow.

duckdb hands its result over as it is computed, a block at a time, so that the memory in use does not depend on the
length of the table. Layout: https://arrow.apache.org/docs/format/CDataInterface.html
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_ArrayPointer = ctypes.POINTER(_Array)
_StreamPointer = ctypes.POINTER(_Stream)
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(_ArrayPointer)),
    ("dictionary", ctypes.c_void_p),
    ("release", ctypes.CFUNCTYPE(None, _ArrayPointer)),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, _StreamPointer, _ArrayPointer)),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, _StreamPointer)),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype = ctypes.c_void_p
_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class StreamError(Exception):
    """The stream's own message."""


def blocks(relation: Any) -> Iterator[list[NDArray[np.float64]]]:
    """The columns of `relation`, block after block; every column must be DOUBLE; NULL becomes NaN."""
    capsule = relation.__arrow_c_stream__()  # frees the stream when it goes out of scope
    stream = ctypes.cast(_pointer(capsule, b"arrow_array_stream"), _StreamPointer)
    while True:
        array = _Array()
        if stream.contents.get_next(stream, ctypes.byref(array)):
            raise StreamError((stream.contents.get_last_error(stream) or b"").decode(errors="replace"))
        if not array.release:
            return
        try:
            columns = [_column(array.children[j].contents, array.offset, array.length) for j in range(array.n_children)]
        finally:
            array.release(ctypes.byref(array))
        yield columns


def _column(array: Any, offset: int, length: int) -> NDArray[np.float64]:
    """A copy of one column's values; bit i of the first buffer says whether value i is there."""
    if length == 0:
        return np.empty(0)
    offset += array.offset
    there, data = array.buffers[0], array.buffers[1]
    values: NDArray[np.float64] = np.ctypeslib.as_array(
        (ctypes.c_double * length).from_address(data + 8 * offset)
    ).copy()
    if array.null_count != 0 and there:
        size = (offset + length + 7) // 8
        bits = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(there))
        values[np.unpackbits(bits, bitorder="little")[offset : offset + length] == 0] = np.nan
    return values

"""What the running process tells the watching one: the case in hand, in memory that outlives a crash."""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path

_HEAD = struct.Struct("<QdQ")  # number of the case, when it began (0: none is running), length of its input
_ROOM = 8 * 2**20


class Slate:
    """A file mapped by both processes."""

    def __init__(self, path: Path, *, new: bool = False) -> None:
        if new:
            path.write_bytes(b"\0" * (_HEAD.size + _ROOM))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)

    def begin(self, number: int, data: bytes) -> None:
        """A case begins."""
        kept = data[:_ROOM]
        self.memory[_HEAD.size : _HEAD.size + len(kept)] = kept
        self.memory[: _HEAD.size] = _HEAD.pack(number, time.monotonic(), len(kept))

    def end(self, number: int) -> None:
        """It is done."""
        self.memory[: _HEAD.size] = _HEAD.pack(number, 0.0, 0)

    def read(self) -> tuple[int, float, bytes]:
        """Number, seconds since it began (0.0 where none is running) and input of the case in hand."""
        number, since, length = _HEAD.unpack(self.memory[: _HEAD.size])
        if not since:
            return number, 0.0, b""
        return number, time.monotonic() - since, bytes(self.memory[_HEAD.size : _HEAD.size + length])

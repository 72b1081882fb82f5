"""Messages between the search and the processes that help it: pickles with their length before them.

Problems hold functions made at run time, so cloudpickle writes them (Python's own pickle reads them). Problems and
tables cross once and are then named by a number.
"""

from __future__ import annotations

import importlib
import io
import pickle
import struct
from collections.abc import Callable
from typing import IO, Any

from fitx.search.problem import Problem
from fitx.search.table import Table

_LENGTH = struct.Struct("<Q")


def send(pipe: IO[bytes], message: bytes) -> None:
    """Write one message."""
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Read one message; None at the end."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(head)[0]
    message = pipe.read(size)
    return message if len(message) == size else None


class Writer:
    """Pickles for one process, which is told of each problem and table before it is named."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell
        self._known: dict[int, Problem | Table] = {}  # kept, so that no other object gets the number

    def dumps(self, message: object) -> bytes:
        """The message as bytes; what it names has been told."""
        return self._dumps(message, message)

    def forget(self) -> None:
        """All that has been told is told again when it is named."""
        self._known.clear()

    def leave(self, thing: Problem | Table) -> int | None:
        """Its number, which is not its number from now on; None where it has none."""
        return None if self._known.pop(id(thing), None) is None else id(thing)

    def _dumps(self, message: object, whole: object) -> bytes:
        writer = self

        class Naming(_cloudpickle().Pickler):  # type: ignore[misc]
            def persistent_id(self, thing: object) -> int | None:
                if thing is whole or not isinstance(thing, Problem | Table):
                    return None
                return writer._name(thing)

        out = io.BytesIO()
        Naming(out, protocol=pickle.HIGHEST_PROTOCOL).dump(message)
        return out.getvalue()

    def _name(self, thing: Problem | Table) -> int:
        number = id(thing)
        if number not in self._known:
            self._tell(self._dumps((number, thing), thing))
            self._known[number] = thing
        return number


class Reader:
    """What a `Writer` wrote."""

    def __init__(self) -> None:
        self._known: dict[int, Problem | Table] = {}

    def forget(self) -> None:
        """What has been told is not named any more."""
        self._known.clear()

    def leave(self, number: int) -> None:
        """That is not named any more."""
        self._known.pop(number, None)

    def loads(self, message: bytes) -> Any:
        """The message; None where it tells of a problem or a table."""
        known = self._known

        class Named(pickle.Unpickler):
            def persistent_load(self, number: Any) -> Problem | Table:
                return known[number]

        got = Named(io.BytesIO(message)).load()
        if isinstance(got, tuple) and len(got) == 2 and isinstance(got[1], Problem | Table):
            known[got[0]] = got[1]
            return None
        return got


def _cloudpickle() -> Any:
    """It comes with joblib, older versions of which have it inside."""
    try:
        return importlib.import_module("cloudpickle")
    except ImportError:
        return importlib.import_module("joblib.externals.cloudpickle")

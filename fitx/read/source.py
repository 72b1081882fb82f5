"""Where the bytes come from: a file, standard input or an open stream, plain or packed; and what is no table at all."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

from fitx.errors import FitxError, one_line

#: Below this size text is read by the csv module, above it by duckdb (importing duckdb costs a quarter of a second).
BIG = 8 * 2**20

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_WRAPPERS = 4  # packed files in each other that are unpacked


@dataclass(frozen=True, slots=True)
class Survey:
    """lines: how many, blank ones at the end not counted. ascii: no byte above 127. underscore: there is a `_`."""

    lines: int
    ascii: bool
    underscore: bool


def _survey(source: Source) -> Survey:
    newlines, ascii_only, underscore, tail = 0, True, False, b""
    with source.open() as stream:
        while chunk := stream.read(2**20):
            newlines += chunk.count(b"\n")
            ascii_only = ascii_only and chunk.isascii()
            underscore = underscore or b"_" in chunk
            tail = (tail + chunk)[-4096:]
    end = tail.rstrip(b"\r\n \t")
    return Survey(newlines - tail[len(end) :].count(b"\n") + 1, ascii_only, underscore)


@dataclass
class Source:
    """Bytes that can be read again from the start.

    name: what messages call it. path: a file with exactly these bytes, or None; then `data` holds them.
    """

    name: str
    head: bytes
    size: int
    path: Path | None = None
    data: bytes = b""
    temporary: list[IO[bytes]] = field(default_factory=list)  # files that go when the source is closed
    _survey: Survey | None = None

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary files."""
        for file in self.temporary:
            file.close()

    def survey(self) -> Survey:
        """One pass over the bytes, made once."""
        if self._survey is None:
            self._survey = _survey(self)
        return self._survey

    def open(self) -> BinaryIO:
        """The bytes from the start."""
        return open(self.path, "rb") if self.path is not None else io.BytesIO(self.data)

    def on_disk(self) -> Path:
        """A path with these bytes, written to a temporary file when they are in memory."""
        if self.path is None:
            import tempfile

            file = tempfile.NamedTemporaryFile(prefix="fitx-")  # noqa: SIM115  closed with the source
            file.write(self.data)
            file.flush()
            self.temporary.append(file)
            self.path = Path(file.name)
        return self.path


def open_source(source: str | Path | BinaryIO) -> Source:
    """The bytes behind `source`: a path, "-" for standard input, or a binary stream.

    gzip, and zip archives of one file, are unpacked.

    Raises FitxError for what is missing, a directory, unreadable, empty, or known not to be a table.
    """
    if isinstance(source, (str, Path)) and str(source) != "-":
        found = _from_path(Path(source))
    elif isinstance(source, (str, Path)):
        found = _from_stream(sys.stdin.buffer, "standard input")
    else:
        found = _from_stream(source, _stream_name(source))
    for _ in range(_WRAPPERS):
        unpack = _packing(found)
        if unpack is None:
            break
        with found as packed:
            found = unpack(packed)
    try:
        _refuse(found)
    except FitxError:
        found.close()
        raise
    return found


def _refuse(found: Source) -> None:
    """Raise FitxError for what cannot be a table."""
    if not found.head.strip(b"\x00\xef\xbb\xbf\xff\xfe \t\r\n\f\v"):
        raise FitxError(f"`{found.name}` is empty", "a table needs a row of names and rows of numbers")
    from fitx.read.kinds import no_table

    what = no_table(found.head)
    if what is not None:
        raise FitxError(f"`{found.name}` is not a table: it is {what[0]}", what[1])


def looks_like_json(source: Source) -> bool:
    """Whether the text begins with an object or an array of objects."""
    text = source.head[:4096].decode("utf-8-sig", errors="replace").split()
    start = "".join(text[:4])
    return start.startswith(('{"', "[{", "{}", "[]"))


def _from_path(path: Path) -> Source:
    name = one_line(path)
    try:
        if path.is_dir():
            raise FitxError(f"`{name}` is a directory, not a table", _tables_in(path))
        with open(path, "rb") as file:
            if not file.seekable():  # a pipe or /dev/stdin: read once, keep
                return _from_stream(file, name)
            head = file.read(2**16)
            size = file.seek(0, io.SEEK_END)
    except FileNotFoundError:
        raise FitxError(f"there is no file `{name}`", _nearby(path)) from None
    except PermissionError:
        raise FitxError(f"`{name}` may not be read: permission denied", "check the file's permissions") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FitxError(f"`{name}` cannot be read: {reason}", "check the path") from None
    return Source(name, head, size, path)


def _from_stream(stream: IO[bytes], name: str) -> Source:
    """All of a stream: in memory when small, else in a temporary file."""
    data = stream.read(BIG + 1)
    if isinstance(data, str):
        raise FitxError(f"`{name}` was opened as text", "open it in binary mode, `open(path, 'rb')`")
    if len(data) <= BIG:
        return Source(name, data[: 2**16], len(data), None, data)
    return _spool(io.BytesIO(data), stream, name)


def _spool(first: IO[bytes], rest: IO[bytes] | None, name: str) -> Source:
    import shutil
    import tempfile

    file = tempfile.NamedTemporaryFile(prefix="fitx-")  # noqa: SIM115  closed with the source
    try:
        shutil.copyfileobj(first, file, 2**20)
        if rest is not None:
            shutil.copyfileobj(rest, file, 2**20)
        size = file.tell()
        file.flush()
        file.seek(0)
        head = file.read(2**16)
    except BaseException as error:
        file.close()
        if not isinstance(error, OSError) or isinstance(error, EOFError) or not error.errno:
            raise  # damaged gzip data, an interrupt
        raise FitxError(
            f"`{name}` cannot be copied to a temporary file: {error.strerror or error}",
            "set TMPDIR to a folder with more room",
        ) from None
    return Source(name, head, size, Path(file.name), temporary=[file])


def _packing(found: Source) -> Callable[[Source], Source] | None:
    """What unpacks these bytes; None where they are not packed. Workbooks are zip archives, too."""
    if found.head.startswith(_GZIP):
        return _unpack
    return _unpack_zip if found.head.startswith((_ZIP, _EMPTY_ZIP)) and _members(found) is not None else None


def _unpack(packed: Source) -> Source:
    import gzip
    import zlib

    try:
        with packed.open() as raw, gzip.open(raw, "rb") as stream:
            return _from_stream(cast("IO[bytes]", stream), packed.name)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FitxError(f"`{packed.name}` is damaged: {error}", "the gzip data end early or are broken") from None


def _members(packed: Source) -> list[str] | None:
    """The files in a zip archive; None where it is a workbook. FitxError where it has no directory."""
    import zipfile

    if b"[Content_Types].xml" in packed.head or b"mimetypeapplication/" in packed.head[:100]:
        return None
    try:
        with packed.open() as raw, zipfile.ZipFile(raw) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FitxError(f"`{packed.name}` is damaged: {error}", "the zip archive ends early or is broken") from None
    if "[Content_Types].xml" in names or "mimetype" in names:
        return None
    return [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]


def _unpack_zip(packed: Source) -> Source:
    import zipfile
    import zlib

    names = _members(packed) or []
    if len(names) != 1:
        listed = ", ".join(f"`{name}`" for name in names[:5]) + (", ..." if len(names) > 5 else "")
        holds = f"{len(names)} files: {listed}" if names else "no file"
        raise FitxError(f"the zip archive `{packed.name}` holds {holds}", "unpack it and name the table")
    try:
        with packed.open() as raw, zipfile.ZipFile(raw) as archive, archive.open(names[0]) as stream:
            return _from_stream(stream, packed.name)
    except RuntimeError:
        raise FitxError(f"the zip archive `{packed.name}` is encrypted", "unpack it first") from None
    except (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise FitxError(f"`{packed.name}` is damaged: {error}", "unpack it with another program") from None


def _stream_name(stream: BinaryIO) -> str:
    name = getattr(stream, "name", None)
    return name if isinstance(name, str) else "the stream"


def _nearby(path: Path) -> str:
    from fitx.errors import did_you_mean

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"there is no folder `{path.parent}` either" if str(path.parent) != "." else "check the path"
    return (did_you_mean(path.name, names) + "check the path").strip()


def _tables_in(folder: Path) -> str:
    endings = (".csv", ".tsv", ".txt", ".dat", ".parquet", ".jsonl", ".ndjson", ".json", ".xlsx", ".xls", ".ods", ".gz")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.lower().endswith(endings))
    if not names:
        return "name a file in it"
    return "name a file in it: " + ", ".join(f"`{name}`" for name in names[:5]) + (", ..." if len(names) > 5 else "")

"""Which characters the bytes stand for: UTF-8, UTF-16, UTF-32 or Latin-1, and bytes that are no text at all."""

from __future__ import annotations

import codecs
import io
import re
from typing import TextIO

from fitx.errors import FitxError
from fitx.read.kinds import READS
from fitx.read.source import Source

_MARKS = (  # UTF-32's little-endian mark begins with UTF-16's, so it is asked first
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BEYOND = re.compile(r"[^\x00-\x7f]{2,}")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\v\x1a\x1b"))


def detect_encoding(source: Source) -> str:
    """The codec of the text: by its byte-order mark, by the zeros of UTF-16, else UTF-8 if it decodes, else Latin-1.

    Latin-1 is taken in its Windows form (cp1252) where that is defined for every byte.
    Raises FitxError for bytes that are no text.
    """
    head = source.head
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = max(1, len(head[:4096]) // 2)
    if odd > 0.6 * half and even < 0.2 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.2 * half:
        return "utf-16-be"
    control = len(head) - len(head.translate(None, _CONTROL))
    if 0 in head or control > len(head) / 100:
        raise FitxError(
            f"`{source.name}` is not a text table: it holds binary data{_where(head)}",
            READS,
        )
    return _eight_bit(source)


def _where(head: bytes) -> str:
    """The line of the first NUL in what is text otherwise."""
    text = not head[: head.find(0)].strip() or 0 < head.find(0) == len(head[: head.find(0)].translate(None, _CONTROL))
    return f" (a zero byte in line {head[: head.index(0)].count(bytes([10])) + 1})" if text and 0 in head else ""


def foreign(codec: str, names: list[str]) -> bool:
    """Whether names that were read as Windows-1252 look as if they were written in another 8-bit code.

    That is: three or more different letters beyond ASCII in a row, or a sign beyond ASCII next to another such sign.
    """
    if codec not in ("cp1252", "latin-1"):
        return False
    for name in names:
        for run in _BEYOND.findall(name):
            if len(set(run)) >= 3 or not all(c.isalpha() or c in "°µ²³¹·×±€£" for c in run):
                return True
    return False


def _eight_bit(source: Source) -> str:
    if source.survey().ascii:
        return "utf-8"
    utf8 = codecs.getincrementaldecoder("utf-8")()
    windows = codecs.getincrementaldecoder("cp1252")()
    codec = "utf-8"
    with source.open() as stream:
        while chunk := stream.read(2**22):
            if codec == "utf-8":
                try:
                    utf8.decode(chunk)
                except UnicodeDecodeError:
                    codec = "cp1252"
            # the bytes before the first failure were valid UTF-8 and are seldom undefined in cp1252;
            # open_text answers those with replacement, so they need no second pass
            if codec == "cp1252":
                try:
                    windows.decode(chunk)
                except UnicodeDecodeError:
                    return "latin-1"
    if codec == "utf-8":
        try:
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return codec


def open_text(source: Source, codec: str) -> TextIO:
    """The text, its line ends as they are; the csv module and line counting both want them so."""
    errors = "replace" if codec == "cp1252" else "strict"
    return io.TextIOWrapper(source.open(), encoding=codec, errors=errors, newline="")

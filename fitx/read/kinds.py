"""Files that are no tables, told by their first bytes."""

from __future__ import annotations

import re

_MARKS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"II*\x00": "a TIFF picture",
    b"MM\x00*": "a TIFF picture",
    b"%PDF": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"\x7fELF": "a program",
    b"SQLite format 3\x00": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array file",
    b"MATLAB 5.0 MAT-file": "a MATLAB file",
    b"ARROW1": "an Arrow file",
    b"FEA1": "a Feather file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"$FL2": "an SPSS file",
    b"RDX2\n": "an R data file",
    b"RDX3\n": "an R data file",
    b"version https://git-lfs": "a Git LFS pointer",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
}
#: Marks that are told by more than a beginning.
_PATTERNS = (
    (re.compile(rb"BM.{4}\0\0\0\0.\0\0\0[\x0c\x28\x6c\x7c]\0\0\0", re.DOTALL), "a BMP picture"),
    (re.compile(rb"\x80[\x02-\x05].*\.\Z|\x80[\x04\x05]\x95", re.DOTALL), "a Python pickle"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body|table)\b", re.IGNORECASE), "an HTML page"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<stata_dta>"), "a Stata file"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|svg)\b"), "an XML document"),
)
_HINTS = {
    "an HTML page": "was a page saved instead of the file it links to?",
    "a Git LFS pointer": "`git lfs pull` fetches the file itself",
}
#: What can be read.
READS = "fitx reads delimited text (plain, gzip or zip), Parquet, JSON lines and Excel"


def no_table(head: bytes) -> tuple[str, str] | None:
    """What a file with these first bytes is, where it can be no table, and what to do; else None."""
    found = [what for mark, what in _MARKS.items() if head.startswith(mark)]
    found += [what for pattern, what in _PATTERNS if pattern.match(head)]
    return (found[0], _HINTS.get(found[0], READS)) if found else None

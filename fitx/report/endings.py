"""What files of pictures and pages are called; nothing that takes time to import."""

from __future__ import annotations

from pathlib import Path

from fitx.errors import UsageError

PICTURES = ("png", "svg", "pdf")


def check_page(path: str | Path) -> None:
    """Errors: UsageError unless the file's name ends as a page's does."""
    if Path(path).suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"a report ends in .html. Got `{Path(path).name}` instead", "name the file report.html")


def check_ending(path: str | Path) -> str:
    """png, svg or pdf, from the file's name. Errors: UsageError naming the three."""
    ending = Path(path).suffix.removeprefix(".").lower()
    if ending not in PICTURES:
        raise UsageError(
            f"a picture ends in .png, .svg or .pdf. Got `{Path(path).name}` instead", "name the file picture.svg"
        )
    return ending

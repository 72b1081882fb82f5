"""What the command line takes as a list: `a,b` or, for parts that hold commas, `"a,b",c`."""

from __future__ import annotations

from fitx.errors import UsageError


def comma_list(text: str) -> list[str]:
    """The parts of the list, quotes taken off. Errors: UsageError where it cannot be split."""
    import csv

    try:
        return next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error as error:  # a line break outside quotes, a part of more than 131072 characters
        shown = text if len(text) <= 60 else f"{text[:60]}..."
        raise UsageError(f"the list `{shown}` cannot be split: {error}", 'write a,b or, with commas, "a,b",c') from None

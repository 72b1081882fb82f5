"""Plain text, as `fitx.parse` reads it back."""

from fitx.export.base import Format, for_reading

FORMAT = Format("text", "the formula in one line", lambda found, digits: for_reading(found, digits).text())

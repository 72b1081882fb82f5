"""One JSON object with everything: formula, scores, parameters, candidates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fitx.errors import UsageError
from fitx.export.base import Format, rounded

if TYPE_CHECKING:
    from fitx.result import Found


def _write(found: Found, digits: int | None) -> str:
    from fitx.result import Fit

    if not isinstance(found, Fit):
        raise UsageError("only a whole fit has a JSON form", "a candidate has `.to()` for the other formats")
    data = found.as_dict()
    if digits is not None:
        data["formula"] = rounded(found.formula, digits).text()
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)


FORMAT = Format("json", "one object with formula, scores, parameters and candidates", _write)

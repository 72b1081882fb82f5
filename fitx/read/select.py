"""Each column's part: target, features, weights, sigma, groups; and the rows that stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fitx.errors import FitxError, UsageError, did_you_mean
from fitx.read.columns import USABLE, Column, shown
from fitx.read.frame import Frame
from fitx.read.header import default_position
from fitx.read.store import allocate
from fitx.table import Table

_DAY = 86_400e6  # microseconds


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for by name; None stands for the default."""

    target: str | None = None
    features: tuple[str, ...] | None = None
    weights: str | None = None
    sigma: str | None = None
    group: str | None = None
    missing: Literal["drop", "error"] = "drop"
    by_position: bool = False  # in a file without a header, x1 is the first column whatever else there is

    def wanted(self, names: list[str], header: bool, source: str) -> tuple[set[int], set[int]]:
        """Positions of the columns to convert, and of the group column. UsageError for an unknown name."""
        if self.by_position:
            return set(positions(self.features or (), names, header, source)), set()
        asked = [self.target, self.weights, self.sigma, *(self.features or ())]
        found = {find(name, names, source) for name in asked if name is not None}
        group = set() if self.group is None else {find(self.group, names, source)}
        if self.target is not None and self.features is not None:
            return found, group
        return set(range(len(names))) - (group - found), group


def find(name: str, names: list[str], source: str) -> int:
    """The position of a column; UsageError names those there are."""
    if name in names:
        return names.index(name)
    stripped = " ".join(name.split())
    if stripped in names:
        return names.index(stripped)
    raise UsageError(f"there is no column `{shown(name)}` in `{source}`", _suggest(name, names))


def positions(wanted: Sequence[str], names: list[str], header: bool, source: str) -> list[int]:
    """Positions of the feature columns to predict from; without a header `x`, `x1`, `x2`, ... count columns."""
    places = [None if header else default_position(name) for name in wanted]
    if all(place is not None and place < len(names) for place in places):
        return [place for place in places if place is not None]
    absent = [name for name in wanted if name not in names]
    if not absent:
        return [names.index(name) for name in wanted]
    if not header:
        raise FitxError(
            f"`{source}` has no header and {len(names)} columns; needed: " + _listed(wanted),
            "put the column names in the first row",
        )
    raise FitxError(f"`{source}` has no column {_listed(absent)}", _suggest(absent[0], names))


def to_table(frame: Frame, request: Request) -> Table:
    """Give the columns their parts, drop rows with missing cells, check what each part asks of its numbers."""
    target, features, left_out = _parts(frame, request)
    extra = [frame.names.index(name) for name in (request.weights, request.sigma) if name is not None]
    used = [frame.columns[j] for j in dict.fromkeys([*features, target, *extra])]
    for column in used:
        column.check(frame.source)
    warnings = [*frame.warnings, *left_out]
    keep, kept, note = _complete(frame, used, request)
    warnings += note
    _enough(frame, kept)
    x = allocate((kept, len(features)))
    for i, j in enumerate(features):
        fill(frame, frame.columns[j], keep, x[:, i])
    columns = {j: fill(frame, frame.columns[j], keep, allocate((kept,))) for j in (target, *extra)}
    weights = columns[frame.names.index(request.weights)] if request.weights is not None else None
    sigma = columns[frame.names.index(request.sigma)] if request.sigma is not None else None
    rows = row_numbers(frame, keep, kept)
    if weights is not None:
        _at_least(weights, rows, frame.source, f"weights column `{request.weights}`", "negative", weights < 0)
        if not np.any(weights > 0):
            raise FitxError(f"weights column `{request.weights}` in `{frame.source}` is all zero", "use another")
    if sigma is not None:
        _at_least(sigma, rows, frame.source, f"sigma column `{request.sigma}`", "not above zero", sigma <= 0)
    for column in used:
        warnings += column.notes()
    groups = _groups(frame, request, keep)
    total, note_on_it = _total(frame, [*x.T, columns[target]], rows)
    warnings += [note_on_it] if note_on_it else []
    if total:
        x, rows = np.asfortranarray(x[:-1]), rows[:-1]
        columns = {j: values[:-1] for j, values in columns.items()}
        weights = None if weights is None else weights[:-1]
        sigma = None if sigma is None else sigma[:-1]
        groups = None if groups is None else groups[:-1]
    return Table(
        X=x,
        y=columns[target],
        feature_names=tuple(frame.names[j] for j in features),
        target_name=frame.names[target],
        weights=weights,
        sigma=sigma,
        groups=groups,
        units={column.name: column.unit for column in used if column.unit},
        rows=rows,
        warnings=tuple(warnings),
        source=frame.source,
        dates=dates(used),
    )


def _total(frame: Frame, columns: list[NDArray[np.float64]], rows: NDArray[np.int64]) -> tuple[bool, str]:
    """Whether the last row is a total, and the warning about it."""
    from fitx.read.totals import total_row

    if rows[-1] != frame.rows[-1][-1]:  # the table's last row has a missing cell
        return False, ""
    labels = [c.last for c in frame.columns.values() if c.role == "text"]
    labels += [next(reversed(codes.known), "") for codes in frame.codes.values()]
    return total_row(columns, labels, int(rows[-1]))


def dates(columns: list[Column]) -> dict[str, str]:
    """Column name -> the ISO time of its day 0."""
    from fitx.read.cells import date_text

    return {c.name: date_text(c.origin) for c in columns if c.role == "date" and c.origin is not None}


def _parts(frame: Frame, request: Request) -> tuple[int, list[int], list[str]]:
    """Target, features, and a warning for each column that is left out."""
    names, source = frame.names, frame.source
    special = {name for name in (request.weights, request.sigma, request.group) if name is not None}
    special_at = {find(name, names, source) for name in special}
    numeric = [j for j, column in frame.columns.items() if column.role in USABLE]
    if request.target is not None:
        target = find(request.target, names, source)
    else:
        free = [j for j in numeric if j not in special_at and names[j] not in (request.features or ())]
        if not free:
            raise FitxError(f"`{source}` has no column of numbers to explain{_why(frame)}", _cells(frame))
        target = free[-1]
    asked = [("target", target)]
    asked += [("weights", find(request.weights, names, source))] if request.weights else []
    asked += [("sigma", find(request.sigma, names, source))] if request.sigma else []
    left_out = []
    if request.features is not None:
        features = [find(name, names, source) for name in request.features]
        _refuse(features, target, special_at, names)
        asked += [("feature", j) for j in features]
    else:
        features, numbers = [], set(numeric)
        for j, column in frame.columns.items():
            if j == target or j in special_at:
                continue
            if j in numbers:
                features.append(j)
            else:
                what = "is empty" if column.role == "empty" else f"holds {column.what.partition(',')[0]}"
                left_out.append(f"column `{column.name}` {what} and is left out")
    for part, j in asked:
        frame.columns[j].check(source, f"{part} column")
    if not features:
        raise FitxError(
            f"`{source}` has only one column of numbers, `{names[target]}`: nothing to explain it by{_why(frame)}",
            "a table needs a column to explain and at least one more column of numbers",
        )
    return target, features, left_out


def _why(frame: Frame) -> str:
    """Why the first column of text is no column of numbers."""
    texts = [c for c in frame.columns.values() if c.role == "text"]
    return f" (column `{shown(texts[0].name)}` holds {texts[0].what})" if texts else ""


def _cells(frame: Frame) -> str:
    if len(frame.names) == 1:
        return "put `,`, `;`, `|`, a tab or blanks between the cells"
    return "name a column of numbers with `--target`"


def _refuse(features: list[int], target: int, special: set[int], names: list[str]) -> None:
    if not features:
        raise UsageError("no features are named", "name at least one column with `--features`")
    for j in features:
        if features.count(j) > 1:
            raise UsageError(f"feature `{names[j]}` is named twice", "name each column once")
        if j == target:
            raise UsageError(f"column `{names[j]}` is both target and feature", "name another target with `--target`")
        if j in special:
            raise UsageError(f"column `{names[j]}` is a feature and weights, sigma or group too", "name it once")


def _complete(frame: Frame, used: list[Column], request: Request) -> tuple[NDArray[np.bool_] | None, int, list[str]]:
    """Which rows have every cell (None: all), how many, and the warning that counts the others."""
    keep = np.ones(frame.length, dtype=bool)
    gaps: dict[str, int] = {}
    for column in used:
        start = 0
        for block in frame.store.blocks(column.index):
            empty = np.isnan(block)
            if empty.any():
                gaps[column.name] = gaps.get(column.name, 0) + int(empty.sum())
                keep[start : start + len(block)] &= ~empty
            start += len(block)
    for index, codes in frame.codes.items():
        empty = np.concatenate(codes.blocks) < 0
        if empty.any():
            gaps[frame.names[index]] = int(empty.sum())
            keep &= ~empty
    kept = int(keep.sum())
    if not gaps:
        return None, kept, []
    dropped = frame.length - kept
    where = ", ".join(f"`{name}` {count}" for name, count in gaps.items())
    if request.missing == "error":
        row = int(row_numbers(frame, ~keep, dropped)[0])
        place = int(np.argmin(keep))
        name = (
            next(c.name for c in [*used] if _is_missing(frame, c, place))
            if any(_is_missing(frame, c, place) for c in used)
            else str(request.group)
        )
        raise FitxError(
            f"column `{name}` in `{frame.source}` has a missing cell in row {row} (missing cells in all: {where})",
            "pass `--missing drop` to leave out the rows with a missing cell",
        )
    plural = "has a missing cell and is" if dropped == 1 else "have a missing cell and are"
    return keep, kept, [f"{dropped} of {frame.length} rows {plural} left out (missing cells: {where})"]


def _is_missing(frame: Frame, column: Column, place: int) -> bool:
    for block in frame.store.blocks(column.index):
        if place < len(block):
            return bool(np.isnan(block[place]))
        place -= len(block)
    return False


def fill(frame: Frame, column: Column, keep: NDArray[np.bool_] | None, out: NDArray[np.float64]) -> NDArray[np.float64]:
    """Write a column's kept values to `out`, dates as days since the first kept one; then forget its blocks."""
    start = done = 0
    for block in frame.store.blocks(column.index):
        values = block if keep is None else block[keep[start : start + len(block)]]
        if column.role == "date":
            if column.origin is None and np.any(real := ~np.isnan(values)):
                column.origin = float(values[np.argmax(real)])
            values = (values - (column.origin or 0.0)) / _DAY
        out[done : done + len(values)] = values
        start += len(block)
        done += len(values)
    frame.store.drop(column.index)
    return out


def row_numbers(frame: Frame, keep: NDArray[np.bool_] | None, kept: int) -> NDArray[np.int64]:
    """(kept,) the line numbers of the kept rows."""
    out: NDArray[np.int64] = allocate((kept,), np.int64)
    start = done = 0
    for block in frame.rows:
        numbers = block if keep is None else block[keep[start : start + len(block)]]
        out[done : done + len(numbers)] = numbers
        start += len(block)
        done += len(numbers)
    return out


def _groups(frame: Frame, request: Request, keep: NDArray[np.bool_] | None) -> NDArray[np.int64] | None:
    if request.group is None:
        return None
    codes = np.concatenate(frame.codes[find(request.group, frame.names, frame.source)].blocks)
    if keep is not None:  # a group may be gone with its rows: count the remaining ones
        _, first, inverse = np.unique(codes[keep], return_index=True, return_inverse=True)
        codes = np.argsort(np.argsort(first))[inverse].astype(np.int64)
    return codes


def _enough(frame: Frame, kept: int) -> None:
    if kept >= 2:
        return
    one = "one row" if kept == 1 else "no row"
    if frame.length == kept:
        raise FitxError(f"`{frame.source}` has only {one} of numbers", "a fit needs at least two rows")
    raise FitxError(
        f"`{frame.source}` has {one} without a missing cell, of {frame.length}",
        "name fewer columns with `--features`, or fill the gaps",
    )


def _at_least(
    values: NDArray[np.float64], rows: NDArray[np.int64], source: str, what: str, fault: str, wrong: NDArray[np.bool_]
) -> None:
    if wrong.any():
        i = int(np.argmax(wrong))
        raise FitxError(f"{what} in `{source}` is {fault} in row {rows[i]}: {values[i]:g}", "correct or drop the row")


def _suggest(name: str, names: list[str]) -> str:
    same = [known for known in names if known.casefold() == name.strip().casefold()]
    meant = f"did you mean `{same[0]}`? " if same else did_you_mean(name, names)
    return f"{meant}its columns are {_listed(names)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{shown(name)}`" for name in names[:12]) + (", ..." if len(names) > 12 else "")

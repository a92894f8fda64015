"""A rejected row beside its header, column by column, with the values that made it fail."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from accounting.models import RejectedRow
from accounting.sources import SOURCES
from accounting.sources.base import ForeignFileError

EARLIEST, LATEST = 946_684_800, 4_102_444_800
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]|\\0")


@dataclass(frozen=True, slots=True)
class ReadCell:
    """One value under its column; `missing` tells that the row has no value, or the header no name, at this place."""

    position: int
    name: str
    value: str
    missing: bool
    suspicious: bool


def examine(row: RejectedRow) -> list[ReadCell]:
    """Return the values of a row under the names of its header, those that made it fail marked."""
    names, values = values_of(row.header), values_of(row.content)
    pairs = list(zip_longest(names, values))
    marked = suspects(row, [(name or "", value or "") for name, value in pairs])
    return [
        ReadCell(place + 1, name or "", value or "", name is None or value is None, place in marked)
        for place, (name, value) in enumerate(pairs)
    ]


def joined(row: RejectedRow, values: dict[int, str], *, fill: bool) -> str:
    """Return a row's text with the values of some columns replaced, by their place from 0.

    Columns that the row does not reach stay missing unless a value is given for one at or behind them, or `fill` asks
    for empty values. Values without a column are dropped from the end while they are empty.
    """
    names, old = values_of(row.header), values_of(row.content)
    given = [place for place, value in values.items() if value and place < max(len(names), len(old))]
    reach = max([len(old), len(names) if fill else 0, *(place + 1 for place in given)])
    new = [values.get(place, old[place] if place < len(old) else "") for place in range(reach)]
    while len(new) > len(names) and not new[-1]:
        new.pop()
    if new == old:
        return row.content
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(new)
    return text.getvalue()


def values_of(text: str) -> list[str]:
    """Return the values of a line; a line that cannot be parted is one value."""
    try:
        return next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        return [text]


def suspects(row: RejectedRow, pairs: list[tuple[str, str]]) -> set[int]:
    """Return the places of the values that the reason speaks of."""
    named = row.reason.partition(": ")[0].lower()
    by_name = {place for place, (name, _value) in enumerate(pairs) if named and name.strip().lower() == named}
    if by_name:
        return by_name
    tests: dict[str, Callable[[str, str], bool]] = {
        "columns": lambda name, value: not name,
        "number": lambda name, value: value == row.reason,
        "time": lambda name, value: name.lower().startswith("datetime") and impossible_time(value),
        "record_type": lambda name, value: name.lower() == "cdrrecordtype",
        "too_long": lambda name, value: len(value) > 50 and value[:40] == row.reason,
        "quotes": lambda name, value: '"' in value,
        "control": lambda name, value: bool(CONTROL.search(value)),
    }
    test = tests.get(row.reason_code)
    return {place for place, (name, value) in enumerate(pairs) if test(name.strip(), value)} if test else set()


def impossible_time(value: str) -> bool:
    """Return whether a value is no moment that UCM can have written."""
    return not (value.isdigit() and EARLIEST < int(value) < LATEST)


def fault_of(row: RejectedRow, content: str) -> tuple[str, str] | None:
    """Return reason code and detail against this content under the row's header; None when it can be taken.

    A content that is not exactly one row is faulty with the code "columns".
    """
    try:
        reading = SOURCES[row.file.phone_system.kind].read(f"{row.header}\n{content}\n".encode("utf-8", "replace"))
    except ForeignFileError as error:
        return error.code, error.detail
    if reading.rejected:
        return reading.rejected[0].reason, reading.rejected[0].detail
    return None if reading.records == 1 else ("columns", str(reading.records))

"""CSV files for spreadsheets line by line, so that exports of any size can be sent while they are read."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from callanalytics.lib.spreadsheets import harmless

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the system's old code page."""

NUMBER = re.compile(r"\+\d[\d *#()-]*")
"""A telephone number: digits alone are no formula, and an apostrophe before every number would spoil them."""


class _Line:
    """A file of one line: csv.writer writes into it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        """Keep the line."""
        self.text = text


def csv_stream(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file without formulas, the byte order mark first."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow([cell(value) for value in header])
    yield BYTE_ORDER_MARK + line.text
    for row in rows:
        writer.writerow([cell(value) for value in row])
        yield line.text


def cell(value: Any) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return text if NUMBER.fullmatch(text) else harmless(text)

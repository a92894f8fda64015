"""Text for spreadsheets: cells that a program such as Excel would run as a formula are written as plain text."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the system's old code page."""


class _Line:
    """A file of one line: csv.writer writes into it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        """Keep the line."""
        self.text = text


def plain(value: Any) -> str:
    """Return a value as text that no spreadsheet takes for a formula: an apostrophe marks what looks like one."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def csv_lines(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file for spreadsheets, the byte order mark first."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow([plain(value) for value in header])
    yield BYTE_ORDER_MARK + line.text
    for row in rows:
        writer.writerow([plain(value) for value in row])
        yield line.text

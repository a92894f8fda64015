"""All CSV files are written here, line by line, so that files of any size can be sent while their rows are read."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the system's old code page."""

DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
"""How a text begins that a spreadsheet program could take for a formula."""

NUMBER = re.compile(r"\+\d[\d *#()-]*")
"""A telephone number: digits alone are no formula, and an apostrophe before every number would spoil them."""


class _Line:
    """A file of one line: csv.writer writes into it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        """Keep the line."""
        self.text = text


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet program takes for a formula: with an apostrophe in front where it could."""
    return f"'{text}" if DANGEROUS.match(text) else text


def cell(value: Any) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return text if NUMBER.fullmatch(text) else harmless(text)


def csv_stream(
    header: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    *,
    delimiter: str = ",",
    guard: Callable[[Any], str] = cell,
) -> Iterator[str]:
    """Yield the lines of a CSV file, the byte order mark first; `guard` makes each cell a text without formulas."""
    line = _Line()
    writer = csv.writer(line, delimiter=delimiter)
    writer.writerow([guard(value) for value in header])
    yield BYTE_ORDER_MARK + line.text
    for row in rows:
        writer.writerow([guard(value) for value in row])
        yield line.text

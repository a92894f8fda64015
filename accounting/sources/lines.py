"""Rows of a comma-separated file with their physical lines, so that a bad row is kept whole and stops nothing."""

import csv
import io
from collections.abc import Iterator

from accounting.sources.base import RowError

MOST_LINES_IN_A_ROW = 20
csv.field_size_limit(100_000_000)  # a giant value is refused by length later, with its row kept whole


def decode(content: bytes) -> str:
    """Return the text of a file; lines that are no UTF-8 are read as Latin-1, which loses nothing."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "".join(decode_line(line) for line in io.BytesIO(content)).removeprefix("\ufeff")


def decode_line(line: bytes) -> str:
    """Return one line as UTF-8, else as Latin-1."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def rows(text: str) -> Iterator[tuple[int, list[str] | RowError, str]]:
    """Yield (first line's number, values or the reason against them, raw text) for each row that is not empty."""
    lines = list(io.StringIO(text if "\n" in text else text.replace("\r", "\n"), newline="\n"))
    done = 0
    if "\0" not in text:
        reader = csv.reader(lines)
        try:
            for values in reader:
                if reader.line_num != done + 1:
                    break  # a quotation mark reaches beyond its line
                line = lines[done]
                done += 1
                if values and line.strip("\r\n"):
                    yield done, values, line
        except csv.Error:
            pass  # a carriage return within a line
    yield from careful_rows(lines, done)


def careful_rows(lines: list[str], index: int) -> Iterator[tuple[int, list[str] | RowError, str]]:
    """Yield rows of a file in which some quotation marks or characters are not as they should be, from an index on."""
    while index < len(lines):
        taken = row_length(lines, index)
        raw = "".join(lines[index : index + taken])
        if "\0" in raw:
            yield index + 1, RowError("control"), raw
        elif raw.count('"') % 2:
            yield index + 1, RowError("quotes"), raw
        elif raw.strip("\r\n"):
            yield index + 1, next(csv.reader(io.StringIO(raw, newline=""))), raw
        index += taken


def row_length(lines: list[str], index: int) -> int:
    """Return how many physical lines the row has: more than one only where quotation marks close within a few lines.

    A following line that begins like a record of its own ends the search: one lost quotation mark must not swallow it.
    """
    if lines[index].count('"') % 2 == 0:
        return 1
    for taken in range(2, min(MOST_LINES_IN_A_ROW, len(lines) - index) + 1):
        following = lines[index + taken - 1]
        if following.count('"') % 2 == 1:
            return 1 if following[:2] in ("1,", "2,") else taken
    return 1

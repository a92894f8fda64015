"""Rows of a comma-separated file with their physical lines, so that a bad row is kept whole and stops nothing."""

import codecs
import csv
import io

from accounting.sources.base import RowError

MOST_LINES_IN_A_ROW = 20
csv.field_size_limit(100_000_000)  # a giant value is refused by length later, with its row kept whole


def one_line_end(content: bytes) -> bytes:
    """Return a file's content without byte order mark; carriage returns end lines only where nothing else does."""
    content = content.removeprefix(codecs.BOM_UTF8)
    return content if b"\n" in content else content.replace(b"\r", b"\n")


def decode_line(line: bytes) -> str:
    """Return one line as UTF-8, else as Latin-1, which loses nothing."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def row_at(lines: list[bytes], index: int) -> tuple[int, list[str] | RowError, str]:
    """Return how many lines the row has that begins with this one, its values or the reason against them, its raw text.

    An empty row has no values.
    """
    taken = row_length(lines, index)
    raw = "".join(map(decode_line, lines[index : index + taken]))
    if "\0" in raw:
        return taken, RowError("control"), raw
    if raw.count('"') % 2:
        return taken, RowError("quotes"), raw
    if not raw.strip("\r\n"):
        return taken, [], raw
    values = next(csv.reader(io.StringIO(raw, newline="")))
    return taken, values or RowError("control"), raw


def row_length(lines: list[bytes], index: int) -> int:
    """Return how many physical lines the row has: more than one only where quotation marks close within a few lines.

    A following line that begins like a record of its own ends the search: one lost quotation mark must not swallow it.
    """
    if lines[index].count(b'"') % 2 == 0:
        return 1
    for taken in range(2, min(MOST_LINES_IN_A_ROW, len(lines) - index) + 1):
        following = lines[index + taken - 1]
        if following.count(b'"') % 2 == 1:
            return 1 if following[:2] in (b"1,", b"2,") else taken
    return 1

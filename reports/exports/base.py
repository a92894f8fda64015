"""The contract of exports: what a format promises, and the document that every format writes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import IO
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from reports.charts.base import Chart
from reports.engine.layout import Column, Row
from reports.engine.reading import Columns

Told = Callable[[int, int], None]
"""Is told how many rows of how many are written; may raise to end the work."""


class TooManyRows(Exception):  # noqa: N818  (what people read)
    """The report has more rows than the format may have; the text says the limit, in the reader's language."""

    def __init__(self, text: str, rows: int) -> None:
        """`rows` are those of groups; of lists, one more than the limit."""
        super().__init__(text)
        self.rows = rows


@dataclass(slots=True)
class Document:
    """A report ready to be written; its rows can be read once."""

    name: str
    head: list[tuple[str, str]]
    """What is asked, in words: label and text."""
    rules: list[str]
    notes: list[str]
    columns: list[Column]
    levels: list[str]
    """Names of the levels of groups; empty for lists."""
    rows: Iterator[Row]
    count: int
    """How many rows there are."""
    total: Row | None
    charts: list[Chart]
    zone: ZoneInfo
    made_at: datetime
    rtl: bool
    language: str
    parts: Iterator[Columns] | None = None
    """Of lists of calls the rows in another form, column by column; they are read in one form or the other."""

    def fill(self, parts: Iterator[Columns]) -> None:
        """Take the rows of a list of calls, column by column."""
        self.parts = parts
        self.rows = (Row(list(cells)) for columns in parts for cells in zip(*columns, strict=True))

    def first_rows(self, most: int) -> list[Row]:
        """Return the first rows, and leave all of them to be read."""
        if self.parts is None:
            first = list(islice(self.rows, most))
            self.rows = chain(first, self.rows)
            return first
        read: list[Columns] = []
        while sum(len(columns[0]) for columns in read) < most and (columns := next(self.parts, None)):
            read.append(columns)
        self.fill(chain(read, self.parts))
        return list(islice((Row(list(cells)) for columns in read for cells in zip(*columns, strict=True)), most))


@dataclass(frozen=True, slots=True)
class Format:
    """One format of exports; most_rows and at_once are its stated limits."""

    name: str
    """Also the extension of its files."""
    label: str | Promise
    content_type: str
    write: Callable[[Document, IO[bytes], Told], None]
    most_rows: int
    """A report with more is refused, never cut."""
    at_once: int
    """A report with more rows is made in the background."""

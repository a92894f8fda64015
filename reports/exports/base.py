"""The contract of exports: what a format promises, and the document that every format writes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
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

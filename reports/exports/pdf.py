"""PDF for print: what was asked, the charts, the table with its header on every page, page numbers.

WeasyPrint lays every cell out by itself, which takes most of its time. So the cells of some rows are one cell here
with a line for each: much faster, and in less memory. It keeps what it has laid out, so long reports
are made in parts that are joined at the end.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import IO, Any

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_bidi
from pypdf import PdfWriter

from reports.charts.png import png_of
from reports.engine.layout import Row
from reports.engine.measures import Form
from reports.engine.writing import write as in_words
from reports.exports.base import Document, Told
from reports.exports.table import Field, table_of

PART = 500
"""Rows that are laid out together."""
BLOCK = 40
"""Rows in one cell of the layout."""
PAGE_WIDTH = 786.0
"""Points between the margins of a landscape A4 page."""
SIZES = (8.0, 7.0, 6.0)
"""Sizes of letters in points: the largest in which the columns fit."""
LETTER, PADDING = 0.54, 2
"""Mean width of a letter in its size, and letters of room between columns."""
LINE = 2.1
"""Height of a row in pixels for each point of its letters."""
SHORTEST, LONGEST = 5, 44
INDENT = "\u2003"
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
Cell = tuple[bool, SafeString]
"""Whether it is set at the end, and its lines."""


@dataclass(slots=True)
class Line:
    """One row of the table as texts."""

    texts: list[str]
    bold: bool


@dataclass(slots=True)
class Column:
    """One column of the table: label, width in letters, whether it is set at the end."""

    label: str
    letters: int
    numeric: bool
    percent: float = 0.0


def write(document: Document, out: IO[bytes], told: Told) -> None:
    """Write the document; nothing is fetched but what is in it."""
    columns, lines = table_in_words(document)
    size = fit(columns)
    context: dict[str, Any] = {
        "document": document, "columns": columns, "charts": pictures(document),
        "size": f"{size:.1f}", "line": round(size * LINE),
    }  # fmt: skip
    total = lines.pop() if document.total else None
    starts = range(0, max(len(lines), 1), PART)
    if len(starts) == 1:
        context |= {"first": True, "last": True, "blocks": blocks(lines, columns), "total": closing(total, columns)}
        laid_out(context).write_pdf(out)
        return
    joined, pages = PdfWriter(), 0
    for start in starts:
        told(start, document.count)
        some, last = lines[start : start + PART], start == starts[-1]
        context |= {"first": not start, "last": last, "blocks": blocks(some, columns)}
        part = laid_out(context | {"total": closing(total, columns) if last else None, "before": pages})
        pages += len(part.pages)
        joined.append(BytesIO(part.write_pdf()))
    joined.add_metadata({"/Title": document.name})
    joined.write(out)


def laid_out(context: dict[str, Any]) -> Any:
    """Return a part of the document on its pages."""
    # The libraries are needed for PDF only: a portal without them must start.
    from weasyprint import HTML  # noqa: PLC0415
    from weasyprint.urls import URLFetcher  # noqa: PLC0415

    fetcher = URLFetcher(allowed_protocols=["data"], allow_redirects=False)
    return HTML(string=render_to_string("reports/document.html", context), url_fetcher=fetcher).render()


def pictures(document: Document) -> list[tuple[str, str, str]]:
    """Return title, words and PNG of each chart."""
    return [
        (chart.title, chart.summary(), base64.b64encode(png_of(chart, rtl=document.rtl)).decode())
        for chart in document.charts
    ]


def closing(total: Line | None, columns: list[Column]) -> list[Cell] | None:
    """Return the cells of the total."""
    return next(blocks([total], columns)) if total else None


def table_in_words(document: Document) -> tuple[list[Column], list[Line]]:
    """Return the columns and rows as texts, the total last; names of parts are indented."""
    table = table_of(document)
    first = " / ".join(dict.fromkeys(document.levels))
    labels = [*([first] if first else []), *(field.label for field in table.fields)]
    numeric = [*([False] if first else []), *(field.form not in (None, Form.MOMENT) for field in table.fields)]
    rows = [*document.rows, *([document.total] if document.total else [])]
    lines = [line_of(row, table.fields, document) for row in rows]
    columns = []
    for place, label in enumerate(labels):
        longest = max((len(line.texts[place]) for line in lines), default=0)
        least = max(map(len, label.split()), default=0)
        columns.append(Column(label, min(max(longest, least, SHORTEST), LONGEST) + PADDING, numeric[place]))
    return columns, lines


def line_of(row: Row, fields: list[Field], document: Document) -> Line:
    """Return one row as texts."""
    names = [INDENT * (row.level - 1) + str(row.cells[0])] if document.levels else []
    texts = [*names, *(text_of(row, field) for field in fields)]
    return Line([" ".join(text.split("\n")) for text in texts], row.has_parts or row.level == 0)


def text_of(row: Row, field: Field) -> str:
    """Return one cell as text; the currency stands in the header or in a column of its own."""
    value: Any = field.read(row)
    return in_words(value, field.form)


def fit(columns: list[Column]) -> float:
    """Set the widths of the columns; return the size of letters. What is still too wide takes from long texts."""
    size = SIZES[-1]
    for size in SIZES:
        room = PAGE_WIDTH / (size * LETTER)
        if sum(column.letters for column in columns) <= room:
            break
    over = sum(column.letters for column in columns) - int(room)
    texts = [column for column in columns if not column.numeric]
    while over > 0 and (widest := max(texts, key=lambda column: column.letters)).letters > SHORTEST:
        widest.letters -= 1
        over -= 1
    whole = sum(column.letters for column in columns)
    for column in columns:
        column.percent = round(100 * column.letters / whole, 3)
    return size


def blocks(lines: list[Line], columns: list[Column]) -> Iterator[list[Cell]]:
    """Yield the cells of some rows at once: whether set at the end, and the lines."""
    waiting, rtl = iter(lines), get_language_bidi()
    while some := list(islice(waiting, BLOCK)):
        yield [
            (column.numeric, mark_safe("".join(part(line, place, column, rtl=rtl) for line in some)))  # noqa: S308  (escaped)
            for place, column in enumerate(columns)
        ]


def part(line: Line, place: int, column: Column, *, rtl: bool) -> str:
    """Return one cell as HTML in one line, cut where it is too long."""
    text, room = line.texts[place], column.letters - PADDING
    if len(text) > room:
        text = f"{text[: room - 1]}…"
    # Telephone numbers and Latin names keep their order beside Arabic.
    shown = escape(f"{ISOLATE}{text}{END_ISOLATE}" if text and rtl else text)
    # Each line has a height of its own: fallback fonts would stretch it, and rows would no longer stand in line.
    return f"<i><b>{shown}</b></i>" if line.bold else f"<i>{shown}</i>"

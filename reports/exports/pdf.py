"""PDF for print and for screen readers: what was asked, the charts, the table with its header on every page, bookmarks.

WeasyPrint lays every cell out by itself, which takes most of its time. So the cells of some rows are one cell here
with a line for each: much faster, and in less memory; the tags say afterwards that they are rows. It keeps what it
has laid out, so long reports are made in parts.
"""

import base64
import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_bidi

from callanalytics.lib.cycles import cycle_search_paused
from reports.charts.png import png_of
from reports.engine.layout import Row
from reports.engine.measures import Form
from reports.exports.base import Document, Told
from reports.exports.pdf_binding import Binding
from reports.exports.table import Field, table_of

PART = 2500
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
INDENT, NOTHING = "\u2003", "\u00a0"
ISOLATE, END_ISOLATE = "\u2068", "\u2069"
CONTROLS = re.compile("[\u0000-\u001f\u007f\u0085\u2028\u2029]+")
"""What would break a line."""
OTHER_LETTERS = re.compile("[^\u0000-\u052f\u1e00-\u206f\u20a0-\u20bf]")
"""Letters that the first font of the document may lack."""


@dataclass(slots=True)
class Line:
    """One row of the table as texts."""

    texts: list[str]
    bold: bool
    bookmark: str = ""
    """Under which name the outline has it; '' for not at all."""


@dataclass(slots=True)
class Block:
    """Some rows that are laid out as one."""

    cells: list[tuple["Column", SafeString]]
    """Of each column the lines."""
    bold: bool
    bookmark: str


@dataclass(slots=True)
class Column:
    """One column of the table: label, width in letters, whether it is set at the end."""

    label: str
    letters: int
    numeric: bool
    heads_row: bool
    """Whether its cells name their rows."""
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
    starts, pages, binding = range(0, max(len(lines), 1), PART), 0, Binding(out)
    for start in starts:
        told(start, document.count)
        last = start == starts[-1]
        context |= {
            "first": not start, "last": last, "before": pages if len(starts) > 1 else None,
            "blocks": blocks(lines[start : start + PART], columns),
            "total": next(blocks([total], columns)) if total and last else None,
        }  # fmt: skip
        with cycle_search_paused(look_after=False):
            part = laid_out(context)
            pages += len(part.pages)
            binding.add(part)
        del part
        gc.collect()  # what was laid out is full of cycles
    binding.close()


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
        columns.append(
            Column(
                label, min(max(longest, least, SHORTEST), LONGEST) + PADDING, numeric[place], bool(first) and not place
            )
        )
    return columns, lines


def line_of(row: Row, fields: list[Field], document: Document) -> Line:
    """Return one row as texts."""
    names = [INDENT * (row.level - 1) + str(row.cells[0])] if document.levels else []
    texts = [*names, *(field.text(row) for field in fields)]
    bookmark = str(row.cells[0]) if row.has_parts and row.level == 1 else ""
    return Line([CONTROLS.sub(" ", text) for text in texts], row.has_parts or row.level == 0, bookmark)


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


def blocks(lines: list[Line], columns: list[Column]) -> Iterator[Block]:
    """Yield rows as blocks; a bold row is one by itself."""
    start, rtl = 0, get_language_bidi()
    while start < len(lines):
        end = start + 1
        while not lines[start].bold and end < min(start + BLOCK, len(lines)) and not lines[end].bold:
            end += 1
        some = lines[start:end]
        cells = [(column, cell(some, place, column, rtl=rtl)) for place, column in enumerate(columns)]
        yield Block(cells, some[0].bold, some[0].bookmark)
        start = end


def cell(lines: list[Line], place: int, column: Column, *, rtl: bool) -> SafeString:
    """Return the lines of one column as HTML, each cut where it is too long; the last is never quite empty."""
    room = column.letters - PADDING
    texts = [text if len(text) <= room else f"{text[: room - 1]}…" for text in (line.texts[place] for line in lines)]
    if rtl:
        # Telephone numbers and Latin names keep their order beside Arabic.
        texts = [f"{ISOLATE}{text}{END_ISOLATE}" if text else "" for text in texts]
    texts[-1] = texts[-1] or NOTHING  # a line break at the end makes no line
    whole = escape("\n".join(texts))
    if not OTHER_LETTERS.search(whole):
        return whole
    # Letters of another font would stretch their line, so that rows no longer stand in line: each has a height here.
    return mark_safe("".join(f"<i>{text or NOTHING}</i>" for text in whole.split("\n")))  # noqa: S308  (escaped)

"""CSV as the reader's spreadsheet program reads it: signs of the language, no formulas, exact amounts."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

from babel.numbers import get_decimal_symbol
from django.utils.translation import gettext as _

from callanalytics.lib.csv_stream import cell, csv_stream
from callanalytics.templatetags.ui import duration, reader_locale
from reports.engine.measures import Form
from reports.exports.base import Document, Told
from reports.exports.table import Field, Table, table_of

FINEST = Decimal("0.000001")
TOLD_EVERY = 1000


def write(document: Document, out: IO[bytes], told: Told) -> None:
    """Write the head, an empty line, the header, the rows and the total."""
    point = get_decimal_symbol(reader_locale())
    lines = rows_of(document, table_of(document), point, told)
    # Where the comma is the decimal sign, spreadsheet programs expect semicolons between the columns.
    for line in csv_stream(next(lines), lines, delimiter=";" if point == "," else ",", guard=str):
        out.write(line.encode())


def rows_of(document: Document, table: Table, point: str, told: Told) -> Iterator[list[str]]:
    """Yield every line of the file; texts are guarded here, figures need not be."""
    for label, words in head_of(document):
        yield [cell(label), cell(words)]
    yield []
    yield [cell(label) for label in table.labels]
    for number, (_row, values) in enumerate(table.lines(document.rows), 1):
        yield line_of(table, values, point, document.zone)
        if number % TOLD_EVERY == 0:
            told(number, document.count)
    if document.total:
        yield line_of(table, table.total(document.total), point, document.zone)


def head_of(document: Document) -> list[tuple[str, str]]:
    """Return what stands above the header: the questions, notes and counting rules."""
    rules = [(_("How it is counted"), rule) for rule in document.rules]
    return [*document.head, *((_("Note"), note) for note in document.notes), *rules]


def line_of(table: Table, values: list[Any], point: str, zone: ZoneInfo) -> list[str]:
    """Return a row as texts."""
    names, figures = values[: len(table.levels)], values[len(table.levels) :]
    written = (plain(value, field, point, zone) for value, field in zip(figures, table.fields, strict=True))
    return [*(cell(name) for name in names), *written]


def plain(value: Any, field: Field, point: str, zone: ZoneInfo) -> str:
    """Return a value as a spreadsheet program reads it back: no grouping of digits, moments in the report's zone."""
    if value is None:
        return ""
    if field.form is Form.SECONDS:
        return duration(int(value.total_seconds()) if isinstance(value, timedelta) else int(value))
    if field.form is Form.MOMENT:
        return str(value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"))
    if field.form in (Form.PERCENT, Form.CHANGE):
        return f"{round(Decimal(value) * 100, 2)}%".replace(".", point)
    if isinstance(value, int | Decimal):
        return exact(Decimal(value), 2 if field.form is Form.MONEY else 0).replace(".", point)
    return cell(value)


def exact(value: Decimal, decimals: int = 0) -> str:
    """Return a number with all its decimals, at least so many, at most six."""
    whole, _point, fraction = f"{value.quantize(FINEST):f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    return f"{whole}.{fraction}" if fraction else whole

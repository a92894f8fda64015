"""Template tags of reports: typed cells in the reader's formats."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe

from callanalytics.lib import figures
from callanalytics.templatetags.ui import duration, moment, money, number, reader_locale
from reports.engine.layout import Column, Layout, Row
from reports.engine.measures import Form
from reports.engine.writing import write

register = template.Library()


@register.simple_tag
def cell(value: Any, column: Column, currency: str = "") -> str | SafeString:
    """Return a cell as people read it; nothing for None."""
    if value is None or value == {} or value == "":
        return ""
    if isinstance(value, Mapping):
        written = amount if column.form is Form.MONEY else change_of if column.form is Form.CHANGE else share_of
        # Made by the functions below, which escape what is no figure.
        texts = [conditional_escape(written(one, code)) for code, one in value.items()]
        return mark_safe("".join([f'<span class="amount">{text}</span>' for text in texts]))  # noqa: S308
    return WRITERS[column.form](value) if column.form in WRITERS else format_html("<bdi>{}</bdi>", value)


def amount(value: Decimal, currency: str) -> str:
    """Return an amount of money."""
    return money(value, currency, 2)


def share_of(value: Decimal | None, currency: str) -> SafeString:
    """Return a share of the amounts in one currency, a dash where there is nothing to compare with."""
    return format_html("<bdi>{} {}</bdi>", "–" if value is None else percent(value), currency)


def change_of(value: Decimal | None, currency: str) -> SafeString:
    """Return the change of the amounts in one currency, a dash where there was nothing before."""
    return format_html("<bdi>{} {}</bdi>", "–" if value is None else changed(value), currency)


def changed(value: Decimal) -> str:
    """Return a change with its sign."""
    return write(value, Form.CHANGE)


def percent(value: Decimal) -> str:
    """Return a share with one decimal."""
    return figures.percent(value, str(reader_locale()))


def seconds(value: int | timedelta) -> SafeString:
    """Return a length of time."""
    whole = int(value.total_seconds()) if isinstance(value, timedelta) else value
    return mark_safe(f"<bdi>{duration(whole)}</bdi>")  # noqa: S308  (digits)


def when(value: datetime) -> str | SafeString:
    """Return a moment."""
    return moment(value)


def score(value: Decimal) -> str:
    """Return a voice quality."""
    return figures.fixed(value, 2, str(reader_locale()))


def money_without_currency(value: Decimal) -> str:
    """Return the cost of a single call, whose currency stands beside it."""
    return format_decimal(value, "#,##0.00##", locale=reader_locale())


WRITERS: dict[Form | None, Callable[[Any], str | SafeString]] = {
    Form.COUNT: number,
    Form.SECONDS: seconds,
    Form.PERCENT: percent,
    Form.CHANGE: changed,
    Form.MOMENT: when,
    Form.SCORE: score,
    Form.MONEY: money_without_currency,
}


@register.simple_tag
def report_rows(layout: Layout) -> SafeString:
    """Return the rows of a report's table; a template takes several times as long for a thousand cells."""
    list_url = reverse("report", args=["calls"])
    cells = [opened(column) for column in layout.columns]
    return mark_safe("".join([row_html(row, layout, cells, list_url) for row in layout.rows]))  # noqa: S308  (escaped)


def opened(column: Any) -> str:
    """Return the begin of a cell; its label is shown where a row is a card, on phones."""
    numeric = ' class="end"' if column.numeric else ""
    return f'<td{numeric} data-label="{escape(column.label)}">'


def row_html(row: Row, layout: Layout, opened_cells: Sequence[str], list_url: str) -> str:
    """Return a row; the name of a group leads to its calls, the first cell of a call to its page."""
    cells = []
    for place, (value, column) in enumerate(zip(row.cells, layout.columns, strict=False)):
        shown: str = conditional_escape(cell(value, column))
        if place == 0 and row.calls:
            shown = f'<a href="{list_url}?{escape(row.calls)}">{shown}</a>'
        elif place == 0 and row.record_id:
            shown = f'<a href="{reverse("call", args=[row.record_id])}">{shown}</a>'
        if place == 0 and layout.levels:
            cells.append(f'<th scope="row">{shown}</th>')
        else:
            cells.append(f"{opened_cells[place]}{shown}</td>")
    classes = f"level-{row.level} has-parts" if row.has_parts else f"level-{row.level}"
    return f'<tr class="{classes}">{"".join(cells)}</tr>\n'


@register.filter
def at(items: Sequence[Any], place: int) -> Any:
    """Return one of several by its place."""
    return items[place]


@register.filter
def unlocalized(value: int) -> str:
    """Return a number for an address, without grouping of digits."""
    return str(value)

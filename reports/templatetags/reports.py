"""Template tags of reports: typed cells in the reader's formats."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe

from callanalytics.lib import figures
from callanalytics.templatetags.ui import duration, locale_name, moment, money, number
from reports.engine.layout import Column, Layout, Row
from reports.engine.measures import Form
from reports.engine.writing import price, write

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
    if column.form in WRITERS:
        return WRITERS[column.form](value)
    return mark_safe(f"<bdi>{conditional_escape(value)}</bdi>")  # noqa: S308  (escaped)


def amount(value: Decimal, currency: str) -> str:
    """Return an amount of money."""
    return money(value, currency, 2)


def share_of(value: Decimal | None, currency: str) -> SafeString:
    """Return a share of the amounts in one currency, a dash where there is nothing to compare with."""
    return in_currency("–" if value is None else percent(value), currency)


def change_of(value: Decimal | None, currency: str) -> SafeString:
    """Return the change of the amounts in one currency, a dash where there was nothing before."""
    return in_currency("–" if value is None else changed(value), currency)


def in_currency(text: str, currency: str) -> SafeString:
    """Return a figure with the code of its currency."""
    return mark_safe(f"<bdi>{escape(text)} {escape(currency)}</bdi>")  # noqa: S308  (escaped)


def changed(value: Decimal) -> str:
    """Return a change with its sign."""
    return write(value, Form.CHANGE)


def percent(value: Decimal) -> str:
    """Return a share with one decimal."""
    return figures.percent(value, locale_name())


def seconds(value: int | timedelta) -> SafeString:
    """Return a length of time."""
    whole = int(value.total_seconds()) if isinstance(value, timedelta) else value
    return mark_safe(f"<bdi>{duration(whole)}</bdi>")  # noqa: S308  (digits)


def when(value: datetime) -> str | SafeString:
    """Return a moment."""
    return moment(value)


def score(value: Decimal) -> str:
    """Return a voice quality."""
    return figures.fixed(value, 2, locale_name())


WRITERS: dict[Form | None, Callable[[Any], str | SafeString]] = {
    Form.COUNT: number,
    Form.SECONDS: seconds,
    Form.PERCENT: percent,
    Form.CHANGE: changed,
    Form.MOMENT: when,
    Form.SCORE: score,
    Form.MONEY: price,
}


@register.simple_tag
def report_rows(layout: Layout) -> SafeString:
    """Return the rows of a report's table; a template takes several times as long for a thousand cells."""
    return rows_html(layout.rows, layout)


@register.simple_tag
def report_total(layout: Layout) -> SafeString:
    """Return the last row of a report's table."""
    return rows_html([layout.total] if layout.total else [], layout)


def rows_html(rows: Iterable[Row], layout: Layout) -> SafeString:
    """Return some rows of a report's table."""
    cells = [opened(column) for column in layout.columns]
    # Of addresses that differ in a number only, one is looked up.
    calls, call = reverse("report", args=["calls"]), reverse("call", args=[0]).partition("0")
    found = [row_html(row, layout, cells, link_of(row, calls, call)) for row in rows]
    return mark_safe("".join(found))  # noqa: S308  (escaped)


def link_of(row: Row, calls: str, call: tuple[str, str, str]) -> str:
    """Return where a row leads, escaped: a group to its calls, a call to its page; '' for nowhere.

    `call` is what stands before and behind the number in the address of a call's page, around a 0.
    """
    if row.calls:
        return escape(f"{calls}?{row.calls}")
    return f"{call[0]}{row.record_id}{call[2]}" if row.record_id else ""


def opened(column: Any) -> str:
    """Return the begin of a cell; its label is shown where a row is a card, on phones."""
    numeric = ' class="end"' if column.numeric else ""
    return f'<td{numeric} data-label="{escape(column.label)}">'


def row_html(row: Row, layout: Layout, opened_cells: Sequence[str], link: str) -> str:
    """Return a row, its first cell with its link, and counts with links to the calls that they count."""
    cells = []
    for place, (value, column) in enumerate(zip(row.cells, layout.columns, strict=False)):
        shown: str = conditional_escape(cell(value, column))
        if link and (place == 0 or (value and column.name in layout.narrower)):
            shown = f'<a href="{link}{escape(layout.narrower.get(column.name, ""))}">{shown}</a>'
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

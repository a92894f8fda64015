"""Template tags of reports: typed cells in the reader's formats."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, format_percent
from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from callanalytics.templatetags.ui import duration, moment, money, number, reader_locale
from reports.engine.layout import Column
from reports.engine.measures import Form
from reports.engine.writing import write

register = template.Library()


@register.simple_tag
def cell(value: Any, column: Column, currency: str = "") -> str | SafeString:
    """Return a cell as people read it; nothing for None."""
    if value is None or value == {} or value == "":
        return ""
    if isinstance(value, Mapping):
        written = {Form.MONEY: amount, Form.CHANGE: change_of}.get(column.form, share_of)
        said: list[str] = [written(one, code) for code, one in value.items()]
        return format_html_join("", '<span class="amount">{}</span>', ((text,) for text in said))
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
    return format_percent(value, "#,##0.0 %", locale=reader_locale())


def seconds(value: int | timedelta) -> SafeString:
    """Return a length of time."""
    whole = int(value.total_seconds()) if isinstance(value, timedelta) else value
    return format_html("<bdi>{}</bdi>", duration(whole))


def when(value: datetime) -> str | SafeString:
    """Return a moment."""
    return moment(value)


def score(value: Decimal) -> str:
    """Return a voice quality."""
    return format_decimal(value, "0.00", locale=reader_locale())


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


@register.filter
def at(items: Sequence[Any], place: int) -> Any:
    """Return one of several by its place."""
    return items[place]


@register.filter
def unlocalized(value: int) -> str:
    """Return a number for an address, without grouping of digits."""
    return str(value)

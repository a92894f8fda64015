"""Figures as text in the reader's language, for charts, mails and documents."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel.numbers import format_decimal
from django.utils import formats, timezone

from callanalytics.lib import figures
from callanalytics.templatetags.ui import FINEST, decimals_of, duration, locale_name, money_as_text, reader_locale
from reports.engine.measures import Form


def price(value: Decimal) -> str:
    """Return the cost of a single call, whose currency stands beside it: up to four decimals where it has them."""
    rounded = value.quantize(FINEST, ROUND_HALF_UP)
    return figures.fixed(rounded, max(2, decimals_of(rounded)), locale_name())


def write(value: Any, form: Form | None, currency: str = "") -> str:
    """Return a typed value as plain text; '' for None."""
    if value is None:
        return ""
    if form is Form.MONEY:
        return money_as_text(value, currency, 2) if currency else figures.fixed(value, 2, locale_name())
    if form is Form.SECONDS:
        return duration(int(value.total_seconds()) if isinstance(value, timedelta) else int(value))
    if form is Form.PERCENT:
        return figures.percent(value, locale_name())
    if form is Form.CHANGE:
        return figures.change(value, locale_name())
    if form is Form.MOMENT:
        local = timezone.localtime(value)
        return f"{formats.date_format(local, 'SHORT_DATE_FORMAT')} {formats.date_format(local, 'TIME_FORMAT')}"
    if form is Form.COUNT and value == int(value):
        return figures.whole(int(value), locale_name())
    if form is Form.COUNT or form is Form.SCORE:
        return str(format_decimal(Decimal(value), "#,##0.##", locale=reader_locale()))
    return str(value)

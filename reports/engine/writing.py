"""Figures as text in the reader's language, for charts, mails and documents."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, format_percent
from django.utils import formats, timezone
from django.utils.html import strip_tags

from callanalytics.lib import figures
from callanalytics.templatetags.ui import duration, money, reader_locale
from reports.engine.measures import Form


def write(value: Any, form: Form | None, currency: str = "") -> str:
    """Return a typed value as plain text; '' for None."""
    if value is None:
        return ""
    if form is Form.MONEY:
        return strip_tags(money(value, currency, 2)) if currency else figures.fixed(value, 2, str(reader_locale()))
    if form is Form.SECONDS:
        return duration(int(value.total_seconds()) if isinstance(value, timedelta) else int(value))
    if form is Form.PERCENT:
        return figures.percent(value, str(reader_locale()))
    if form is Form.CHANGE:
        return str(format_percent(value, "+#,##0.0 %;-#,##0.0 %" if round(value, 3) else "#,##0.0 %", reader_locale()))
    if form is Form.MOMENT:
        local = timezone.localtime(value)
        return f"{formats.date_format(local, 'SHORT_DATE_FORMAT')} {formats.date_format(local, 'TIME_FORMAT')}"
    if form is Form.COUNT and value == int(value):
        return figures.whole(int(value), str(reader_locale()))
    if form is Form.COUNT or form is Form.SCORE:
        return str(format_decimal(Decimal(value), "#,##0.##", locale=reader_locale()))
    return str(value)

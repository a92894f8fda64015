"""Budgets in words: periods, rules, and what happened to an account."""

from datetime import date, timedelta

from django.utils import formats
from django.utils.translation import gettext as _


def days_in_words(start: date, end: date) -> str:
    """Return the first and the last day of a period."""
    last = end - timedelta(days=1)
    first_day, last_day = (formats.date_format(day, "SHORT_DATE_FORMAT") for day in (start, last))
    return first_day if start == last else _("%(first)s – %(last)s") % {"first": first_day, "last": last_day}

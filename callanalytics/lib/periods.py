"""Periods [start, end) and the named relative ones that pages and reports offer."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, str | Promise] = {
    "today": _("Today"),
    "yesterday": _("Yesterday"),
    "7d": _("Last 7 days"),
    "30d": _("Last 30 days"),
    "week": _("This week"),
    "last_week": _("Previous week"),
    "month": _("This month"),
    "last_month": _("Previous month"),
    "quarter": _("This quarter"),
    "last_quarter": _("Previous quarter"),
    "year": _("This year"),
    "last_year": _("Previous year"),
    "365d": _("Last 365 days"),
    "all": _("All time"),
}
"""The named periods, in the order in which they are offered; weeks begin on Monday (ISO 8601)."""
MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A time from start until just before end; an open side is None."""

    start: datetime | None
    end: datetime | None


def today() -> date:
    """Return the current day in the active zone."""
    return timezone.localdate()


def midnight(day: date) -> datetime:
    """Return the beginning of a day in the active zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def between(first: date | None, last: date | None) -> Period:
    """Return the period of whole days in the active zone, both days included."""
    return Period(
        midnight(first) if first else None,
        midnight(last + timedelta(days=1)) if last and last < date.max else None,
    )


def days_of(name: str, today: date) -> tuple[date | None, date | None]:
    """Return first and last day, both included, of a named period; raises KeyError for an unknown name."""
    yesterday = today - timedelta(days=1)
    monday = today - timedelta(days=today.weekday())
    found: dict[str, tuple[date | None, date | None]] = {
        "today": (today, today),
        "yesterday": (yesterday, yesterday),
        "7d": (today - timedelta(days=6), today),
        "30d": (today - timedelta(days=29), today),
        "week": (monday, today),
        "last_week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "365d": (today - timedelta(days=364), today),
        "all": (None, None),
    }
    for unit, months in MONTHS_OF.items():
        begin = today.replace(month=(today.month - 1) // months * months + 1, day=1)
        found[unit] = (begin, today)
        found[f"last_{unit}"] = (months_later(begin, -months), begin - timedelta(days=1))
    return found[name]


def months_later(first: date, months: int) -> date:
    """Return the first day of the month so many months after the one that begins on this day."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def months_between(first: date, last: date) -> int:
    """Return how many whole months a period of days is, 0 when it is not whole months."""
    after = last + timedelta(days=1)
    if first.day != 1 or after.day != 1:
        return 0
    return (after.year - first.year) * 12 + after.month - first.month


def named(name: str) -> Period:
    """Return a named period as of today in the active zone."""
    return between(*days_of(name, today()))

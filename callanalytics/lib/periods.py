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
    "month": _("This month"),
    "last_month": _("Previous month"),
    "365d": _("Last 365 days"),
    "all": _("All time"),
}


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
    first_of_month = today.replace(day=1)
    return {
        "today": (today, today),
        "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
        "7d": (today - timedelta(days=6), today),
        "30d": (today - timedelta(days=29), today),
        "month": (first_of_month, today),
        "last_month": ((first_of_month - timedelta(days=1)).replace(day=1), first_of_month - timedelta(days=1)),
        "365d": (today - timedelta(days=364), today),
        "all": (None, None),
    }[name]


def named(name: str) -> Period:
    """Return a named period as of today in the active zone."""
    return between(*days_of(name, today()))

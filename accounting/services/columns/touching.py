"""Told by every writer of call records which days it changes, in its own transaction."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from django.db import transaction
from django.db.models import QuerySet

from accounting.models import CallRecord, CopiedDays, TouchedDay
from accounting.services.columns.files import remove

DAY = 86_400
EPOCH = date(1970, 1, 1).toordinal()


def day_of(moment: datetime) -> date:
    """Return the UTC day of a moment."""
    return moment.astimezone(UTC).date()


def touch(days: Iterable[date]) -> None:
    """Mark the copy of these UTC days as out of date, from the commit on."""
    TouchedDay.objects.bulk_create([TouchedDay(day=day) for day in sorted(set(days))])


def touch_seconds(moments: Iterable[int]) -> None:
    """Mark the days of moments in epoch seconds."""
    touch(date.fromordinal(EPOCH + number) for number in {moment // DAY for moment in moments})


def days_of(records: QuerySet[CallRecord]) -> set[date]:
    """Return the UTC days of call records."""
    return {moment.date() for moment in records.datetimes("started_at", "day", tzinfo=UTC)}


def forget(days: Iterable[date]) -> None:
    """Mark days of which people are forgotten, and remove the files that hold them as soon as that is committed."""
    days = set(days)
    touch(days)
    if not days:
        return
    spans = CopiedDays.objects.filter(first__lte=max(days), last__gte=min(days))
    names = {one.file for one in spans if any(one.first <= day <= one.last for day in days)}
    CopiedDays.objects.filter(file__in=names).delete()
    transaction.on_commit(lambda: remove(sorted(names)))

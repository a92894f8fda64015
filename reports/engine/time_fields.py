"""Filter fields of time, read in the report's zone: weekdays, hours of the day, single days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, Q
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, ExtractMinute
from django.db.models.lookups import GreaterThanOrEqual, In, LessThan
from django.utils import formats, timezone
from django.utils.dates import WEEKDAYS

from accounting.models import ImportBatch
from callanalytics.lib.hours import read_window
from reports.engine.field_kinds import Asker, FilterField, negated

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class WeekdayField(FilterField):
    """Days of the week in the report's zone: 1 Monday to 7 Sunday."""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the days."""
        for text in texts:
            if text not in {"1", "2", "3", "4", "5", "6", "7"}:
                raise self.refuse(text)
        return [int(text) for text in texts]

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for the weekdays."""
        return negated(Q(In(ExtractIsoWeekDay("started_at", tzinfo=asker.zone), values)), operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the day's name."""
        return str(WEEKDAYS[value - 1])

    def choices(self, asker: Asker) -> list[tuple[str, str]]:
        """Return Monday to Sunday."""
        return [(str(number + 1), str(WEEKDAYS[number])) for number in range(7)]


@dataclass(frozen=True)
class ClockField(FilterField):
    """Hours of the day in the report's zone, for instance 08:00-17:30; 22:00-06:00 goes over midnight."""

    operators: tuple[str, ...] = ("within", "outside")

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return minutes of the day: from, and until just before."""
        found = []
        for text in texts:
            try:
                found.append(read_window(text))
            except ValueError as error:
                raise self.refuse(text) from error
        return found

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for any of the windows."""
        test = in_windows(values, asker.zone)
        return ~test if operator == "outside" else test

    def said(self, value: Any, asker: Asker) -> str:
        """Return the window."""
        start, end = value
        return f"{start // 60:02}:{start % 60:02} – {end // 60:02}:{end % 60:02}"


def in_windows(windows: Sequence[tuple[int, int]], zone: ZoneInfo) -> Q:
    """Return a test for any of these windows of the day, in minutes; one may go on after midnight."""
    minute = ExtractHour("started_at", tzinfo=zone) * 60 + ExtractMinute("started_at", tzinfo=zone)
    test = Q()
    for start, end in windows:
        begun, before = Q(GreaterThanOrEqual(minute, start)), Q(LessThan(minute, end))
        test |= begun & before if start < end else begun | before
    return test


@dataclass(frozen=True)
class SlotField(FilterField):
    """One hour or half-hour of the day: where a click on a chart leads."""

    minutes: int = 60

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the keys of the dimension."""
        for text in texts:
            if not (
                text.isascii()
                and text.isdigit()
                and len(text) <= 4
                and int(text) < (24 if self.minutes == 60 else 1440)
            ):
                raise self.refuse(text)
        return [int(text) for text in texts]

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for these slots."""
        hour = ExtractHour("started_at", tzinfo=asker.zone)
        if self.minutes == 60:
            return negated(Q(In(hour, values)), operator)
        minute = hour * 60 + ExtractMinute("started_at", tzinfo=asker.zone)
        test = Q()
        for value in values:
            test |= Q(GreaterThanOrEqual(minute, value)) & Q(LessThan(minute, value + self.minutes))
        return negated(test, operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the beginning of the slot."""
        minute = value * 60 if self.minutes == 60 else value
        return f"{minute // 60:02}:{minute % 60:02}"


@dataclass(frozen=True)
class DayField(FilterField):
    """Single days in the report's zone, as 2026-11-22."""

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return the days."""
        try:
            days = [date.fromisoformat(text) for text in texts]
        except ValueError as error:
            raise self.refuse(texts[0]) from error
        for day, text in zip(days, texts, strict=True):
            if not EARLIEST <= day <= LATEST:
                raise self.refuse(text)
        return days

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for these days, from midnight to midnight."""
        test = Q()
        for day in values:
            start, end = bounds_of(day, asker.zone)
            test |= Q(started_at__gte=start, started_at__lt=end)
        return negated(test, operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the date in the reader's format."""
        return formats.date_format(value, "SHORT_DATE_FORMAT")


@dataclass(frozen=True)
class ArrivalField(DayField):
    """Days in the report's zone on which calls arrived, or were last completed or corrected."""

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test for the arrival marks of these days."""
        test = Q(pk__in=[])
        for day in values:
            start, end = bounds_of(day, asker.zone)
            committed = Q(committed_at__gte=start, committed_at__lt=end)
            marks = ImportBatch.objects.filter(committed).aggregate(first=Min("pk"), last=Max("pk"))
            if marks["first"] is not None:
                between = ImportBatch.objects.filter(pk__gt=marks["first"], pk__lt=marks["last"]).exclude(committed)
                others = list(between.values_list("pk", flat=True))
                of_day = Q(batch_id__gte=marks["first"], batch_id__lte=marks["last"])
                test |= of_day & ~Q(batch_id__in=others) if others else of_day
        return negated(test, operator)


def bounds_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a day begins, and when the next one does."""
    midnight = [datetime.combine(one, time.min) for one in (day, day + timedelta(days=1))]
    start, end = (timezone.make_aware(one, zone) for one in midnight)
    return start, end

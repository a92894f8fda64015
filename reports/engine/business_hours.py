"""Business hours as a filter: a time of day on the working days of the office of each call, by its own clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.functions import ExtractIsoWeekDay, TruncDate
from django.db.models.lookups import In
from django.utils.translation import gettext as _

from accounting.models import CallRecord, Office, PublicHoliday
from accounting.services.rating.calendars import SATURDAY, SUNDAY, USUAL_HOURS, public_holidays, weekend_of
from callanalytics.lib.hours import Window, read_windows
from reports.engine.field_kinds import Asker
from reports.engine.time_fields import ClockField, in_windows
from reports.engine.working_time import Calendar, WorkingTime

OWN = "office"
"""Stands in an address for the hours of each office."""


@dataclass(frozen=True)
class BusinessHoursField(ClockField):
    """Hours of working days: neither a weekend of the office's country nor one of its public holidays.

    "office" stands for the business hours that are entered for the office of each call.
    """

    def read(self, texts: Sequence[str], operator: str, asker: Asker) -> list[Any]:
        """Return windows of the day, or OWN."""
        return [
            OWN if text == OWN else super(BusinessHoursField, self).read([text], operator, asker)[0] for text in texts
        ]

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test by the clock of each call's office, for calls without an office by the report's zone."""
        years, test = years_of_calls(), Q()
        offices = list(Office.objects.prefetch_related("holidays"))
        shared: dict[Calendar, list[int]] = {}
        for office in offices:
            days = tuple(holidays_of(office, years))
            calendar = Calendar(
                office.time_zone, windows_of(values, office.business_hours), weekend_of(office.country), days
            )
            shared.setdefault(calendar, []).append(office.pk)
        for calendar, keys in shared.items():
            test |= Q(office_id__in=keys) & turned(working_hours(calendar), operator)
        without_office = Calendar(asker.zone.key, windows_of(values, USUAL_HOURS), (SATURDAY, SUNDAY), ())
        elsewhere = Q(office_id__isnull=True) | ~Q(office_id__in=[office.pk for office in offices])
        return test | elsewhere & turned(working_hours(without_office), operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the hours."""
        if value == OWN:
            return _("each office's own hours on working days")
        return _("%(hours)s on working days") % {"hours": super().said(value, asker)}


def windows_of(values: Sequence[Any], own: str) -> tuple[Window, ...]:
    """Return windows of the day, those of an office for OWN."""
    found: list[Window] = []
    for value in values:
        found.extend(read_windows(own) if value == OWN else (value,))
    return tuple(found)


def turned(inside: Q, operator: str) -> Q:
    """Return the test, or its opposite for calls outside of business hours."""
    return ~inside if operator == "outside" else inside


def working_hours(calendar: Calendar) -> Q:
    """Return a test for the hours of working days by the clock of a calendar."""
    zone = ZoneInfo(calendar.zone)
    weekday = ExtractIsoWeekDay("started_at", tzinfo=zone)
    test = in_windows(calendar.windows, zone) & Q(
        In(weekday, [day for day in range(1, 8) if day not in calendar.weekend])
    )
    if calendar.holidays:
        test &= ~Q(In(TruncDate("started_at", tzinfo=zone), list(calendar.holidays)))
    return Q(WorkingTime(test, calendar))


def holidays_of(office: Office, years: range) -> list[date]:
    """Return the public holidays of an office in these years, those entered by hand taken into account."""
    days = set(published_days(office.country, office.subdivision, years.start, years.stop))
    entered: list[PublicHoliday] = list(office.holidays.all())
    days |= {one.day for one in entered if one.is_holiday}
    return sorted(days - {one.day for one in entered if not one.is_holiday})


@cache
def published_days(country: str, subdivision: str, first: int, end: int) -> frozenset[date]:
    """Return the public holidays of the years from the first to the one before the end."""
    published = public_holidays(country, subdivision)
    every = (date(year, 1, 1) + timedelta(days=place) for year in range(first, end) for place in range(366))
    return frozenset(day for day in every if published is not None and day in published)


def years_of_calls() -> range:
    """Return the years from the first to the last call."""
    moments = CallRecord.objects.order_by("started_at").values_list("started_at", flat=True)
    first, last = moments.first(), moments.last()
    return range(first.year, last.year + 1) if first and last else range(0)

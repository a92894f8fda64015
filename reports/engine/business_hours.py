"""Business hours as a filter: a time of day on the working days of the office of each call, by its own clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from django.db.models import Q
from django.db.models.functions import ExtractIsoWeekDay, TruncDate
from django.db.models.lookups import In
from django.utils.translation import gettext as _

from accounting.models import CallRecord, Office, PublicHoliday
from accounting.services.rating.calendars import public_holidays
from reports.engine.field_kinds import Asker
from reports.engine.time_fields import ClockField, in_windows

SATURDAY, SUNDAY = 6, 7


@dataclass(frozen=True)
class BusinessHoursField(ClockField):
    """Hours of working days: neither a weekend of the office's country nor one of its public holidays."""

    def condition(self, operator: str, values: list[Any], asker: Asker) -> Q:
        """Return a test by the clock of each call's office, for calls without an office by the report's zone."""
        years, test = years_of_calls(), Q()
        offices = list(Office.objects.prefetch_related("holidays"))
        for office in offices:
            zone = ZoneInfo(office.time_zone)
            inside = working_hours(values, zone, weekend_of(office.country), holidays_of(office, years))
            test |= Q(office_id=office.pk) & turned(inside, operator)
        elsewhere = Q(office_id__isnull=True) | ~Q(office_id__in=[office.pk for office in offices])
        return test | elsewhere & turned(working_hours(values, asker.zone, (SATURDAY, SUNDAY), ()), operator)

    def said(self, value: Any, asker: Asker) -> str:
        """Return the hours."""
        return _("%(hours)s on working days") % {"hours": super().said(value, asker)}


def turned(inside: Q, operator: str) -> Q:
    """Return the test, or its opposite for calls outside of business hours."""
    return ~inside if operator == "outside" else inside


def working_hours(windows: list[Any], zone: ZoneInfo, weekend: Sequence[int], holidays: Sequence[date]) -> Q:
    """Return a test for any of the windows of a day that is a working day by this clock."""
    weekday = ExtractIsoWeekDay("started_at", tzinfo=zone)
    test = in_windows(windows, zone) & Q(In(weekday, [day for day in range(1, 8) if day not in weekend]))
    return test & ~Q(In(TruncDate("started_at", tzinfo=zone), list(holidays))) if holidays else test


@cache
def weekend_of(country: str) -> tuple[int, ...]:
    """Return the days of a country's weekend, 1 Monday to 7 Sunday; Saturday and Sunday where nothing is known."""
    for language in get_global("territory_languages").get(country.upper(), ()):
        try:
            locale = Locale.parse(f"{language}_{country.upper()}")
        except (UnknownLocaleError, ValueError):
            continue
        days = (locale.weekend_end - locale.weekend_start) % 7 + 1
        return tuple((locale.weekend_start + day) % 7 + 1 for day in range(days))
    return SATURDAY, SUNDAY


def holidays_of(office: Office, years: range) -> list[date]:
    """Return the public holidays of an office in these years, those entered by hand taken into account."""
    published = public_holidays(office.country, office.subdivision)
    every = (date(year, 1, 1) + timedelta(days=place) for year in years for place in range(366))
    days = {day for day in every if published is not None and day in published}
    entered: list[PublicHoliday] = list(office.holidays.all())
    days |= {one.day for one in entered if one.is_holiday}
    return sorted(days - {one.day for one in entered if not one.is_holiday})


def years_of_calls() -> range:
    """Return the years from the first to the last call."""
    moments = CallRecord.objects.order_by("started_at").values_list("started_at", flat=True)
    first, last = moments.first(), moments.last()
    return range(first.year, last.year + 1) if first and last else range(0)

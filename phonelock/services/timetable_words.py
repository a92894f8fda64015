"""Timetables in words and as a picture of the week."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import Office
from accounting.services.business_hours import Site, site_of
from accounting.services.rating.calendars import HOLIDAY, HolidayCalendar
from accounting.services.tariff_pictures import DAY_NAMES, WIDTH, Stretch
from callanalytics.lib.hours import DAY
from phonelock.models import Holidays, Timetable
from phonelock.services.timetables import locked_minutes

A_MONDAY = date(2026, 1, 5)
NO_HOLIDAYS = HolidayCalendar("", "", {})
HOLIDAY_WORDS: dict[str, str | Promise] = {
    Holidays.ORDINARY: gettext_lazy("as on any other day"),
    Holidays.LOCKED: gettext_lazy("locked all day"),
    Holidays.OPEN: gettext_lazy("not locked"),
}
"""Within a sentence."""


@dataclass(frozen=True, slots=True)
class WeekDay:
    """One day of the week with the hours in which it is locked."""

    name: str | Promise
    stretches: list[Stretch]
    hours: str
    """The same in words."""


def week_of(timetable: Timetable, office: Office | None) -> list[WeekDay]:
    """Return an ordinary week of a timetable at an office, and a public holiday where it differs."""
    site = site_of(office)
    week = Site(site.zone, site.hours, site.weekend, NO_HOLIDAYS)
    names = [(number, name) for number, name in DAY_NAMES if number != HOLIDAY]
    days = [
        day_of(name, locked_minutes(timetable, week, A_MONDAY + timedelta(days=place)))
        for place, (_number, name) in enumerate(names)
    ]
    if timetable.holidays != Holidays.ORDINARY:
        days.append(day_of(dict(DAY_NAMES)[HOLIDAY], [(0, DAY)] if timetable.holidays == Holidays.LOCKED else []))
    return days


def day_of(name: str | Promise, windows: list[tuple[int, int]]) -> WeekDay:
    """Return a day with its locked hours."""
    stretches = [Stretch("locked", start * WIDTH // DAY, (end - start) * WIDTH // DAY) for start, end in windows]
    hours = ", ".join(f"{clock(start)}–{clock(end)}" for start, end in windows)
    return WeekDay(name, stretches, hours or str(_("not locked")))


def clock(minute: int) -> str:
    """Return a minute of the day as on a clock."""
    return f"{minute // 60:02}:{minute % 60:02}"


def rule_in_words(timetable: Timetable) -> str:
    """Return when a timetable locks."""
    if timetable.outside_business_hours:
        when = _("outside the business hours of each person's office")
    elif timetable.weekdays:
        names = dict(DAY_NAMES)
        days = ", ".join(str(names[str(day)]) for day in sorted(timetable.weekdays))
        when = _("%(hours)s, beginning on %(days)s") % {"hours": timetable.hours, "days": days}
    else:
        when = _("%(hours)s every day") % {"hours": timetable.hours}
    return _("Locks %(when)s; on public holidays: %(holidays)s") % {
        "when": when, "holidays": HOLIDAY_WORDS[timetable.holidays],
    }  # fmt: skip

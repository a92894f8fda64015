"""Business hours by the clock of an office: when it is open, with weekends and public holidays, to the minute."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from django.conf import settings

from accounting.models import Office
from accounting.services.rating.calendars import USUAL_HOURS, HolidayCalendar, same_offset_until, weekend_of
from callanalytics.lib.hours import DAY, Window, read_windows
from callanalytics.lib.spans import joined

A_DAY = timedelta(days=1)
Stretch = tuple[datetime, datetime]
"""From a moment (UTC) until just before another."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where people work: the clock and the calendar that hold for them."""

    zone: ZoneInfo
    hours: tuple[Window, ...]
    weekend: tuple[int, ...]
    holidays: HolidayCalendar


def site_of(office: Office | None) -> Site:
    """Return the clock and the calendar of an office; without one those of the organisation, without holidays."""
    if office is None:
        zone = ZoneInfo(settings.TIME_ZONE)
        return Site(zone, read_windows(USUAL_HOURS), weekend_of(""), HolidayCalendar("", "", {}))
    entered = {one.day: one.is_holiday for one in office.holidays.all()}
    days = HolidayCalendar(office.country, office.subdivision, entered)
    return Site(ZoneInfo(office.time_zone), read_windows(office.business_hours), weekend_of(office.country), days)


def in_force_on(day: date, windows: Sequence[Window], counts: Callable[[int], bool]) -> list[Window]:
    """Return the parts of windows that lie on a day: those that begin on it, and what the day before leaves over."""
    found = []
    if counts((day - A_DAY).isoweekday()):
        found += [(0, end) for start, end in windows if 0 < end < start]
    if counts(day.isoweekday()):
        found += [(start, end if end > start else DAY) for start, end in windows]
    return joined(found)


def rest_of_day(windows: Sequence[Window]) -> list[Window]:
    """Return the minutes of a day that are in none of these windows."""
    edges = [0, *chain.from_iterable(windows), DAY]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def moment_of(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return when (UTC) a minute of a day's wall clock comes: of an hour that is skipped, when it is skipped.

    A repeated hour counts when it comes first.
    """
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return same_offset_until(zone, second, first) if first > second else first


@dataclass(slots=True)
class OpenHours:
    """When a site is open; what was computed of a day is kept."""

    site: Site
    week: Mapping[int, tuple[Window, ...]] | None = None
    """Hours by weekday (1 Monday to 7 Sunday) in place of the site's own on its working days."""
    closed_on_holidays: bool = True
    known: dict[date, list[Stretch]] = field(default_factory=dict)

    def is_open(self, moment: datetime) -> bool:
        """Return whether an aware moment is within the hours."""
        day = moment.astimezone(self.site.zone).date()
        return any(begin <= moment < end for begin, end in self.on(day))

    def on(self, day: date) -> list[Stretch]:
        """Return the open stretches of a local day, in order."""
        if day not in self.known:
            zone = self.site.zone
            moments = ((moment_of(day, begin, zone), moment_of(day, end, zone)) for begin, end in self.minutes(day))
            self.known[day] = [(begin, end) for begin, end in moments if begin < end]
        return self.known[day]

    def between(self, begin: datetime, end: datetime) -> Iterator[Stretch]:
        """Yield the open stretches between two moments, whole, those that go on after midnight as one."""
        zone, waiting = self.site.zone, None
        day, last = begin.astimezone(zone).date() - A_DAY, end.astimezone(zone).date() + A_DAY
        while day <= last:
            for stretch in self.on(day):
                if waiting and waiting[1] == stretch[0]:
                    waiting = (waiting[0], stretch[1])
                    continue
                if waiting and waiting[0] < end and waiting[1] > begin:
                    yield waiting
                waiting = stretch
            day += A_DAY
        if waiting and waiting[0] < end and waiting[1] > begin:
            yield waiting

    def minutes(self, day: date) -> list[Window]:
        """Return the open minutes of a day's wall clock; hours after midnight belong to the day of their beginning."""
        if self.closed(day):
            return []
        before = [] if self.closed(day - A_DAY) else self.windows(day - A_DAY)
        late = [(0, end) for start, end in before if 0 < end < start]
        return joined([*late, *((start, end if end > start else DAY) for start, end in self.windows(day))])

    def closed(self, day: date) -> bool:
        """Return whether a day is a public holiday on which the site is closed."""
        return self.closed_on_holidays and day in self.site.holidays

    def windows(self, day: date) -> Sequence[Window]:
        """Return the hours that begin on a day, holidays aside."""
        if self.week is not None:
            return self.week.get(day.isoweekday(), ())
        return () if day.isoweekday() in self.site.weekend else self.site.hours

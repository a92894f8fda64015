"""When: the hours of a tariff's bands by the wall clock of an office, its public holidays, and where bands change."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache

import holidays
from babel import Locale, UnknownLocaleError
from babel.core import get_global

DAY_SECONDS = 86_400
HOLIDAY = "H"
SECOND = timedelta(seconds=1)
SATURDAY, SUNDAY = 6, 7
USUAL_HOURS = "08:00-18:00"
"""The business hours of people and calls without an office."""


class HolidayCalendar:
    """The public holidays of one office: the calendar of its country and region, and the days entered against it."""

    def __init__(self, country: str, subdivision: str, entered: Mapping[date, bool]) -> None:
        """Take the office's country and region, and the days that are (True) or are not (False) holidays after all."""
        self._public = public_holidays(country, subdivision)
        self._known = dict(entered)

    def __contains__(self, day: date) -> bool:
        """Return whether this local day is a public holiday."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self._public is not None and day in self._public
        return known


def public_holidays(country: str, subdivision: str) -> holidays.HolidayBase | None:
    """Return the published calendar, without the region when that is not known, None for a country without one."""
    for region in (subdivision or None, None):
        try:
            return holidays.country_holidays(country.upper(), subdiv=region)
        except (NotImplementedError, KeyError):
            continue
    return None


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gateway stands: the wall clock and the holidays by which its calls are priced."""

    zone: tzinfo
    holidays: HolidayCalendar


NOWHERE = Place(UTC, HolidayCalendar("", "", {}))


@dataclass(frozen=True, slots=True)
class Band:
    """Hours of the week with a name, in seconds of the wall clock."""

    id: int
    name: str
    days: str
    """1 Monday to 7 Sunday, H public holidays."""
    start: int
    end: int
    """Not included; not after start: the band covers the end and the beginning of each of its days."""

    def covers(self, second: int) -> bool:
        """Return whether this second of a day belongs to the band's hours."""
        if self.start < self.end:
            return self.start <= second < self.end
        return second >= self.start or second < self.end


def band_of(pk: int, name: str, days: str, start: time, end: time) -> Band:
    """Return a band with its hours as seconds; 00:00 as end is the end of the day."""
    return Band(pk, name, days.upper(), _second(start), _second(end) or DAY_SECONDS)


def _second(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


NO_BANDS: frozenset[int] = frozenset()


class Week:
    """All bands of one tariff: which of them are in force at a moment, and until when that stays so."""

    def __init__(self, bands: tuple[Band, ...]) -> None:
        """Sort the bands by the day signs 1 to 7 and H."""
        self.bands = bands
        self._own_holidays = any(HOLIDAY in band.days for band in bands)
        self._changes = sorted({0, DAY_SECONDS} | {band.start for band in bands} | {band.end for band in bands})
        self._in_force = {
            sign: [
                frozenset(band.id for band in bands if sign in band.days and band.covers(change))
                for change in self._changes
            ]
            for sign in "1234567" + HOLIDAY
        }

    def day_sign(self, place: Place, day: date) -> str:
        """Return by which sign bands count on a local day: H only when some band of the tariff names holidays."""
        if self._own_holidays and day in place.holidays:
            return HOLIDAY
        return str(day.isoweekday())

    def in_force(self, place: Place, local: datetime) -> frozenset[int]:
        """Return the ids of the bands in force at a moment given by the place's wall clock."""
        second = local.hour * 3600 + local.minute * 60 + local.second
        sign = self.day_sign(place, local.date())
        return self._in_force[sign][bisect_right(self._changes, second) - 1]

    def unchanged_until(self, place: Place, moment: datetime) -> datetime:
        """Return a later moment (UTC) before which the bands in force stay those of this moment (UTC).

        It is the next boundary on the wall clock, or an earlier change of the clock itself (daylight saving).
        """
        local = moment.astimezone(place.zone)
        second = local.hour * 3600 + local.minute * 60 + local.second
        boundary = self._changes[bisect_right(self._changes, second)]
        wait = timedelta(seconds=boundary - second, microseconds=-local.microsecond)
        return same_offset_until(place.zone, moment, moment + wait)


def same_offset_until(zone: tzinfo, begin: datetime, end: datetime) -> datetime:
    """Return the first whole second after begin at which the zone's offset differs, at most end (all UTC).

    Less than a day lies between begin and end, so that the clock changes at most once.
    """
    offset = begin.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == offset:
        return end
    same, different = begin.replace(microsecond=0), end
    while different - same > SECOND:
        middle = same + (different - same) // SECOND // 2 * SECOND
        if middle.astimezone(zone).utcoffset() == offset:
            same = middle
        else:
            different = middle
    return different

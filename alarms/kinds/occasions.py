"""Whole hours, days, weeks and months of a zone: the occasions of kinds that count."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from callanalytics.lib.periods import months_later
from callanalytics.lib.spans import joined

HOUR, DAY, WEEK, MONTH = "hour", "day", "week", "month"
WITHIN: dict[str, str | Promise] = {
    HOUR: gettext_lazy("an hour"),
    DAY: gettext_lazy("a day"),
    WEEK: gettext_lazy("a week"),
    MONTH: gettext_lazy("a month"),
}
"""After "within"."""
QUARTER = 15 * 60
"""Seconds: hours begin with one of these in every zone of our time."""
A_DAY = timedelta(days=1)


class Occasion(NamedTuple):
    """A time in which is counted, from its start until just before its end."""

    start: datetime
    end: datetime
    name: str
    """Within keys: the hour in UTC, the day, the Monday of the week, or the month."""


def occasion_of(moment: datetime, length: str, zone: ZoneInfo) -> Occasion:
    """Return the hour, day, week or month of a zone in which an aware moment lies."""
    local = moment.astimezone(zone)
    if length == HOUR:
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        start = moment.astimezone(UTC) - past
        return Occasion(start, start + timedelta(hours=1), f"{start:%Y-%m-%dT%H:%M}Z")
    first = day = local.date()
    if length == WEEK:
        first = day - timedelta(days=day.weekday())
    elif length == MONTH:
        first = day.replace(day=1)
    after = {WEEK: first + 7 * A_DAY, MONTH: months_later(first.replace(day=1), 1)}.get(length, first + A_DAY)
    name = first.isoformat()[:7] if length == MONTH else first.isoformat()
    return Occasion(midnight(first, zone), midnight(after, zone), name)


class Occasions:
    """The occasions of one length and zone; hours and days that were computed are kept."""

    def __init__(self, length: str, zone: ZoneInfo) -> None:
        self.length, self.zone = length, zone
        self._known: dict[date | int, Occasion] = {}

    def of(self, moment: datetime) -> Occasion:
        """Return the occasion of an aware moment."""
        known: date | int
        if self.length == HOUR:
            known = int(moment.timestamp()) // QUARTER
        else:
            known = moment.astimezone(self.zone).date()
        if known not in self._known:
            self._known[known] = occasion_of(moment, self.length, self.zone)
        return self._known[known]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day of a zone begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def merged(occasions: Iterable[Occasion]) -> list[tuple[datetime, datetime]]:
    """Return the times of occasions in order, those that touch each other as one."""
    return joined((start, end) for start, end, _name in occasions)

"""When something that repeats is due next: every so many minutes, or on days of a calendar at a time of a zone."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count
from zoneinfo import ZoneInfo

LAST_DAY = 31
"""The day of a month that stands for its last one, as does each that a month does not have."""


class Unit(StrEnum):
    """What is counted between two due times."""

    MINUTES = "minutes"
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule of due times, counted from its first day, so that they never depend on when somebody looks.

    A time that the clocks skip counts when they have jumped; one that they repeat counts once, at its first time.
    """

    unit: Unit
    every: int
    at: time
    zone: ZoneInfo
    first_day: date
    """In the zone; minutes are counted from `at` of this day."""
    weekdays: frozenset[int] = frozenset()
    """For weeks: 0 is Monday."""
    day_of_month: int = 1
    """For months."""

    def __post_init__(self) -> None:
        if self.every <= 0 or (self.unit == Unit.WEEKS and not self.weekdays & set(range(7))):
            raise ValueError("a rule that never comes round")

    def after(self, moment: datetime) -> datetime:
        """Return the first due time (UTC) after an aware moment."""
        if self.unit == Unit.MINUTES:
            return self._minutes_after(moment)
        return next(due for due in self._days_from(moment) if due > moment)

    def following(self, moment: datetime, number: int) -> list[datetime]:
        """Return so many due times after an aware moment."""
        found: list[datetime] = []
        for _ in range(number):
            found.append(self.after(found[-1] if found else moment))
        return found

    def missed(self, due: datetime, now: datetime, most: int) -> int:
        """Return how many due times lie after one and until now, at most so many."""
        if self.unit == Unit.MINUTES:
            return min(most, max(0, (now - due) // timedelta(minutes=self.every)))
        found = 0
        while found < most and (due := self.after(due)) <= now:
            found += 1
        return found

    def _minutes_after(self, moment: datetime) -> datetime:
        begin = self._on(self.first_day)
        if moment < begin:
            return begin
        step = timedelta(minutes=self.every)
        return begin + ((moment.astimezone(UTC) - begin) // step + 1) * step

    def _days_from(self, moment: datetime) -> Iterator[datetime]:
        # A day earlier: a time that the clocks skip may fall on the next day.
        begin = max(self.first_day, moment.astimezone(self.zone).date() - timedelta(days=1))
        days = (begin + timedelta(days=number) for number in count())
        return (self._on(day) for day in days if self._holds(day))

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)

    def _holds(self, day: date) -> bool:
        if self.unit == Unit.DAYS:
            return (day - self.first_day).days % self.every == 0
        if self.unit == Unit.WEEKS:
            return (
                day.weekday() in self.weekdays and (_monday(day) - _monday(self.first_day)).days // 7 % self.every == 0
            )
        months = (day.year - self.first_day.year) * 12 + day.month - self.first_day.month
        return months % self.every == 0 and day.day == min(self.day_of_month, monthrange(day.year, day.month)[1])


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def next_after(moment: datetime, rule: int | time, zone: ZoneInfo) -> datetime:
    """Return the first moment (UTC) after an aware one: so many minutes later, or each day at a time of the zone."""
    if isinstance(rule, int):
        if rule <= 0:
            raise ValueError(f"{rule} minutes never come round")
        return (moment + timedelta(minutes=rule)).astimezone(UTC)
    today = moment.astimezone(zone).date() - timedelta(days=1)
    return Recurrence(Unit.DAYS, 1, rule, zone, today).after(moment)

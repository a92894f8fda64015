"""Working time of a calendar as a test of calls: by its clock in the database, by a string of bits in the copy.

Whether a moment is working time depends on its quarter of an hour only. The columnar copy therefore looks up one bit
for each call instead of computing its local day, weekday and minute.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import gcd
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Q

from accounting.services.columns.dialect import Dialect, offsets

DAY, QUARTER = 86_400, 900
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Calendar:
    """Hours of the working days by one clock."""

    zone: str
    windows: tuple[tuple[int, int], ...]
    """Minutes of the day: from, and until just before; one may go on after midnight."""
    weekend: tuple[int, ...]
    """1 Monday to 7 Sunday."""
    holidays: tuple[date, ...]

    def is_open(self, minute: int) -> bool:
        """Return whether a minute of a working day is working time."""
        return any(
            begin <= minute < end if begin < end else minute >= begin or minute < end for begin, end in self.windows
        )


@dataclass(frozen=True, slots=True)
class Bits:
    """Working time of some days, a bit for each so many seconds."""

    start: int
    """The first second, since 1970."""
    length: int
    """Seconds of a bit."""
    text: str


@lru_cache(maxsize=128)
def bits_of(calendar: Calendar, first: date, last: date) -> Bits:
    """Return the working time from the first to the end of the last UTC day."""
    start = datetime.combine(first, time.min, UTC)
    clocks = list(clocks_of(calendar.zone, start, last))
    edges = [minute * 60 for window in calendar.windows for minute in window]
    changes = [int(moment.timestamp()) for _begin, moment, _offset in clocks]
    length = gcd(QUARTER, *edges, *changes, *(int(offset.total_seconds()) for _begin, _until, offset in clocks))
    open_day = "".join("01"[calendar.is_open(place * length // 60)] for place in range(DAY // length))
    step = timedelta(seconds=length)
    closed_day, off, parts = "0" * len(open_day), frozenset(calendar.holidays), []
    for begin, until, offset in clocks:
        local, end = (begin + offset).replace(tzinfo=None), (until + offset).replace(tzinfo=None)
        midnight = datetime.combine(local, time.min)
        days = [midnight.date() + timedelta(days=place) for place in range((end.date() - local.date()).days + 1)]
        text = "".join(closed_day if day.isoweekday() in calendar.weekend or day in off else open_day for day in days)
        parts.append(text[(local - midnight) // step :][: (end - local) // step])
    return Bits(int(start.timestamp()), length, "".join(parts))


def clocks_of(zone: str, start: datetime, last: date) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield from when until when (UTC) a zone has which offset."""
    for until, micros in offsets(zone, start.date(), last):
        yield start, until, timedelta(microseconds=micros)
        start = until


class WorkingTime(ExpressionWrapper):  # type: ignore[type-arg]  # generic in the stubs only
    """Whether a call began in the working time of a calendar; `test` says the same by the call's moment."""

    def __init__(self, test: Q, calendar: Calendar) -> None:
        """Both are given, since the database computes with moments and the copy looks up bits."""
        super().__init__(test, BooleanField())
        self.calendar, self.moment = calendar, F("started_at")

    def get_source_expressions(self) -> list[Any]:
        """Return the test and the moment."""
        return [self.expression, self.moment]

    def set_source_expressions(self, exprs: Any) -> None:
        """Take the resolved test and moment."""
        self.expression, self.moment = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Return the test, for the columnar copy as a look-up."""
        if not isinstance(connection, Dialect):
            return super().as_sql(compiler, connection)
        bits = bits_of(self.calendar, *connection.days)
        column, params = compiler.compile(self.moment)
        place = f"epoch_us({column}) // {bits.length * MICROSECONDS} - {bits.start // bits.length}"
        # A file may hold other days, which are left out only after this has been asked of them.
        place = f"CAST(greatest(0, least({len(bits.text) - 1}, {place})) AS INTEGER)"
        return f"get_bit(CAST('{bits.text}' AS BIT), {place}) = 1", params

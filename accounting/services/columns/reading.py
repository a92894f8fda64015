"""Asks the copy about its clean days and the database about all others; what comes back can be added up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import structlog
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from accounting.models import CallRecord, CopiedDays, TouchedDay
from accounting.services.columns import files
from accounting.services.columns.dialect import compiled

log = structlog.get_logger(__name__)
A_DAY = timedelta(days=1)
TRIES = 3
Records = QuerySet[CallRecord]
Ask = Callable[[Records], QuerySet[Any]]
"""Makes the query: values or sums of the records that it is given."""
Bounds = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Part:
    """Clean days that follow each other and stand in one file."""

    file: str
    first: date
    last: date

    @property
    def is_whole(self) -> bool:
        """Whether the file holds these days only; its name tells."""
        return f"-{self.first:%Y%m%d}-{self.last:%Y%m%d}-" in self.file


@dataclass(frozen=True, slots=True)
class Split:
    """A period, parted into what the copy can answer and what it cannot."""

    parts: tuple[Part, ...]
    rest: tuple[Bounds, ...]
    touched: frozenset[date]

    @property
    def clean_days(self) -> int:
        """How many days the copy answers."""
        return sum((part.last - part.first).days + 1 for part in self.parts)

    @property
    def first(self) -> date:
        """The first clean day."""
        return self.parts[0].first

    @property
    def last(self) -> date:
        """The last clean day."""
        return self.parts[-1].last


def split(start: datetime | None, end: datetime | None) -> Split:
    """Return which days of a period the copy can answer now; marks are read before runs, as copying clears them."""
    touched = touched_days()
    parts = [part for run in CopiedDays.objects.all() for part in clean_parts(run, touched)]
    first, last = day_of(start) or date.min, day_of(end) or date.max
    parts = [part for part in parts if part.first <= last and part.last >= first]
    readable = {name for name in {part.file for part in parts} if files.is_readable(name)}
    clean = tuple(part for part in parts if part.file in readable)
    return Split(clean, tuple(outside(clean, start, end)), touched)


def day_of(moment: datetime | None) -> date | None:
    """Return the UTC day of a moment."""
    return moment.astimezone(UTC).date() if moment else None


def touched_days() -> frozenset[date]:
    """Return the days of which the copy is out of date."""
    return frozenset(TouchedDay.objects.order_by().values_list("day", flat=True).distinct())


def clean_parts(run: CopiedDays, touched: Iterable[date]) -> Iterable[Part]:
    """Yield what touched days leave of a run."""
    first = run.first
    for day in sorted(day for day in touched if run.first <= day <= run.last):
        if first < day:
            yield Part(run.file, first, day - A_DAY)
        first = day + A_DAY
    if first <= run.last:
        yield Part(run.file, first, run.last)


def midnight(day: date) -> datetime:
    """Return the beginning of a UTC day."""
    return datetime.combine(day, time.min, UTC)


def outside(parts: Sequence[Part], start: datetime | None, end: datetime | None) -> Iterable[Bounds]:
    """Yield the times of a period that no part covers."""
    reached = start
    for part in parts:
        begin, after = midnight(part.first), midnight(part.last + A_DAY)
        if reached is None or begin > reached:
            yield reached, begin
        reached = after
    if end is None or reached is None or reached < end:
        yield reached, end


def source(parts: Sequence[Part]) -> str:
    """Return the SQL source of the records of these parts."""
    whole = ", ".join(files.quoted(files.path_of(part.file)) for part in parts if part.is_whole)
    selects = [f"FROM read_parquet([{whole}])"] if whole else []
    for part in parts:
        if not part.is_whole:
            path = files.quoted(files.path_of(part.file))
            bounds = f"started_at >= DATE '{part.first}' AND started_at < DATE '{part.last + A_DAY}'"
            selects.append(f"(FROM read_parquet([{path}]) WHERE {bounds})")
    return " UNION ALL ".join(selects)


def read(rows: QuerySet[Any], parts: Split) -> list[dict[str, Any]]:
    """Return the rows of a query over the copy, as values() would give them."""
    try:
        sql, params = compiled(rows, parts.first, parts.last)
    except EmptyResultSet:
        return []
    return fetched(f'WITH "{CallRecord._meta.db_table}" AS NOT MATERIALIZED ({source(parts.parts)}) {sql}', params)


def fetched(sql: str, params: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the rows of a statement by column; moments are aware again."""
    cursor = files.engine.cursor().execute(sql, params)
    names = [column[0] for column in cursor.description]
    moments = [name for name, kind in zip(names, cursor.description, strict=True) if str(kind[1]) == "TIMESTAMP"]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for name in moments:
        for row in rows:
            row[name] = row[name].replace(tzinfo=UTC) if row[name] else None
    return rows


def from_both(records: Records, start: datetime | None, end: datetime | None, ask: Ask) -> list[dict[str, Any]] | None:
    """Return the rows of a query over the copy and over the rest of the period, None when the copy cannot help.

    `records` are those of the period [start, end). A day that is touched between the two readings is asked again, so
    that no call is counted twice or not at all.
    """
    for _ in range(TRIES):
        parts = split(start, end)
        if not parts.parts:
            return None
        try:
            rows = read(ask(records), parts)
        except duckdb.Error:
            log.exception("columns.not_read")
            return None
        for begin, until in parts.rest:
            rows.extend(ask(within(records, begin, until)))
        if touched_days() <= parts.touched:
            return rows
    return None


def within(records: Records, start: datetime | None, end: datetime | None) -> Records:
    """Keep the records of [start, end)."""
    if start:
        records = records.filter(started_at__gte=start)
    return records.filter(started_at__lt=end) if end else records

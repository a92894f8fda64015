"""Asks the copy about its clean days and the database about all others; what comes back can be added up."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol, TypeVar

import duckdb
import structlog
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

from accounting.models import CallRecord, CopiedDays, TouchedDay
from accounting.services.columns import files
from accounting.services.columns.dialect import compiled, plain

log = structlog.get_logger(__name__)
A_DAY = timedelta(days=1)
TRIES = 3
FILES_AT_ONCE = 3
Records = QuerySet[CallRecord]
RecordsT = TypeVar("RecordsT", bound=QuerySet[CallRecord])
FoundT = TypeVar("FoundT")
Ask = Callable[[Records], QuerySet[Any]]
"""Makes the query: values or sums of the records that it is given."""
Rows = list[dict[str, Any]]
Bounds = tuple[datetime | None, datetime | None]

LIMIT: ContextVar[float | None] = ContextVar("seconds of a question", default=None)


class TooLongError(Exception):
    """A question over the copy was ended because it took longer than its limit."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End each question over the copy after so many seconds, with TooLongError; 0 ends none."""
    token = LIMIT.set(seconds or None)
    try:
        yield
    finally:
        LIMIT.reset(token)


class Step(Protocol):
    """What is done with the rows of both sources together, in DuckDB."""

    @property
    def values(self) -> Sequence[Any]:
        """Parameters of the SQL, behind those of the rows."""

    def among(self, sql: str) -> str:
        """Return the SQL that follows "WITH …, ", from that of the rows."""


@dataclass(frozen=True, slots=True)
class Part:
    """Clean days that follow each other and stand in one file."""

    file: str
    first: date
    last: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """From when until when (UTC) its calls began."""
        return midnight(self.first), midnight(self.last + A_DAY)

    @property
    def is_whole(self) -> bool:
        """Whether the file holds these days only; its name tells."""
        return f"-{self.first:%Y%m%d}-{self.last:%Y%m%d}-" in self.file


@dataclass(frozen=True, slots=True)
class Split:
    """A period, parted into what the copy can answer and what it cannot."""

    start: datetime | None
    end: datetime | None
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

    def within(self, part: Part) -> tuple[datetime, datetime]:
        """Return from when until when calls of one part are in the period."""
        begin, after = part.bounds
        return max(begin, self.start or begin), min(after, self.end or after)


def split(start: datetime | None, end: datetime | None) -> Split:
    """Return which days of a period the copy can answer now; marks are read before runs, as copying clears them."""
    touched = touched_days()
    parts = [part for run in CopiedDays.objects.all() for part in clean_parts(run, touched)]
    parts = [
        part for part in parts if (end is None or part.bounds[0] < end) and (start is None or part.bounds[1] > start)
    ]
    readable = {name for name in {part.file for part in parts} if files.is_readable(name)}
    clean = tuple(part for part in parts if part.file in readable)
    return Split(start, end, clean, tuple(outside(clean, start, end)), touched)


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
        begin, after = part.bounds
        if reached is None or begin > reached:
            yield reached, begin
        reached = after
    if end is None or reached is None or reached < end:
        yield reached, end


def source(parts: Split) -> str:
    """Return the SQL source of the records of a period's clean days.

    Whole files are read without looking at the time of each call, which takes a fifth of the time.
    """
    whole, selects = [], []
    for part in parts.parts:
        bounds = parts.within(part)
        if part.is_whole and bounds == part.bounds:
            whole.append(files.quoted(files.path_of(part.file)))
        else:
            selects.append(source_of(part, *bounds))
    if whole:
        selects.append(f"FROM read_parquet([{', '.join(whole)}])")
    return " UNION ALL ".join(selects)


def source_of(part: Part, start: datetime, end: datetime) -> str:
    """Return the SQL source of the records of a part that began in [start, end)."""
    path = files.quoted(files.path_of(part.file))
    return f"(FROM read_parquet({path}) WHERE started_at >= {moment(start)} AND started_at < {moment(end)})"


def moment(value: datetime) -> str:
    """Return a moment as SQL has it: that of UTC without a zone."""
    return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def read(rows: QuerySet[Any], parts: Split, rest: Rows, step: Step | None) -> Rows:
    """Return the rows of a query over the copy together with those of the rest, as values() would give them."""
    try:
        sql, params = compiled(rows, parts.first, parts.last)
    except EmptyResultSet:
        return rest
    records = records_of(parts)
    if step is None:
        return fetched(f"{records} {sql}", params) + rest
    together, values = joined(sql, rest)
    return fetched(f"{records}, {step.among(together)}", [*params, *values, *step.values])


def arrays(rows: QuerySet[Any], parts: Split, select: str) -> Iterator[tuple[Any, ...]]:
    """Yield the columns that a "SELECT … WHERE …" makes of a query's rows over the copy, as arrays of numpy.

    A few files are read at a time: DuckDB holds all rows of a statement before it gives them.
    """
    for start in range(0, len(parts.parts), FILES_AT_ONCE):
        some = replace(parts, parts=parts.parts[start : start + FILES_AT_ONCE])
        with suppress(EmptyResultSet):
            sql, params = compiled(rows, some.first, some.last)
            cursor = files.engine.cursor()
            with interrupted(cursor):
                found = cursor.execute(f"{records_of(some)} FROM ({sql}) {select}", params).fetchnumpy()
            yield tuple(found.values())


def records_of(parts: Split) -> str:
    """Return the SQL that gives the records of a period's clean days the name that they have in the database."""
    return f'WITH "{CallRecord._meta.db_table}" AS NOT MATERIALIZED ({source(parts)})'


def joined(sql: str, rest: Sequence[dict[str, Any]]) -> tuple[str, list[Any]]:
    """Return the SQL of a query's rows and those of the rest, and the values of the latter."""
    if not rest:
        return sql, []
    names = list(rest[0])
    columns = ", ".join(f'unnest(?) AS "{name}"' for name in names)
    # In the order of the first; the types of the first hold.
    return f"({sql}) UNION ALL BY NAME (SELECT {columns})", [
        [as_value(name, row[name]) for row in rest] for name in names
    ]


def as_value(name: str, value: Any) -> Any:
    """Return a value of the database as DuckDB takes it; what groups are cut by are days, as the copy gives them."""
    if name.startswith("k") and isinstance(value, datetime):
        return value.date()
    return int(value) if isinstance(value, Decimal) else plain(value)


def fetched(sql: str, params: Sequence[Any]) -> Rows:
    """Return the rows of a statement by column; moments are aware again."""
    cursor = files.engine.cursor()
    with interrupted(cursor):
        return fetched_from(cursor, sql, params)


def fetched_from(cursor: duckdb.DuckDBPyConnection, sql: str, params: Sequence[Any]) -> Rows:
    """Return the same from a cursor that may hold tables of its own."""
    found = cursor.execute(sql, params).fetchall()
    names = [column[0] for column in cursor.description]
    moments = [name for name, kind in zip(names, cursor.description, strict=True) if str(kind[1]) == "TIMESTAMP"]
    rows = [dict(zip(names, row, strict=True)) for row in found]
    for name in moments:
        for row in rows:
            row[name] = row[name].replace(tzinfo=UTC) if row[name] else None
    return rows


@contextmanager
def interrupted(cursor: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt a cursor's statement when the limit is over; raises TooLongError then."""
    seconds = LIMIT.get()
    if seconds is None:
        yield
        return
    clock = threading.Timer(seconds, cursor.interrupt)
    clock.daemon = True
    clock.start()
    try:
        yield
    except duckdb.InterruptException as error:
        log.warning("columns.took_too_long", seconds=seconds)
        raise TooLongError from error
    finally:
        clock.cancel()


def from_both(
    records: Records, start: datetime | None, end: datetime | None, ask: Ask, step: Step | None = None
) -> Rows | None:
    """Return the rows of a query over the copy and over the rest of the period, None when the copy cannot help.

    `records` are those of any time; [start, end) is the period. With a `step`, DuckDB goes on with the rows of both.
    """
    return of_clean_days(records, start, end, ask, lambda parts, rest: read(ask(records), parts, rest, step))


def of_clean_days(
    records: Records,
    start: datetime | None,
    end: datetime | None,
    ask: Ask,
    look: Callable[[Split, list[Any]], FoundT],
) -> FoundT | None:
    """Return what `look` makes of a period's clean days and of the query's rows of its other days, None as above.

    A day that is touched between the two readings is asked again, so that no call is counted twice or not at all.
    """
    for _ in range(TRIES):
        parts = split(start, end)
        if not parts.parts:
            return None
        rest = [row for begin, until in parts.rest for row in ask(within(records, begin, until))]
        try:
            found = look(parts, rest)
        except duckdb.Error as error:
            log.exception("columns.not_read")
            files.forget_damaged([part.file for part in parts.parts], error)
            return None
        if touched_days() <= parts.touched:
            return found
    return None


def within(records: RecordsT, start: datetime | None, end: datetime | None) -> RecordsT:
    """Keep the records of [start, end)."""
    if start:
        records = records.filter(started_at__gte=start)
    return records.filter(started_at__lt=end) if end else records

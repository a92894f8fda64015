"""Keeps the columnar copy: quiet days that are not copied or were touched are copied, and small files are joined.

Marks are read before the records, so a change that the copy misses has left a mark that it has not seen; only the
marks that were seen are deleted. A run can be killed at any moment: what it has not registered is written again.
"""

import csv
import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import duckdb
import structlog
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from accounting.models import CallRecord, CopiedDays, TouchedDay
from accounting.services.columns import files
from accounting.services.columns.loads import kept_loads

log = structlog.get_logger(__name__)
A_DAY = timedelta(days=1)
QUIET = timedelta(minutes=1)
"""A day that was touched more recently is left for a later run."""
MOST_FILES_OF_MONTH = 8
"""Files of the current month beyond which they are joined; those of earlier months always are."""
ROWS_AT_ONCE = 10_000
Marks = dict[date, list[int]]
"""Ids of marks by day."""


@dataclass(slots=True)
class Copied:
    """What a run has done."""

    days: int = 0
    records: int = 0
    joined: int = 0
    """Files that were joined to one of a month."""
    left: int = 0
    """Days for which there was no time."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """What the status page says about the copy."""

    records: int
    copied_at: datetime | None
    waiting: int
    """Days before today that the database answers until they are copied."""


@dataclass(frozen=True, slots=True)
class Run:
    """Days of one month that follow each other."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        """The days."""
        return [self.first + A_DAY * number for number in range((self.last - self.first).days + 1)]


def copy_columns(*, seconds: float | None = None, rebuild: bool = False, quiet: timedelta = QUIET) -> Copied:
    """Bring the copy up to date, at most for so many seconds; one run at a time, another does nothing."""
    copied, deadline = Copied(), time.monotonic() + seconds if seconds is not None else None
    with only_one() as mine:
        if not mine:
            return copied
        if rebuild:
            CopiedDays.objects.all().delete()
        tidy()
        waiting = list(runs_of(days_to_copy(quiet)))
        for place, run in enumerate(waiting):
            if deadline is not None and time.monotonic() > deadline:
                copied.left = sum(len(one.days) for one in waiting[place:])
                return copied
            copied.records += copy_run(run)
            copied.days += len(run.days)
        copied.joined = join_months()
        tidy()
    return copied


def freshness() -> Freshness:
    """Return how far the copy is; a file that holds parts of several runs counts once."""
    runs = {run.file: run for run in CopiedDays.objects.all()}
    copied_at = max((run.copied_at for run in runs.values()), default=None)
    return Freshness(sum(run.records for run in runs.values()), copied_at, len(days_to_copy(timedelta(0))))


@contextmanager
def only_one() -> Iterator[bool]:
    """Give whether this is the only run on the folder; the lock ends with the process."""
    with (files.folder() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def tidy() -> None:
    """Forget runs whose file is gone or of another layout, remove files of no run, and leave one mark a day."""
    known = set(CopiedDays.objects.values_list("file", flat=True))
    lost = [name for name in known if not files.is_readable(name)]
    if lost:
        log.warning("columns.files_lost", files=len(lost))
        CopiedDays.objects.filter(file__in=lost).delete()
    ours = {path.name for path in files.folder().iterdir() if path.suffix in {".parquet", ".loads", ".csv", ".half"}}
    files.remove([name for name in ours if name.removesuffix(".loads") not in known.difference(lost)])
    newest = TouchedDay.objects.order_by().values("day").annotate(newest=Max("pk"))
    for day, pk in newest.values_list("day", "newest"):
        TouchedDay.objects.filter(day=day, pk__lt=pk).delete()


def days_to_copy(quiet: timedelta) -> list[date]:
    """Return the days before today that are not copied or out of date, in order; those still changing are left out."""
    today = datetime.now(UTC).date()
    touched = dict(TouchedDay.objects.order_by().values_list("day").annotate(Max("touched_at")))
    bounds = CallRecord.objects.aggregate(first=Min("started_at"), last=Max("started_at"))
    wanted = set(touched)
    if bounds["first"]:
        first, last = (bounds[side].astimezone(UTC).date() for side in ("first", "last"))
        wanted |= {first + A_DAY * number for number in range((min(last, today) - first).days + 1)}
    wanted -= {day for run in CopiedDays.objects.all() for day in Run(run.first, run.last).days if day not in touched}
    limit = timezone.now() - quiet
    return sorted(day for day in wanted if day < today and (day not in touched or touched[day] <= limit))


def runs_of(days: Iterable[date]) -> Iterator[Run]:
    """Yield the runs of days that follow each other within a month, the latest first."""
    first = last = None
    found = []
    for day in days:
        if first is None or last is None or day != last + A_DAY or day.month != last.month:
            if first is not None and last is not None:
                found.append(Run(first, last))
            first = day
        last = day
    if first is not None and last is not None:
        found.append(Run(first, last))
    yield from reversed(found)


def copy_run(run: Run) -> int:
    """Copy the records of days into a file of their own and register it; return how many there are."""
    seen = list(TouchedDay.objects.filter(day__range=(run.first, run.last)).values_list("pk", flat=True))
    name = new_name(run)
    raw = files.path_of(f"{name}.csv")
    try:
        read_records(run, raw)
        count = write_file(name, in_order(csv_source(raw), run))
    finally:
        raw.unlink(missing_ok=True)
    register(run, name, count, seen)
    return count


def new_name(run: Run) -> str:
    """Return a name that no file has had, which tells layout and days."""
    return f"{files.LAYOUT}-{run.first:%Y%m%d}-{run.last:%Y%m%d}-{uuid4().hex[:12]}.parquet"


def bounds_of(run: Run) -> tuple[datetime, datetime]:
    """Return the moments from which and until which records belong to these days."""
    start, end = (datetime.combine(day, datetime.min.time(), UTC) for day in (run.first, run.last + A_DAY))
    return start, end


def read_records(run: Run, raw: Path) -> None:
    """Write the records of days as CSV, by COPY on PostgreSQL, else some thousand at a time."""
    start, end = bounds_of(run)
    as_value = connection.ops.adapt_datetimefield_value
    moments = {name for name, kind in files.types().items() if kind == "TIMESTAMP"}
    on_server = connection.vendor == "postgresql"
    names = [f"{name} AT TIME ZONE 'UTC'" if on_server and name in moments else name for name in files.COLUMNS]
    table = CallRecord._meta.db_table
    query = f"SELECT {', '.join(names)} FROM {table} WHERE started_at >= %s AND started_at < %s"  # noqa: S608  (names)
    parameters = [as_value(start), as_value(end)]
    descriptor = os.open(raw, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with connection.cursor() as cursor:
        if on_server:
            with (
                os.fdopen(descriptor, "wb") as out,
                cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", parameters) as copy,
            ):
                for block in copy:
                    out.write(block)
            return
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            cursor.execute(query, parameters)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                writer.writerows(rows)


def csv_source(raw: Path) -> str:
    """Return the query of a CSV file with the records' columns; nothing of its form is guessed."""
    columns = files.types()
    filled = [name for name, kind in columns.items() if kind == "VARCHAR"]
    form = "header=false, auto_detect=false, parallel=false, delim=',', quote='\"', escape='\"'"
    return f"FROM read_csv({files.quoted(raw)}, {form}, columns={columns!r}, force_not_null={filled!r})"


def in_order(query: str, run: Run) -> str:
    """Return the query in the order in which records are written.

    Those of a department and an extension stand together, so that questions about one read little of a month. First and
    last day stand by themselves, of which other zones' months take some hours. The current month, which is asked
    about single days, is in order of time.
    """
    if run.first.replace(day=1) == datetime.now(UTC).date().replace(day=1):
        return f"FROM ({query}) ORDER BY started_at, id"
    day = "CAST(started_at AS DATE)"
    edge = f"CASE {day} WHEN DATE '{run.first}' THEN 0 WHEN DATE '{run.last}' THEN 2 ELSE 1 END"
    return f"FROM ({query}) ORDER BY {edge}, department_id, extension, started_at, id"


def write_file(name: str, query: str) -> int:
    """Write the rows of a query as a file of the copy with its loads, complete or not at all; return how many."""
    path = files.path_of(name)
    count = write_whole(path, query)
    write_whole(files.loads_of(name), kept_loads(f"FROM read_parquet({files.quoted(path)})"))
    return count


def write_whole(path: Path, query: str) -> int:
    """Write the rows of a query under a name that the file has when it is complete; return how many there are."""
    half = path.with_name(f"{path.name}.csv.half")
    cursor = files.engine.cursor()
    try:
        options = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd"
        count = cursor.execute(f"COPY ({query}) TO {files.quoted(half)} ({options})").fetchall()[0][0]
        half.chmod(0o600)
        with half.open("rb") as written:
            os.fsync(written.fileno())
        half.rename(path)
        return int(count)
    finally:
        half.unlink(missing_ok=True)


def register(run: Run, name: str, count: int, seen: Sequence[int]) -> None:
    """Let readers use a file for its days, unless they have changed meanwhile; the marks it has seen are done."""
    with transaction.atomic():
        marks = TouchedDay.objects.filter(day__range=(run.first, run.last))
        if marks.exclude(pk__in=seen).exists():
            files.remove([name])
            return
        marks.filter(pk__in=seen).delete()
        free(run)
        CopiedDays.objects.create(first=run.first, last=run.last, file=name, records=count)


def free(run: Run) -> None:
    """Take these days from the runs that hold them; a run in the middle of which they lie becomes two."""
    for other in CopiedDays.objects.select_for_update().filter(first__lte=run.last, last__gte=run.first):
        other.delete()
        for first, last in ((other.first, run.first - A_DAY), (run.last + A_DAY, other.last)):
            if first <= last:
                CopiedDays.objects.create(
                    first=first, last=last, file=other.file, records=other.records, copied_at=other.copied_at
                )


def join_months() -> int:
    """Join the files of months that have several; return how many were joined."""
    this_month = datetime.now(UTC).date().replace(day=1)
    months: dict[date, list[CopiedDays]] = {}
    for run in CopiedDays.objects.order_by("first"):
        months.setdefault(run.first.replace(day=1), []).append(run)
    joined = 0
    for month, parts in months.items():
        most = MOST_FILES_OF_MONTH if month == this_month else 1
        follow = all(later.first == one.last + A_DAY for one, later in pairwise(parts))
        if len(parts) > most and follow:
            try:
                joined += join(parts)
            except duckdb.Error as error:
                log.exception("columns.not_joined")
                files.forget_damaged([part.file for part in parts], error)
    return joined


def join(parts: Sequence[CopiedDays]) -> int:
    """Write the days of several runs into one file; return how many runs there were, 0 when they changed meanwhile."""
    whole = Run(parts[0].first, parts[-1].last)
    name = new_name(whole)
    count = write_file(name, in_order(" UNION ALL ".join(map(source_of, parts)), whole))
    with transaction.atomic():
        # Days may have been touched since: their marks stay, and so they are not read from this file either.
        same = CopiedDays.objects.select_for_update().filter(pk__in=[part.pk for part in parts])
        if len(same) != len(parts):
            files.remove([name])
            return 0
        same.delete()
        CopiedDays.objects.create(first=whole.first, last=whole.last, file=name, records=count)
    return len(parts)


def source_of(part: CopiedDays) -> str:
    """Return the query of the records of a run."""
    start, end = (moment.replace(tzinfo=None) for moment in bounds_of(Run(part.first, part.last)))
    condition = f"started_at >= TIMESTAMP '{start}' AND started_at < TIMESTAMP '{end}'"
    return f"(FROM read_parquet({files.quoted(files.path_of(part.file))}) WHERE {condition})"

"""A year of call records of 5,000 people: one imported week, repeated on the weeks before it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from django.db import connection, models

from accounting.demo.generation import Generation
from accounting.models import CallRecord, ExtensionDay, UnitHalfHour
from accounting.services.importing import import_files
from benchmarks.calls import RECORDS_PER_FILE, prepare
from benchmarks.figures import note

WEEKS = 52
MONDAY = date(2026, 3, 2)
CALLS_PER_RECORD = 1.41
"""Calls of an ordinary working day of all phone systems for each call record a day of the first of them."""
MOMENTS = {
    CallRecord: ("started_at", "answered_at", "ended_at"),
    ExtensionDay: ("day",),
    UnitHalfHour: ("slot",),
}


def fill(records: int) -> None:
    """Fill the empty database with about so many call records of the last 52 weeks, and with their totals."""
    phone_system, organisation = prepare()
    generation = Generation(
        organisation, MONDAY, 7, CALLS_PER_RECORD * records / WEEKS / 7, records_per_file=RECORDS_PER_FILE,
        systems=(phone_system.name,),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for file in generation:
            paths.append(Path(folder) / file.name)
            paths[-1].write_bytes(file.content)
        import_files(phone_system, paths)
    days = (datetime.now(UTC).date() - MONDAY).days - 6
    for model in MOMENTS:
        with without_indexes(model._meta.db_table):
            repeat_week(model, days)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    note(f"{CallRecord.objects.count()} call records of {WEEKS} weeks")


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """Drop the indexes of a table on PostgreSQL that are no constraints, and build them anew: a third of the time."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            [table],
        )
        found = cursor.fetchall()
        for name, _definition in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, definition in found:
            cursor.execute(definition)


def repeat_week(model: type[models.Model], days: int) -> None:
    """Move the imported week by so many days, and copy it to the weeks before; of half the calls with other numbers."""
    table = model._meta.db_table
    columns = [str(field.column) for field in model._meta.concrete_fields if not field.primary_key]
    changed = {name: moved(model, name, "-7 * week.number") for name in MOMENTS[model]}
    if model is CallRecord:
        span = 4 * CallRecord.objects.count()
        changed |= {"call_id": f"call_id + {span} * week.number", "other_number": OTHER_NUMBER}
    values = ", ".join(changed.get(name, f"{table}.{name}") for name in columns)
    now = ", ".join(f"{name} = {moved(model, name, str(days))}" for name in MOMENTS[model])
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {now}")  # noqa: S608  (names and numbers of our own)
        weeks = f"SELECT 1 UNION ALL SELECT number + 1 FROM week WHERE number < {WEEKS - 1}"  # noqa: S608
        select = f"SELECT {values} FROM week CROSS JOIN {table} ORDER BY week.number DESC, {table}.id"  # noqa: S608
        cursor.execute(f"WITH RECURSIVE week(number) AS ({weeks}) INSERT INTO {table} ({', '.join(columns)}) {select}")


OTHER_NUMBER = (
    "CASE WHEN call_id % 2 = 0 AND other_number LIKE '+%' AND length(other_number) > 9"
    " THEN substr(other_number, 1, length(other_number) - 2) || CAST(10 + week.number AS text) ELSE other_number END"
)


def moved(model: type[models.Model], column: str, days: str) -> str:
    """Return SQL that moves a moment or a day by so many days."""
    is_day = isinstance(model._meta.get_field(column), models.DateField) and column == "day"
    if connection.vendor == "postgresql":
        return f"{column} + ({days})" if is_day else f"{column} + ({days}) * interval '1 day'"
    return f"strftime('{'%Y-%m-%d' if is_day else '%Y-%m-%d %H:%M:%S'}', {column}, ({days}) || ' days')"

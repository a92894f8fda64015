"""Many rows at once: binary COPY on PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, models

EPOCH_2000 = 946_684_800
DAY_2000 = date(2000, 1, 1).toordinal()
RAW_TYPES = {"timestamptz": "int8", "date": "int4", "uuid": "bytea"}
"""PostgreSQL's types that are sent as another, which psycopg writes without running Python code for each value."""


class Moments(dict[int, Any]):
    """Epoch seconds to the values that insert_rows takes, 0 (never) to None; remembered: many rows share a second."""

    def __init__(self) -> None:
        super().__init__({0: None})
        self.as_text = connection.vendor != "postgresql"
        self._minutes: dict[int, str] = {}

    def __missing__(self, moment: int) -> Any:
        """Return microseconds since 2000 for PostgreSQL, Django's text form for SQLite."""
        value: Any
        if self.as_text:
            minute, second = divmod(moment, 60)
            if minute not in self._minutes:
                self._minutes[minute] = f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%d %H:%M:}"
            value = f"{self._minutes[minute]}{second:02}"
        else:
            value = (moment - EPOCH_2000) * 1_000_000
        self[moment] = value
        return value


def day_value(day: date) -> Any:
    """Return a date as insert_rows takes it: days since 2000 for PostgreSQL, text for SQLite."""
    return day.toordinal() - DAY_2000 if connection.vendor == "postgresql" else day.isoformat()


def key_values(keys: Iterable[str]) -> Iterable[Any]:
    """Return keys of 32 hexadecimal digits as insert_rows takes them: 16 bytes for PostgreSQL, text for SQLite."""
    return map(bytes.fromhex, keys) if connection.vendor == "postgresql" else keys


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of database values, in the order of these field names, inside the open transaction.

    Values: int, bool, str, None; moments, days and UUID keys as Moments, day_value and key_values give them. Unique
    keys raise IntegrityError.
    """
    write = copy_rows if connection.vendor == "postgresql" else execute_rows
    # Both work on the driver itself, whose errors are not Django's.
    with connection.wrap_database_errors:
        write(model, columns, rows)


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert by binary COPY: 125,000 rows/s of 27 columns against 2,400 with bulk_create (measured)."""
    fields = concrete_fields(model, columns)
    statement = f"COPY {into(model, fields)} FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types([RAW_TYPES.get(name, name) for name in map(type_name, fields)])
        write = copy.write_row
        for row in rows:
            write(row)


def execute_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert with one prepared statement on the driver itself; Django's cursor would convert each row."""
    fields = concrete_fields(model, columns)
    marks = ", ".join("?" * len(fields))
    connection.ensure_connection()
    connection.connection.executemany(f"INSERT INTO {into(model, fields)} VALUES ({marks})", rows)  # noqa: S608 (names)


def concrete_fields(model: type[models.Model], columns: Sequence[str]) -> list[models.Field[Any, Any]]:
    """Return the columns' fields."""
    by_name = {one.name: one for one in model._meta.concrete_fields}
    return [by_name[name] for name in columns]


def into(model: type[models.Model], fields: Sequence[models.Field[Any, Any]]) -> str:
    """Return table and columns, quoted, as INSERT and COPY want them."""
    quote = connection.ops.quote_name
    return f"{quote(model._meta.db_table)} ({', '.join(quote(str(one.column)) for one in fields)})"


def type_name(one: models.Field[Any, Any]) -> str:
    """Return PostgreSQL's short name of a column's type, without length or identity."""
    name = str(one.db_type(connection)).split("(")[0].split(" GENERATED")[0].removesuffix(" CHECK").strip()
    return SHORT_NAMES.get(name, name)


SHORT_NAMES = {
    "timestamp with time zone": "timestamptz",
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "boolean": "bool",
}


def allocate_ids(model: type[models.Model], count: int) -> range:
    """Return `count` ids for rows of this model that nobody else gets, inside the open transaction.

    PostgreSQL hands out a block by raising the sequence under an advisory lock for the moment of the call; SQLite has
    one writer at a time, so the table's counter is enough.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            sequence = cursor.fetchone()[0]
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [sequence])
            try:
                cursor.execute("SELECT nextval(%s)", [sequence])
                first = int(cursor.fetchone()[0])
                cursor.execute("SELECT setval(%s, %s)", [sequence, first + max(count, 1) - 1])
            finally:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [sequence])
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            row = cursor.fetchone()
            first = (row[0] if row else 0) + 1
    return range(first, first + count)

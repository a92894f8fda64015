"""Many rows at once: binary COPY on PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of database values, in the order of these field names, inside the open transaction.

    Values: int, str, None, aware datetime (UTC), date, and UUID as 32 hexadecimal digits. Unique keys raise IntegrityError.
    """
    if connection.vendor == "postgresql":
        copy_rows(model, columns, rows)
    else:
        execute_rows(model, columns, rows)


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert by binary COPY: 125,000 rows/s of 27 columns against 2,400 with bulk_create (measured)."""
    fields = [model._meta.get_field(name) for name in columns]
    names = ", ".join(f'"{one.column}"' for one in fields)
    types = [str(one.db_type(connection)).split("(")[0].split(" GENERATED")[0] for one in fields]
    with connection.cursor() as cursor, cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN (FORMAT BINARY)') as copy:
        copy.set_types(POSTGRES_NAMES.get(name, name) for name in types)
        write = copy.write_row
        for row in rows:
            write(row)


POSTGRES_NAMES = {"varchar": "varchar", "timestamp with time zone": "timestamptz", "serial": "int4", "bigserial": "int8",
                  "smallint": "int2", "integer": "int4", "bigint": "int8", "boolean": "bool"}  # fmt: skip


def execute_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert with one prepared statement on the driver itself; Django's cursor would quote each row."""
    fields = [model._meta.get_field(name) for name in columns]
    names = ", ".join(f'"{one.column}"' for one in fields)
    marks = ", ".join("?" * len(fields))
    with connection.cursor() as cursor:
        connection.connection.executemany(f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})', rows)
        cursor.close()


def allocate_ids(model: type[models.Model], count: int) -> range:
    """Return `count` ids for rows of this model that nobody else gets, inside the open transaction.

    PostgreSQL hands out a block by raising the sequence under an advisory lock for the moment of the call; SQLite has one
    writer at a time, so the table's counter is enough.
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

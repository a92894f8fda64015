"""The finished rows alone, as fast as the database takes them, into tables like the product's and as full."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models

from accounting.models import CallLeg, CallRecord, ExtensionDay, UnitHalfHour

WRITTEN: tuple[type[models.Model], ...] = (CallLeg, CallRecord, ExtensionDay, UnitHalfHour)
"""What an import writes for each call; the ledger's rows are not counted."""
FORMATS = ("text", "binary")
RECORDS = CallRecord._meta.db_table
REPLACED = f"WHERE call_id IN (SELECT call_id FROM public.{RECORDS} WHERE id > %s)"  # noqa: S608  (names of tables)
"""Records of calls that a later file has continued: the import has written them anew, so the copies must give way."""
Marks = dict[str, int]


def marks() -> Marks:
    """Return the greatest id of each table."""
    with connection.cursor() as cursor:
        found = {}
        for model in WRITTEN:
            cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {model._meta.db_table}")  # noqa: S608  (names of tables)
            found[model._meta.db_table] = cursor.fetchone()[0]
    return found


class Twins:
    """Copies of the product's tables, with all their indexes and constraints, that bare COPY writes to."""

    def __init__(self) -> None:
        """Make them and fill them as the product's tables are filled now."""
        with connection.cursor() as cursor:
            for form in FORMATS:
                cursor.execute(f"CREATE SCHEMA {form}_rows")
                for table in (model._meta.db_table for model in WRITTEN):
                    cursor.execute(f"CREATE TABLE {form}_rows.{table} (LIKE public.{table} INCLUDING ALL)")
                    cursor.execute(f"INSERT INTO {form}_rows.{table} SELECT * FROM public.{table} ORDER BY id")  # noqa: S608
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")

    def rows_since(self, since: Marks, form: str) -> dict[str, list[bytes]]:
        """Return the rows written since, ready to be copied in: blocks of bytes by table."""
        found: dict[str, list[bytes]] = {}
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {form}_rows.{RECORDS} {REPLACED}", [since[RECORDS]])  # noqa: S608
            for table, mark in since.items():
                select = f"SELECT * FROM {table} WHERE id > {mark} ORDER BY id"  # noqa: S608
                with cursor.copy(f"COPY ({select}) TO STDOUT (FORMAT {form})") as copy:
                    whole = b"".join(bytes(block) for block in copy)
                found[table] = [whole[start : start + (1 << 17)] for start in range(0, len(whole), 1 << 17)]
        return found

    def write(self, rows: dict[str, list[bytes]], form: str) -> None:
        """Copy rows into the twins in one transaction, with the commit."""
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for table, blocks in rows.items():
                with cursor.copy(f"COPY {form}_rows.{table} FROM STDIN (FORMAT {form})") as copy:
                    for block in blocks:
                        copy.write(block)
            cursor.execute("COMMIT")


class TwinFile:
    """A copy of the SQLite database that executemany writes to."""

    def __init__(self, path: Path) -> None:
        """Copy the database as it is now, and open the copy with the product's own pragmas."""
        connection.ensure_connection()
        self.database = sqlite3.connect(path, isolation_level=None)
        connection.connection.backup(self.database)
        for pragma in settings.DATABASES["default"]["OPTIONS"]["init_command"].split(";"):
            self.database.execute(pragma)

    def rows_since(self, since: Marks) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows written since, by table."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT DISTINCT call_id FROM {RECORDS} WHERE id > %s", [since[RECORDS]])  # noqa: S608
            continued = cursor.fetchall()
        self.database.execute("CREATE TEMPORARY TABLE continued (call_id INTEGER PRIMARY KEY)")
        self.database.execute("BEGIN")
        self.database.executemany("INSERT INTO continued VALUES (?)", continued)
        gone = f"id <= {since[RECORDS]} AND call_id IN (SELECT call_id FROM continued)"  # noqa: S608
        self.database.execute(f"DELETE FROM {RECORDS} WHERE {gone}")  # noqa: S608
        self.database.execute("COMMIT")
        self.database.execute("DROP TABLE continued")
        return {table: list(self._rows(table, mark)) for table, mark in since.items()}

    def _rows(self, table: str, mark: int) -> Iterator[tuple[Any, ...]]:
        # On the driver itself: Django would turn text back into moments.
        yield from connection.connection.execute(f"SELECT * FROM {table} WHERE id > ? ORDER BY id", (mark,))  # noqa: S608

    def write(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        """Insert rows in one transaction, with the commit."""
        self.database.execute("BEGIN IMMEDIATE")
        for table, found in rows.items():
            places = ", ".join("?" * len(found[0]))
            self.database.executemany(f"INSERT INTO {table} VALUES ({places})", found)  # noqa: S608
        self.database.execute("COMMIT")

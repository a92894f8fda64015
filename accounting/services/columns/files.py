"""Where the files of the columnar copy lie, what they hold, and how DuckDB is set up in this process."""

import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import duckdb
import structlog
from django.conf import settings
from django.db import DatabaseError, transaction

from accounting.models import CallRecord, CopiedDays
from callanalytics.lib.folding import folded

log = structlog.get_logger(__name__)
LAYOUT = 5
"""Raised when what files hold changes: files of another layout are not read, and are written anew."""
COLUMNS = (
    "id", "phone_system_id", "call_id", "started_at", "ended_at", "extension", "user_id", "department_id",
    "cost_centre_id", "office_id", "direction", "kind", "outcome", "call_type", "other_number", "country",
    "destination", "hunt_pilot", "device", "ring_seconds", "talk_seconds", "gateway_id", "carries_trunk",
    "trunk_seconds", "pricing", "cost", "currency", "rate_id", "cause", "released_by", "conference",
    "authorization_code", "matter_code", "purpose", "mos", "batch_id",
)  # fmt: skip
"""The columns of call records that reports compare, group by, count or sort by."""
KINDS = {
    "BigAutoField": "BIGINT",
    "BigIntegerField": "BIGINT",
    "MoneyField": "BIGINT",
    "IntegerField": "INTEGER",
    "PositiveSmallIntegerField": "SMALLINT",
    "BooleanField": "BOOLEAN",
    "CharField": "VARCHAR",
    "DateTimeField": "TIMESTAMP",
}
"""DuckDB's types; moments are those of UTC."""


def types() -> dict[str, str]:
    """Return DuckDB's type of each column."""
    fields = {field.column: field for field in CallRecord._meta.concrete_fields}
    return {name: KINDS[fields[name].get_internal_type()] for name in COLUMNS}


def folder() -> Path:
    """Return the folder of the copy; only the portal's account may read it, since it holds numbers and owners."""
    path = Path(settings.DATA_DIR) / "columns"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(name: str) -> Path:
    """Return the path of a file of the copy."""
    return folder() / name


def loads_of(name: str) -> Path:
    """Return the path of what is kept of gateways' loads beside a file."""
    return folder() / f"{name}.loads"


def quoted(path: Path) -> str:
    """Return a path as SQL has it."""
    return "'" + str(path).replace("'", "''") + "'"


def is_readable(name: str) -> bool:
    """Return whether a file has the present layout and is there, with what is kept beside it."""
    return name.startswith(f"{LAYOUT}-") and path_of(name).is_file() and loads_of(name).is_file()


def remove(names: list[str]) -> None:
    """Remove files and what is kept beside them; one that a reader has open stays readable for that reader."""
    for path in [path for name in names for path in (path_of(name), loads_of(name))]:
        path.unlink(missing_ok=True)


def forget_damaged(names: Iterable[str], error: duckdb.Error) -> None:
    """Forget those files that an error of DuckDB names: their days are copied anew, and until then not read."""
    said = str(error)
    damaged = [name for name in names if name in said]
    # A report is answered also when nothing can be written now: the next one will find the same.
    with suppress(DatabaseError), transaction.atomic():
        CopiedDays.objects.filter(file__in=damaged).delete()


class _Engine:
    """The DuckDB of this process; made anew after a fork."""

    def __init__(self) -> None:
        self.pid = 0
        self.lock = threading.Lock()
        self.connection: duckdb.DuckDBPyConnection | None = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a cursor for this thread."""
        with self.lock:
            if self.connection is None or self.pid != os.getpid():
                self.connection, self.pid = connect(), os.getpid()
            return self.connection.cursor()


def connect() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB in memory that takes little of the machine and loads nothing from elsewhere."""
    made = duckdb.connect(
        config={
            "threads": settings.COLUMNS_THREADS,
            "memory_limit": settings.COLUMNS_MEMORY,
            "temp_directory": str(folder() / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "enable_external_access": "true",
            "preserve_insertion_order": "true",
        }
    )
    # Files never change under their names: what stands at their ends is read once.
    made.execute("LOAD parquet")
    made.execute("SET parquet_metadata_cache = true")
    # Searches mean the same as in the database; most texts are of ASCII and need no Python.
    made.create_function("folded_by_letters", folded, ["VARCHAR"], "VARCHAR")
    made.execute(
        "CREATE MACRO folded(x) AS CASE WHEN strlen(x) = length(x) THEN lower(x) ELSE folded_by_letters(x) END"
    )
    return made


engine = _Engine()

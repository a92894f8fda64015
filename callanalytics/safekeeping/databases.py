"""The database as one file: copied while the portal works, and put back."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

FILLED_BY_MIGRATIONS = {"django_migrations", "django_content_type", "auth_permission"}
"""Tables that have rows before anybody has used the portal."""
TABLES_OF_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
LOCK_SECONDS = 10

Ask = Callable[[str], list[tuple[str | int, ...]]]
"""Runs a query and returns its rows."""


class CopyingError(Exception):
    """The database, or its programs, did not do what was asked; the text tells an operator why."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a database holds at one moment."""

    migrations: list[str]
    counts: dict[str, int]
    """Rows by table."""

    @property
    def empty(self) -> bool:
        """Whether nobody has used the portal yet."""
        return not any(rows for table, rows in self.counts.items() if table not in FILLED_BY_MIGRATIONS)


def content() -> Content:
    """Return what the portal's database holds now."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)

        def ask(query: str) -> list[tuple[str | int, ...]]:
            cursor.execute(query)
            return list(cursor.fetchall())

        return _content(tables, ask)


def dump(target: Path) -> Content:
    """Copy the database of one moment into a new file while others go on writing; return what the copy holds.

    Raises CopyingError when a program is missing, fails, or the copy is damaged.
    """
    held = _dump_sqlite(target) if connection.vendor == "sqlite" else _dump_postgresql(target)
    if not held.migrations:
        raise CopyingError("The database holds no tables. Are DATA_DIR and DATABASE_URL those of the portal?")
    return held


def load(source: Path) -> None:
    """Replace the whole content of the portal's database by a copy; all or nothing.

    Raises CopyingError; the database is then as it was.
    """
    if connection.vendor == "sqlite":
        _load_sqlite(source)
    else:
        _load_postgresql(source)
    connection.close()


def _content(tables: list[str], ask: Ask) -> Content:
    quote = connection.ops.quote_name
    counts = {table: int(ask(f"SELECT COUNT(*) FROM {quote(table)}")[0][0]) for table in sorted(tables)}  # noqa: S608
    known = "django_migrations" in counts
    rows = ask("SELECT app, name FROM django_migrations ORDER BY app, name") if known else []
    return Content([f"{app}.{name}" for app, name in rows], counts)


def _dump_sqlite(target: Path) -> Content:
    with closing(sqlite3.connect(_sqlite_path())) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        # The copy is one file, whatever the original's journal.
        copy.execute("PRAGMA journal_mode = DELETE")
        found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise CopyingError(f"The database is damaged: {found}")
        tables = [name for (name,) in copy.execute(TABLES_OF_SQLITE)]
        return _content(tables, lambda query: copy.execute(query).fetchall())


def _load_sqlite(source: Path) -> None:
    connection.close()
    path = _sqlite_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as target:
        try:
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            copy.backup(target)
        except sqlite3.Error as error:
            raise CopyingError(f"The database could not be written ({error}). Is the portal still running?") from error


def _sqlite_path() -> Path:
    return Path(connection.settings_dict["NAME"])


def _dump_postgresql(target: Path) -> Content:
    program = _program("pg_dump")
    with transaction.atomic(), connection.cursor() as cursor:
        # Counts and copy see the same moment.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        command = [program, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={cursor.fetchone()[0]}"]
        done = subprocess.run(
            [*command, f"--file={target}"], env=_environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CopyingError(f"pg_dump failed: {done.stderr.strip()}")
        return content()


def _load_postgresql(source: Path) -> None:
    """Everything in one transaction of psql; what a newer version has added beside the copy's tables goes, too."""
    reader, writer = _program("pg_restore"), _program("psql")
    drop = "".join(f"DROP TABLE {connection.ops.quote_name(table)} CASCADE;\n" for table in content().counts)
    connection.close()
    write = [writer, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null", "--file=-"]
    read = [reader, "--clean", "--if-exists", "--no-owner", "--no-privileges", "--file=-", str(source)]
    with (
        subprocess.Popen(write, env=_environment(), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as psql,
        subprocess.Popen(read, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as pg_restore,
    ):
        try:
            _feed(psql, f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_SECONDS}s';\n{drop}", pg_restore)
        except BrokenPipeError:
            pg_restore.kill()  # psql has met an error and says below which
        said = " ".join(
            process.stderr.read().decode(errors="replace").strip() for process in (psql, pg_restore) if process.stderr
        )
    if psql.returncode or pg_restore.returncode:
        raise CopyingError(f"The database could not be written. Is the portal still running? {said}")


def _feed(psql: subprocess.Popen[bytes], beginning: str, pg_restore: subprocess.Popen[bytes]) -> None:
    """Send all that pg_restore says; commit only if it ended well."""
    if not psql.stdin or not pg_restore.stdout:
        raise ValueError("Both processes need pipes.")
    with psql.stdin as target:
        target.write(beginning.encode())
        shutil.copyfileobj(pg_restore.stdout, target)
        if pg_restore.wait() == 0:
            target.write(b"COMMIT;\n")


def _program(name: str) -> str:
    path = shutil.which(name)
    if not path:
        raise CopyingError(
            f"{name} was not found on PATH. Install PostgreSQL's client programs (Debian: postgresql-client), "
            "in the server's version or newer."
        )
    return path


def _environment() -> dict[str, str]:
    """Return the environment of PostgreSQL's programs: the connection's, so that no password stands among arguments."""
    settings = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    options = {"PGSSLMODE": "sslmode", "PGSSLROOTCERT": "sslrootcert", "PGSERVICE": "service"}
    given = {variable: settings[key] for variable, key in names.items()}
    given |= {variable: settings["OPTIONS"].get(key) for variable, key in options.items()}
    return {**os.environ, **{variable: str(value) for variable, value in given.items() if value}}

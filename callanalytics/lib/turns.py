"""Turns of large transactions on SQLite, which has one writer at a time: whoever waits writes before the next of them.

A writer that waits looks at SQLite's lock now and then, at the longest every 100 ms. Where one batch of a backlog
followed the other, a sign-in found the lock taken whenever it looked and waited for the whole backlog (measured: 40 s).
So each writer shows while it waits, by a lock on a file beside the database, and large transactions give way to it.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.backends.signals import connection_created

PAUSE = 0.25
"""Seconds for which a large transaction gives way at the most; a waiting writer sleeps less, twice."""
LONGEST_WAIT, LOOK_EVERY = 60.0, 0.01  # seconds
READING = ("SELECT", "PRAGMA", "EXPLAIN")
"""How statements begin that need no lock."""


@contextmanager
def bulk_transaction() -> Iterator[None]:
    """Open a transaction that writes much; on SQLite when it is its turn, within another transaction at once."""
    with turn(), transaction.atomic():
        yield


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Let writers within wait for SQLite's lock no longer than this; then they raise OperationalError."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        usual = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


@contextmanager
def turn() -> Iterator[None]:
    """Let large transactions of all processes pass one by one, each after those who wait; other databases need none."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    line = open_beside("turn")
    if line is None:
        yield
        return
    try:
        # To those in line, too: who comes from the last transaction goes behind them.
        give_way()
        with shown_waiting():
            stand_in_line(line)
        give_way()
        yield
    finally:
        os.close(line)


def open_beside(name: str) -> int | None:
    """Open a file beside the database that carries locks only; None where this account may not: then nobody waits."""
    database = connection.settings_dict["NAME"]
    try:
        file = os.open(f"{database}-{name}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    # What a command of the superuser creates would lock the portal's account out: SQLite gives its own files away, too.
    with suppress(OSError):
        if os.geteuid() == 0:
            owner, mine = Path(database).stat(), os.fstat(file)
            if mine.st_uid != owner.st_uid and mine.st_nlink == 1:
                os.fchown(file, owner.st_uid, owner.st_gid)
    return file


def stand_in_line(line: int) -> None:
    """Wait for one's turn, but not for ever: it is a courtesy, the database's own lock decides."""
    deadline = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < deadline:
        try:
            fcntl.flock(line, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_EVERY)
        except OSError:  # a file system without such locks
            return
        else:
            return


def give_way() -> None:
    """Wait, PAUSE at the most, until nobody shows any more that they wait."""
    waiting = open_beside("waiting")
    if waiting is None:
        return
    try:
        deadline = time.monotonic() + PAUSE
        while is_shared(waiting) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
    finally:
        os.close(waiting)


def is_shared(waiting: int) -> bool:
    """Return whether somebody else holds the lock of this file."""
    try:
        fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without such locks
        return False
    fcntl.flock(waiting, fcntl.LOCK_UN)
    return False


@contextmanager
def shown_waiting() -> Iterator[None]:
    """Show within that somebody waits to write; also when the process dies, that ends with it."""
    waiting = open_beside("waiting")
    if waiting is None:
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(waiting, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        os.close(waiting)


def show(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement; show for as long as it waits, if it takes the lock: the first of a transaction, or one alone."""
    if context["connection"].in_atomic_block or sql.startswith(READING):
        return execute(sql, params, many, context)
    with shown_waiting():
        return execute(sql, params, many, context)


def watch(connection: Any, **_others: Any) -> None:
    """Let the statements of a new connection to SQLite show when they wait."""
    if connection.vendor == "sqlite" and show not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, show)  # whoever adds one for a time takes the last away again


def register() -> None:
    """Let every connection show when it waits."""
    connection_created.connect(watch, dispatch_uid="turns")
